"""An index measured at a size: repeats of paragraphs, and the two processes that build and search."""

import json

import numpy as np
import pytest

from slmkit.benchmarks import report, speed
from slmkit.benchmarks.speed import indexes
from slmkit.errors import InputError


@pytest.fixture
def retrieval_root(tmp_path, lay):
    root = tmp_path / "data"
    lay(
        root,
        "en/scifact/corpus_train.csv.xz",
        "doc_id,title,abstract,structured\n"
        + "".join(f"{i},Title {i},\"['The gene number {i} is read. It is old.']\",False\n" for i in range(8)),
    )
    claims = "".join(f"{i},Gene number {i} is read.,{i}\n" for i in range(4))
    lay(root, "en/scifact/claims_train.csv", "id,claim,evidence_doc_id\n" + claims)
    lay(
        root,
        "en/scifact/beir_qrels_train.tsv",
        "query-id\tcorpus-id\tscore\n" + "".join(f"{i}\t{i}\t1\n" for i in range(4)),
    )
    paragraphs = [
        {
            "context": f"第{i}號公園位於市中心。",
            "qas": [{"id": str(i), "question": f"第{i}號公園在哪裡？", "answers": [{"text": "市中心"}]}],
        }
        for i in range(4)
    ]
    articles = {"data": [{"title": "公園", "paragraphs": paragraphs}]}
    lay(root, "zh/drcd/DRCD_dev.json.xz", json.dumps(articles, ensure_ascii=False))
    return root


def test_repeats_have_numbers_behind_them_and_vectors_nearby(toy_slm):
    paragraphs = ["a good film", "a bad movie"]
    embedder = indexes.Repeating(toy_slm, paragraphs)
    rows = list(indexes.repeats(paragraphs, 5))
    assert [row["text"] for row in rows[1:3]] == ["a bad movie #1", "a good film #2"]
    vectors = embedder.embed([row["text"] for row in rows], kind="passage")
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    own = toy_slm.embed(paragraphs, kind="passage")
    assert (vectors[0] * own[0]).sum() == pytest.approx(embedder.cosine, abs=0.35)
    assert len({vector.tobytes() for vector in vectors}) == 5
    assert np.array_equal(embedder.embed(["no repeat"], kind="query"), toy_slm.embed(["no repeat"], kind="query"))


@pytest.mark.weights
def test_an_index_is_built_and_searched_in_fresh_processes(retrieval_root, tmp_path):
    found = speed.measure_one_of(["index"], (), lambda: retrieval_root, 10, 1, passages=30)
    assert found["paragraphs"] == 12
    assert found["build"]["passages"] == 30
    assert found["build"]["seconds"] > found["build"]["embedding_seconds"] > 0
    assert found["search"]["recall_at_10"] == 1
    assert set(found["search"]["latency"]) == {"lexical", "dense", "hybrid"}
    (tmp_path / "speed-index.json").write_text(json.dumps(found), encoding="utf-8")
    assert report.write(tmp_path, tmp_path / "report.html") == []
    assert "An index of 30 passages" in (tmp_path / "report.html").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="at least 12 passages"):
        speed.measure_index(retrieval_root, passages=5)
