"""Typed names in raw Chinese text without anyone's labels, by rules that are often right.

This is data programming (Ratner et al. 2016) in its simplest form: the first rule that fires is believed.

Three sources agree on one set of types:

- an encyclopaedia article begins with its title and says what it is: "《货车里的女人》是一部2015年的英国电影";
- a title in book marks has its kind beside it: "小说《围城》";
- a list of the common names of posts: "总统", "董事长", "教练".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from slmkit.pretraining.corpus import documents
from slmkit.pretraining.sources import Example
from slmkit.text.sentences import sentence_spans

SHORTEST = 3  # characters of a name: shorter ones are words too often

# What the noun at the end of a definition, or beside a title in book marks, makes of the name.
KINDS = {
    "film": "电影 影片 电视剧 连续剧 剧集 动画 纪录片 节目 短片 爱情片 剧情片 喜剧片 恐怖片 动作片",
    "book": "小说 漫画 诗集 著作 专著 图书 长篇 散文集 史书 词典 丛书 杂志 周刊 期刊",
    "game": "游戏 网游 手游",
    "song": "歌曲 专辑 单曲 迷你专辑",
    "company": "公司 企业 银行 集团 品牌 制造商 航空公司 出版社 开发商",
    "government": "机关 政府 部门 直属局 法院 委员会 行政机构",
    "organisation": (
        "政党 组织 机构 团体 联盟 协会 俱乐部 球队 乐团 乐队 大学 学院 中学 小学 学校 院校 医院 部队 球会 组合"
    ),
    "place": "镇区 地名 地区 城市 国家 个区 个县 级镇 村庄 街道 个镇 个乡 支流 河流 岛屿 湖泊",
    "site": "车站 地铁站 公园 教堂 博物馆 建筑 广场 陵墓 机场 庙宇 酒店 遗址 桥梁 大楼 山峰 景点 景区 体育场",
    "person": (
        "人物 运动员 演员 科学家 政治家 作家 歌手 球员 选手 教授 议员 艺人 学者 导演 画家 武将 教练 主教 "
        "艺员 官员 物理学家 化学家 数学家 经济学家 历史学家 哲学家 诗人 音乐家 企业家 军人 将领 大臣 "
        "皇帝 记者 律师 模特儿 设计师 作曲家 女优 声优"
    ),
}
POSTS = (
    "总统 副总统 总理 副总理 首相 主席 副主席 总书记 书记 部长 副部长 外长 省长 市长 县长 局长 处长 科长 "
    "院长 校长 教授 副教授 博士 院士 研究员 讲师 老师 董事长 总经理 副总经理 总裁 副总裁 首席执行官 经理 "
    "董事 主管 总监 工程师 设计师 律师 法官 检察官 记者 编辑 主编 主持人 导演 演员 编剧 制片人 歌手 作家 "
    "诗人 画家 教练 主教练 队长 球员 前锋 后卫 中场 门将 守门员 裁判 司令 将军 上将 中将 少将 元帅 "
    "参谋长 大使 发言人 秘书长 议员 参议员 众议员 警察 医生 护士 主任 副主任 会长 理事长 分析师 经济学家 "
    "科学家 候选人 国务卿 国王 女王 王子 公主"
)
_KIND_OF = {noun: kind for kind, nouns in KINDS.items() for noun in nouns.split()}
_NOUNS = sorted(_KIND_OF, key=len, reverse=True)
_DEFINITION = re.compile(r"^.{0,60}?[，,）)》」\s]?(?:是|为)([^，。；、]{1,40})[，。；]")
_APPOSITION = re.compile(r"[^，。]{0,40}，([^，。；]{2,40})[，。；]")
_MARKED = re.compile("(" + "|".join(_NOUNS) + ")?《([^《》]{1,30})》")
_POST = re.compile("|".join(sorted(POSTS.split(), key=len, reverse=True)))
_TITLE_NOTE = re.compile(r"\s*[（(].*$")


def kind_of_article(title: str, body: str) -> str | None:
    """What the first sentence says that the title is; None where it does not say."""
    begin = body[:160].lstrip("《「“")
    if not begin.startswith(title):
        return None
    rest = begin[len(title) :]
    # "江户重通，日本战国时代的武将。" names it without a verb.
    found = _DEFINITION.match(rest) or _APPOSITION.match(rest)
    said = found.group(1).removesuffix("之一") if found else ""
    return next((_KIND_OF[noun] for noun in _NOUNS if said.endswith(noun)), None)


def gazetteer(articles: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Title -> type of all articles that say what they are about; a title of two types has none."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for title, body in articles:
        kind = kind_of_article(title, body)
        if kind is not None and len(title) >= SHORTEST:
            kinds[title].add(kind)
    return {title: next(iter(found)) for title, found in kinds.items() if len(found) == 1}


def spans_of(
    sentence: str, names: Mapping[str, str], lengths: Mapping[str, Sequence[int]]
) -> tuple[tuple[int, int, str], ...]:
    """Typed spans that the rules find, without overlaps: titles in marks before known names before posts.

    Args:
        sentence: to search. names: see ``gazetteer``. lengths: of the names by their first characters, longest first.
    """
    found: list[tuple[int, int, str]] = []
    taken = [False] * len(sentence)

    def take(start: int, end: int, kind: str) -> None:
        if not any(taken[start:end]):
            found.append((start, end, kind))
            taken[start:end] = [True] * (end - start)

    for match in _MARKED.finditer(sentence):
        kind = _KIND_OF.get(match.group(1) or "") or names.get(match.group(2))
        if kind is not None:
            take(match.start(2) - 1, match.end(2) + 1, kind)
        else:  # a work of an unknown kind: neither an example nor a counterexample
            return ()
    for start in range(len(sentence)):
        for length in lengths.get(sentence[start : start + SHORTEST], ()):
            name = sentence[start : start + length]
            if name in names:
                take(start, start + length, names[name])
                break
    for match in _POST.finditer(sentence):
        take(match.start(), match.end(), "post")
    return tuple(sorted(found))


def typed_names(raw: Path, *, most: int = 40_000, longest: int = 120) -> Iterator[Example]:
    """Sentences of the Chinese encyclopaedia with typed spans.

    Args:
        raw: folder of the raw corpus. most: sentences. longest: characters of one.
    """
    articles = []
    for text in documents(raw / "zh_wikipedia.jsonl.xz"):
        title, _, body = text.partition("\n")
        articles.append((_TITLE_NOTE.sub("", title), body))
    names = gazetteer(articles)
    lengths: dict[str, set[int]] = defaultdict(set)
    for name in names:
        lengths[name[:SHORTEST]].add(len(name))
    longest_first = {start: sorted(found, reverse=True) for start, found in lengths.items()}
    seen: Counter[str] = Counter()
    count = 0
    for _, body in articles:
        for start, end in sentence_spans(body[:2000]):
            sentence = body[start:end].strip()
            if not 10 <= len(sentence) <= longest:
                continue
            spans = spans_of(sentence, names, longest_first)
            # No type may fill the set: a sentence needs one that is not among the commonest yet.
            if not spans or min(seen[kind] for *_, kind in spans) > most / len(KINDS):
                continue
            seen.update(kind for *_, kind in spans)
            yield Example(sentence, spans=spans)
            count += 1
            if count >= most:
                return
