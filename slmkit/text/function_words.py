"""Words that hold a sentence together: English articles, prepositions and auxiliaries, Chinese particles.

Also which words are taken for each other, and what Chinese says twice. Faults are made with these, and an edit that
mends one may bring or take them; any other word is content.
"""

from __future__ import annotations

ARTICLES = ("a", "an", "the")
PREPOSITIONS = ("in", "on", "at", "to", "for", "of", "with", "by", "from", "about", "into", "over", "as")
FUNCTION_WORDS = frozenset(
    {*ARTICLES, *PREPOSITIONS, "is", "are", "was", "were", "be", "been", "have", "has", "had", "that", "it", "not"}
    | {"will", "would", "can", "and", "which", "who", "there", "do", "does", "did", "they", "he", "she", "we", "i"}
)
_GROUPS = (
    "is/are was/were has/have does/do is/was are/were this/these that/those much/many less/fewer its/it's "
    "their/there your/you're then/than to/too good/well who/which he/him she/her i/me they/them we/us my/me "
    "his/him go/went/gone take/took/taken see/saw/seen make/made come/came give/gave/given get/got say/said "
    "know/knew/known think/thought find/found become/became begin/began/begun write/wrote/written buy/bought "
    "feel/felt lose/loose man/men woman/women child/children person/people affect/effect because/so "
    "although/but since/for very/much any/some other/another"
)
TAKEN_FOR_EACH_OTHER = tuple(tuple(group.split("/")) for group in _GROUPS.split())
DE = "的地得"
PARTICLES = frozenset("了着过在是把被和的就都也会要有对从向于与而之给让使将为")
MEASURES = frozenset("个只条位名张件座台本家项场次种辆支棵")
SAID_TWICE = {  # what is said once -> said twice
    "涉及": "涉及到",
    "目的是": "目的是为了",
    "大约": "大约差不多",
    "原因是": "原因是因为",
    "凯旋": "凯旋归来",
    "首次": "第一次首次",
    "忍不住": "忍不住不禁",
    "可以": "可以能够",
    "必须": "必须要",
    "非常": "非常十分",
    "许多": "许多很多",
    "全部": "全部都全",
    "但是": "但是却但",
}
