"""What is never touched, whatever it looks like."""

import pytest

from slmkit.errors import InputError
from slmkit.tasks.spelling.guard import Guard
from slmkit.tasks.spelling.places import places


def free(text, **own):
    guard = Guard(**own)
    found = list(places(text))
    kept = guard.open_places(text, found, guard.spans(text))
    return [text[place.start : place.end] for place, ok in zip(found, kept, strict=True) if ok]


@pytest.mark.parametrize(
    "safe",
    [
        "https://exmaple.com/pth?a=b#teh",
        "www.exmaple.org",
        "exmaple.com",
        "jon.smyth@exmaple.com",
        "mailto:jon",
        "@jonsmyth",
        "#teh_tag",
        "#今天天汽#",
        "`som code`",
        "``a ` b``",
        "```\nteh code\n```",
        "~~~py\nteh\n",  # never closed
        "<!-- teh -->",
        '<a hrf="x">',
        "</dvi>",
        "&nbps;",
        "/usr/lcoal/bin",
        "~/confg",
        "../shard/dta",
        "src/mian/jva",
        "tset.py",
        "C:\\Usres\\me",
        "\\alhpa",
        "$HOEM",
        "{plaecholder}",
        "%(nmae)s",
        "--verbsoe",
        "-x",
        "camelCsae",
        "HTPT",
        "iPhoen",
        "McDonlad",
        "snake_csae",
        "vesion2",
        "std::vecotr",
        "fucntion()",
        "kye=vlaue",
        ":smlie:",
        "[tx](tagret)",
    ],
)
def test_safe_by_default(safe):
    text = f"see {safe} here" if "\n" not in safe else f"see\n{safe}\n"
    words = {"see", "here"} | ({"tx"} if safe.startswith("[") else set())
    assert set(free(text)) <= words
    assert "see" in free(text)


@pytest.mark.parametrize(
    "safe",
    [
        *("zhangwie@qq.com", "https://exmaple.com/wrods", "www.exmaple.org", "fucntion()", "std::vecotr", "kye=vlaue"),
        *("#teh_tag", "/usr/lcoal/bin", "tset.py", "src/mian.py", "C:\\Usres\\me", "--verbsoe", "$HOEM", "mailto:jon"),
    ],
)
def test_safe_between_chinese_characters(safe):
    assert set(free(f"请看{safe}有问题")) <= set("请看有问题")
    assert "看" in free(f"请看{safe}有问题")


def test_what_looks_alike_is_free():
    assert free("He and/or she, well-known: 5 cats (maybe) - yes; no.") == [
        *("He", "and", "or", "she", "well", "known", "cats", "maybe", "yes", "no")
    ]
    assert free("我的iphone好") == ["我", "的", "iphone", "好"]
    assert free("a < b and c > d") == ["a", "b", "and", "c", "d"]
    assert free("# Teh title") == ["Teh", "title"]


def test_capitals_are_acronyms_unless_all_is_written_so():
    assert free("The NASA lanuch") == ["The", "lanuch"]
    assert free("THE NASA LANUCH OF TODAY") == ["THE", "NASA", "LANUCH", "OF", "TODAY"]
    assert free("DON'T Don't don't") == ["Don't", "don't"]
    assert free("A I") == ["A", "I"]


def test_words_and_patterns_of_the_caller():
    assert free("Teh kubctl tool", words=["teh", "Kubctl"]) == ["tool"]
    assert free("这家平果店", words=["平果"]) == ["这", "家", "店"]
    assert free("order AB-teh now", patterns=[r"AB-\w+"]) == ["order", "now"]
    assert Guard(patterns="a+").spans("baab") == [(1, 3)]
    with pytest.raises(InputError, match="is no regular expression"):
        Guard(patterns=["("])
    with pytest.raises(InputError, match="words: got 3"):
        Guard(words=[3])


def test_spans_are_merged():
    assert Guard(patterns=["bcd", "cde", "g"]).spans("abcdefg") == [(1, 5), (6, 7)]


@pytest.mark.parametrize(
    "unit",
    [
        "`",
        "<",
        "<!--",
        "<a",
        "/",
        "a/",
        "a.",
        "-",
        "--a",
        "#",
        "# a",
        "@",
        "{",
        "a@",
        "```\n",
        ":",
        "&a",
        "a",
        "(",
        "\\",
    ],
)
def test_what_repeats_without_end_takes_linear_time(unit):
    text = unit * (200_000 // len(unit))
    spans = Guard().spans(text)
    assert all(a < b <= len(text) for a, b in spans)
