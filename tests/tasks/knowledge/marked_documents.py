"""Documents with mentions marked in the text: ``[type|surface]`` or, with a gold thing, ``[type:thing|surface]``."""

import re

from slmkit.tasks.knowledge import Extraction, Mention, Triple

_MARK = re.compile(r"\[(\w*)(?::([\w-]+))?\|([^\]]+)\]")


def parse(marked):
    """The text, its mentions, and the gold thing of each."""
    text, at, mentions, things = "", 0, [], []
    for match in _MARK.finditer(marked):
        text += marked[at : match.start()]
        mentions.append(Mention(match[3], len(text), len(text) + len(match[3]), match[1]))
        things.append(match[2])
        text += match[3]
        at = match.end()
    return text + marked[at:], mentions, things


def document(marked, *triples, score=0.9):
    """A text and its extraction; triples are (surface, relation, surface), each its first mention."""
    text, mentions, _ = parse(marked)
    first = {}
    for mention in mentions:
        first.setdefault(mention.text, mention)
    made = tuple(Triple(first[a], relation, first[b], score, 0, len(text)) for a, relation, b in triples)
    return text, Extraction(tuple(mentions), made)
