"""Spelling sets: their layouts, misspellings put in at the right rate, and what is held back from training."""

import json

import pytest

from slmkit.benchmarks import datasets
from slmkit.benchmarks.cell import Cell, material
from slmkit.benchmarks.datasets import DataFile, Rows, spelling_readers
from slmkit.benchmarks.datasets.misspelling import CarveSentences, Misspell, References, misspelt, wrong_forms
from slmkit.benchmarks.words import WORD, in_case_of
from slmkit.errors import DataError
from slmkit.pretraining import held_back


def file(path="x.txt", split="dev"):
    return DataFile(split, path, "", "", "", "")


def apply(rule, **splits):
    rule.apply(splits, lambda name, split: Rows([], []))
    return splits


def documents(texts, source):
    return "".join(json.dumps({"text": t, "lang": "x", "source": source}, ensure_ascii=False) + "\n" for t in texts)


def held(texts):
    return [text for text in texts if held_back.is_document_held_back(text)]


RIGHT = [word for word in ("because", "there", "house", "their", "friend", "people") if held_back.is_held_back(word)]
FREE = [word for word in ("because", "there", "house", "their", "friend", "people") if word not in RIGHT]


def test_norvig_has_a_row_for_each_wrong_word():
    rows = spelling_readers.words_of_test(file(), b"problem: problam proble\nsplendid:  spledid\n")
    assert (rows.inputs, rows.labels) == (["problam", "proble", "spledid"], ["problem", "problem", "splendid"])
    with pytest.raises(DataError, match="without a colon"):
        spelling_readers.words_of_test(file(), b"problem problam\n")


def test_chinese_pairs_with_a_flag_or_with_spaces():
    rows = spelling_readers.flagged_pairs(file(), "2\t遇到逆竟时\t遇到逆境时\n0\t对\t对\n".encode())
    assert (rows.inputs, rows.labels) == (["遇到逆竟时", "对"], ["遇到逆境时", "对"])
    rows = spelling_readers.spaced_pairs(file(), "镀 格 L E D\t镀 铬 L E D\n".encode())
    assert (rows.inputs, rows.labels) == (["镀格LED"], ["镀铬LED"])


def test_misspellings_are_of_plain_words_and_may_stand_for_several():
    lines = (
        b"thier->their, they're,\ncalender->calendar\nalot->a lot\n1nd->1st\nanounce->announce, ounce, disabled, why\n"
    )
    rows = spelling_readers.misspellings(file(), lines)
    pairs = list(zip(rows.inputs, rows.labels, strict=True))
    assert pairs[:3] == [("thier", "their"), ("thier", "they're"), ("calender", "calendar")]
    assert ("anounce", "why") not in pairs
    assert {"alot", "1nd"}.isdisjoint(rows.inputs)
    with pytest.raises(DataError, match="without an arrow"):
        spelling_readers.misspellings(file(), b"thier their\n")


def test_clean_sentences_are_whole_and_of_held_back_documents():
    texts = [
        f"Title {i}\nThe first sentence of the text is as long as number {i} asks for. Too short. It had a top speed "
        f"of , and more words that nobody has read so far. the eighth of them starts with a letter that is small."
        for i in range(40)
    ]
    rows = spelling_readers.english_sentences(file(), documents(texts, "wiki").encode())
    assert rows.inputs == [t.split("\n")[1].split(".")[0] + "." for t in held(texts)]
    assert set(rows.labels) == {"wiki"}
    assert 0 < len(rows) < 20


def test_clean_chinese_sentences_are_their_own_labels():
    texts = [f"标题{i}\n新华社记者第{i}次来到这个小村庄采访。短句。没有句号的一行字在这里出现" for i in range(40)]
    rows = spelling_readers.chinese_sentences(file(), documents(texts, "x").encode())
    assert rows.inputs == [t.split("\n")[1].split("。")[0] + "。" for t in held(texts)]
    assert rows.labels == rows.inputs


def test_about_the_stated_shares_are_held_back():
    names = [f"word{i}" for i in range(2000)]
    for decide, share in (
        (held_back.is_held_back, held_back.WORDS),
        (held_back.is_document_held_back, held_back.DOCUMENTS),
        (held_back.is_sentence_held_back, held_back.SENTENCES),
    ):
        assert sum(map(decide, names)) / 2000 == pytest.approx(share, abs=0.04)
        assert [decide(name) for name in names] == [decide(name.upper()) for name in names]
    assert held_back.is_sentence_held_back("第1句，好。") == held_back.is_sentence_held_back("第1句好")


