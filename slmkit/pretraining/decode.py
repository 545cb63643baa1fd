"""Stage four, *decode*: the decoder learns to write on the frozen encoder, first from raw text, then from pairs.

Of the encoder's top layers it may have copies of its own, its branch, that learn with it: what is to be written wants
other states than what is to be sorted or found.

Raw text teaches it the languages: the end of a text from its beginning, and a text from what is left of it (text
infilling and sentence permutation, Lewis et al. 2020). Then it reads pairs of every job at once, each announced by its
own start mark, with raw text among them so that nothing is forgotten.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.core import load as load_core
from slmkit.errors import CheckpointError, InputError
from slmkit.model.config import DecoderConfig
from slmkit.model.decoder import Decoder
from slmkit.model.layers import pad_rows
from slmkit.pretraining import corpus
from slmkit.pretraining.denoising import unlabelled
from slmkit.pretraining.pairs import JOBS, PAIR_SOURCES, Pair
from slmkit.runtime import float_copy, mixed_precision
from slmkit.text.tokenizer import BOS, EOS
from slmkit.training.digests import rows_digest, weights_digest
from slmkit.training.loop import Run, Schedule, seeded
from slmkit.training.pairs import (
    begun_decoder,
    forced,
    log_frequencies,
    pair_batches,
    pair_loss,
    trainable_decoder,
)
from slmkit.training.states import CACHE_BYTES

FIRST_MARK = 7  # reserved marks before it announce texts to the encoder
AT_ONCE = 4096  # pairs that are tokenized together
LOOKS, HELD = 500, 64  # steps between two looks at the pairs held back; how many of each job
STARTS = {job: FIRST_MARK + number for number, job in enumerate(JOBS)}
_JOBS = "jobs.json"  # of a run: what its decoder was taught


@dataclass(frozen=True)
class DecodeConfig:
    """Settings of the stage.

    Attributes:
        steps: optimiser steps. learning_rate: peak. reads: factor on how often each set of pairs is read; 0 for raw
            text alone. characters: of raw text. batch_tokens: source and target tokens of a step, padding counted.
        source, target: most tokens of a side. depth: layers of the decoder's branch. branch_rate: factor on the
            learning rate for them. dropout: in the decoder and its branch. seed: of everything.
    """

    steps: int = 4000
    learning_rate: float = 5e-4
    reads: float = 1.0
    characters: int = 20_000_000
    batch_tokens: int = 6144
    source: int = 192
    target: int = 128
    depth: int = 4
    branch_rate: float = 0.4
    dropout: float = 0.0
    seed: int = 0


def drawn_pairs(data: Path, config: DecodeConfig) -> list[Pair]:
    """Raw text, and the pairs of each set as often as its ``reads`` say; a set of which that is none is skipped."""
    rng = np.random.default_rng(config.seed)
    made = list(unlabelled(corpus.rows(data / "raw", config.characters, seed=config.seed), rng))
    for source in PAIR_SOURCES if config.reads else ():
        rows = [pair for pair in source.read(data) if pair.source and pair.target]
        count = int(source.reads * config.reads * len(rows))
        if not count:
            continue
        order = np.concatenate([rng.permutation(len(rows)) for _ in range(-(-count // len(rows)))])
        made += [rows[i] for i in order[:count]]
    return made


class TokenPair(NamedTuple):
    """A pair in tokens, int32: a source with its begin and end marks, a target without."""

    job: str
    source: np.ndarray
    target: np.ndarray


class Decode(nn.Module):
    """The decoder in training on a frozen core.

    Args:
        slm: the core. decoder: in float32. pairs: what to learn from. config: settings. device: where it trains; the
            core's own precision serves on a CPU.
    """

    def __init__(
        self, slm: SLM, decoder: Decoder, pairs: Sequence[Pair], config: DecodeConfig, device: str = "cpu"
    ) -> None:
        super().__init__()
        self.config, self.device, self.decoder = config, device, decoder.to(device)
        self._slm = [slm]  # in a list: it does not learn and is not saved
        self._encoder = [None if device == "cpu" else float_copy(slm.encoder).to(device).eval()]
        if self._encoder[0] is not None:
            decoder.words.to(device)
        self.pairs = self.tokenized(pairs)
        self.lengths = np.array([(len(p.source), min(len(p.target) + 1, config.target)) for p in self.pairs])
        self.tokens = 0
        self._times = Counter(bytes(pair.source) for pair in self.pairs)
        self._kept: dict[bytes, Tensor] = {}  # states of sources that are read again
        self._room = CACHE_BYTES
        self._queue: list[np.ndarray] = []
        self._epoch = 0

    def batch(self, step: int) -> np.ndarray:
        """Rows of a step, epoch after epoch."""
        while step >= len(self._queue):
            rng = np.random.default_rng((self.config.seed, self._epoch))
            self._queue.extend(pair_batches(self.lengths, self.config.batch_tokens, rng))
            self._epoch += 1
        return self._queue[step]

    def loss(self, step: int) -> dict[str, Tensor]:
        """Loss of a step; what is drawn at random in it depends on the step alone."""
        rows = self.batch(step)
        self.tokens += int(self.lengths[rows].sum())
        with seeded(self.config.seed, step, self.device):
            return {"write": self.pair_loss([self.pairs[i] for i in rows])}

    def tokenized(self, pairs: Sequence[Pair]) -> list[TokenPair]:
        """Pairs as the stage reads them; a source is cut to its limit here, a target in ``forced``."""
        most, encode = self.config.source - 2, self._slm[0].tokenizer.encode_batch
        made = []
        for begin in range(0, len(pairs), AT_ONCE):
            part = pairs[begin : begin + AT_ONCE]
            sources, targets = encode([p.source for p in part], lines=True), encode([p.target for p in part])
            for pair, source, target in zip(part, sources, targets, strict=True):
                ids = np.concatenate([[BOS], source.ids[:most], [EOS]]).astype(np.int32)
                made.append(TokenPair(pair.job, ids, target.ids[: self.config.target + 1].astype(np.int32)))
        return made

    @torch.no_grad()
    def held_losses(self, held: Sequence[TokenPair], at_once: int = 32) -> dict[str, float]:
        """Mean loss of a target token by job, of pairs that are not learned from."""
        was = self.training
        self.eval()
        found = {}
        for job in sorted({pair.job for pair in held}):
            own = sorted((pair for pair in held if pair.job == job), key=lambda pair: len(pair.source))
            parts = [own[at : at + at_once] for at in range(0, len(own), at_once)]
            losses = [float(self.pair_loss(part)) * len(part) for part in parts]
            found[job] = round(sum(losses) / len(own), 4)
        self.train(was)
        return found

    def pair_loss(self, pairs: Sequence[TokenPair]) -> Tensor:
        """Mean loss of the target tokens of some pairs."""
        targets = forced([p.target.astype(np.int64) for p in pairs], [STARTS[p.job] for p in pairs], self.config.target)
        ids, mask = _padded([p.source for p in pairs])
        states = self._read([p.source for p in pairs])
        ids, mask, states = ids.to(self.device), mask.to(self.device), states.to(self.device)
        targets = type(targets)(*(part.to(self.device) for part in vars(targets).values()))
        with self._mixed():
            memory = self.decoder.read(self.decoder.branch(states, mask), mask, ids)
            return pair_loss(self.decoder, memory, targets, sampled=self.training)

    @torch.no_grad()
    def _read(self, sources: Sequence[np.ndarray]) -> Tensor:
        """States of some sources below the branch ``(B, T, W)``; they are frozen, so a CPU makes them once."""
        upto = self._slm[0].config.encoder.layers - self.decoder.config.branch
        if self._encoder[0] is not None:
            ids, mask = _padded(sources)
            with self._mixed():
                return self._encoder[0](ids.to(self.device), mask.to(self.device), upto=upto).float()
        found = {key: self._kept.get(key) for key in map(bytes, sources)}
        new = {bytes(source): source for source in sources if found[bytes(source)] is None}
        if new:
            rows = self._slm[0].layers(*_padded(list(new.values())), upto)
            for (key, source), row in zip(new.items(), rows, strict=True):
                found[key] = states = row[: len(source)].half()
                if self._times[key] > 1 and self._room > 0:
                    self._kept[key] = states
                    self._room -= states.nbytes
        flat = torch.cat([cast(Tensor, found[key]) for key in map(bytes, sources)]).float()
        return pad_rows(flat, torch.tensor([len(source) for source in sources]))[0]

    def _mixed(self) -> AbstractContextManager:
        return mixed_precision() if self.device == "cpu" else torch.autocast(self.device, torch.bfloat16)


def decode(data: Path, core: Path | None, folder: Path, config: DecodeConfig, begin: Path | None = None) -> Decode:
    """Run the stage, or go on with it where it was stopped.

    Args:
        data: folder with en/, zh/ and raw/. core: the frozen core, None for the shipped one. folder: of this run.
        config: settings. begin: a finished run of this stage to go on from, None for the core's own decoder or, where
            it has none, one made of encoder layers.

    Raises:
        CheckpointError: the folder holds another run, or is damaged; ``begin`` holds no decoder.
        InputError: the decoder of ``begin`` has a branch of another depth.
    """
    torch.manual_seed(config.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    slm = load_core(core, precision="fp32") if device != "cpu" else load_core(core)
    pairs, held_pairs = hold_back(drawn_pairs(data, config), config)
    decoder = first_decoder(slm, pairs, config, begin)
    model = Decode(slm, decoder, pairs, config, device)
    held = model.tokenized(held_pairs)
    schedule = Schedule(steps=config.steps, learning_rate=config.learning_rate)
    about = _about(slm, pairs, config, begin)
    run = Run(model, schedule, folder, scales={"decoder.branch.": config.branch_rate}, about=about)
    known = read_jobs(begin) if begin is not None else slm.config.decoder.starts if slm.config.decoder else ()
    write_jobs(folder, {*known, *(pair.job for pair in pairs)})

    def loss(step: int) -> dict[str, Tensor]:
        if step % LOOKS == 0:
            _note(folder / "held.jsonl", {"step": step, **model.held_losses(held)})
        return model.loss(step)

    run.train(loss, tokens=lambda: model.tokens)
    _note(folder / "held.jsonl", {"step": run.step, **model.held_losses(held)})
    return model


def _about(slm: SLM, pairs: Sequence[Pair], config: DecodeConfig, begin: Path | None) -> dict[str, Any]:
    """Settings, start and data as plain data, by which a run is known again."""
    # The core's own decoder is what the run starts from, unless there is another.
    core = slm.writing_fingerprint if begin is None else slm.fingerprint
    begun = None if begin is None else weights_digest(decoder_tensors(begin))
    return {**asdict(config), "core": core, "begin": begun, "pairs": rows_digest(pairs)}


def hold_back(pairs: Sequence[Pair], config: DecodeConfig) -> tuple[list[Pair], list[Pair]]:
    """Take ``HELD`` pairs of each job out of those that are learned from, to see how the run fares.

    Returns:
        What is learned from, and what is not; a source of the latter stands nowhere in the former.
    """
    order = np.random.default_rng((config.seed, 1)).permutation(len(pairs))
    left, held = dict.fromkeys(JOBS, HELD), []
    for i in order:
        if left[pairs[i].job]:
            left[pairs[i].job] -= 1
            held.append(pairs[i])
    known = {(pair.job, pair.source) for pair in held}
    return [pair for pair in pairs if (pair.job, pair.source) not in known], held


def _padded(sources: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    flat = torch.from_numpy(np.concatenate(sources).astype(np.int64))
    return pad_rows(flat, torch.tensor([len(ids) for ids in sources]))


def _note(path: Path, line: dict[str, float]) -> None:
    with path.open("a") as lines:
        lines.write(json.dumps(line) + "\n")


def first_decoder(slm: SLM, pairs: Sequence[Pair], config: DecodeConfig, begin: Path | None) -> Decoder:
    """What the run starts from; see ``decode``."""
    if begin is None and slm.decoder is not None:
        return trainable_decoder(slm, depth=config.depth, dropout=config.dropout)
    decoder = begun_decoder(slm.encoder, DecoderConfig(branch=config.depth), dropout=config.dropout)
    if begin is not None:
        state = decoder_tensors(begin)
        if layers_of_branch(state) not in (0, config.depth):
            raise InputError(f"{begin} has a branch of {layers_of_branch(state)} layers; give that as the depth")
        decoder.load_state_dict({**decoder.state_dict(), **state})
        return decoder
    order = np.random.default_rng(config.seed).permutation(len(pairs))[:20_000]
    targets = [t.ids for t in slm.tokenizer.encode_batch([pairs[i].target for i in order])]
    decoder.bias.copy_(log_frequencies(targets, len(slm.tokenizer)))
    return decoder


def write_jobs(run: Path, jobs: Collection[str]) -> None:
    """Note in a run's folder what its decoder was taught."""
    checkpoint.write_atomically(run / _JOBS, json.dumps([job for job in JOBS if job in jobs]).encode())


