"""What mentions stand for inside of one document."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked_documents import parse

from slmkit.tasks.knowledge import Mention, local
from slmkit.tasks.knowledge.local import read
from slmkit.tasks.knowledge.surfaces import analyse, clean

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
        ("[PER|Ann Lee] (born [PER|Ann Roe])", [("person", "Ann Roe", "Ann Lee")]),
        ("[PER|Ann Lee], once called [PER|Tiny Ann], wrote.", [("person", "Tiny Ann", "Ann Lee")]),
        ("[LOC|Obo], then called [LOC|Ibi], grew.", [("location", "Ibi", "Obo")]),
        ("[LOC|Obo] formerly named [LOC|Ibi] grew.", [("location", "Ibi", "Obo")]),
        ("[PER|Ann Lee] called [PER|Bo Roe] on Monday.", []),
        ("President [PER|Ann Lee] named [PER|Bo Roe] secretary.", []),
        ("[PER|Ann Lee] then called [PER|Bo Roe].", []),
        ("[PER|Ann Lee] also called [PER|Bo Roe].", []),
        ("She met [PER|Ann Lee], then called [PER|Bo Roe].", []),
        ("[PER|Ann Lee] nicknamed [PER|Bo Roe] Bobo.", []),
        ("[ORG|Acme] called [ORG|Globex] a thief.", []),
        ("他在[LOC|巴黎]（[LOC|France]）工作。", []),
        ("他在[LOC|里昂]（[LOC|France]）工作。", []),
        ("[LOC|巴黎]（[LOC|Paris]）", [("location", "Paris", "巴黎")]),
    ],
)
def test_what_a_text_says_of_names(marked, stated):
    text, mentions, _ = parse(marked)
    assert list(read(text, mentions).stated) == stated


def test_a_bare_surname_is_bound_to_its_document():
    text, mentions, _ = parse("[PER|Mr. Wang] met [PER|王总] and [PER|Einstein].")
    assert [use.bound for use in read(text, mentions).uses] == [True, True, False]


WORDS = ["Ford", "Motor", "Co.", "Smith", "Jane", "J.", "Mr.", "UN", "United", "Nations", "of"]
WORDS += ["王", "王总", "小明", "中国", "石油", "化工", "集团", "大学", "清华", "北大", "北京", "·", "特朗普"]


@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), min_size=2, max_size=8),
    st.sampled_from(["person", "organization", "location", "work"]),
    st.sampled_from(["", " "]),
)
@settings(max_examples=150, deadline=None)
def test_a_short_form_has_a_key_in_common_with_what_it_may_stand_for(names, family, between):
    forms = [analyse(clean(between.join(name)), family) for name in names]
    for short, long in permutations(forms, 2):
        for rule, keys in local._LONG.items():
            alone = len(short.tokens) == 1 or rule not in ("surname", "given name")
            if short != long and alone and keys.fits(short, long):
                assert {*keys.short(short)} & {*keys.long(long)}, (short.surface, long.surface, rule)


@pytest.mark.parametrize("name", ["中" * 50, "Z" * 50])
def test_names_that_are_longer_than_a_key(name):
    more = name + "国" * 5000 if name[0] == "中" else name + " Motor"
    uses = read(f"{more} {name}", [Mention(more, 0, len(more), "ORG"), Mention(name, 9, 59, "ORG")]).uses
    assert (uses[1].name, uses[1].rule) == (more, "short name")


@pytest.mark.parametrize("kind", ["PER", "ORG"])
@pytest.mark.parametrize("name", ["Zq{}", "中国{}公司", "王{}"])
def test_many_names_are_not_each_compared_with_all(monkeypatch, kind, name):
    compared = []
    for rule, keys in list(local._LONG.items()):
        counted = local._Long(lambda *pair: compared.append(pair), keys.short, keys.long)
        monkeypatch.setitem(local._LONG, rule, counted)
    names = [name.format(chr(0x4E00 + n) + chr(0x5E00 + n)) for n in range(500)]
    read(" ".join(names), [Mention(each, 0, len(each), kind) for each in names])
    assert len(compared) < 5000
