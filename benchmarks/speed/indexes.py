"""A ``DocumentIndex`` at a size: time to build it, bytes, memory, latency of a search, recall against exact search.

The passages are real paragraphs of two sets, repeated with a number behind each. Embedding a million of them would take
hours and say nothing new, so each paragraph is embedded once, and a repeat's vector stands as far from it as such a
number really moves a vector, in a direction of its own. Tokens, sentences, words and everything else are real.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from slmkit.benchmarks import datasets, machine
from slmkit.benchmarks.child import ask
from slmkit.errors import DataError, InputError

KIND = "speed of an index"
PASSAGES = 1_000_000
SETS = ("scifact", "drcd-passages")  # an English and a Chinese one, with questions
MODES = ("lexical", "dense", "hybrid")
_HERE = "slmkit.benchmarks.speed.indexes"
_MOVED = 200  # paragraphs that tell how far a number moves a vector
_QUERIES = 100  # of each set
_MARK = " #"


def measure_index(root: Path, *, passages: int = PASSAGES, folder: Path | None = None) -> dict[str, Any]:
    """Build an index in one fresh process and search it in another.

    Args:
        root: The data directory. passages: That the index holds. folder: For the index while it is measured; None takes
            the system's temporary folder. A million take some GB.

    Returns:
        Plain data: ``build`` and ``search`` as the two processes told them.

    Raises:
        InputError: Fewer passages than there are paragraphs. DataError: A set is missing, or a process failed.
    """
    paragraphs, queries = _texts(root)
    if passages < len(paragraphs):
        raise InputError(f"give at least {len(paragraphs):,} passages, one for each paragraph; got {passages:,}")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        texts = Path(scratch) / "texts.json"
        texts.write_text(json.dumps({"paragraphs": paragraphs, "queries": queries}), encoding="utf-8")
        job = {"texts": str(texts), "index": str(Path(scratch) / "index"), "passages": passages}
        told = {}
        for what in ("build", "search"):
            told[what] = ask(_HERE, {**job, "what": what})
            if "reason" in told[what]:
                raise DataError(f"the index was not measured ({what}): {told[what]['reason']}")
    return {
        "kind": KIND,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": machine.versions(("faiss-cpu",)),
        "passages": passages,
        "paragraphs": len(paragraphs),
        "queries": len(queries),
        **told,
    }


def table(found: Mapping[str, Any]) -> list[tuple[str, list[str], list[list[str]], list[str]]]:
    """Two tables: of the index, and of searches by mode."""
    build, search = found["build"], found["search"]
    facts = [
        ["passages", f"{found['passages']:,} ({found['paragraphs']:,} paragraphs, repeated with a number)"],
        ["time to build, embedding apart", f"{build['seconds'] - build['embedding_seconds']:,.0f} s"],
        ["embedding", f"{build['embedded_per_second']:,.0f} paragraphs/s"],
        ["peak memory while building", f"{build['peak_rss_mb']:,.0f} MB"],
        ["database; FAISS file", f"{build['bytes'] / 1e9:.2f} GB; {build['faiss_bytes'] / 1e9:.2f} GB"],
        ["FAISS", f"{build['faiss']}, {build['probes']} lists searched"],
        ["recall@10 against exact search", f"{search['recall_at_10']:.3f} ({found['queries']} questions)"],
        ["open and first search, fresh process", f"{search['first_search_s']:.2f} s"],
        ["peak memory while searching", f"{search['peak_rss_mb']:,.0f} MB"],
    ]
    rows = [[mode, *(f"{1000 * search['latency'][mode][name]:,.1f} ms" for name in ("p50", "p95"))] for mode in MODES]
    return [
        (f"An index of {found['passages']:,} passages", ["what", "measured"], facts, []),
        ("One search, its query embedded", ["mode", "p50", "p95"], rows, ["p50", "p95"]),
    ]


def _texts(root: Path) -> tuple[list[str], list[str]]:
    """Paragraphs that are one passage each, and questions."""
    from slmkit.tasks.question_answering.passages import passage_spans
    from slmkit.tasks.question_answering.retriever import shipped_embedder

    tokenizer = shipped_embedder().tokenizer
    paragraphs: dict[str, None] = {}
    queries: list[str] = []
    for name in SETS:
        rows = datasets.load(name, "dev", root)
        documents = list((rows.documents or {}).values())
        for text, tokens in zip(documents, tokenizer.encode_batch(documents), strict=True):
            # Room for the number that comes behind it.
            start, end = passage_spans(text, tokens, size=180)[0]
            paragraphs[text[start:end]] = None
        queries += [rows.inputs[i] for i in range(0, len(rows.inputs), max(1, len(rows.inputs) // _QUERIES))][:_QUERIES]
    return list(paragraphs), queries


class Repeating:
    """An embedder whose passages are ``paragraphs``: their vectors, each moved a little by the number behind it."""

    def __init__(self, slm: Any, paragraphs: Sequence[str]) -> None:
        self.fingerprint, self.tokenizer, self._slm = slm.fingerprint, slm.tokenizer, slm
        begin = time.perf_counter()
        self._vectors = slm.embed(list(paragraphs), kind="passage")
        self.per_second = len(paragraphs) / (time.perf_counter() - begin)
        self._rows = {text: row for row, text in enumerate(paragraphs)}
        some = list(paragraphs)[:: max(1, len(paragraphs) // _MOVED)]
        moved = slm.embed([f"{text}{_MARK}{number}" for number, text in enumerate(some, start=1000)], kind="passage")
        own = self._vectors[[self._rows[text] for text in some]]
        self.cosine = float((moved * own).sum(axis=1).mean())  # of a paragraph with and without a number
        self.seconds = 0.0

    def embed(self, texts: Sequence[str], *, kind: str) -> np.ndarray:
        """Unit rows ``(n, width)``; a text that is no repeat is embedded."""
        if kind != "passage" or any(text.rpartition(_MARK)[0] not in self._rows for text in texts):
            return self._slm.embed(list(texts), kind=kind)
        begin = time.perf_counter()
        parts = [text.rpartition(_MARK) for text in texts]
        near = self._vectors[[self._rows[paragraph] for paragraph, _, _ in parts]]
        away = np.stack([np.random.default_rng(int(number)).standard_normal(near.shape[1]) for _, _, number in parts])
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        made = self.cosine * near + np.sqrt(1 - self.cosine**2) * away
        made = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
        self.seconds += time.perf_counter() - begin
        return made


def repeats(paragraphs: Sequence[str], count: int) -> Iterator[dict[str, Any]]:
    """So many rows for an index: all paragraphs in turn, each with the row's number behind it."""
    for number in range(count):
        yield {"id": number, "text": f"{paragraphs[number % len(paragraphs)]}{_MARK}{number}"}


