import json
import lzma

import pytest

from slmkit.pretraining.silver import gazetteer, kind_of_article, typed_names


@pytest.mark.parametrize(
    ("title", "body", "kind"),
    [
        ("货车里的女人", "《货车里的女人》是一部2015年的英国电影，由某人执导。", "film"),
        ("圣路易站", "圣路易站，是法国的一个铁路车站，位于边境。", "site"),
        ("江户重通", "江户重通，日本战国时代的武将。", "person"),
        ("爆料公社", "爆料公社是一家登记在英属维京群岛的公司，最初是社团。", "company"),
        ("怀尔德", "该陨坑西侧毗邻浦金野环形山，是一座环形山。", None),
        ("某物", "某物是一种颜色。", None),
    ],
)
def test_an_article_says_what_it_is_about(title, body, kind):
    assert kind_of_article(title, body) == kind


def test_short_and_ambiguous_titles_are_left_out():
    film, book = "围城记是一部电影。", "围城记是一部小说。"
    assert gazetteer(
        [("围城记", film), ("围城记", book), ("城", "城是一部电影。"), ("边城记", "边城记是一部电影。")]
    ) == {"边城记": "film"}


def test_sentences_carry_typed_spans(tmp_path):
    articles = [
        "爆料公社（公司）\n爆料公社是一家位于台北的公司，由董事长创办。",
        "无关\n总统读了小说《围城》和爆料公社的消息，很高兴。他还喜欢《不知是什么》这部作品，总统说。",
    ]
    lines = "\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in articles)
    (tmp_path / "zh_wikipedia.jsonl.xz").write_bytes(lzma.compress(lines.encode()))
    found = [[(e.text[a:b], kind) for a, b, kind in e.spans] for e in typed_names(tmp_path)]
    assert found == [
        [("爆料公社", "company"), ("董事长", "post")],
        [("总统", "post"), ("《围城》", "book"), ("爆料公社", "company")],
    ]
