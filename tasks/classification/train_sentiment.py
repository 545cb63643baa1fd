"""The recipe of the shipped sentiment weights: ``python -m slmkit.tasks.classification.train_sentiment``.

Reads SST-2 (English film sentences) and ChnSentiCorp (Chinese reviews of hotels, computers and books), if asked also
what a teacher is sure of in raw film reviews, and writes a classifier of the labels "negative" and "positive".
"""

from __future__ import annotations

import argparse
import csv
import json
import lzma
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slmkit.core import load
from slmkit.errors import DataError
from slmkit.tasks.classification.classifier import Classifier
from slmkit.tasks.classification.natural_text import naturalise
from slmkit.tasks.classification.sentiment import NEGATIVE, POSITIVE
from slmkit.tasks.recipe_commands import run_recipe

NAMES = {"0": NEGATIVE, "1": POSITIVE}
FILES = {
    ("en", "train"): "en/sst2/train.tsv.xz",
    ("en", "dev"): "en/sst2/dev.tsv",
    ("zh", "train"): "zh/chnsenticorp/train.tsv.xz",
    ("zh", "dev"): "zh/chnsenticorp/dev.tsv.xz",
}
Rows = tuple[list[str], list[str]]  # texts and labels


def read(data: Path, language: str, split: str) -> Rows:
    """Texts and labels of one file.

    Args:
        data: the folder with ``en`` and ``zh``. language: en or zh. split: train or dev.

    Raises:
        DataError: the file is not there, or a line of it is not a text with a label.
    """
    path = data / FILES[language, split]
    try:
        with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as file:
            lines = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    # SST-2 has text and label without a header; ChnSentiCorp has label and text under one.
    rows = [(row[1], row[0]) for row in lines[1:]] if language == "zh" else [tuple(row) for row in lines]
    bad = next((number for number, row in enumerate(rows) if len(row) != 2 or row[1] not in NAMES), None)
    if bad is not None:
        raise DataError(f"{path}: row {bad} is not a text with the label 0 or 1")
    return [text for text, _ in rows], [NAMES[label] for _, label in rows]


def read_leanings(path: Path, count: int, seed: int) -> Rows:
    """Sentences of raw reviews with labels by a teacher, as ``slmkit.pretraining`` *leanings* wrote them.

    Args:
        path: the file. count: how many at most. seed: of their choice.

    Raises:
        DataError: it cannot be read.
    """
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        pairs = [(row["text"], NAMES[row["label"]]) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} cannot be read: {error!r}") from error
    order = np.random.default_rng(seed).permutation(len(pairs))[:count]
    return [pairs[i][0] for i in order], [pairs[i][1] for i in order]


def documents(rows: Rows, count: int, seed: int) -> Rows:
    """Texts of 3 to 12 sentences of one label: what a whole review looks like to a model that learns from sentences."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    by_label = {
        label: [text for text, own in zip(*rows, strict=True) if own == label] for label in (NEGATIVE, POSITIVE)
    }
    for number in range(count):
        label = (NEGATIVE, POSITIVE)[number % 2]
        chosen = rng.choice(len(by_label[label]), int(rng.integers(3, 13)), replace=False)
        texts.append(" ".join(by_label[label][i] for i in chosen))
        labels.append(label)
    return texts, labels


def training_rows(data: Path, *, natural: bool, document_count: int, seed: int, leanings: Rows = ([], [])) -> Rows:
    """Everything that the recipe learns from.

    Args:
        data: see ``read``. natural: show the English sentences as people write them, too.
        document_count: how many long English texts to make of them. seed: of their choice.
        leanings: more English sentences, of which long texts are made as well, as many again.
    """
    english, chinese = read(data, "en", "train"), read(data, "zh", "train")
    written = ([naturalise(text) for text in english[0]], english[1])
    parts = [english, chinese, documents(written, document_count, seed)]
    if natural:
        parts.append(written)
    if leanings[0]:
        parts += [leanings, documents(leanings, document_count, seed)]
    return [text for texts, _ in parts for text in texts], [label for _, labels in parts for label in labels]


def train(arguments: argparse.Namespace) -> dict[str, float]:
    """Run the recipe; returns the accuracy on each dev set."""
    leanings: Rows = ([], [])
    if arguments.leanings is not None:
        leanings = read_leanings(arguments.leanings, arguments.leanings_rows, arguments.seed)
    texts, labels = training_rows(
        arguments.data,
        natural=arguments.natural,
        document_count=arguments.documents,
        seed=arguments.seed,
        leanings=leanings,
    )
    dev = {language: read(arguments.data, language, "dev") for language in ("en", "zh")}
    held = ([*dev["en"][0], *dev["zh"][0]], [*dev["en"][1], *dev["zh"][1]])
    classifier = Classifier(
        method="tune",
        depth=arguments.depth,
        epochs=arguments.epochs,
        learning_rate=arguments.learning_rate,
        ngrams=False,  # the phrases of films and hotels say little elsewhere
        random_state=arguments.seed,
        verbose=1,
        slm=load(arguments.core),
    )
    classifier.fit(texts, labels, validation=held if arguments.validation == "dev" else None)
    accuracy = {language: round(classifier.score(*rows), 4) for language, rows in dev.items()}
    classifier.model_.save(
        arguments.out,
        data=["SST-2 train (sentences)", "ChnSentiCorp train"],
        leanings=len(leanings[0]),
        validation=arguments.validation,
        natural=arguments.natural,
        documents=arguments.documents,
        dev_accuracy=accuracy,
    )
    return accuracy


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="train_sentiment", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with en/sst2 and zh/chnsenticorp")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--core", type=Path, default=None, help="folder of the core; default: the shipped one")
    parser.add_argument("--depth", type=int, default=None, help="layers of the branch")
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--learning-rate", type=float, default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--natural",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="show the English sentences with natural spelling, too",
    )
    parser.add_argument("--documents", type=int, default=1500, help="long English texts made of the sentences; 0: none")
    parser.add_argument("--leanings", type=Path, default=None, help="file of a finished run of pretraining's leanings")
    parser.add_argument("--leanings-rows", type=int, default=20_000, help="sentences of it")
    parser.add_argument(
        "--validation",
        choices=("dev", "carved"),
        default="dev",
        help="what early stopping and calibration see: the dev files, or a part of the training rows",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the recipe from the command line; returns the exit code."""
    return run_recipe(lambda: {"dev accuracy": train(parse(argv))})


if __name__ == "__main__":
    sys.exit(main())
