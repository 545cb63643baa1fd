"""A user's own table: dirty rows counted, rare labels named, a seeded split, a plain verdict, a page and Markdown."""

import csv
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from slmkit.benchmarks import card, child, metrics, outcomes, runner
from slmkit.benchmarks.card import measuring, show
from slmkit.benchmarks.card.measuring import Tried
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.cli import bench_app
from slmkit.benchmarks.costs import Amount, Costs, bytes_within
from slmkit.benchmarks.datasets import Rows
from slmkit.errors import InputError, SLMKitError

GOODS = [("the card was stolen", "card"), ("my loan is late", "loan"), ("where is the cash machine", "cash")]


def rows_of(n):
    return [(f"{GOODS[i % 3][0]} number {i}", GOODS[i % 3][1]) for i in range(n)]


def write(path, rows, header=("text", "label")):
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter="\t" if path.suffix == ".tsv" else ",").writerows([header, *rows])
    return path


@pytest.fixture
def clean(tmp_path):
    return write(tmp_path / "mine.csv", rows_of(120))


def call(*arguments):
    return CliRunner().invoke(bench_app, ["card", *map(str, arguments)])


def test_dirty_rows_are_counted_and_skipped(tmp_path):
    dirty = [("", "card"), ("  ", "loan"), ("no label", ""), rows_of(1)[0], ("only one like it", "rare")]
    path = write(tmp_path / "t.csv", [*rows_of(60), *dirty])
    with path.open("a", encoding="utf-8") as out:
        out.write("a,b,c,d\n")
    table = card.read(path, "text", "label")
    assert table.total == 66
    assert table.skipped == {
        "text is empty": 1,
        "text is only white space": 1,
        "no label": 1,
        "text and label repeat an earlier row": 1,
        "fields do not fit the header": 1,
    }
    assert table.rare == {"rare": 1}
    assert table.counts == {"card": 20, "loan": 20, "cash": 20}
    assert any("rare (1)" in line for line in show.about(table))


def test_the_split_is_seeded_stratified_and_clean(clean):
    table, again, other = (card.read(clean, "text", "label", seed=s) for s in (0, 0, 1))
    assert table.held.inputs == again.held.inputs != other.held.inputs
    assert sorted(table.held.labels) == ["card"] * 8 + ["cash"] * 8 + ["loan"] * 8
    assert not set(table.held.inputs) & set(table.train.inputs)
    assert len(table.held) + len(table.train) == 120


def test_a_text_under_two_labels_stays_on_one_side(tmp_path):
    path = write(tmp_path / "t.csv", [*rows_of(60), *((text.upper() + "!", "loan") for text, _ in rows_of(60))])
    table = card.read(path, "text", "label")
    held = {text.lower().rstrip("!") for text in table.held.inputs}
    assert not held & {text.lower().rstrip("!") for text in table.train.inputs}


def test_fitting_takes_no_more_text_than_the_time_allows(clean):
    table = card.read(clean, "text", "label", train_bytes=1000)
    assert (len(table.train) + table.cut, table.cut > 30) == (96, True)
    assert set(table.train.labels) == {"card", "loan", "cash"}
    assert len(card.read(clean, "text", "label", train_bytes=0).train) == 15


@pytest.mark.parametrize("suffix", [".tsv", ".jsonl", ".parquet", ".csv"])
def test_all_table_formats_are_read(tmp_path, suffix):
    frame, path = pd.DataFrame(rows_of(30), columns=["text", "label"]), tmp_path / f"t{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        write(path, rows_of(30))
    assert card.read(path, "text", "label").counts == {"card": 10, "loan": 10, "cash": 10}


def test_numbers_as_labels_and_missing_ones(tmp_path):
    frame = pd.DataFrame({"t": [f"text {i}" for i in range(40)], "y": [i % 2 for i in range(40)]}).astype(
        {"y": "Int64"}
    )
    frame.loc[0, "y"] = pd.NA
    frame.to_parquet(tmp_path / "t.parquet")
    table = card.read(tmp_path / "t.parquet", "t", "y")
    assert table.counts == {"1": 20, "0": 19}
    assert table.skipped == {"no label": 1}
    assert table.dataset.labels == ()  # numbers say nothing to a system that only reads the labels


