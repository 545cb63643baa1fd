import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmkit.text.alignment import span_tokens, tag_labels
from slmkit.text.language import join_words, language
from slmkit.text.sentences import sentence_spans
from slmkit.text.stretches import stretches
from slmkit.text.windows import window_spans


@given(st.integers(0, 3000), st.integers(2, 300), st.integers(0, 100))
def test_windows_cover_everything_and_overlap(length, size, overlap):
    overlap = min(overlap, size - 1)
    spans = window_spans(length, size, overlap)
    assert spans[0][0] == 0
    assert spans[-1][1] == length
    assert all(end - start <= size for start, end in spans)
    assert all(a[1] - b[0] >= overlap for a, b in zip(spans, spans[1:], strict=False))


def test_an_overlap_as_large_as_the_window_is_refused():
    with pytest.raises(ValueError, match="overlap 5"):
        window_spans(10, 5, 5)


def test_sentences_keep_numbers_and_quotes_whole():
    text = "He paid 3.5 dollars. “Fine!” she said.\n房间很小。但是服务好！真的？"
    spans = sentence_spans(text)
    assert [text[a:b].strip() for a, b in spans] == [
        "He paid 3.5 dollars.",
        "“Fine!”",
        "she said.",
        "房间很小。",
        "但是服务好！",
        "真的？",
    ]


@given(st.text(max_size=200))
def test_sentences_drop_nothing_but_white_space(text):
    spans = sentence_spans(text)
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("hello there", "en"), ("你好", "zh"), ("我用Python写代码", "zh"), ("The word 好 means good", "en"), ("", "en")],
)
def test_language(text, expected):
    assert language(text) == expected


def test_words_are_joined_as_they_are_written():
    text, spans = join_words(["用", "Python", "写", "the", "code"])
    assert text == "用Python写the code"
    assert [text[a:b] for a, b in spans] == ["用", "Python", "写", "the", "code"]


def test_spans_become_bio_labels(toy_slm):
    text = "the bank 酒店房间 team"
    spans = [(4, 8, "org"), (9, 11, "place"), (11, 13, "place"), (14, 18, "org")]
    tokens = toy_slm.tokenizer.encode(text)
    labels = tag_labels(tokens.offsets, text, spans, ["org", "place"])
    for start, end, kind in spans:
        inside = [label for label, (a, b) in zip(labels, tokens.offsets, strict=True) if b > start and a < end]
        begin = 2 * ["org", "place"].index(kind) + 1
        assert inside == [begin] + [begin + 1] * (len(inside) - 1)
    outside = [label for label, (a, b) in zip(labels, tokens.offsets, strict=True) if a < b <= 3]
    assert set(outside) == {0}


def test_span_tokens(toy_slm):
    tokens = toy_slm.tokenizer.encode("酒店很好")
    assert span_tokens(tokens.offsets, (1, 3)) == (2, 3)
    assert span_tokens(np.zeros((2, 2), dtype=np.int64), (5, 6)) == (0, 0)


def test_a_long_run_of_marks_that_ends_no_sentence_is_read_once():
    text = "One. " + ".!?" * 100_000 + "x"
    assert sentence_spans(text) == [(0, 5), (5, len(text))]


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 8), st.integers(1, 50))
def test_stretches_take_everything_once_and_keep_their_bounds(sizes, most, total):
    found = list(stretches(iter(sizes), most, total))
    assert [place for part in found for place in part] == list(range(len(sizes)))
    for part, after in zip(found, [*found[1:], None], strict=False):
        held = sum(sizes[place] for place in part)
        assert len(part) <= most
        assert held <= total or len(part) == 1
        if after is not None:  # no more would have fitted
            assert len(part) == most or held + sizes[after[0]] > total
