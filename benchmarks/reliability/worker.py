"""A process to be killed: it writes a table, an index or a graph, and says on stdout what is finished.

``python -m slmkit.benchmarks.reliability.worker KIND PLACE SEED``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

BATCH = 20  # documents that are put in together


def main() -> None:
    """Do the job of the command line, without end where there is none."""
    kind, place, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    {"run": _run, "index": _index, "graph": _graph}[kind](place, seed)


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _run(place: Path, seed: int) -> None:
    from slmkit.tasks.base import load_task
    from slmkit.tasks.stream import run_file

    task = load_task("sentiment")
    task.annotate(["warm"])
    _say("ready")
    run_file(task, place / "in.csv", place / "out.csv", chunk_rows=64, resume=True)
    _say("done")


def _index(place: Path, seed: int) -> None:
    from slmkit.tasks.question_answering import DocumentIndex

    index = DocumentIndex.open(place / "index") if (place / "index").exists() else DocumentIndex.create(place / "index")
    held = len(index)
    _say("ready")
    while True:
        index.add([document_of(held + i) for i in range(BATCH)])
        held += BATCH
        _say(held)


def _graph(place: Path, seed: int) -> None:
    from slmkit.tasks.knowledge import KnowledgeGraph

    path = place / "graph"
    graph = KnowledgeGraph.open(path) if path.exists() else KnowledgeGraph.create(path)
    held = len(list(graph.documents()))
    _say("ready")
    while True:
        graph.add(held, *extraction_of(held))
        held += 1
        _say(held)


def document_of(number: int) -> dict[str, Any]:
    """A document that says which it is; of one passage or of several."""
    text = f"Document {number} speaks of things in English. 第{number}篇文档说的是中文的事。 "
    return {"id": f"d{number}", "text": text * (1 + number % 3 * 12)}


def extraction_of(number: int) -> tuple[str, Any]:
    """A text and what was found in it: two people of their own, and a company that all documents share."""
    from slmkit.tasks.knowledge import Extraction, Mention, Triple

    one, two, firm = f"Anna Number{number}", f"Boris Number{number}", "Acme"
    text = f"{one} met {two} at {firm}."
    places = [(name, text.index(name)) for name in (one, two, firm)]
    mentions = [Mention(name, at, at + len(name), "PER" if name != firm else "ORG") for name, at in places]
    triples = (
        Triple(mentions[0], "met", mentions[1], 0.9, 0, len(text)),
        Triple(mentions[0], "works for", mentions[2], 0.9, 0, len(text)),
    )
    return text, Extraction(tuple(mentions), triples)


if __name__ == "__main__":
    main()
