"""The general schema of the shipped extractor, in both languages, and what the sets that it learns from call its parts.

A set's label becomes a relation of the schema as it is, or with head and tail changed over (``BACK``), or in both
directions at once (``BOTH``). Labels that are not named here are no part of the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

PERSON, ORGANIZATION, LOCATION, WORK = "person", "organization", "location", "work"
DATE, NUMBER, OTHER = "date", "number", "other"
_ANY = (PERSON, ORGANIZATION, LOCATION, WORK, OTHER)

GENERAL: dict[str, list[tuple[str | tuple[str, ...], str | tuple[str, ...]]]] = {
    # people
    "born in": [(PERSON, LOCATION)],
    "born on": [(PERSON, DATE)],
    "ancestral home": [(PERSON, LOCATION)],
    "lives in": [(PERSON, LOCATION)],
    "citizen of": [(PERSON, LOCATION)],
    "ethnic group": [(PERSON, OTHER)],
    "dynasty": [(PERSON, OTHER)],
    "height": [(PERSON, NUMBER)],
    "educated at": [(PERSON, ORGANIZATION)],
    "works for": [(PERSON, ORGANIZATION)],
    "military rank": [(PERSON, OTHER)],
    "plays as": [(PERSON, OTHER)],
    "voice type": [(PERSON, OTHER)],
    "sport": [((PERSON, ORGANIZATION, OTHER), OTHER)],
    "spouse": [(PERSON, PERSON)],
    "father": [(PERSON, PERSON)],
    "mother": [(PERSON, PERSON)],
    "child": [(PERSON, PERSON)],
    "relative": [(PERSON, PERSON)],
    "killed": [(PERSON, PERSON)],
    "also known as": [((PERSON, ORGANIZATION), (PERSON, ORGANIZATION, OTHER))],
    # organizations
    "founded by": [(ORGANIZATION, (PERSON, ORGANIZATION))],
    "founded on": [(ORGANIZATION, DATE)],
    "headquartered in": [(ORGANIZATION, LOCATION)],
    "chaired by": [(ORGANIZATION, PERSON)],
    "registered capital": [(ORGANIZATION, NUMBER)],
    "member of": [((PERSON, ORGANIZATION), ORGANIZATION)],
    "owns": [((PERSON, ORGANIZATION), (ORGANIZATION, OTHER))],
    "holds shares of": [((PERSON, ORGANIZATION), ORGANIZATION)],
    "invests in": [((PERSON, ORGANIZATION), ORGANIZATION)],
    "acquired": [(ORGANIZATION, ORGANIZATION)],
    "plans to acquire": [(ORGANIZATION, ORGANIZATION)],
    "merged with": [(ORGANIZATION, ORGANIZATION)],
    "partner of": [(ORGANIZATION, ORGANIZATION)],
    "competes with": [(ORGANIZATION, ORGANIZATION)],
    "in dispute with": [(ORGANIZATION, ORGANIZATION)],
    # places
    "located in": [((LOCATION, ORGANIZATION, OTHER), LOCATION)],
    "near": [(LOCATION, LOCATION)],
    "next to water": [(LOCATION, LOCATION)],
    "crosses": [(LOCATION, LOCATION)],
    "capital": [(LOCATION, LOCATION)],
    "area": [((LOCATION, ORGANIZATION), NUMBER)],
    "elevation": [(LOCATION, NUMBER)],
    "climate": [(LOCATION, OTHER)],
    # works
    "author": [(WORK, PERSON)],
    "director": [(WORK, PERSON)],
    "cast member": [(WORK, PERSON)],
    "screenwriter": [(WORK, PERSON)],
    "producer": [(WORK, PERSON)],
    "production company": [(WORK, ORGANIZATION)],
    "performer": [(WORK, PERSON)],
    "composer": [(WORK, PERSON)],
    "lyricist": [(WORK, PERSON)],
    "host": [(WORK, PERSON)],
    "guest": [(WORK, PERSON)],
    "from album": [(WORK, WORK)],
    "based on": [(WORK, WORK)],
    "follows": [(WORK, WORK)],
    "publisher": [(WORK, ORGANIZATION)],
    "published at": [(WORK, (ORGANIZATION, OTHER))],
    "released on": [(WORK, DATE)],
    "original language": [(WORK, OTHER)],
    "main subject": [(WORK, _ANY)],
    # all
    "part of": [(_ANY, _ANY)],
    "biological order": [(OTHER, OTHER)],
    "constellation": [((LOCATION, OTHER), OTHER)],
}
"""Relation -> types of its head and of its tail, as ``RelationExtractor`` takes a schema."""

Way = Literal["as it is", "back", "both"]
AS, BACK, BOTH = "as it is", "back", "both"
Mapped = Mapping[str, tuple[str, Way]]


def _same(names: Mapping[str, str]) -> dict[str, tuple[str, Way]]:
    return {label: (relation, "as it is") for label, relation in names.items()}


CONLL04: Mapped = _same(
    {
        "Live_In": "lives in",
        "Work_For": "works for",
        "Kill": "killed",
        "Located_In": "located in",
        "OrgBased_In": "headquartered in",
    }
)
CONLL04_TYPES = {"Peop": PERSON, "Org": ORGANIZATION, "Loc": LOCATION}

DUIE: Mapped = {
    **_same(
        {
            "主演": "cast member",
            "作者": "author",
            "导演": "director",
            "歌手": "performer",
            "出版社": "publisher",
            "出生日期": "born on",
            "出生地": "born in",
            "国籍": "citizen of",
            "民族": "ethnic group",
            "毕业院校": "educated at",
            "连载网站": "published at",
            "目": "biological order",
            "所属专辑": "from album",
            "作曲": "composer",
            "作词": "lyricist",
            "成立日期": "founded on",
            "编剧": "screenwriter",
            "出品公司": "production company",
            "父亲": "father",
            "母亲": "mother",
            "上映时间": "released on",
            "身高": "height",
            "朝代": "dynasty",
            "嘉宾": "guest",
            "主持人": "host",
            "字": "also known as",
            "号": "also known as",
            "简称": "also known as",
            "总部地点": "headquartered in",
            "祖籍": "ancestral home",
            "制片人": "producer",
            "气候": "climate",
            "面积": "area",
            "占地面积": "area",
            "所在城市": "located in",
            "改编自": "based on",
            "创始人": "founded by",
            "注册资本": "registered capital",
            "首都": "capital",
            "海拔": "elevation",
            "董事长": "chaired by",
        }
    ),
    "丈夫": ("spouse", "both"),
    "妻子": ("spouse", "both"),
}
DUIE_TYPES = {
    "人物": PERSON,
    "历史人物": PERSON,
    "企业": ORGANIZATION,
    "机构": ORGANIZATION,
    "学校": ORGANIZATION,
    "出版社": ORGANIZATION,
    "网站": ORGANIZATION,
    "地点": LOCATION,
    "国家": LOCATION,
    "城市": LOCATION,
    "行政区": LOCATION,
    "景点": LOCATION,
    "影视作品": WORK,
    "图书作品": WORK,
    "书籍": WORK,
    "歌曲": WORK,
    "网络小说": WORK,
    "音乐专辑": WORK,
    "电视综艺": WORK,
    "作品": WORK,
    "Date": DATE,
    "Number": NUMBER,
    "Text": OTHER,
    "目": OTHER,
    "生物": OTHER,
    "气候": OTHER,
}

FINRE: Mapped = {
    "合作": ("partner of", "both"),
    "签约": ("partner of", "both"),
    "合资": ("partner of", "both"),
    "竞争": ("competes with", "both"),
    "纠纷": ("in dispute with", "both"),
    "合并": ("merged with", "both"),
    "拥有": ("owns", "as it is"),
    "被拥有": ("owns", "back"),
    "持股": ("holds shares of", "as it is"),
    "入股": ("holds shares of", "as it is"),
    "增持": ("holds shares of", "as it is"),
    "被持股": ("holds shares of", "back"),
    "被入股": ("holds shares of", "back"),
    "被增持": ("holds shares of", "back"),
    "注资": ("invests in", "as it is"),
    "被注资": ("invests in", "back"),
    "收购": ("acquired", "as it is"),
    "被收购": ("acquired", "back"),
    "拟收购": ("plans to acquire", "as it is"),
    "被拟收购": ("plans to acquire", "back"),
    "成立": ("founded by", "back"),
    "被成立": ("founded by", "as it is"),
}

SANWEN: Mapped = {
    "Located": ("located in", "as it is"),
    "Family": ("relative", "both"),
    "Near": ("near", "both"),
    "Ownership": ("owns", "as it is"),
}

FEWREL: Mapped = {
    **_same(
        {
            "P177": "crosses",
            "P364": "original language",
            "P361": "part of",
            "P641": "sport",
            "P59": "constellation",
            "P413": "plays as",
            "P206": "next to water",
            "P412": "voice type",
            "P155": "follows",
            "P410": "military rank",
            "P25": "mother",
            "P463": "member of",
            "P40": "child",
            "P921": "main subject",
        }
    ),
    "P26": ("spouse", "both"),
}


def mapped(table: Mapped, label: str, head: int, tail: int) -> Iterator[tuple[int, str, int]]:
    """The triples of the schema that a set's triple stands for; none where its label has no part in it.

    Args:
        table: of the set. label: its name for the relation. head, tail: numbers of the mentions.
    """
    if label not in table:
        return
    relation, way = table[label]
    if way != BACK:
        yield head, relation, tail
    if way != AS:
        yield tail, relation, head


def told_by(table: Mapped) -> frozenset[str]:
    """The relations of the schema that a set tells of."""
    return frozenset(relation for relation, _ in table.values())


def side_types(relation: str, side: int) -> tuple[str, ...]:
    """The types that the head (``side`` 0) or the tail (1) of a relation may have."""
    found: list[str] = []
    for pair in GENERAL[relation]:
        allowed = pair[side]
        found += [allowed] if isinstance(allowed, str) else list(allowed)
    return tuple(dict.fromkeys(found))
