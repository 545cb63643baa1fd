"""Seconds and memory of a summary by the length of the text, from a page to a small book."""

from __future__ import annotations

import csv
import json
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from slmkit.benchmarks import machine
from slmkit.benchmarks.child import ask
from slmkit.errors import InputError

LENGTHS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000)  # characters
KIND = "speed by length"
_HERE = "slmkit.benchmarks.speed.lengths"


def measure_lengths(
    lengths: Sequence[int] = LENGTHS, *, methods: Sequence[str] = ("extractive", "abstractive"), repeats: int = 3
) -> dict[str, Any]:
    """Each length and method in a fresh process, since only that tells its memory.

    Args:
        lengths: Characters of the text, two or more lengths. methods: Of ``Summarizer``; one that cannot run here (no
            decoder ships) is left out with its reason. repeats: Timed passes; the median counts.

    Returns:
        Plain data. ``growth`` of a method is the slope of log seconds over log characters for the upper half of the
        lengths: 1 where the cost is linear.

    Raises:
        InputError: Too few lengths, or one below a thousand characters.
    """
    if len(lengths) < 2 or min(lengths) < LENGTHS[0]:
        raise InputError(f"give two lengths or more, of at least {LENGTHS[0]:,} characters; got {list(lengths)}")
    systems: list[dict[str, Any]] = []
    for method in methods:
        rows: list[dict[str, Any]] = []
        reason = ""
        for length in sorted(lengths):
            found = ask(_HERE, {"method": method, "characters": length, "repeats": repeats})
            if "reason" in found:
                reason = str(found["reason"])
                break
            rows.append(found)
        if reason:
            systems.append({"system": method, "reason": reason})
        else:
            systems.append({"system": method, "growth": _growth(rows), "rows": rows})
    return {
        "kind": KIND,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": machine.versions(()),
        "repeats": repeats,
        "systems": systems,
    }


def _growth(rows: Sequence[dict[str, Any]]) -> float:
    upper = rows[min(len(rows) // 2, len(rows) - 2) :]
    across, up = (np.log([row[name] for row in upper]) for name in ("characters", "seconds"))
    return float(np.polyfit(across, up, 1)[0])


def long_text(characters: int, seed: int = 0) -> str:
    """So many characters of English prose: sentences of the demo's table, a blank line now and then.

    Three words of each are drawn anew, so that no two are the same: what stands twice is read once.
    """
    table = (files("slmkit.tasks") / "demo_data/reviews_and_news.csv").read_text("utf-8")
    from slmkit.text.language import language
    from slmkit.text.sentences import sentence_spans

    texts = [row["text"] for row in csv.DictReader(table.splitlines(keepends=True))]
    known = [text[a:b].strip() for text in texts if language(text) == "en" for a, b in sentence_spans(text)]
    known = [sentence for sentence in known if 40 <= len(sentence) <= 300]
    words = sorted({word for sentence in known for word in sentence.split() if word.isalpha()})
    rng = np.random.default_rng(seed)
    made, size = [], 0
    while size < characters:
        sentence = known[rng.integers(len(known))].split()
        for place in rng.integers(len(sentence) - 1, size=3):
            sentence[place] = words[rng.integers(len(words))]
        made.append(" ".join(sentence) + ("\n\n" if rng.random() < 0.1 else " "))
        size += len(made[-1])
    return "".join(made)[:characters]


def main() -> None:
    """``python -m slmkit.benchmarks.speed.lengths JOB_JSON OUT``."""
    job, out = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2])
    from slmkit.errors import SLMKitError
    from slmkit.tasks.summarization import Summarizer

    try:
        task, text = Summarizer(method=job["method"], sentences=5), long_text(job["characters"])
        task.predict(long_text(LENGTHS[0], seed=1))
        before, seconds = machine.peak_rss_mb(), []
        for _ in range(job["repeats"]):
            start = time.perf_counter()
            task.predict(text)
            seconds.append(time.perf_counter() - start)
    except SLMKitError as error:
        answer: dict[str, Any] = {"reason": str(error)}
    else:
        answer = {
            "characters": job["characters"],
            "seconds": statistics.median(seconds),
            "peak_rss_mb": machine.peak_rss_mb(),
            "more_than_a_page_mb": machine.peak_rss_mb() - before,
        }
    out.write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
