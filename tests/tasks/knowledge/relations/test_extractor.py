"""``RelationExtractor`` that finds mentions: what it learns, exact places, types, windows, forms, files, bad rows."""

import json

import numpy as np
import pandas as pd
import pytest
from toy_relations import SETTINGS, material

from slmkit.core import SLM
from slmkit.errors import CheckpointError, InputError
from slmkit.tasks import kept_fit, tables
from slmkit.tasks.knowledge import KnowledgeGraph, Relation, RelationExtractor
from slmkit.tasks.knowledge.relations import RelationModel, extractor
from slmkit.tasks.knowledge.relations.candidates import Found
from slmkit.tasks.stream import run_file

AWKWARD = [
    "bad\x00\x07\x1b[0m card is good film \x00",
    "team is \ud800 good card \udfff",
    "😀👨‍👩‍👧 team is good card 😀",
    "team\r\n\r\nis good\tcard",
    "  team   is  good   card  ",
    "。！team is good card，。！",
]


def plain(found):
    return [[(each.head, each.relation, each.tail, each.start, each.end) for each in row] for row in found]


def test_it_learns_what_is_said(finder):
    texts, triples, entities = material(80, seed=1)
    assert finder.score(texts, triples, entities) > 0.8
    assert finder.classes_ == ("hates", "likes")
    assert finder.history_[-1]["f1"] > 0.8
    assert finder.model_.about["held_back"] >= 20
    assert 0 < finder.model_.judge.threshold < 1


def test_each_relation_has_its_places_and_its_sentence(finder):
    text = "the team is good film of . a bank is bad card the ."
    found = finder.predict(text)
    assert found
    for each in found:
        assert isinstance(each, Relation)
        assert 0 <= each.score <= 1
        for side in (each.head, each.tail):
            assert text[side.start : side.end] == side.text
            assert each.start <= side.start < side.end <= each.end
        assert text[each.start : each.end] == each.sentence
        told = each.to_dict()
        assert told["sentence"] == {"text": each.sentence, "start": each.start, "end": each.end}
        assert told["head"]["text"] == each.head.text
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    said = {(each.head.text, each.relation, each.tail.text, each.sentence) for each in found}
    assert ("team", "likes", "film", "the team is good film of .") in said
    assert ("bank", "hates", "card", "a bank is bad card the .") in said


def test_several_relations_of_a_pair_and_triples_that_share_a_mention(finder):
    texts = ["team is good movie the .", "bank is good film , is bad card of ."]
    said = [{(each.head.text, each.relation, each.tail.text) for each in row} for row in finder.predict(texts)]
    assert said[0] == {("team", "likes", "movie"), ("team", "hates", "movie")}
    assert said[1] == {("bank", "likes", "film"), ("bank", "hates", "card")}


def test_only_allowed_types_are_joined(finder, toy_slm):
    schema = finder.model_.schema
    assert schema.types == ("what", "who")
    assert schema.pairs == (frozenset({("who", "what")}),) * 2
    eager = RelationExtractor(slm=toy_slm, threshold=0.0)
    eager.model_ = finder.model_
    found = [each for row in eager.predict(material(40, seed=2)[0]) for each in row]
    assert len(found) >= len([each for row in finder.predict(material(40, seed=2)[0]) for each in row])
    assert {(each.head.type, each.tail.type) for each in found} == {("who", "what")}


def test_a_long_text_is_read_by_windows_and_nothing_is_lost_or_doubled(finder):
    sentences = [text for text in material(30, seed=3)[0] if len(text) > 20]
    alone = finder.predict(sentences)
    text = " ".join(sentences)
    assert len(finder.model_.slm.tokenizer.encode_batch([text])[0]) > 4 * SETTINGS["max_length"]
    found = finder.predict(text)
    assert len({(each.head.start, each.relation, each.tail.start) for each in found}) == len(found)
    for each in found:
        assert text[each.head.start : each.head.end] == each.head.text
        assert text[each.start : each.end] == each.sentence
    assert not any(
        one.relation == other.relation
        and one.head.start < other.head.end
        and other.head.start < one.head.end
        and one.tail.start < other.tail.end
        and other.tail.start < one.tail.end
        for at, one in enumerate(found)
        for other in found[:at]
    )
    starts = np.cumsum([0, *(len(one) + 1 for one in sentences)])
    inside = {(each.head.start, each.relation, each.tail.start) for each in found}
    wanted = {
        (each.head.start + at, each.relation, each.tail.start + at)
        for at, row in zip(starts, alone, strict=False)
        for each in row
    }
    assert len(inside & wanted) > 0.6 * len(wanted)  # the sentences around may change what is surely said


