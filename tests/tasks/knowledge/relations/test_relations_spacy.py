"""The spaCy component ``slm_relations``."""

import re
from importlib import import_module
from pathlib import Path

import pytest

spacy = pytest.importorskip("spacy")


def pipeline(extractor):
    from slmkit.tasks.knowledge.relations.spacy_component import RelationsComponent  # noqa: F401

    nlp = spacy.blank("en")
    nlp.add_pipe("slm_relations").extractor = extractor
    return nlp


def test_it_fills_the_documents(finder):
    nlp = pipeline(finder)
    doc = nlp("the team is good film of .")
    (found,) = doc._.relations
    assert (found["head"]["text"], found["relation"], found["tail"]["text"]) == ("team", "likes", "film")
    span = doc.char_span(found["head"]["start"], found["head"]["end"])
    assert span.text == "team"
    texts = ["bank is bad card the .", "", "  \n", "the team is good film of ."] * 3
    made = list(nlp.pipe(texts, batch_size=5))
    assert [doc.text for doc in made] == texts
    assert [len(doc._.relations) for doc in made] == [1, 0, 0, 1] * 3
    assert made[3]._.relations[0]["score"] == pytest.approx(found["score"], abs=1e-4)


def test_given_mentions_are_the_entities_of_the_document(teller):
    nlp = pipeline(teller)
    ruler = nlp.add_pipe("entity_ruler", before="slm_relations")
    ruler.add_patterns([{"label": "WHO", "pattern": "team"}, {"label": "WHAT", "pattern": "card"}])
    (found,) = nlp("team is good card of news .")._.relations
    assert (found["head"]["text"], found["relation"], found["tail"]["text"]) == ("team", "likes", "card")
    assert nlp("the of a .")._.relations == []


def test_it_is_kept_with_its_pipeline(finder, tmp_path, monkeypatch):
    nlp = pipeline(finder)
    nlp.to_disk(tmp_path / "pipeline")
    other = spacy.blank("en")
    component = other.add_pipe("slm_relations", config={"threshold": 0.2})
    component.extractor.slm = finder.slm
    other.from_disk(tmp_path / "pipeline")
    text = "bank is bad card the ."
    assert other(text)._.relations == nlp(text)._.relations
    assert component.extractor.threshold == 0.2


def test_spacy_finds_it_by_its_entry_point():
    project = (Path(__file__).resolve().parents[4] / "pyproject.toml").read_text(encoding="utf-8")
    section = project.partition("[project.entry-points.spacy_factories]")[2].partition("\n[")[0]
    module, name = re.search('^slm_relations = "(.+):(.+)"$', section, re.MULTILINE).groups()
    assert callable(getattr(import_module(module), name))
    assert spacy.blank("zh").has_factory("slm_relations")