@pytest.mark.parametrize(
    ("names", "task", "canonical"),
    [
        (("pos", "neg"), "sentiment", {"positive", "negative"}),
        (("好评", "差评"), "sentiment", {"positive", "negative"}),
        (("Positive", "Negative", "neutral"), "sentiment", {"positive", "negative", "neutral"}),
        (("pos", "neg", "spam"), "classification", {"pos", "neg", "spam"}),
        (("pos", "positive", "neg"), "classification", {"pos", "positive", "neg"}),
        (("0", "1"), "classification", {"0", "1"}),
    ],
)
def test_labels_of_sentiment_are_known(tmp_path, names, task, canonical):
    path = write(tmp_path / "t.csv", [(f"text {i}", names[i % len(names)]) for i in range(60)])
    table = card.read(path, "text", "label")
    assert table.dataset.task == task
    assert set(table.counts) == canonical


def test_systems_fit_the_labels(tmp_path):
    def capable(*names, text="words {}"):
        path = write(tmp_path / "t.csv", [(text.format(i), names[i % len(names)]) for i in range(60)])
        return set(measuring.capable(card.read(path, "text", "label")))

    fitted = {(name, "fitted") for name in ("slmkit", "slmkit-linear", "slmkit-static", "tfidf-lr", "dummy")}
    assert capable("0", "1") == fitted
    assert capable("sport", "news") == {*fitted, ("slmkit-zero-shot", "shipped")}
    shipped = {("slmkit", "shipped"), ("slmkit-zero-shot", "shipped")}
    assert capable("pos", "neg") == {*fitted, *shipped, ("vader", "shipped"), ("textblob", "shipped")}
    assert capable("pos", "neg", text="很好的酒店{}") == {*fitted, *shipped, ("snownlp", "shipped")}
    assert capable("pos", "neg", "neu") == {*fitted, *shipped}


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        (rows_of(12), (), "0 labels with 5 rows or more"),
        ([(f"t {i}", f"free text {i}") for i in range(50)], (), "50 different values in 50 usable rows"),
        ([(f"t {i}", "one") for i in range(50)], (), "two are needed"),
        ([(f"t {i}", "ab"[i % 2]) for i in range(12)], (), "20 are needed"),
        ([], (), "0 labels"),
        (rows_of(30), ("--label", "lable"), "did you mean 'label'"),
        (rows_of(30), ("--text", "nope"), "no column 'nope'"),
        (rows_of(30), ("--system", "gpt"), "unknown system 'gpt'"),
        (rows_of(30), ("--system", "bm25"), "none of bm25"),
        (rows_of(30), ("--minutes", "0"), "--minutes"),
        (rows_of(30), ("--out", "card.pdf"), r".html or .md"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_2(tmp_path, rows, options, said):
    done = call("--csv", write(tmp_path / "t.csv", rows), *options)
    assert done.exit_code == 2, done.output
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error")]
    assert len(errors) == 1
    assert said in errors[0]


def test_a_missing_file_is_told(tmp_path):
    assert "none.csv" in call("--csv", tmp_path / "none.csv").stderr


def test_a_card_from_start_to_end(clean, tmp_path):
    options = ("--csv", clean, "--system", "tfidf-lr", "--minutes", 5)
    done = call(*options, "--json", "--out", tmp_path / "card.html")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["use"] == "tfidf-lr"
    assert told["why"].startswith("Use tfidf-lr: 100.0 % accuracy (95 %: 100.0–100.0) on 24 held-out rows")
    assert {r["system"]: r["n"] for r in told["rows"]} == {"tfidf-lr": 24, "dummy": 24}
    assert "[1/2] dummy …" in done.stderr
    page = (tmp_path / "card.html").read_text(encoding="utf-8")
    assert "Use tfidf-lr" in page
    assert "http" not in page.replace("http-equiv", "")
    assert GOODS[0][0] not in page + done.output  # no row is shown


def test_what_does_not_fit_into_the_time_is_named(clean):
    table = card.read(clean, "text", "label")
    tried = card.measure(table, ("slmkit", "tfidf-lr"), seconds=0)
    assert [str(t) for t in tried] == ["dummy", "tfidf-lr", "slmkit"]  # the quick ones first
    assert all("needs about" in reason for _, reason in show.left_out(tried))
    with pytest.raises(SLMKitError, match="no system could be measured"):
        card.judge(tried, table)


def test_what_takes_longer_than_expected_is_stopped():
    told = child.ask("slmkit.benchmarks.card.measuring", {}, timeout=0.001)
    assert told == {"status": "no time", "reason": "stopped after 0 s, when the time was up", "result": None}


@pytest.fixture
def scored(clean, tiny_root, tmp_path):
    """Results on the same rows, right where told."""
    (done,) = runner.run([Cell("sst2", "dev", "fitted", "dummy")], runner.Run(tiny_root, tmp_path, in_process=True))

    def make(name, right, rate=100.0):
        gold, predicted = ["a"] * len(right), ["a" if r else "b" for r in right]
        scores = metrics.evaluate("accuracy", gold, predicted)
        about = {"system": name, "rows_per_second": rate, "n": len(right), "scores": scores, "n_train": 100}
        kept = outcomes.pack(tuple(scores), gold, predicted)
        interval = metrics.interval("accuracy", gold, predicted)
        result = replace(done.result, **about, score=scores["accuracy"], ci95=interval, outcomes=kept, bytes=10**6)
        return Tried(name, "fitted", result, "")

    return card.read(clean, "text", "label"), make


def right(n_wrong):
    return np.arange(300) >= n_wrong


def test_the_verdict_takes_the_best_where_it_is_beyond_chance(scored):
    table, make = scored
    tried = [make("slmkit", right(10)), make("tfidf-lr", right(60), 9000), make("dummy", right(200), 10**6)]
    verdict = card.judge(tried, table)
    assert str(verdict.chosen) == "slmkit"
    assert "16.7 points above the next best, tfidf-lr, which is more than chance" in verdict.sentence
    assert verdict.how == "Classifier().fit(texts, labels)"
    assert [row[0] for row in show.rows(tried)] == ["slmkit", "tfidf-lr", "dummy (the most frequent label)"]
    assert show.rows(tried)[1][4] == "-16.7 *"


def test_the_verdict_takes_the_quickest_among_equals(scored):
    table, make = scored
    verdict = card.judge(
        [make("slmkit", right(58)), make("tfidf-lr", right(60), 9000), make("dummy", right(200), 10**6)], table
    )
    assert str(verdict.chosen) == "tfidf-lr"
    assert "as good as slmkit (0.7 points below, no more than chance) and 90 times as quick" in verdict.sentence
    assert verdict.how == ""


@pytest.mark.parametrize(("wrong", "rate"), [(13, 9000), (11, 250)])
def test_a_quick_one_must_be_near_and_much_quicker(scored, wrong, rate):
    table, make = scored
    few = slice(0, 40)
    tried = [make("slmkit", right(10)[few]), make("slmkit-linear", right(wrong)[few], rate)]
    verdict = card.judge([*tried, make("dummy", right(40)[few], 10**6)], table)
    assert str(verdict.chosen) == "slmkit"
    assert "above the next best, slmkit-linear, which may be chance" in verdict.sentence


def test_the_verdict_says_when_nothing_was_learned(scored):
    table, make = scored
    verdict = card.judge([make("slmkit", right(98)), make("dummy", right(100), 10**6)], table)
    assert verdict.chosen is None
    assert "no better beyond chance than always answering 'card' (33 % of the rows)" in verdict.sentence


def test_names_are_escaped(scored, tmp_path):
    table, make = scored
    evil = '<script>alert("x")</script>|b'
    table = replace(table, counts={evil: 60, "b": 60}, rare={evil: 1}, dataset=replace(table.dataset, name=evil))
    tried = [make("dummy", right(100)), Tried("slmkit", "fitted", None, evil)]
    for name in ("card.html", "card.md"):
        card.write(tmp_path / name, tried, table, card.judge(tried, table))
        assert "<script" not in (tmp_path / name).read_text(encoding="utf-8")
    with pytest.raises(InputError, match=r"\.html or \.md"):
        card.write(tmp_path / "card.txt", tried, table, card.judge(tried, table))


def test_costs_learn_from_what_was_needed():
    costs, rows = Costs(), Rows(["a text"] * 1000, ["a"] * 1000)
    amount = Amount.of(rows, rows)
    assert amount == Amount(6000, 6000)
    rough = costs.expected("slmkit", amount), costs.expected("tfidf-lr", amount)
    costs.learn("tfidf-lr", amount, rough[1] / 1.5)
    assert costs.expected("slmkit", amount) == pytest.approx(rough[0] / 1.5)
    assert costs.expected("tfidf-lr", amount) == pytest.approx(rough[1] / 1.5)
    costs.learn("dummy", amount, 10**6)  # a machine that sleeps does not stop the rest
    assert costs.expected("slmkit", amount) < 2.1 * rough[0]
    costs.learn("slmkit", amount, rough[0] * 3)
    assert costs.expected("slmkit", amount) == pytest.approx(rough[0] * 3)
    assert costs.expected("slmkit", Amount(6000)) < costs.expected("slmkit", amount)
    assert bytes_within("slmkit", 1) == 0 < bytes_within("slmkit", 1000)