def test_alone_in_a_batch_and_in_any_order_it_is_the_same(finder):
    texts = [*material(12, seed=4)[0], *AWKWARD, "the " * 100 + "team is good card ."]
    together, backwards = finder.predict(texts), finder.predict(texts[::-1])[::-1]
    for text, one, other in zip(texts, together, backwards, strict=True):
        alone = finder.predict(text)
        for found in (one, other):
            assert [(e.head.start, e.relation, e.tail.start) for e in found] == [
                (e.head.start, e.relation, e.tail.start) for e in alone
            ]
            assert [e.score for e in found] == pytest.approx([e.score for e in alone], abs=1e-4)
        for each in alone:
            assert text[each.head.start : each.head.end] == each.head.text


def test_blank_and_missing_rows_have_no_relations(finder):
    rows = ["team is good film of .", None, "", float("nan"), pd.NA, " \u200b ", 3.5, "team is good film of ."]
    found = finder.predict(rows)
    assert [bool(row) for row in found] == [True, *[False] * 6, True]
    assert found[0] == found[-1]
    series = pd.Series(rows, index=list("hgfedcba"), dtype=object)
    assert list(finder.predict(series).index) == list(series.index)
    assert finder.predict(None) == []
    frame = tables.apply(finder, pd.DataFrame({"text": rows}, index=range(10, 18)))
    assert list(frame.index) == list(range(10, 18))
    assert frame["relations"].iloc[0][0]["head"] == "team"
    assert frame["slm_error"].notna().tolist() == [False, *[True] * 6, False]


def test_a_graph_takes_it_as_it_is(finder, tmp_path):
    pytest.importorskip("ladybug")
    frame = pd.DataFrame({"id": ["a", "b"], "text": ["the team is good film of .", "bank is bad card the ."]})
    with KnowledgeGraph.from_frame(frame, path=tmp_path / "graph.lbug", extractor=finder, errors="raise") as graph:
        rows = graph.query("MATCH (a:Entity)-[r:RELATED]->(b) RETURN a.name, r.relation, b.name ORDER BY a.name")
    assert rows.to_numpy().tolist() == [["bank", "hates", "card"], ["team", "likes", "film"]]


def test_a_table_gets_a_row_for_each_relation(finder, tmp_path, call):
    pd.DataFrame({"id": [7, 8, 9], "text": ["team is good movie the .", "", "the of the ."]}).to_csv(
        tmp_path / "in.csv", index=False
    )
    run_file(finder, tmp_path / "in.csv", tmp_path / "out.csv", id_column="id", explode=None)
    out = pd.read_csv(tmp_path / "out.csv")
    assert out["id"].tolist() == [7, 7, 8]
    assert set(out["relation"].dropna()) == {"likes", "hates"}
    assert out["slm_error"].notna().tolist() == [False, False, True]
    code, _, err = call("run", "relations", tmp_path / "in.csv", "--out", tmp_path / "no.csv", "--option", "depth=2")
    assert code
    assert "no option 'depth'" in err


def test_what_was_saved_says_the_same(finder, tmp_path):
    finder.set_params(threshold=0.3).save(tmp_path / "model")
    other = RelationExtractor.load(tmp_path / "model", slm=finder.slm)
    texts = material(12, seed=5)[0]
    assert other.threshold == 0.3
    assert plain(other.predict(texts)) == plain(finder.predict(texts))
    assert [e.score for row in other.predict(texts) for e in row] == [
        e.score for row in finder.predict(texts) for e in row
    ]
    assert other.fingerprint == finder.fingerprint
    finder.set_params(threshold=None)
    assert other.fingerprint != finder.fingerprint
    plainly = RelationExtractor(model=tmp_path / "model", slm=finder.slm)
    assert plainly.predict(texts) == finder.predict(texts)


