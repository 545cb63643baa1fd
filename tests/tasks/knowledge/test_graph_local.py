"""What mentions stand for inside of one document."""

import pytest
from marked_documents import parse

from slmkit.tasks.knowledge.local import read

CASES = [
    (
        "[PER|Jane Smith] met [PER|John Smith]. [PER|Smith] left, [PER|he] ran.",
        {2: ("John Smith", "surname"), 3: ("John Smith", "pronoun")},
    ),
    ("[PER|Smith] left. [PER|Jane Smith] stayed.", {0: ("Jane Smith", "surname")}),
    ("[PER|Smith] left. [PER|Jane Smith] met [PER|John Smith].", {0: ("Smith", "")}),
    ("[PER|Jane Smith] came. [PER|Jane] sang.", {1: ("Jane Smith", "given name")}),
    (
        "The [ORG|Institute of Odd Things] ([ORG|IOT]) and the [ORG|IOT].",
        {1: ("Institute of Odd Things", "stated"), 2: ("Institute of Odd Things", "stated")},
    ),
    ("[ORG|IOT] ([ORG|Institute of Odd Things])", {0: ("Institute of Odd Things", "stated")}),
    (
        "[ORG|Ford Motor Company] and [ORG|Ford]; [ORG|Bank of Wales] and the [ORG|Bank].",
        {1: ("Ford Motor Company", "short name"), 3: ("Bank", "")},
    ),
    ("[LOC|Paris] ([LOC|France]) is not [LOC|Paris], Texas.", {1: ("France", "")}),
    (
        "[PER|王小明]来了，[PER|王先生]说[PER|小明]很好。[PER|他]笑了。",
        {1: ("王小明", "surname"), 2: ("王小明", "given name"), 3: ("王小明", "pronoun")},
    ),
    ("[PER|欧阳雪]和[PER|欧阳女士]", {1: ("欧阳雪", "surname")}),
    ("[PER|唐纳德·特朗普]来了，[PER|特朗普]走了。", {1: ("唐纳德·特朗普", "surname")}),
    ("[ORG|清华大学附属中学]和[ORG|清华大学]", {1: ("清华大学", "")}),
    ("[PER|She] left.", {0: None}),
]


@pytest.mark.parametrize(("marked", "wanted"), CASES)
def test_what_a_mention_stands_for(marked, wanted):
    text, mentions, _ = parse(marked)
    uses = read(text, mentions).uses
    for place, name in wanted.items():
        assert (uses[place] and (uses[place].name, uses[place].rule)) == name


@pytest.mark.parametrize(
    ("marked", "stated"),
    [
        (
            "[PER|Samuel Clemens], better known as [PER|Mark Twain], wrote.",
            [("person", "Mark Twain", "Samuel Clemens")],
        ),
        ("[PER|孙亮]，又名[PER|孙小亮]。", [("person", "孙小亮", "孙亮")]),
        ("[LOC|Bonn] ([LOC|波恩])", [("location", "波恩", "Bonn")]),
        ("[PER|Ann Lee], sister of [PER|Eve Lee], wrote.", []),
        ("[PER|Ann Lee] (born [LOC|Rome])", []),
    ],
)
def test_what_a_text_says_of_names(marked, stated):
    text, mentions, _ = parse(marked)
    assert list(read(text, mentions).stated) == stated


def test_a_bare_surname_is_bound_to_its_document():
    text, mentions, _ = parse("[PER|Mr. Wang] met [PER|王总] and [PER|Einstein].")
    assert [use.bound for use in read(text, mentions).uses] == [True, True, False]
