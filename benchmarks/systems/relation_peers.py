"""Simple ways to relations: what training said of two names, and the words between two mentions."""

from __future__ import annotations

import json
import pickle
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.datasets.relation_readers import NONE, places_of
from slmkit.benchmarks.systems.base import Size, identity, package_version
from slmkit.benchmarks.systems.ours_relations import NOTHING
from slmkit.tasks.knowledge.relations.matching import nearest, places
from slmkit.text.sentences import sentence_spans

Mention = tuple[int, int, str]
_LONGEST = 30  # characters of a name that is looked for
_MOST = 15  # mentions of a text


class _Names:
    """Names of the training mentions with the type that each has most often, looked up in texts."""

    def __init__(self, labels: Sequence[Any], inputs: Sequence[str]) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for text, label in zip(inputs, labels, strict=True):
            for name, kind in _named(text, label):
                counts[name][kind] += 1
        self.types = {
            name: min(each, key=lambda kind: (-each[kind], kind)) for name, each in counts.items() if len(name) > 1
        }

    def find(self, text: str) -> list[Mention]:
        """The longest names first, none inside of another."""
        taken: list[Mention] = []
        at = 0
        while at < len(text) and len(taken) < _MOST:
            size = next((n for n in range(_LONGEST, 1, -1) if self._stands(text, at, at + n)), 0)
            if size:
                taken.append((at, at + size, self.types[text[at : at + size]]))
            at += size or 1
        return taken

    def _stands(self, text: str, start: int, end: int) -> bool:
        name = text[start:end]
        return len(name) == end - start and name in self.types and (start, end) in places(text, name)


def _named(text: str, label: Any) -> Iterator[tuple[str, str]]:
    if isinstance(label, dict):
        yield from ((text[a:b], kind) for a, b, kind in label["entities"])
    else:
        for head, _, tail, head_type, tail_type in label:
            yield from ((head, head_type), (tail, tail_type))


class _Peer:
    """What both peers share: pairs of mentions with their relations, from sets with and without given mentions."""

    name = ""
    version = "1"

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        self._chinese, self._none = dataset.language == "zh", NOTHING.get(dataset.metric)
        self._pairs = self._marked = False
        self._names: _Names | None = None

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Learn from pairs of mentions, and remember the names where these are to be found."""
        self._pairs, self._marked = isinstance(inputs[0], tuple), isinstance(labels[0], dict)
        if self._pairs:
            rows = [places_of(row) for row in inputs]
            shown = [_shown(text, head, tail) for text, head, tail in rows]
            self.learn(shown, list(labels), seed)
            return
        self._names = _Names(labels, inputs)
        shown, said = [], []
        for text, label in zip(inputs, labels, strict=True):
            known = dict(_linked(text, label))
            mentions = {(a, b) for a, b, _ in self._names.find(text)} | {place for pair in known for place in pair}
            for head, tail in permutations(sorted(mentions)[:_MOST], 2):
                shown.append(_shown(text, head, tail))
                said.append(known.get((head, tail), NONE))
        self.learn(shown, said, seed)

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """In the form of the labels."""
        if self._pairs:
            return self.tell([_shown(text, head, tail) for text, head, tail in map(places_of, inputs)])
        return [self._found(text) for text in inputs]

    def _found(self, text: str) -> Any:
        mentions = self._names.find(text) if self._names is not None else []
        pairs = list(permutations(mentions, 2))
        told = self.tell([_shown(text, head[:2], tail[:2]) for head, tail in pairs]) if pairs else []
        links = [(*pair, relation) for pair, relation in zip(pairs, told, strict=True) if relation != NONE]
        if self._marked:
            return {"entities": mentions, "triples": [(head, relation, tail) for head, tail, relation in links]}
        return [(text[a:b], relation, text[c:d]) for (a, b, _), (c, d, _), relation in links]

    def learn(self, shown: list[dict[str, Any]], labels: list[str], seed: int) -> None:
        """Learn from pairs as ``_shown`` gives them, and the relation of each."""
        raise NotImplementedError

    def tell(self, shown: list[dict[str, Any]]) -> list[str]:
        """The relation of each pair."""
        raise NotImplementedError


def _linked(text: str, label: Any) -> Iterator[tuple[tuple[tuple[int, int], tuple[int, int]], str]]:
    if isinstance(label, dict):
        yield from (((head[:2], tail[:2]), relation) for head, relation, tail in label["triples"])
        return
    for head, relation, tail, *_ in label:
        pair = nearest(places(text, head), places(text, tail), sentence_spans(text))
        if pair is not None and pair[0] != pair[1]:
            yield pair, relation


def _shown(text: str, head: tuple[int, int], tail: tuple[int, int]) -> dict[str, Any]:
    first, last = sorted((head, tail))
    return {
        "head": text[slice(*head)],
        "tail": text[slice(*tail)],
        "between": text[first[1] : last[0]],
        "forward": head <= tail,
    }


class TrainingPairs(_Peer):
    """The relation that two names had most often in training; of two that never met, the commonest one, or none."""

    name = "training-pairs"

    def fingerprint(self) -> str:
        """This adapter's version."""
        return identity(self.name, self.version)

    def learn(self, shown: list[dict[str, Any]], labels: list[str], seed: int) -> None:
        """Count."""
        counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for each, label in zip(shown, labels, strict=True):
            counts[each["head"], each["tail"]][label] += 1
        self._told = {pair: _commonest(each) for pair, each in counts.items()}
        self._else = NONE if not self._pairs else self._none or _commonest(Counter(labels))

    def tell(self, shown: list[dict[str, Any]]) -> list[str]:
        """Look up."""
        return [self._told.get((each["head"], each["tail"]), self._else) for each in shown]

    def size(self) -> Size:
        """No parameters; the bytes of the table."""
        table = [[*pair, relation] for pair, relation in self._told.items()]
        return Size(0, len(json.dumps(table, ensure_ascii=False).encode("utf-8", "surrogatepass")))


