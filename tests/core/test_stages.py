import json

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from slmkit.errors import CheckpointError
from slmkit.model.config import DecoderConfig
from slmkit.model.encoder import Encoder
from slmkit.pretraining import adapt as adapting
from slmkit.pretraining import decode as decoding
from slmkit.pretraining import joint as joining
from slmkit.pretraining import leanings as leaning
from slmkit.pretraining import settle as settling
from slmkit.pretraining.adapt import Adapt, AdaptConfig, Student
from slmkit.pretraining.decode import DecodeConfig, drawn_pairs
from slmkit.pretraining.joint import JointConfig
from slmkit.pretraining.leanings import LeaningsConfig
from slmkit.pretraining.pairs import CONTINUE, TITLE, Pair, PairSource
from slmkit.pretraining.sources import Example, Source
from tests.conftest import cut_off_after, make_toy_slm

ROWS = [f"{word} {' '.join(['film'] * count)} of the bank" for word in ("the", "a", "good") for count in range(1, 9)]
LABELLED = [Example(row, label=str(i % 2)) for i, row in enumerate(ROWS)]
PAIRS = [Pair(job, row, "good film") for row in ROWS for job in (TITLE, CONTINUE)]


class Untaught(Adapt):
    """The stage without its teacher, which is not here."""

    def loss(self, step):
        self.tokens += len(self.batches[step % self.steps])
        return {"pooled": torch.stack([each.square().mean() for each in self.student.encoder.parameters()]).sum()}


@pytest.fixture
def core(tmp_path, monkeypatch):
    """Folder of a toy core, from which every stage can start."""
    slm = make_toy_slm()
    slm.save(tmp_path / "core")

    def from_source(*_):
        return slm.tokenizer, Student(Encoder(slm.config.encoder, vocabulary=slm.config.vocabulary))

    monkeypatch.setattr(adapting, "read_source", lambda: None)
    monkeypatch.setattr(adapting, "Teacher", lambda *_, **__: None)
    monkeypatch.setattr(adapting, "_from_source", from_source)
    monkeypatch.setattr("slmkit.pretraining.corpus.rows", lambda *_, **__: list(ROWS))
    for module in (adapting, joining, settling):
        monkeypatch.setattr(module, "Adapt", Untaught)
    for module in (joining, settling):
        monkeypatch.setattr(module, "short_texts", lambda *_: ["good film"])
    monkeypatch.setattr(joining, "SOURCES", (Source("ours", "class", "ours", lambda _: iter(LABELLED)),))
    monkeypatch.setattr(decoding, "HELD", 2)
    size = {"layers": 2, "width": 32, "heads": 4, "ffn": 64, "positions": 64}
    monkeypatch.setattr(decoding, "DecoderConfig", lambda **kw: DecoderConfig(**size, **kw))
    return tmp_path / "core"


def cut_and_whole(monkeypatch, tmp_path, stage):
    """Folders of a run that was cut off after its second step and went on, and of one that was not."""
    with cut_off_after(monkeypatch, 2):
        stage(tmp_path / "cut")
    stage(tmp_path / "cut")
    stage(tmp_path / "whole")
    return tmp_path / "cut", tmp_path / "whole"


def same_state(one, other):
    states = [load_file(folder / "state.safetensors") for folder in (one, other)]
    return states[0].keys() == states[1].keys() and all(
        torch.equal(states[0][name], states[1][name]) for name in states[0]
    )


def last_tokens(folder):
    return json.loads((folder / "log.jsonl").read_text().splitlines()[-1])["tokens"]


def test_joint_goes_on_as_if_undisturbed(core, tmp_path, monkeypatch):
    config = JointConfig(steps=6, batch_tokens=64)
    cut, whole = cut_and_whole(monkeypatch, tmp_path, lambda folder: joining.joint(tmp_path, core, folder, config))
    assert same_state(cut, whole)


def test_leanings_goes_on_as_if_undisturbed(tmp_path, monkeypatch):
    class Toy(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 2))

        def forward(self, texts):
            return self.head(torch.tensor([[text.count(c) for c in "agof"] for text in texts]).float())

    def tune(folder, **settings):
        torch.manual_seed(0)
        leaning._tune(Toy(), LABELLED, folder, LeaningsConfig(tokens=64, **settings))

    cut, whole = cut_and_whole(monkeypatch, tmp_path, tune)
    assert same_state(cut, whole)
    tune(whole, sentences=9, sure=0.8)  # what comes after the tuning may differ
    with pytest.raises(CheckpointError, match="seed 0, not 1"):
        tune(whole, seed=1)


