"""The recipe of the shipped reader's weights: ``python -m slmkit.tasks.question_answering.train_reader``.

Reads the sets of ``reading_sources``, each drawn by the square root of its size so that the big ones do not drown the
small ones, with passages beside them that do not answer the questions, and writes a reader.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slmkit.core import load
from slmkit.errors import DataError, InputError
from slmkit.tasks.question_answering.carving import in_dev
from slmkit.tasks.question_answering.negatives import mine
from slmkit.tasks.question_answering.reader import Reader
from slmkit.tasks.question_answering.reading_sources import (
    SOURCES,
    Lesson,
    ReadingSource,
    answer_spans,
    articles,
    load_source,
)
from slmkit.tasks.recipe_commands import recipe_parser, run_recipe

DEV = {
    "cmrc2018": ("zh/cmrc2018/cmrc2018_trial.json.xz", False),
    "squadshifts-new-wiki": ("en/squadshifts/new_wiki_v1.0.json.xz", True),
}
"""Questions that the finished reader is tried on: the file, and whether only its carved articles count."""
_UNLIKE = 2  # passages of other sets beside a question that is bound to its own


@dataclass(frozen=True)
class Material:
    """What the reader learns from.

    Attributes:
        lessons: of all sets, one after the other. weights: how often each is read. others: for each, passages that do
            not answer it. counts: lessons of each set.
    """

    lessons: list[Lesson]
    weights: np.ndarray
    others: list[list[str]]
    counts: dict[str, int]


def gather(data: Path, sources: Sequence[ReadingSource], *, limit: int | None, seed: int) -> Material:
    """Read the sets.

    Args:
        data: the folder with ``en`` and ``zh``. sources: the sets. limit: lessons of a set at most, drawn by the seed.
        seed: of every choice.

    Raises:
        DataError: a file is missing, or not what is expected.
    """
    rng = np.random.default_rng(seed)
    read = {}
    for source in sources:
        found = load_source(source, data)
        if limit is not None and limit < len(found):
            found = [found[i] for i in np.sort(rng.permutation(len(found))[:limit])]
        read[source.name] = found
    weights = [
        np.full(len(read[source.name]), source.share / len(read[source.name]) ** 0.5, dtype=np.float64)
        for source in sources
    ]
    others = [unlike(source, read, sources, rng) for source in sources]
    return Material(
        [lesson for found in read.values() for lesson in found],
        np.concatenate(weights),
        [passages for each in others for passages in each],
        {name: len(found) for name, found in read.items()},
    )


def unlike(
    source: ReadingSource,
    read: dict[str, list[Lesson]],
    sources: Sequence[ReadingSource],
    rng: np.random.Generator,
) -> list[list[str]]:
    """For each lesson of a set, passages that do not answer its question.

    Questions that make sense by themselves get what BM25 finds for them in all sets of such questions in their
    language, without their answers. What looks like an answer to a question that is bound to its passage may well be
    one: such questions get passages of other sets.
    """
    lessons = read[source.name]
    alike = [each for each in sources if each.language == source.language]
    if not source.bound:
        pool = [lesson.passage for each in alike if not each.bound for lesson in read[each.name]]
        answers = [[lesson.passage[a:b] for a, b in lesson.spans] for lesson in lessons]
        return mine([each.question for each in lessons], [each.passage for each in lessons], answers, pool)
    elsewhere = [lesson.passage for each in alike if each is not source for lesson in read[each.name]]
    pool = list(dict.fromkeys(elsewhere))
    if not pool:
        return [[] for _ in lessons]
    chosen = rng.integers(len(pool), size=(len(lessons), 3 * _UNLIKE))  # some may hold the answer's words by chance
    return [
        [pool[i] for i in row if _lacks(pool[i], lesson)][:_UNLIKE] if lesson.spans else []
        for row, lesson in zip(chosen, lessons, strict=True)
    ]


def _lacks(passage: str, lesson: Lesson) -> bool:
    return not any(lesson.passage[a:b] in passage for a, b in lesson.spans)


def dev_lessons(data: Path, name: str, limit: int, seed: int) -> list[Lesson]:
    """Questions to try the reader on, drawn by the seed.

    Raises:
        DataError: the file cannot be read.
    """
    path, carved = DEV[name]
    try:
        found = [
            Lesson(qa["question"], paragraph["context"], answer_spans(paragraph["context"], qa["answers"]))
            for article in articles(data, path)
            if not carved or in_dev(article["title"])
            for paragraph in article["paragraphs"]
            for qa in paragraph["qas"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{data / path} cannot be read: {error!r}") from error
    order = np.random.default_rng(seed).permutation(len(found))[:limit]
    return [found[i] for i in order if found[i].spans and found[i].question.strip()]


def train(arguments: argparse.Namespace) -> dict[str, float]:
    """Run the recipe; returns the F1 of characters on questions of each dev set."""
    sources = [source for source in SOURCES if source.name not in arguments.without]
    if not sources:
        raise InputError("no set is left to learn from; leave one of them in")
    material = gather(arguments.data_dir, sources, limit=arguments.limit, seed=arguments.seed)
    reader = Reader(
        depth=arguments.depth,
        epochs=arguments.epochs,
        learning_rate=arguments.learning_rate,
        batch_tokens=arguments.batch_tokens,
        max_length=arguments.max_length,
        minutes=arguments.minutes,
        random_state=arguments.seed,
        verbose=1,
        slm=load(arguments.core),
    )
    reader.fit(
        [lesson.question for lesson in material.lessons],
        [lesson.passage for lesson in material.lessons],
        [[lesson.passage[a:b] for a, b in lesson.spans] for lesson in material.lessons],
        [[a for a, _ in lesson.spans] for lesson in material.lessons],
        sample_weight=material.weights / material.weights.mean(),
        others=material.others,
        begin=arguments.begin,
        folder=arguments.run,
    )
    save(reader, arguments, sources, material, {})  # before dev is read: hours of training are not lost to a bad file
    scores = {name: _score(reader, arguments, name) for name in DEV} if arguments.dev else {}
    save(reader, arguments, sources, material, scores)
    return scores


def _score(reader: Reader, arguments: argparse.Namespace, name: str) -> float:
    lessons = dev_lessons(arguments.data_dir, name, arguments.dev, arguments.seed)
    texts = [[lesson.passage[a:b] for a, b in lesson.spans] for lesson in lessons]
    starts = [[a for a, _ in lesson.spans] for lesson in lessons]
    return round(
        reader.score([each.question for each in lessons], [each.passage for each in lessons], texts, starts), 4
    )


def save(
    reader: Reader,
    arguments: argparse.Namespace,
    sources: Sequence[ReadingSource],
    material: Material,
    scores: dict[str, float],
) -> None:
    """Write the reader and what it was made from."""
    sets: list[dict[str, Any]] = [
        {"name": each.name, "licence": each.licence, "rows": material.counts[each.name], "share": each.share}
        for each in sources
    ]
    reader.model_.save(arguments.out, sets=sets, limit=arguments.limit, dev_overlap_f1=scores, dev_rows=arguments.dev)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    names = [source.name for source in SOURCES]
    parser = recipe_parser("train_reader", __doc__, names, depth=6, batch_tokens=4096)
    parser.add_argument("--begin", type=Path, default=None, help="folder of a reader to go on from")
    parser.add_argument("--epochs", type=int, default=3, help="as many questions read as there are, so many times")
    parser.add_argument("--max-length", type=int, default=None, help="tokens of a window (256)")
    parser.add_argument("--limit", type=int, default=None, help="questions of a set at most, for a trial")
    parser.add_argument("--dev", type=int, default=400, help="questions of each dev set to try it on; 0: none")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the recipe from the command line; returns the exit code."""
    return run_recipe(lambda: {"dev overlap F1": train(parse(argv))})


if __name__ == "__main__":
    sys.exit(main())