def build(job: Mapping[str, Any]) -> dict[str, Any]:
    """Make the index; what it took."""
    from slmkit.tasks.question_answering import DocumentIndex
    from slmkit.tasks.question_answering.retriever import shipped_embedder

    paragraphs = json.loads(Path(job["texts"]).read_text(encoding="utf-8"))["paragraphs"]
    embedder = Repeating(shipped_embedder(), paragraphs)
    with DocumentIndex.create(job["index"], slm=embedder) as index:
        begin = time.perf_counter()
        report = index.add(repeats(paragraphs, job["passages"]), errors="raise")
        seconds = time.perf_counter() - begin
        stats = index.stats()
    kept = ("bytes", "faiss_bytes", "faiss", "faiss_behind", "probes")
    return {
        "seconds": seconds,
        "embedding_seconds": embedder.seconds,
        "embedded_per_second": embedder.per_second,
        "cosine_of_a_repeat": embedder.cosine,
        "passages": report.passages,
        "peak_rss_mb": machine.peak_rss_mb(),
        **{name: stats[name] for name in kept},
    }


def search(job: Mapping[str, Any]) -> dict[str, Any]:
    """Open the index and search it, one query at a time."""
    from slmkit.tasks.question_answering import DocumentIndex

    queries = json.loads(Path(job["texts"]).read_text(encoding="utf-8"))["queries"]
    begin = time.perf_counter()
    index = DocumentIndex.open(job["index"])
    index.search(queries[0])
    first = time.perf_counter() - begin
    latency = {}
    for mode in MODES:
        seconds = []
        for query in queries:
            begin = time.perf_counter()
            index.search(query, mode=mode)
            seconds.append(time.perf_counter() - begin)
        cuts = statistics.quantiles(seconds, n=20, method="inclusive")
        latency[mode] = {"p50": statistics.median(seconds), "p95": cuts[-1]}
    peak = machine.peak_rss_mb()  # what follows looks through all vectors
    return {
        "first_search_s": first,
        "latency": latency,
        "peak_rss_mb": peak,
        "recall_at_10": index.recall(queries, 10),
    }


def main() -> None:
    """``python -m slmkit.benchmarks.speed.indexes JOB_JSON OUT``."""
    job, out = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2])
    out.write_text(json.dumps({"build": build, "search": search}[job["what"]](job)), encoding="utf-8")


if __name__ == "__main__":
    main()