def _commonest(counts: Counter[str]) -> str:
    return min(counts, key=lambda label: (-counts[label], label))


class BetweenWords(_Peer):
    """TF-IDF of the words between two mentions and of the mentions' own, and logistic regression.

    Where mentions are to be found they are names that training had.
    """

    name = "between-words"
    C = 10.0

    def fingerprint(self) -> str:
        """scikit-learn's version and this adapter's."""
        return identity(self.name, self.version, package_version("scikit-learn"))

    def learn(self, shown: list[dict[str, Any]], labels: list[str], seed: int) -> None:
        """Fit vocabulary and classifier."""
        from sklearn.compose import ColumnTransformer
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        def words() -> Any:
            if self._chinese:
                return TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
            return TfidfVectorizer(token_pattern=r"(?u)\b\w+\b|[^\w\s]", ngram_range=(1, 2), sublinear_tf=True)

        parts = [(str(at), words(), at) for at in range(3)]
        if len(set(labels)) == 1:
            labels, shown = [*labels, NONE], [*shown, {"head": "", "tail": "", "between": "", "forward": True}]
        classifier = LogisticRegression(C=self.C, max_iter=1000, random_state=seed)
        self._pipeline = make_pipeline(ColumnTransformer(parts), classifier).fit(_table(shown), labels)

    def tell(self, shown: list[dict[str, Any]]) -> list[str]:
        """Classify."""
        return [str(label) for label in self._pipeline.predict(_table(shown))]

    def size(self) -> Size:
        """Coefficients, and the bytes of the pickled pipeline."""
        classifier = self._pipeline[-1]
        return Size(int(classifier.coef_.size + classifier.intercept_.size), len(pickle.dumps(self._pipeline)))


def _table(shown: Sequence[dict[str, Any]]) -> Any:
    """Head, tail and what is between them, with a word for the order; an array, which ``ColumnTransformer`` takes."""
    import numpy as np

    rows = [
        [each["head"], each["tail"], ("forward " if each["forward"] else "back ") + each["between"]] for each in shown
    ]
    return np.array(rows, dtype=object)