def test_damaged_and_foreign_files_are_named(finder, tmp_path, toy_slm):
    finder.save(tmp_path / "model")
    config = json.loads((tmp_path / "model/config.json").read_text())
    (tmp_path / "model/config.json").write_text(json.dumps({**config, "schema": {"relations": []}}))
    with pytest.raises(CheckpointError, match="does not fit its config"):
        RelationModel.load(tmp_path / "model", slm=toy_slm)
    (tmp_path / "model/config.json").write_text(json.dumps({**config, "core": "other"}))
    with pytest.raises(CheckpointError, match="fitted on core other"):
        RelationExtractor.load(tmp_path / "model", slm=toy_slm)
    finder.save(tmp_path / "model")
    data = bytearray((tmp_path / "model/model.safetensors").read_bytes())
    data[-1] ^= 1
    (tmp_path / "model/model.safetensors").write_bytes(bytes(data))
    with pytest.raises(CheckpointError, match="checksum"):
        RelationExtractor.load(tmp_path / "model", slm=toy_slm)


def test_without_weights_the_remedy_is_named(monkeypatch, tmp_path, toy_slm):
    monkeypatch.setattr(extractor, "shipped_extractor", lambda: tmp_path / "none")
    with pytest.raises(CheckpointError, match=r"RelationExtractor\(\).fit\(texts, triples\)"):
        RelationExtractor(slm=toy_slm).predict("team is good card .")


def test_it_has_the_manners_of_an_estimator(finder):
    from sklearn.base import clone

    copied = clone(finder)
    assert copied.slm is finder.slm
    assert copied.get_params() == finder.get_params()
    assert not hasattr(copied, "model_")
    with pytest.raises(ValueError, match="no parameter 'size'"):
        copied.set_params(size=1)


def test_wrong_arguments_say_what_is_allowed(finder, toy_slm):
    texts, triples, entities = material(4)
    for settings, message in (
        ({"depth": 9}, "give 0 to 4"),
        ({"max_length": 5000}, "give 16 to 128"),
        ({"threshold": 2}, "0 to 1"),
        ({"entities": "some"}, "auto, found, given"),
        ({"epochs": 0}, "at least 1"),
        ({"validation_fraction": 1.0}, "below 1"),
    ):
        with pytest.raises(InputError, match=message):
            RelationExtractor(slm=toy_slm, **{**SETTINGS, **settings}).fit(texts, triples, entities)
    with pytest.raises(InputError, match="finds the mentions itself"):
        finder.predict(texts, entities)
    with pytest.raises(InputError, match="needs the mentions"):
        RelationExtractor(slm=toy_slm, entities="given", **SETTINGS).fit(texts, triples)
    with pytest.raises(InputError, match="nothing to learn from: no text has a triple"):
        RelationExtractor(slm=toy_slm, **SETTINGS).fit(texts, [[]] * 4)


def test_an_interrupted_run_goes_on_where_it_was(toy_slm, tmp_path, monkeypatch):
    texts, triples, entities = material(48)
    settings = {**SETTINGS, "epochs": 2, "entities": "found", "validation_fraction": 0.0, "slm": toy_slm}
    whole = RelationExtractor(**settings).fit(texts, triples, entities)
    calls = []

    def stop(self, step):
        calls.append(step)
        if len(calls) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(kept_fit.Looks, "look", stop)
    with pytest.warns(UserWarning, match="interrupted after step"):
        cut = RelationExtractor(**settings).fit(texts, triples, entities, folder=tmp_path / "run")
    assert cut.model_.about["interrupted"]
    monkeypatch.undo()
    gone_on = RelationExtractor(**settings).fit(texts, triples, entities, folder=tmp_path / "run")
    assert gone_on.model_.fingerprint == whole.model_.fingerprint
    with pytest.raises(CheckpointError, match="another folder"):
        RelationExtractor(**{**settings, "epochs": 3}).fit(texts, triples, entities, folder=tmp_path / "run")


def test_on_an_int8_core_it_finds_much_the_same(finder, tmp_path):
    finder.model_.slm.save(tmp_path / "core")
    core = SLM.load(tmp_path / "core", precision="int8")
    model = finder.model_
    quick = RelationModel(core, model.schema, model.tensors, depth=model.depth, manner=model.manner, judge=model.judge)
    texts = material(20, seed=6)[0]
    assert all(isinstance(each, Found) for each in quick.find(texts))
    made = RelationExtractor(slm=core)
    made.model_ = quick
    exact, rough = (sum(map(len, one.predict(texts))) for one in (finder, made))
    assert abs(exact - rough) <= 0.2 * exact
