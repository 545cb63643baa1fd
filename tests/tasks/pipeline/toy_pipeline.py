"""A pipeline that needs no weights, and a program that runs it over a file (for tests that kill it)."""

import sys
from pathlib import Path

from toy_tasks import Measure, Picky

from slmkit.tasks.exploding import Items
from slmkit.tasks.pipeline import Pipeline
from slmkit.tasks.pipeline.files import run_folder
from slmkit.tasks.stream import Asked


class Words:
    """The words of a text, each with its place."""

    name = "words"
    columns = ("found",)
    fingerprint = "words-1"
    items = Items("found", (("word", "word", str), ("start", "start", int)))

    def annotate(self, texts):
        return [{"found": [{"word": w, "start": text.index(w)} for w in text.split()]} for text in texts]


class Letters(Words):
    """Fails on texts with a quotation mark."""

    name = "letters"

    def annotate(self, texts):
        if any('"' in text for text in texts):
            raise ValueError("no quotations")
        return [{"found": [{"word": c, "start": n} for n, c in enumerate(text[:3])]} for text in texts]


def toy_pipeline(pause=0.0):
    return Pipeline([Measure(pause), Words(), Picky(), Letters()])


if __name__ == "__main__":
    source, out, pause = sys.argv[1:4]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    asked = Asked(chunk_rows=16, resume="--resume" in sys.argv, explode=None)
    run_folder(toy_pipeline(float(pause)), Path(source), Path(out), asked)