def test_only_misspellings_of_held_back_words_are_used():
    assert RIGHT
    assert FREE
    rows = Rows([w + "x" for w in (*RIGHT, *FREE)], [*RIGHT, *FREE])
    assert wrong_forms(rows) == {word: [word + "x"] for word in RIGHT}


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.1])
def test_the_rate_is_met_and_the_seed_decides(rate):
    known = {"because": ["becuase", "becasue"], "house": ["huose"]}
    sentences = [f"Number {i} HOUSE stays because the house, so they say, is old; Because, well." for i in range(200)]
    made = misspelt(sentences, known, rate=rate, seed=3)
    words = [list(zip(WORD.findall(a), WORD.findall(b), strict=True)) for a, b in zip(sentences, made, strict=True)]
    wrong = [(a, b) for row in words for a, b in row if a != b]
    assert len(wrong) == int(rate * sum(map(len, words)))
    assert all(b.lower() in known[a.lower()] for a, b in wrong)
    assert all((a.isupper(), a.istitle()) == (b.isupper(), b.istitle()) for a, b in wrong)
    assert made == misspelt(sentences, known, rate=rate, seed=3)
    assert (made == sentences) == (rate == 0)
    assert rate == 0 or made != misspelt(sentences, known, rate=rate, seed=4)


def test_too_few_words_to_misspell_is_an_error():
    with pytest.raises(DataError, match="misspellings more"):
        misspelt(["none of these is in the list"] * 50, {"house": ["huose"]}, rate=0.1, seed=0)


def test_case_is_kept():
    assert [in_case_of(a, "teh") for a in ("the", "The", "THE")] == ["teh", "Teh", "TEH"]
    assert in_case_of("I", "it's") == "It's"


def test_sentences_that_are_not_clean_are_left_out():
    word = RIGHT[0]
    errors = Rows(["slipp", word + "x"], ["slip", word])
    clean = Rows(
        [f"A {word} here.", "A slipp here.", f"Here a {word} loooks.", f"One {word} shines.", f"My {word} shines."],
        ["wiki", "wiki", "imdb", "imdb", "imdb"],
    )
    dev = apply(Misspell(0.25, per_source=1, seed=1, careless=("imdb",)), clean=clean, errors=errors)["dev"]
    assert dev.labels[0] == f"A {word} here."
    assert dev.labels[1] in clean.inputs[3:]
    changed = [a for text in dev.inputs for a in WORD.findall(text) if a == word + "x"]
    assert len(changed) == 1


def test_carved_sentences_take_all_their_errors_along():
    right = [f"第{i}句话是对的" for i in range(30) for _ in range(2)]
    rows = Rows([text.replace("句", "橘" if i % 2 else "剧") for i, text in enumerate(right)], right)
    splits = apply(CarveSentences(), train=rows)
    assert not set(splits["dev"].labels) & set(splits["train"].labels)
    assert len(splits["dev"]) + len(splits["train"]) == 60
    assert len(splits["dev"]) >= 2


def test_references_stand_beside_their_source():
    rows = Rows(["a b", "c", "a B", "C", "A b", "c ."], ["src", "src", "ref0", "ref0", "ref1", "ref1"])
    dev = apply(References("dev"), dev=rows)["dev"]
    assert (dev.inputs, dev.labels) == (["a b", "c"], [["a B", "A b"], ["C", "c ."]])
    with pytest.raises(DataError, match="not parallel"):
        apply(References("dev"), dev=rows.take(range(5)))


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "n"),
    [
        ("norvig-words", 270),
        ("misspelt-5", 1000),
        ("jfleg", 754),
        ("sighan13", 1000),
        ("ecspell-law", 475),
        ("ecspell-med", 730),
        ("ecspell-odw", 464),
        ("lemon-car", 3410),
        ("lemon-cot", 1026),
        ("clean-news", 5000),
    ],
)
def test_real_splits_have_their_size(data_dir, name, n):
    assert len(datasets.load(name, "dev", data_dir)) == n


@pytest.mark.data
def test_limited_rows_are_misspelt_as_often(data_dir):
    cell = Cell("misspelt-5", "dev", "shipped", "no-change", limit=300)
    rows = material(cell, lambda n, s: datasets.load(n, s, data_dir)).held
    assert sum(a != b for a, b in zip(rows.inputs, rows.labels, strict=True)) == pytest.approx(0.8 * 300, rel=0.15)
