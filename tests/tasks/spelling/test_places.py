"""Places: words and characters with exact offsets, in any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmkit.tasks.spelling.places import chunks, code, fold, neighbours, places, weight_of


def found(text):
    return [text[place.start : place.end] for place in places(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I don't like e-mail.", ["I", "don't", "like", "e", "mail"]),
        ("It’s 'fine', students' work", ["It’s", "fine", "students", "work"]),
        ("我的iPhone手机,very好", ["我", "的", "iPhone", "手", "机", "very", "好"]),
        ("5月3日 x2y foo_bar b2b 7up", ["月", "日"]),
        ("café cafe\u0301 naïve plain", ["plain"]),
        ("te\u200bst so\u00adft \ufeffok", ["ok"]),
        ("Привет hello مرحبا world", ["hello", "world"]),
        ("аbc", []),  # the first letter is Cyrillic
        ("don`t don´t rock'n'roll", ["don`t", "don´t", "rock'n'roll"]),
        ("", []),
        ("ひらがな 한글 １２ ＡＢ", []),
    ],
)
def test_places_are_plain_words_and_characters(text, wanted):
    assert found(text) == wanted


def test_chunks_hold_all_but_white_space():
    text = "One sentence. " * 40 + "\n\n  " + "很长的一句话，" * 80 + "。结束。\nEnd"
    spans = chunks(text)
    assert all(a < b for a, b in spans)
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:], strict=False))
    outside = [text[a:b] for a, b in zip([0, *(b for _, b in spans)], [*(a for a, _ in spans), len(text)], strict=True)]
    assert not "".join(outside).strip()
    assert max(weight_of(text[a:b]) for a, b in spans if "很" not in text[a:b]) <= 320
    assert sum("\n" in text[a : b - 4] for a, b in spans) == 0


@pytest.mark.parametrize("text", ["x" * 5000, "好" * 5000, "word " * 1000, "." * 200_000, "don't " * 900 + "y" * 4000])
def test_what_never_ends_is_cut(text):
    spans = chunks(text)
    assert "".join(text[a:b] for a, b in spans) == text
    assert all(100 < b - a <= 1700 or text[0] == "." for a, b in spans)
    assert {text[p.start : p.end] for span in spans for p in places(text, *span) if p.end - p.start < 30} <= {
        *("好", "word", "don't")
    }


def test_neighbours_are_marks_before_words():
    text = "He said: yes, 5 cats. 好的"
    left, right = neighbours(text, (0, len(text)), list(places(text)))
    assert left == ["<", "he", ":", "0", ".", "好"]
    assert right == ["said", ":", ",", ".", "的", ">"]


@given(st.text(alphabet=st.sampled_from("ab'’ -.1_\u200b\u0301好。\n\ud800😀я"), max_size=40))
def test_any_text_is_cut_in_order(text):
    last = 0
    for place in places(text):
        assert last <= place.start < place.end <= len(text)
        last = place.end
    for span in chunks(text):
        own = list(places(text, *span))
        assert all(span[0] <= place.start and place.end <= span[1] for place in own)
        left, right = neighbours(text, span, own)
        assert len(left) == len(right) == len(own)
        assert all(0 <= code(token) < 2**32 for token in (*left, *right))


def test_fold():
    assert fold("Don’T") == "don't" == fold("DON`t")
