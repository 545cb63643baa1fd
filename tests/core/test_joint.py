import json

import numpy as np
import pytest
import torch

from slmkit.core import SLM
from slmkit.errors import CheckpointError
from slmkit.model.encoder import Encoder
from slmkit.pretraining import freeze as freezing
from slmkit.pretraining.joint import JointConfig, Task
from slmkit.pretraining.sources import Example, Source, squad_rows, tagged
from slmkit.training.loop import Descent, Run, Schedule


def test_tags_become_spans_in_the_joined_text():
    example = tagged(["酒", "店", "good", "film", "!"], ["B-LOC", "I-LOC", "B-ART", "I-ART", "O"])
    assert example.text == "酒店good film !"
    assert [(example.text[a:b], kind) for a, b, kind in example.spans] == [("酒店", "LOC"), ("good film", "ART")]


def test_neighbours_of_one_type_stay_apart():
    example = tagged(["a", "b", "c"], ["B-X", "B-X", "I-Y"])
    assert [kind for *_, kind in example.spans] == ["X", "X", "Y"]


def test_a_wrong_answer_offset_is_looked_up(tmp_path):
    def question(answer, start):
        return {"question": "who?", "answers": [{"text": answer, "answer_start": start}]}

    rows = [question("bank", 0), question("film", 4), question("absent", 2)]
    data = {"data": [{"paragraphs": [{"context": "the film of a bank", "qas": rows}]}]}
    (tmp_path / "squad.json").write_text(json.dumps(data))
    found = list(squad_rows(tmp_path, "squad.json"))
    assert [row.second[slice(*row.spans[0][:2])] for row in found] == ["bank", "film"]


GOOD, BAD = "good film", "bad book , a bad card"
EXAMPLES = {
    "class": [Example(GOOD, label="1"), Example(BAD, label="0")],
    "tags": [
        Example("the film of a bank", spans=((4, 8, "ART"), (14, 18, "ORG"))),
        Example("酒店很好", spans=((0, 2, "ORG"),)),
    ],
    "span": [
        Example("who ?", "the film of a bank " * 20, spans=((14, 18, "answer"),)),
        Example("谁？", "酒店不好", spans=((0, 2, "answer"),)),
    ],
    "similarity": [Example(GOOD, GOOD, "1.0"), Example(GOOD, BAD, "0.0"), Example(BAD, "酒店", "0.2")],
    "inference": [Example(GOOD, GOOD, "entailment"), Example(GOOD, BAD, "contradiction")],
}


@pytest.mark.parametrize("shape", EXAMPLES)
def test_every_shape_learns_what_it_is_shown(toy_slm, shape):
    torch.manual_seed(0)
    size = toy_slm.config.encoder
    encoder = Encoder(size, vocabulary=toy_slm.config.vocabulary)
    source = Source(shape, shape, "ours", lambda _: iter(()))
    task = Task(source, EXAMPLES[shape], toy_slm.tokenizer, size.width, JointConfig(limit=48, batch_tokens=512))
    model = torch.nn.ModuleList([encoder, task.head])
    descent = Descent(model, Schedule(60, 3e-3))
    losses = []
    for number in range(60):
        losses.append(task.loss(encoder, number))
        descent.step(losses[-1])
    assert float(losses[-1].detach()) < 0.2 * float(losses[0].detach()) + 1e-3


def test_batches_cover_every_example_each_epoch(toy_slm):
    source = Source("s", "class", "ours", lambda _: iter(()))
    examples = [Example("good " * (i % 7 + 1), label=str(i % 2)) for i in range(50)]
    task = Task(source, examples, toy_slm.tokenizer, 32, JointConfig(batch_tokens=64))
    seen, number = [], 0
    while len(seen) < 50:
        seen += task.batch(number).tolist()
        number += 1
    assert sorted(seen) == list(range(50))


@pytest.fixture
def runs(tmp_path, monkeypatch, toy_slm):
    """Folders of a run and of one that went on with its top two layers."""
    size = toy_slm.config.encoder
    monkeypatch.setattr(freezing, "EncoderConfig", lambda: size)
    torch.manual_seed(1)
    model = torch.nn.ModuleDict({"encoder": Encoder(size, vocabulary=toy_slm.config.vocabulary)})
    folders = tmp_path / "joined", tmp_path / "settled"
    for folder in folders:
        Run(model, Schedule(1, 1e-3), folder).save()
        (folder / "tokenizer.json").write_text(toy_slm.tokenizer.to_json())
        with torch.no_grad():
            for layer in model["encoder"].layers[2:]:
                layer.inner.weight += 0.5 * torch.randn_like(layer.inner.weight)
    return folders


def test_vectors_get_the_settled_top_and_states_keep_the_joined_one(tmp_path, runs):
    joined, settled = runs
    alone = freezing.freeze(joined, tmp_path / "alone", trunk=2)
    both = freezing.freeze(joined, tmp_path / "both", trunk=2, settled=settled)
    other = freezing.freeze(settled, tmp_path / "other", trunk=2)
    assert (alone.config.vectors, both.config.vectors) == (0, 2)
    texts = ["the good film", "酒店很好"]
    for precision, tolerance in (("fp32", 0.02), ("int8", 0.1)):
        loaded = SLM.load(tmp_path / "both", precision=precision)
        np.testing.assert_allclose(loaded.embed(texts), other.embed(texts), atol=tolerance)
        np.testing.assert_allclose(loaded.encode(texts).states, alone.encode(texts).states, atol=10 * tolerance)
        assert loaded.info()["parameters"] == both.info()["parameters"] > alone.info()["parameters"]
    assert abs(both.embed(texts) - alone.embed(texts)).max() > 0.05


def test_a_settled_run_of_another_trunk_is_refused(tmp_path, runs, toy_slm):
    joined, settled = runs
    torch.manual_seed(2)
    size = toy_slm.config.encoder
    model = torch.nn.ModuleDict({"encoder": Encoder(size, vocabulary=toy_slm.config.vocabulary)})
    Run(model, Schedule(1, 1e-3), tmp_path / "foreign").save()
    with pytest.raises(CheckpointError, match="did not start from this one"):
        freezing.freeze(joined, tmp_path / "out", trunk=2, settled=tmp_path / "foreign")
    Run(torch.nn.Linear(2, 2), Schedule(1, 1e-3), tmp_path / "none").save()
    with pytest.raises(CheckpointError, match="no tensor starts with"):
        freezing.freeze(tmp_path / "none", tmp_path / "out", trunk=2)
