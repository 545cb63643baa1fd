"""The recognizer in a spaCy pipeline."""

import sys
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Span

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.knowledge import Entity
from slmkit.tasks.knowledge.entities.component import NAME, EntityComponent

TEXTS = ["the bank card of a good team", "", "the news", "酒店 is good"]


@pytest.fixture
def nlp(saved, toy_slm):
    made = spacy.blank("en")
    component = made.add_pipe(NAME, config={"model": str(saved)})
    component.recognizer.slm = toy_slm
    return made


class Says:
    """A recognizer that says what it is told."""

    def __init__(self, *found):
        self.found = found

    def predict(self, text):
        return [Entity(text[a:b], a, b, kind, score) for a, b, kind, score in self.found]


def test_ents_and_spans_with_scores(nlp, both):
    doc = nlp(TEXTS[0])
    assert [(e.text, e.label_, e.start_char) for e in doc.ents] == [("bank card", "ORG", 4), ("good team", "PER", 19)]
    scores = doc.spans[NAME].attrs["scores"]
    assert scores == pytest.approx([each.score for each in both.predict(TEXTS[0])], abs=1e-4)
    assert len(doc.spans[NAME]) == len(scores)


def test_pipe_is_as_one_by_one_in_batches(nlp, monkeypatch):
    component, sizes = nlp.get_pipe(NAME), []
    predict = component.recognizer.predict

    def counted(texts):
        sizes.append(len(texts))
        return predict(texts)

    alone = [[(e.text, e.label_) for e in nlp(text).ents] for text in TEXTS]
    monkeypatch.setattr(component.recognizer, "predict", counted)
    docs = list(nlp.pipe(TEXTS * 3, batch_size=5))
    assert [[(e.text, e.label_) for e in doc.ents] for doc in docs] == alone * 3
    assert sizes == [5, 5, 2]
    assert docs[1].text == ""


@pytest.mark.parametrize(("mode", "found"), [("strict", []), ("contract", ["card"]), ("expand", ["bankcard card"])])
def test_what_does_not_match_spacys_tokens(mode, found):
    doc = EntityComponent(Says((8, 17, "X", 0.9)), alignment_mode=mode)(spacy.blank("en")("the bankcard card"))
    assert [each.text for each in doc.ents] == found
    with pytest.raises(InputError, match="alignment_mode 'near'"):
        EntityComponent(Says(), alignment_mode="near")


def test_of_overlapping_ones_the_surer_is_an_ent_and_all_are_spans():
    says = Says((0, 8, "A", 0.6), (4, 8, "B", 0.9), (9, 13, "C", 0.5))
    doc = EntityComponent(says)(spacy.blank("en")("the bank card"))
    assert [(each.text, each.label_) for each in doc.ents] == [("bank", "B"), ("card", "C")]
    assert [each.label_ for each in doc.spans[NAME]] == ["A", "B", "C"]
    assert doc.spans[NAME].attrs["scores"] == [0.6, 0.9, 0.5]


@pytest.mark.parametrize(("overwrite", "found"), [(False, [("the bank", "OLD")]), (True, [("bank", "B")])])
def test_ents_that_are_there(overwrite, found):
    doc = spacy.blank("en")("the bank card")
    doc.ents = [Span(doc, 0, 2, "OLD")]
    EntityComponent(Says((4, 8, "B", 0.9)), overwrite_ents=overwrite)(doc)
    assert [(each.text, each.label_) for each in doc.ents] == found


def test_to_disk_and_back_without_the_first_folder(nlp, tmp_path, toy_slm):
    expected = [(e.text, e.label_) for e in nlp(TEXTS[0]).ents]
    component = nlp.get_pipe(NAME)
    component.alignment_mode = "contract"
    component.to_disk(tmp_path / "kept")
    other = EntityComponent(type(component.recognizer)(slm=toy_slm, model="gone"))
    assert other.from_disk(tmp_path / "kept") is other
    assert other.alignment_mode == "contract"
    assert [(e.text, e.label_) for e in other(spacy.blank("en")(TEXTS[0])).ents] == expected
    (tmp_path / "kept" / "settings.json").write_text("{}")
    with pytest.raises(CheckpointError, match="settings.json is missing or damaged"):
        other.from_disk(tmp_path / "kept")


def test_a_whole_pipeline_is_kept_with_its_recognizer(nlp, tmp_path, toy_slm):
    nlp.to_disk(tmp_path / "pipeline")
    assert (tmp_path / "pipeline" / NAME / "recognizer" / "config.json").is_file()
    again = spacy.load(tmp_path / "pipeline", exclude=[NAME])
    component = again.add_pipe(NAME)
    component.recognizer.slm = toy_slm
    component.from_disk(tmp_path / "pipeline" / NAME)
    assert [e.label_ for e in again(TEXTS[0]).ents] == ["ORG", "PER"]


def test_rules_come_by_the_config(saved, toy_slm):
    made = spacy.blank("zh")
    component = made.add_pipe(NAME, config={"model": str(saved), "rules": [{"label": "N", "pattern": "新闻"}]})
    component.recognizer.slm = toy_slm
    assert [(e.text, e.label_) for e in made("酒店新闻").ents][-1] == ("新闻", "N")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib is of Python 3.11")
def test_the_entry_point_names_the_factory():
    import tomllib

    project = tomllib.loads((Path(__file__).resolve().parents[4] / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, name = project["project"]["entry-points"]["spacy_factories"][NAME].partition(":")
    assert module == "slmkit.tasks.knowledge.entities.component"
    assert hasattr(sys.modules[module], name)