def test_decode_goes_on_as_if_undisturbed(core, tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "drawn_pairs", lambda *_: PAIRS)
    config = DecodeConfig(steps=6, batch_tokens=200, depth=1, dropout=0.1)
    cut, whole = cut_and_whole(monkeypatch, tmp_path, lambda folder: decoding.decode(tmp_path, core, folder, config))
    assert same_state(cut, whole)
    assert last_tokens(cut) == last_tokens(whole) > 0


def test_adapt_goes_on_with_the_steps_that_were_timed_first(core, tmp_path, monkeypatch):
    timed = []
    monkeypatch.setattr(adapting, "steps_in", lambda *_, **__: timed.append(0) or 2 + len(timed))
    config = AdaptConfig(batch_tokens=32)

    def stage(folder, minutes=1.0):
        return adapting.adapt(tmp_path, folder, config, minutes=minutes)

    cut, whole = cut_and_whole(monkeypatch, tmp_path, stage)
    assert [json.loads((folder / "run.json").read_text())["steps"] for folder in (cut, whole)] == [3, 4]
    assert len(timed) == 2
    assert last_tokens(whole) > last_tokens(cut) > 0
    with pytest.raises(CheckpointError, match=f"steps 3, not {stage(tmp_path / 'all', None).steps}"):
        stage(cut, None)


def test_a_stage_does_not_go_on_with_other_data_or_settings(core, tmp_path, monkeypatch):
    def join(more=(), **settings):
        joining.joint(tmp_path, core, tmp_path / "joined", JointConfig(steps=1, batch_tokens=64, **settings), more)

    def settle(trunk=2, own=2):
        settling.settle(tmp_path, core, tmp_path / "settled", steps=1, trunk=trunk, own=own)

    def decode(begin=None, **settings):
        config = DecodeConfig(steps=1, batch_tokens=200, depth=1, **settings)
        decoding.decode(tmp_path, core, tmp_path / "decoded", config, begin)

    monkeypatch.setattr(decoding, "drawn_pairs", lambda *_: PAIRS)
    for stage in (join, settle, decode) * 2:  # the second time there is nothing left to do
        stage()
    tokenizer = (tmp_path / "joined/tokenizer.json").read_bytes()
    (tmp_path / "joined/tokenizer.json").write_text("kept")
    other = Source("more", "class", "ours", lambda _: iter(LABELLED))
    refused = (
        (lambda: join(dropout=0.2), "dropout 0.1, not 0.2"),
        (lambda: join([other]), "sets"),
        (lambda: settle(1, 3), "own 2, not 3; trunk 2, not 1"),
        (lambda: decode(source=99), "source 192, not 99"),
        (lambda: decode(tmp_path / "decoded"), "begin None, not"),
    )
    for stage, said in refused:
        with pytest.raises(CheckpointError, match=said):
            stage()
    assert (tmp_path / "joined/tokenizer.json").read_text() == "kept"  # what is refused leaves the folder as it is
    join()
    assert (tmp_path / "joined/tokenizer.json").read_bytes() == tokenizer
    monkeypatch.setattr("slmkit.pretraining.corpus.rows", lambda *_, **__: ROWS[1:])
    monkeypatch.setattr(decoding, "drawn_pairs", lambda *_: PAIRS[1:])
    for stage, what in ((join, "texts"), (settle, "texts"), (decode, "pairs")):
        with pytest.raises(CheckpointError, match=rf"\({what} '\w+', not '\w+'\)"):
            stage()


def test_what_a_stage_starts_from_is_told_by_its_weights(core, tmp_path):
    torch.manual_seed(3)
    slm = make_toy_slm()
    slm.encoder.words.weight.data += 0.1
    slm.save(tmp_path / "other")
    (tmp_path / "moved").symlink_to(core)
    starts = [
        Adapt(AdaptConfig(), tmp_path, start=tmp_path / name).about["start"] for name in ("core", "moved", "other")
    ]
    assert starts[0] == starts[1] != starts[2]
    assert Adapt(AdaptConfig(), tmp_path).about["start"] is None


def test_a_set_that_gives_no_pair_is_skipped(core, tmp_path, monkeypatch):
    made = [Pair(TITLE, f"source {i}", "good film") for i in range(40)]
    sources = (
        PairSource("rare", "ours", lambda _: iter(made[:10]), reads=0.05),
        PairSource("empty", "ours", lambda _: iter([Pair(TITLE, "", "good")]), reads=1),
        PairSource("usual", "ours", lambda _: iter(made), reads=1.5),
    )
    monkeypatch.setattr(decoding, "PAIR_SOURCES", sources)
    drawn = [pair for pair in drawn_pairs(tmp_path, DecodeConfig()) if pair.job == TITLE]
    assert len(drawn) == 60
    assert set(drawn) == set(made)
