"""Scores of answers as the sets' own scripts give them, worked out by hand, and citations."""

import pytest

from slmkit.benchmarks.metrics import evaluate
from slmkit.benchmarks.metrics.scripts import cmrc_units, squad_words


def one(metric, gold, predicted):
    return evaluate(metric, [gold], [predicted])


@pytest.mark.parametrize(
    ("gold", "said", "f1", "exact"),
    [
        (["the Norman Conquest"], "Norman  conquest.", 1, 1),
        (["in the year 1066"], "1066", 0.5, 0),
        (["a b c d", "x"], "b c", 0.8, 0),  # "a" is an article
        (["x x y"], "x y y", 2 / 3, 0),
        (["1066"], "", 0, 0),
        (["U.S.A."], "USA", 1, 1),
    ],
)
def test_squad(gold, said, f1, exact):
    scores = one("squad_f1", gold, said)
    assert scores["squad_f1"] == pytest.approx(f1)
    assert scores["squad_exact"] == exact


def test_squad_leaves_only_whole_articles_out():
    assert squad_words("The theatre, an 'a'!") == ["theatre"]


@pytest.mark.parametrize(
    ("gold", "said", "f1", "exact"),
    [
        (["1963年"], "1963", 2 / 3, 0),
        (["1963年", "1963"], "1963", 1, 1),
        (["《北京》。"], "北京", 1, 1),
        (["北京和上海"], "上海和北京", 0.4, 0),  # the longest common run, not all characters in common
        (["50%"], "50", 2 / 3, 0),  # the script keeps what is not in its list of marks
        (["NBA球队"], "nba", 0.5, 0),
        (["北京"], "上海", 0, 0),
        (["北京"], "", 0, 0),
    ],
)
def test_cmrc(gold, said, f1, exact):
    scores = one("cmrc_f1", gold, said)
    assert scores["cmrc_f1"] == pytest.approx(f1)
    assert scores["cmrc_exact"] == exact


def test_units_of_cmrc():
    assert cmrc_units(" Beijing 2008年，北京！") == ["beijing", "2008", "年", "北", "京"]
    assert cmrc_units("3.5万(約10,000)") == ["3.5", "万", "(", "約", "10,000", ")"]
    assert cmrc_units("a-b") == ["ab"]
    assert cmrc_units("，。") == []


@pytest.mark.parametrize(
    ("gold", "said", "f1", "exact"),
    [
        (["800元", "生活费800元", "800元"], "800元", 1, 1),
        (["800元", "生活费800元", "元"], "800元", (1 + 1 + 8 / 11) / 3, 2 / 3),
        (["", "", ""], "", 1, 1),
        (["", "", "800元"], "", 1, 1),
        (["", "800元", "800元"], "", 2 / 3, 2 / 3),
        (["元八"], "八元", 1, 0),  # characters in any order
        (["800元"], "", 0, 0),
    ],
)
def test_cail_leaves_each_reference_out_once(gold, said, f1, exact):
    scores = one("cail_f1", gold, said)
    assert scores["cail_f1"] == pytest.approx(f1)
    assert scores["cail_exact"] == pytest.approx(exact)


def test_questions_over_a_corpus():
    gold = [{"answers": ["北京", "北京市"], "documents": ["3", "7"]}, {"answers": ["1963年"], "documents": ["4"]}]
    said = [{"answer": "北京", "document": "7"}, {"answer": "1963", "document": "5"}]
    scores = evaluate("qa_f1", gold, said)
    assert scores == {"qa_f1": pytest.approx((1 + 2 / 3) / 2), "qa_exact": 0.5, "citation": 0.5}
    nothing = [{"answer": "", "document": None}] * 2
    assert set(evaluate("qa_f1", gold, nothing).values()) == {0.0}
