"""Small deterministic tasks that need no weights, and a program that runs one over a file (for tests that kill it)."""

import sys
import time
from pathlib import Path


def _mean(text):
    return sum(map(ord, text)) / len(text)


class Measure:
    """Length, mean code point (of the first hundred) and first character of a text."""

    name = "measure"
    columns = ("length", "mean", "first")
    column_types = {"length": int, "mean": float, "first": str}
    fingerprint = "measure-1"

    def __init__(self, pause=0.0):
        self.pause = pause
        self.seen = []

    def annotate(self, texts):
        self.seen.append(list(texts))
        time.sleep(self.pause * len(texts))
        return [
            {"length": len(t), "mean": sum(map(ord, t[:100])) / len(t[:100]), "first": t.strip()[:1]} for t in texts
        ]


class Picky(Measure):
    """Fails on the texts that hold "boom", and takes the whole batch down with it."""

    name = "picky"

    def annotate(self, texts):
        if any("boom" in text for text in texts):
            raise ValueError(f"cannot take {object()}\nat all")
        return super().annotate(texts)


class Mapping:
    """Any columns from a function of the text, without declared types."""

    name = "mapping"

    def __init__(self, function, columns=("value",)):
        self.function, self.columns = function, columns

    def annotate(self, texts):
        return [dict(zip(self.columns, self.function(text), strict=True)) for text in texts]


if __name__ == "__main__":
    from slmkit.tasks.stream import run_file

    source, out, pause = sys.argv[1:4]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    run_file(Measure(float(pause)), Path(source), Path(out), chunk_rows=16, resume="--resume" in sys.argv)
