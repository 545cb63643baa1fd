"""Names taken apart and compared: what joins, what must not, and that blocking never hides a pair that joins."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmkit.errors import MissingExtraError
from slmkit.tasks.knowledge import rules
from slmkit.tasks.knowledge.blocking import keys_of
from slmkit.tasks.knowledge.rules import compare
from slmkit.tasks.knowledge.surfaces import analyse, clean, fold
from slmkit.tasks.knowledge.words import family_of

JOINED = [
    ("Barack Obama", "President Barack Obama", "person", "title", 0),
    ("J. Smith", "John Smith", "person", "initials", 1),
    ("George Bush", "George W. Bush", "person", "initials", 1),
    ("Bill Clinton", "William Jefferson Clinton", "person", "nickname", 1),
    ("JFK", "John Fitzgerald Kennedy", "person", "acronym", 1),
    ("Xi Jinping", "Jinping Xi", "person", "word order", 0),
    ("Beyoncé Knowles", "Beyonce  KNOWLES", "person", "spelling", 0),
    ("Mikhail Gorbachev", "Mikhail Gorbachov", "person", "likeness", 0),
    ("Micheal Jordan", "Michael Jordan", "person", "likeness", 0),
    ("Obama", "President Obama", "person", "title", 1),
    ("特朗普总统", "特朗普", "person", "title", 0),
    ("克里斯蒂亚诺·罗纳尔多", "克里斯提亚诺·罗纳尔多", "person", "likeness", 0),
    ("The Coca-Cola Company", "Coca Cola", "organization", "article, legal form", 0),
    ("NATO", "North Atlantic Treaty Organization", "organization", "known alias", 0),
    ("IAS", "Institute for Advanced Study", "organization", "acronym", 1),
    ("阿里巴巴集团", "阿里巴巴", "organization", "legal form", 0),
    ("上交所", "上海证券交易所", "organization", "abbreviation", 1),
    ("复旦", "复旦大学", "organization", "abbreviation", 1),
    ("Ｗａｌｔｅｒ Bank", "Walter Bank", "organization", "spelling", 0),
    ("北京市", "北京", "location", "place suffix", -1),
    ("景德镇", "景德镇市", "location", "place suffix", 1),
    ("周家口镇", "周家口", "location", "place suffix", -1),
    ("北京大学附属中学", "北京大学附署中学", "organization", "likeness", 0),
    ("北京大学附属中学", "北京大学附属的中学", "organization", "likeness", 0),
    ("U.S.", "美国", "location", "known alias", 0),
    ("Gothenburg Group", "Gothenborg Group", "organization", "likeness", 0),
]
KEPT_APART = [
    ("George H. W. Bush", "George W. Bush", "person"),
    ("Jane Smith", "John Smith", "person"),
    ("Christian Weber", "Christina Weber", "person"),
    ("Dr. Smith", "Senator Smith", "person"),
    ("王伟", "王伟明", "person"),
    ("Austria", "Australia", "location"),
    ("North Korea", "South Korea", "location"),
    ("Gambia", "Zambia", "location"),
    ("Colombia", "Columbia", "location"),
    ("Shanxi Province", "Shaanxi Province", "location"),
    ("吉林省", "吉林市", "location"),
    ("海南省", "海南县", "location"),
    ("景德镇", "景德", "location"),
    ("中国科学院化学研究所", "中国科学院力学研究所", "organization"),
    ("中国科学院力学研究所", "中国科学院理学研究所", "organization"),
    ("美国驻华大使馆", "美国驻日大使馆", "organization"),
    ("克里斯蒂安·韦伯", "克里斯蒂娜·韦伯", "person"),
    ("中国建设银行", "中国工商银行", "organization"),
    ("河南大学第一医院", "河南大学第二医院", "organization"),
    ("Terminal 12345678", "Terminal 12345679", "product"),
    ("US", "us of a", "organization"),
]


@pytest.mark.parametrize(("one", "other", "family", "rule", "points"), JOINED)
def test_what_joins(one, other, family, rule, points):
    a, b = analyse(clean(one), family), analyse(clean(other), family)
    link = compare(a, b)
    assert (link.rule, link.points) == (rule, points)
    assert compare(b, a) == link.turned()
    assert 0 < link.score <= 1


def test_without_pypinyin_no_character_stands_for_another(monkeypatch):
    def missing(characters):
        raise MissingExtraError("pypinyin", "zh")

    monkeypatch.setattr(rules, "readings", missing)
    rules._sounds.cache_clear()
    one, other, more = (
        analyse(each, "organization") for each in ("北京大学附属中学", "北京大学附署中学", "北京大学附属的中学")
    )
    assert compare(one, other) is None
    assert compare(one, more).rule == "likeness"
    rules._sounds.cache_clear()


@pytest.mark.parametrize(("one", "other", "family"), KEPT_APART)
def test_what_does_not(one, other, family):
    assert compare(analyse(one, family), analyse(other, family)) is None


def test_kinds_must_agree_unless_one_is_not_given():
    assert compare(analyse("Jordan", "person"), analyse("Jordan", "location")) is None
    link = compare(analyse("Jordan", ""), analyse("Jordan", "location"))
    assert (link.rule, link.points) == ("type not given", 1)
    assert [family_of(each) for each in ("PER", "公司", " gpe ", "Work")] == [
        "person", "organization", "location", "work",
    ]  # fmt: skip


WORDS = ["john", "j", "william", "bill", "smith", "smyth", "gorbachev", "gorbachov", "mr", "dr", "the", "bank", "of"]
WORDS += [
    "north",
    "northern",
    "university",
    "universitie",
    "WHO",
    "Inc.",
    "北京",
    "大学",
    "清华",
    "公司",
    "王",
    "总统",
    "·",
    "罗纳尔多",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), min_size=2, max_size=6),
    st.sampled_from(["person", "organization", "location", "", "work"]),
    st.sampled_from(["", " "]),
)
def test_names_that_join_meet_under_a_key(names, family, between):
    forms = [analyse(clean(between.join(name) or "x"), family) for name in names]
    for a, b in combinations(forms, 2):
        link, back = compare(a, b), compare(b, a)
        assert back == (link.turned() if link else None)
        if link is not None and a.surface != b.surface:
            one, other = keys_of(a), keys_of(b)
            assert one.kept & other.sought
            assert other.kept & one.sought


@given(st.text(max_size=30))
def test_any_text_can_be_taken_apart(text):
    surface = clean(text)
    if surface:
        assert fold(surface)
        for family in ("person", "organization", "location", ""):
            form = analyse(surface, family)
            assert form.core
            keys_of(form)
