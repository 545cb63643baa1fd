from decimal import Decimal

import pytest

from slmkit.tasks.summarization.facts import Facts
from slmkit.tasks.summarization.numbers import numbers
from tests.tasks.summarization.conftest import NEWS, NEWS_ZH

EVERYDAY = {
    *("it", "the", "bridge", "will", "close", "engineers", "repairs", "a", "ferry", "tickets", "weather", "rise"),
    *("boost", "sales", "and", "at", "in"),
}


def flagged(source, summary):
    found = Facts(source, lambda word: word in EVERYDAY).flags(summary)
    assert all(summary[flag.start : flag.end] == flag.text for flag in found)
    return [(flag.text, flag.kind) for flag in found]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("76% of $1.13bn, £600m and 12th", [76, 1_130_000_000, 600_000_000, 12]),
        ("5m of rope, 4-0 at 10:30", [5, 4, 0, 10, 30]),
        ("2,000 or 1,000,000.5.", [2000, "1000000.5"]),
        ("twenty-five men, three million, two three", [25, 3_000_000, 2, 3]),
        ("3.5万元，5百万，20万亿，１２", [35_000, 5_000_000, 20 * 10**12, 12]),
        ("百分之三十，一千二百万，三万五千，二〇〇四年，十五", [100, 30, 12_000_000, 35_000, 2004, 15]),
        ("v2.0 COVID-19 B12", [19]),
        ("9" * 500, [int("9" * 40)]),
        ("5 ſhips and ſix men, 5 mıllıon, \u212a", [5, 6, 5_000_000]),
    ],
)
def test_numbers_have_values(text, values):
    assert [number.value for number in numbers(text)] == [Decimal(str(value)) for value in values]


def test_small_words_are_vague():
    assert [n.vague for n in numbers("one of them, seven")] == [True, False]
    assert [n.vague for n in numbers("一种，十分，千万不要，三十")] == [True, True, True, False]


@pytest.mark.parametrize(
    "summary",
    [
        "The bridge in Ashford will close for 6 weeks.",
        "Lena Okafor's inspection; Okafor says the Harbour Bridge needs repairs.",
        "42 thousand cars. Tickets are $2.5 on the ferry.",
        "Engineers close the bridge. A ferry will run. It will.",
        "",
    ],
)
def test_what_stands_in_the_source_is_not_flagged(summary):
    assert flagged(NEWS, summary) == []


@pytest.mark.parametrize(
    ("summary", "wrong"),
    [
        ("The bridge in Oxford will close for seven weeks.", [("Oxford", "name"), ("seven", "number")]),
        ("Smith said the bridge will close.", [("Smith", "name")]),
        ("The ferry costs $2.60 and NASA pays.", [("2.60", "number"), ("NASA", "name")]),
        ("Bridge Boost At Harbour And Tokyo", [("Tokyo", "name")]),
        ("About 42 million cars", [("42 million", "number")]),
    ],
)
def test_names_and_numbers_of_its_own_are_flagged(summary, wrong):
    everyday = EVERYDAY | {"about", "bridge"}
    found = Facts(NEWS, lambda word: word in everyday).flags(summary)
    assert [(flag.text, flag.kind) for flag in found] == wrong


def test_forms_of_a_name_are_one_name():
    source = "The United Nations met in Italy and Iran. The U.S. sent CNN experts from China."
    for summary in ("the UN and Italians", "an Iranian, US and Chinese team", "the CNNs of Italy's north"):
        assert flagged(source, f"in {summary}") == []
    assert flagged(source, "in Iraq with the EU") == [("Iraq", "name"), ("EU", "name")]


@pytest.mark.parametrize(
    ("summary", "wrong"),
    [
        ("港口大桥关闭6周，李娜教授认为该修，每天42000辆汽车。", []),
        ("王强教授认为该修。", [("王强", "name")]),
        ("北京大学的大桥关闭四十二天。", [("北京大学", "name"), ("四十二", "number")]),
        ("据《海港日报》用 GPS 测量。", [("海港日报", "name"), ("GPS", "name")]),
        ("他在大学读书，这个大学很好。", []),
    ],
)
def test_chinese_facts(summary, wrong):
    assert flagged(NEWS_ZH, summary) == wrong


def test_a_long_odd_source_takes_no_time():
    source = "A " * 50_000 + "A" * 100_000 + "1," * 50_000 + "一" * 100_000
    assert flagged(source, "in Xi 77") == [("Xi", "name"), ("77", "number")]
