import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_embedder import ToyTokenizer

from slmkit.tasks.question_answering.passages import passage_spans
from slmkit.text.sentences import sentence_spans
from slmkit.text.tokenizer import Tokens

TOKENIZER = ToyTokenizer()


def spans_of(text, size=20):
    return passage_spans(text, TOKENIZER.encode_batch([text])[0], size)


def count(text):
    return len(TOKENIZER.encode_batch([text])[0])


def check(text, spans, size):
    covered = 0
    for (start, end), following in zip(spans, [*spans[1:], (len(text), None)], strict=True):
        assert text[start:end].strip() == text[start:end] != ""
        assert count(text[start:end]) <= size
        assert not text[covered:start].strip()
        assert start < following[0] or following[1] is None
        covered = max(covered, end)
    assert not text[covered:].strip()


def test_whole_sentences_with_one_in_common():
    text = " ".join(f"Sentence {n} has words." for n in range(9))
    spans = spans_of(text, 16)
    assert [text[a:b] for a, b in spans[:2]] == [
        "Sentence 0 has words. Sentence 1 has words. Sentence 2 has words.",
        "Sentence 2 has words. Sentence 3 has words. Sentence 4 has words.",
    ]
    check(text, spans, 16)


def test_a_long_sentence_is_not_repeated_and_one_too_long_is_divided_at_pauses():
    text = "Short one. " + "a word " * 8 + "end. Last one."
    assert len(spans_of(text, 24)) == 1
    assert [text[a:b] for a, b in spans_of(text, 20)] == ["Short one.", "a word " * 8 + "end.", "Last one."]
    divided = spans_of("first part has some words, second part has some more, third part ends it", 8)
    assert len(divided) == 2
    check("一直写下去，不停，" * 40, spans_of("一直写下去，不停，" * 40, 30), 30)


def test_one_sentence_is_one_passage():
    assert spans_of("  Only one. \n") == [(2, 11)]
    assert spans_of("。。。") == [(0, 3)]


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.sampled_from("ab1 \n\t.!?。，,;；中文字😀\u3000\x1c"), max_size=200).filter(lambda text: text.strip()),
    st.integers(3, 30),
)
def test_nothing_is_lost_and_nothing_too_long(text, size):
    check(text, spans_of(text, size), size)


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=80).filter(lambda text: bool(sentence_spans(text))), st.integers(2, 9))
def test_any_text_even_where_one_character_is_several_tokens(text, size):
    starts = np.repeat(np.arange(len(text)), 3)
    tokens = Tokens(np.zeros(len(starts), np.int64), np.stack([starts, starts + 1], axis=1))
    covered = 0
    for start, end in passage_spans(text, tokens, size):
        assert text[start:end].strip()
        assert not text[covered:start].strip()
        covered = max(covered, end)
    assert not text[covered:].strip()


def test_tokens_of_the_core(toy_slm):
    text = "the film is good. 酒店很好，服务也不差！" * 30
    spans = passage_spans(text, toy_slm.tokenizer.encode(text), 40)
    assert len(spans) > 10
    assert max(len(toy_slm.tokenizer.encode(text[a:b])) for a, b in spans) <= 41


@pytest.mark.parametrize("text", ["word " * 3000, "字" * 3000, "😀" * 1000])
def test_texts_without_any_end_mark(text):
    check(text, spans_of(text, 50), 50)
