import pytest

from slmkit.tasks.summarization.pieces import LONGEST, columns, one_line, split_pieces
from tests.tasks.summarization.conftest import NEWS, NEWS_ZH


def shown(text):
    pieces = split_pieces(text)
    return [pieces.shown(number) for number in range(len(pieces))]


@pytest.mark.parametrize("text", [NEWS, NEWS_ZH])
def test_spans_are_exact_and_only_the_title_is_a_heading(text):
    pieces = split_pieces(text)
    assert pieces.headings == [True] + [False] * (len(pieces) - 1)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in pieces.spans)
    assert "".join(text[start:end] for start, end in pieces.spans) == "".join(
        part for part in (text if text is NEWS_ZH else text.replace(". ", ".")).split("\n\n")
    ).replace("Dr.Lena", "Dr. Lena")
    assert pieces.cut == 0


def test_an_abbreviation_ends_no_sentence():
    assert shown("Mr. Smith met J. R. Jones. They talked.") == ["Mr. Smith met J. R. Jones.", "They talked."]
    assert shown("It is vitamin A.\nNext line.") == ["It is vitamin A.", "Next line."]


def test_latin_marks_end_chinese_sentences():
    assert shown("提出了方法.实验表明3.5倍!效果好?是的") == ["提出了方法.", "实验表明3.5倍!", "效果好?", "是的"]


def test_wrapped_lines_are_one_sentence():
    text = (
        "This is a paragraph whose lines were broken by a\nprogram that wanted them to be short, as it is\n"
        "often done in letters. A second sentence begins\nhere and it ends on the last line.\n\nBye."
    )
    assert shown(text) == [
        "This is a paragraph whose lines were broken by a program that wanted them to be short, as it is often done "
        "in letters.",
        "A second sentence begins here and it ends on the last line.",
        "Bye.",
    ]
    assert one_line("中文的\n一行") == "中文的一行"
    assert shown("one\ntwo\nthree") == ["one", "two", "three"]


def test_lines_alone_are_no_headings():
    assert split_pieces("milk\nbread\n\neggs").headings == [False] * 3


@pytest.mark.parametrize("unit", ["word ", "字", "a", "字a, "])
def test_an_endless_line_is_cut_and_nothing_is_lost(unit):
    text = unit * 3000
    pieces = split_pieces(text)
    assert pieces.cut == len(pieces) > 3
    assert all(0 < columns(text[start:end]) <= LONGEST + 1 for start, end in pieces.spans)
    assert "".join(text[start:end] for start, end in pieces.spans).replace(" ", "") == text.replace(" ", "")
    assert min(columns(text[start:end]) for start, end in pieces.spans[:-1]) > LONGEST / 2


@pytest.mark.parametrize("text", ["", " \n\t ", "\u3000"])
def test_nothing_has_no_pieces(text):
    assert len(split_pieces(text)) == 0


def test_columns_count_chinese_twice():
    assert (columns("ab"), columns("a字"), columns("，")) == (2, 3, 2)
