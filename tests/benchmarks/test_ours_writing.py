"""Our writing tasks in the harness: what they are asked, what they are fitted on, and log-probabilities that add up."""

import sys
import types

import numpy as np
import pytest
import torch

import slmkit
from slmkit.benchmarks import datasets, systems
from slmkit.benchmarks.systems import ours
from slmkit.errors import InputError
from tests.conftest import make_toy_slm


class Recorder:
    """Stands for a task: remembers how it was made and fitted, and answers with its settings."""

    made = []

    def __init__(self, **settings):
        self.settings, self.pairs = settings, None
        Recorder.made.append(self)

    def fit(self, sources, targets):
        self.pairs = list(zip(sources, targets, strict=True))
        return self

    def predict(self, texts):
        if any("refused" in text for text in texts):
            raise InputError("a row is refused")
        return [f"{self.settings.get('sentences')}: {text}" for text in texts]


@pytest.fixture
def record(monkeypatch):
    for name, kinds in (("summarization", ("Summarizer",)), ("generation", ("Generator", "Translator"))):
        module = types.ModuleType(f"slmkit.tasks.{name}")
        for kind in kinds:
            setattr(module, kind, type(kind, (Recorder,), {}))
        monkeypatch.setitem(sys.modules, f"slmkit.tasks.{name}", module)
    Recorder.made = []
    return Recorder.made


def build(name, protocol):
    return systems.build("slmkit", datasets.get(name), protocol)


@pytest.mark.parametrize(
    ("name", "kind", "settings"),
    [
        ("scitldr_a", "Summarizer", {"method": "auto", "style": "summary", "sentences": 1, "random_state": 0}),
        ("samsum", "Summarizer", {"method": "auto", "style": "summary", "sentences": 3, "random_state": 0}),
        ("csl-title", "Summarizer", {"method": "auto", "style": "title", "sentences": None, "random_state": 0}),
        ("e2e_nlg", "Generator", {"start": "describe", "random_state": 0}),
        ("tatoeba-zh-en", "Translator", {"source": "zh", "target": "en", "random_state": 0}),
        ("3am-en-zh", "Translator", {"source": "en", "target": "zh", "random_state": 0}),
    ],
)
def test_as_shipped(record, name, kind, settings):
    made = build(name, "shipped").predict(["a", "b"])
    assert [text[-1] for text in made] == ["a", "b"]
    assert [(type(task).__name__, task.settings, task.pairs) for task in record] == [(kind, settings, None)]


def test_a_share_of_sentences_is_counted_text_by_text(record):
    texts = [". ".join("abcdefghij"[:n]) + "." for n in (10, 5, 1, 5)]
    made = build("bbc_news_summary", "shipped").predict(texts)
    assert [text.split(":")[0] for text in made] == ["4", "2", "1", "2"]
    assert [text.split(": ")[1] for text in made] == texts
    assert {task.settings["method"] for task in record} == {"extractive"}


@pytest.mark.parametrize("name", ["scitldr_a", "samsum", "csl-title", "e2e_nlg", "tatoeba-en-zh"])
def test_fitted_on_every_reference_with_the_seed(record, name):
    system = build(name, "fitted")
    with pytest.raises(InputError, match="fit it first"):
        system.predict(["a"])
    system.fit(["a", "b"], [["x", "y"], "z"], seed=4)
    (task,) = record
    assert task.pairs == [("a", "x"), ("a", "y"), ("b", "z")]
    assert task.settings["random_state"] == 4
    assert task.settings.get("sentences") is None
    assert system.predict(["c"]) == ["None: c"]


def test_a_refused_row_is_empty_and_the_others_are_not(record):
    texts = ["a", "refused", "b", "c", "refused too"]
    made = build("tatoeba-zh-en", "shipped").predict(texts)
    assert made == ["None: a", "", "None: b", "None: c", ""]
    with pytest.raises(InputError, match="refused"):
        build("tatoeba-zh-en", "shipped").predict(["refused", "refused", "refused"])


def test_fingerprints_of_the_tasks_are_apart():
    prints = {build(name, "fitted").fingerprint() for name in ("scitldr_a", "e2e_nlg")}
    prints.add(build("wikitext2", "shipped").fingerprint())
    assert len(prints) == 3


@pytest.mark.parametrize("name", ["scitldr_a", "e2e_nlg"])
def test_what_writes_is_also_the_code_that_it_is_fitted_by(writing_slm, monkeypatch, name):
    seen = []
    monkeypatch.setattr(ours, "code_digest", lambda paths: str(seen.extend(map(str, paths))))
    build(name, "fitted").fingerprint()
    assert len(set(seen)) == len(seen)
    for end in ("tasks/generation/fitting.py", "tasks/generation/writing_task.py", "tasks/inputs.py"):
        assert any(path.endswith(end) for path in seen), end
    assert any("tasks/summarization/" in path for path in seen) == (name == "scitldr_a")


@pytest.fixture
def writing_slm(monkeypatch):
    slm = make_toy_slm(decoder=True)
    monkeypatch.setattr(slmkit, "load", lambda: slm, raising=False)
    return slm


def test_log_probabilities_are_those_of_the_decoder_step_by_step(writing_slm):
    inputs, texts = ["the film is", "a bank of", "酒店很"], ["good .", "the news", "好！是我"]
    system = build("wikitext2", "shipped")
    assert isinstance(system, systems.Foretelling)
    found = system.log_probabilities(inputs, texts)
    writer, expected = writing_slm.writer, []
    for source, text in zip(inputs, texts, strict=True):
        memory, ids = writer.read([source]), writing_slm.tokenizer.encode(text).ids.tolist()
        total, past = 0.0, [writer.starts["continue"]]
        for piece in ids:
            states = writer.decoder(torch.tensor([past]), memory)[:, -1:]
            total += float(writer.decoder.log_probabilities(states, memory)[0, piece])
            past.append(piece)
        expected.append(total)
    assert found == pytest.approx(expected, abs=1e-3)


def test_log_probabilities_do_not_depend_on_the_batch(writing_slm, monkeypatch):
    inputs = [f"the film number {i} is" for i in range(7)]
    texts = [" ".join(["good"] * (1 + i % 4)) for i in range(7)]
    system = build("wikitext2", "shipped")
    together = system.log_probabilities(inputs, texts)
    monkeypatch.setattr("slmkit.writing.MEMORY_TOKENS", 1)
    assert np.allclose(together, system.log_probabilities(inputs, texts), atol=1e-4)
    assert system.log_probabilities([], []) == []


def test_packing_and_chance():
    dataset = datasets.get("wikitext2")
    inputs, texts = ["abc abc abc abc abc", "x"], ["abc abc abc abc", "0q8w7e6r5tzmn"]
    packed = systems.build("xz", dataset, "shipped").log_probabilities(inputs, texts)
    chance = systems.build("dummy", dataset, "shipped").log_probabilities(inputs, texts)
    assert chance == pytest.approx([-8 * len(text) * np.log(2) for text in texts])
    assert packed[0] > chance[0] / 2
    for call in (lambda s: s.predict(["a"]), lambda s: s.fit([], [], seed=0)):
        with pytest.raises(InputError):
            call(systems.build("xz", dataset, "shipped"))
