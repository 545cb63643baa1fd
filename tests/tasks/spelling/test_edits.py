import pytest

from slmkit.tasks.spelling.edits import edits_between
from slmkit.text.spans import replaced


def applied_edits(text, edits):
    return replaced(text, ((edit.start, edit.end, edit.right) for edit in edits))


PAIRS = [
    ("He go to school .", "He goes to the school .", ["form of the word", "missing article"]),
    ("She is the the best.", "She is the best.", ["repeated word"]),
    ("I have a apple in table", "I have an apple on the table.", ["article", "wording", "punctuation"]),
    ("school is far", "The school is far", ["missing article"]),
    ("The school is far", "School is far", None),
    ("It very is good", "It is very good", None),
    ("their is a house", "there is a house", ["spelled nearly alike"]),
    ("the Bank is open", "the bank is open", ["capital"]),
    ("他高兴的说", "他高兴地说", ["的, 地 or 得"]),
    ("我去了过北京", "我去过北京", ["unneeded word"]),
    ("他走的很快。", "他走得很快。", ["的, 地 or 得"]),
    ("这是一只苹果", "这是一个苹果", ["wrong character"]),
    ("", "a word", ["missing word"]),
    ("a word", "", ["unneeded word"]),
    ("same", "same", []),
]


@pytest.mark.parametrize(("text", "better", "reasons"), PAIRS)
def test_edits_make_the_better_text(text, better, reasons):
    edits = edits_between(text, better)
    assert applied_edits(text, edits) == better
    assert all(a.end <= b.start for a, b in zip(edits, edits[1:], strict=False))
    assert reasons is None or [edit.reason for edit in edits] == reasons


def test_an_edit_touches_as_little_as_it_can():
    (edit,) = edits_between("We  went at home\tyesterday", "We went at home today")
    assert (edit.start, edit.end, edit.right) == (17, 26, "today")  # spaces of one's own stay


def test_each_edit_can_be_made_alone():
    text, better = "He go to school and eat a apple", "He goes to the school and eats an apple"
    edits = edits_between(text, better)
    assert [applied_edits(text, [edit]) for edit in edits] == [
        "He goes to school and eat a apple",
        "He go to the school and eat a apple",
        "He go to school and eats a apple",
        "He go to school and eat an apple",
    ]
