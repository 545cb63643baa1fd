"""Toy tasks of every kind that reads the core's states, fitted once."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TASKS = HERE.parent
for folder in (HERE, TASKS / "knowledge" / "entities", TASKS / "knowledge" / "relations", TASKS / "spelling"):
    sys.path.insert(0, str(folder))


@pytest.fixture(scope="session")
def trained(toy_slm):
    """Two classifiers that read other windows from other heights, a recognizer and an extractor, by name."""
    import marked_names
    import toy_relations

    from slmkit.tasks.classification import Classifier
    from slmkit.tasks.knowledge import EntityRecognizer, RelationExtractor

    texts, labels = ["the good film !", "a bad bank ?"] * 16, ["pos", "neg"] * 16
    names = marked_names.marked(60)
    said = toy_relations.material(60)
    quick = {"epochs": 3, "validation_fraction": 0.25}
    return {
        "mood": Classifier(method="tune", depth=1, max_length=48, slm=toy_slm, **quick).fit(texts, labels),
        "topic": Classifier(method="linear", slm=toy_slm).fit(texts, labels),
        "names": EntityRecognizer(slm=toy_slm, **{**marked_names.SETTINGS, **quick}).fit(*names),
        "said": RelationExtractor(slm=toy_slm, entities="found", **{**toy_relations.SETTINGS, **quick}).fit(*said),
    }


@pytest.fixture(scope="session")
def speller(toy_slm):
    """A corrector of the toy errors."""
    pytest.importorskip("rapidfuzz")
    pytest.importorskip("pypinyin")
    from toy_spelling import pairs

    from slmkit.tasks.spelling import SpellCorrector

    return SpellCorrector(slm=toy_slm).fit(*pairs(240), depth=2, rank=32, epochs=6, learning_rate=3e-3)