def read_jobs(run: Path) -> list[str]:
    """What the decoder of a run was taught.

    Raises:
        CheckpointError: the folder does not say.
    """
    try:
        return json.loads((run / _JOBS).read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{run / _JOBS} cannot be read: {error}; is it a run of decode?") from None


def decoder_tensors(run: Path) -> dict[str, Tensor]:
    """The decoder's tensors of a run, under their own names.

    Raises:
        CheckpointError: there are none.
    """
    prefix = "model.decoder."
    state = load_file(run / "state.safetensors")
    found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    if not found:
        raise CheckpointError(f"{run}: no tensor starts with {prefix}")
    return found


def layers_of_branch(state: Mapping[str, Tensor]) -> int:
    """How many layers the branch of a decoder has, by its tensors."""
    return len({name.split(".")[2] for name in state if name.startswith("branch.layers.")})


def add_decoder(core: Path | None, run: Path, out: Path) -> SLM:
    """Write a core with the decoder of a finished run; everything else stays byte for byte as it is stored.

    Args:
        core: the frozen core, None for the shipped one. run: of *decode*. out: the checkpoint folder.
    """
    folder = core if core is not None else checkpoint.shipped_weights()
    config, files = checkpoint.read_folder(folder, "model")
    state = decoder_tensors(run)
    packed = checkpoint.pack({f"decoder.{name}": value for name, value in state.items()})
    starts = {job: STARTS[job] for job in read_jobs(run)}
    config["decoder"] = vars(DecoderConfig(starts=starts, branch=layers_of_branch(state)))
    files[checkpoint.DECODER] = checkpoint.tensors_to_bytes(packed)
    checkpoint.write_folder(out, {"kind": "model", **config}, files)
    return SLM.load(out)
