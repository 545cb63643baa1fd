"""Text from text: sources through the encoder, a decoder over their states, tokens back into strings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from slmkit.errors import InputError, TextTooLongError
from slmkit.model.decoder import MARKS, Decoder, Memory
from slmkit.model.generation import GenerationConfig, Hypothesis, Search, Stop
from slmkit.model.layers import fuse, pad_rows
from slmkit.runtime import convert, length_batches
from slmkit.text.language import is_han
from slmkit.text.tokenizer import BOS, BYTE_TOKENS, EOS, METASPACE
from slmkit.text.windows import Windows

if TYPE_CHECKING:
    from slmkit.core import SLM

MOST_SOURCE_TOKENS = 16_384  # the decoder's view of a source takes about 14 KB a token
MEMORY_TOKENS = 4_096  # source tokens of a batch
_OPENING = "(\"'-/[“‘（《「，。：、"  # a word may begin after these without a space
MOST_ROWS = 64  # beams or samples that run together
BYTES = range(MARKS, MARKS + len(BYTE_TOKENS))
STOP_TOKENS = 24  # the last so many are looked through for a stop string


@dataclass(frozen=True)
class Written:
    """One generated text.

    Attributes:
        text: what was written. score: its log-probability over its tokens to the ``length_penalty``.
        ended: whether it came to its own end or a stop string, not to ``max_new_tokens``.
    """

    text: str
    score: float
    ended: bool


@dataclass(frozen=True)
class Step:
    """One token of a written text, and where it came from.

    Attributes:
        start, end: its characters in the written text. source: the characters of the source that the copying attention
            looked at most. copied: share of the token's probability that is due to copying. score: its log-probability.
    """

    start: int
    end: int
    source: tuple[int, int]
    copied: float
    score: float


class Writer:
    """A decoder, the encoder below it and what they were taught to write. Threads may share it.

    Args:
        slm: the core, whose tokenizer and layers below the decoder's branch are used.
        decoder: in the precision it is to run in.
    """

    def __init__(self, slm: SLM, decoder: Decoder) -> None:
        self.slm, self.decoder = slm, decoder
        self.upto = slm.config.encoder.layers - decoder.config.branch

    @property
    def starts(self) -> dict[str, int]:
        """What can be written -> its start mark."""
        return dict(self.decoder.config.starts)

    def write(
        self, texts: Sequence[str], start: str | None, *, stop: str | Sequence[str] = (), **settings: Any
    ) -> list[list[Written]]:
        """Results of each text, best first.

        Args:
            texts: the sources. start: what to write, one of ``starts``; None for the begin mark.
            stop: strings that end a text; they are not part of it. **settings: see ``settings``.
        """
        config, mark, stops = self.settings(**settings), self._mark(start), as_stops(stop)
        windows = self._windows(texts)
        lengths = np.bincount(windows.text_index, windows.lengths, minlength=len(texts)).astype(np.int64)
        each = config.num_return_sequences if config.do_sample else config.num_beams
        made: list[list[Written]] = [[] for _ in texts]
        for rows in length_batches(lengths, MEMORY_TOKENS):
            for part in np.array_split(rows, min(len(rows), -(-len(rows) * each // MOST_ROWS))):
                memory = self.read(windows.of_texts(part))
                search = Search(
                    self.decoder, memory, config, start=torch.full((len(part),), mark), stop=self._stop(stops)
                )
                for row, found in zip(part, search.best(), strict=True):
                    made[row] = [self._written(one, stops) for one in found]
        return made

    def stream(self, text: str, start: str | None, *, stop: str | Sequence[str] = (), **settings: Any) -> Iterator[str]:
        """The pieces of one greedy or sampled text as they come; closing the iterator cancels the rest.

        Args: as ``write``.

        Raises:
            InputError: beams, or several results, are asked for.
        """
        config, mark, stops = self.settings(**settings), self._mark(start), as_stops(stop)
        if config.num_beams > 1 or config.num_return_sequences > 1:
            raise InputError("a stream is one greedy or sampled text; give num_beams=1 and num_return_sequences=1")
        return self._pieces(self._windows([text]), config, mark, stops)

    def _pieces(self, windows: Windows, config: GenerationConfig, mark: int, stops: tuple[str, ...]) -> Iterator[str]:
        if config.max_new_tokens == 0:
            return
        memory = self.read(windows)
        search = Search(self.decoder, memory, config, start=torch.tensor([mark]), stop=self._stop(stops))
        ids: list[int] = []
        sent, whole = 0, ""
        for step in search.steps():
            ids.append(step[0][1])
            whole, found = cut(self.slm.tokenizer.decode(ids), stops)
            # What may still become a stop string, or bytes of a character, waits for the next token.
            settled, _ = cut(self.slm.tokenizer.decode(without_last_bytes(ids)), stops)
            ready = len(whole) if found else safe_length(settled, stops)
            if ready > sent:
                yield whole[sent:ready]
                sent = ready
        if len(whole) > sent:
            yield whole[sent:]

    def settings(self, *, prefix: str = "", forbidden: Sequence[str] = (), **settings: Any) -> GenerationConfig:
        """The configuration of a search.

        Args:
            prefix: what the result begins with.
            forbidden: strings that it does not hold as words of their own; Chinese ones, as characters anywhere.
            **settings: fields of ``GenerationConfig``.

        Raises:
            InputError: an unknown or impossible setting.
        """
        encode = self.slm.tokenizer.encode
        forced = tuple(encode(prefix).ids.tolist()) if prefix else ()
        stretches = tuple(stretch for word in forbidden if word for stretch in self._stretches(word))
        known = set(GenerationConfig.__dataclass_fields__) - {"forced", "forbidden"}
        unknown = sorted(set(settings) - known)
        if unknown:
            raise InputError(f"{', '.join(unknown)}: not known; the settings are {', '.join(sorted(known))}")
        most = self.decoder.config.positions - 1
        settings.setdefault("max_new_tokens", min(GenerationConfig.max_new_tokens, most))
        config = GenerationConfig(forced=forced, forbidden=stretches, **settings)
        config.check(most + 1)
        return config

    @torch.inference_mode()
    def trace(self, text: str, start: str | None, written: str) -> list[Step]:
        """Where each token of a text would come from if it were written for ``text``.

        Args:
            text: the source. start: see ``write``. written: any text; what ``write`` gave is traced as it was made.

        Raises:
            InputError: ``written`` is longer than the decoder writes.
        """
        tokens = self.slm.tokenizer.encode(written)
        if not written or len(tokens) >= self.decoder.config.positions:
            raise InputError(f"{len(tokens)} tokens to trace: give 1 to {self.decoder.config.positions - 1}")
        windows = self._windows([text])
        memory = self.read(windows)
        places = np.concatenate([own[keep] for own, keep in zip(windows.offsets, windows.once(), strict=True)])
        ids = torch.from_numpy(tokens.ids)[None]
        states = self.decoder(torch.cat([torch.tensor([[self._mark(start)]]), ids[:, :-1]], 1), memory)
        losses = self.decoder.loss(states, memory, ids)[0]
        looked, gate = self.decoder.copying(states, memory)
        same = memory.ids[0] == ids[0][:, None]  # (t, S)
        copied = (looked[0].exp() * same).sum(1) * gate[0].sigmoid() / (-losses).exp()
        most = looked[0].argmax(1).tolist()
        return [
            Step(int(a), int(b), (int(places[at][0]), int(places[at][1])), round(min(share, 1.0), 4), -loss)
            for (a, b), at, share, loss in zip(tokens.offsets, most, copied.tolist(), losses.tolist(), strict=True)
        ]

    @torch.inference_mode()
    def log_likelihoods(
        self, texts: Sequence[str], start: str | None, written: Sequence[str], *, ended: bool = True
    ) -> list[float]:
        """How likely the decoder is to write each text: log-probabilities.

        Args:
            texts: the sources, one for each text; the same one may come again. start: see ``write``.
            written: any texts. ended: whether it counts that each ends there.

        Raises:
            InputError: one of ``written`` is longer than the decoder writes, or there are fewer of one than the other.
        """
        if len(texts) != len(written):
            raise InputError(f"{len(texts)} sources and {len(written)} texts to judge: give one source for each")
        sources = list(dict.fromkeys(texts))
        number = {text: at for at, text in enumerate(sources)}
        own, windows = np.array([number[text] for text in texts], dtype=np.int64), self._windows(sources)
        targets = [tokens.ids.astype(np.int64) for tokens in self.slm.tokenizer.encode_batch(list(written))]
        longest = max(map(len, targets), default=0)
        if longest >= self.decoder.config.positions:
            raise InputError(f"{longest} tokens to judge: give at most {self.decoder.config.positions - 1}")
        read = np.bincount(windows.text_index, windows.lengths, minlength=len(sources)).astype(np.int64)
        made, mark, end = np.zeros(len(targets)), self._mark(start), [EOS] if ended else []
        counted = np.array([len(ids) + len(end) for ids in targets], dtype=np.int64)
        for chosen in length_batches(read[own] + counted, MEMORY_TOKENS):
            rows = chosen[counted[chosen] > 0]
            if not len(rows):
                continue
            few, places = np.unique(own[rows], return_inverse=True)
            memory = self.read(windows.of_texts(few)).select(torch.from_numpy(places))
            whole = [np.array([mark, *targets[row], *end], dtype=np.int64) for row in rows]
            lengths = torch.from_numpy(counted[rows])
            before, mask = pad_rows(torch.from_numpy(np.concatenate([ids[:-1] for ids in whole])), lengths)
            wanted, _ = pad_rows(torch.from_numpy(np.concatenate([ids[1:] for ids in whole])), lengths)
            losses = self.decoder.loss(self.decoder(before, memory), memory, wanted)
            made[rows] = -(losses * mask).sum(1).double().numpy()
        return made.tolist()

    @torch.inference_mode()
    def read(self, texts: Sequence[str] | Windows) -> Memory:
        """What the decoder sees of some sources, or of windows made of them already.

        The windows of a long one stand one after the other in its row.
        """
        windows = texts if isinstance(texts, Windows) else self.slm.windows(texts, lines=True)
        states: list[Tensor] = [torch.empty(0)] * len(windows.ids)
        for numbers, batch, mask in self.slm.run(windows, upto=self.upto):
            made = self.decoder.branch.read(self.slm, batch, mask)
            for row, number in enumerate(numbers):
                states[number] = made[row, : int(mask[row].sum())]
        lengths, owner = torch.from_numpy(windows.lengths), torch.from_numpy(windows.text_index)
        keep, _ = pad_rows(torch.from_numpy(np.concatenate(windows.once())), lengths)
        ids, _ = pad_rows(torch.from_numpy(np.concatenate(windows.ids)), lengths)
        whole, _ = pad_rows(torch.cat(states), lengths)
        fused, mask = fuse(whole, keep, owner, windows.n_texts)
        return self.decoder.read(fused, mask, fuse(ids, keep, owner, windows.n_texts)[0])

    def _stretches(self, word: str) -> Iterator[tuple[int, ...]]:
        """Tokens that spell a word after a space, and inside running text.

        One token may as well be a part of other words: it is meant only after a mark that opens a word.
        """
        tokenizer = self.slm.tokenizer
        yield tuple(tokenizer.encode(word).ids.tolist())
        read = tokenizer.encode(f"({word}")
        inner = tuple(read.ids[read.offsets[:, 0] >= 1].tolist())
        if 1 not in read.offsets[:, 0]:  # the bracket and the word's beginning are one token
            return
        if len(inner) > 1 or is_han(word[0]):
            yield inner
            return
        for mark in _OPENING:
            for spelled in (mark, METASPACE + mark):
                token = tokenizer.token_id(spelled)
                if token is not None:
                    yield (token, *inner)

    def _mark(self, start: str | None) -> int:
        if start is None:
            return BOS
        if start not in self.starts:
            raise InputError(f"this model was not taught to {start!r}; it knows {', '.join(self.starts) or 'nothing'}")
        return self.starts[start]

    def _windows(self, texts: Sequence[str]) -> Windows:
        """Windows over the sources.

        Raises:
            TextTooLongError: one of them is longer than the decoder reads.
        """
        windows = self.slm.windows(texts, lines=True)
        lengths = np.bincount(windows.text_index, windows.lengths, minlength=len(texts))
        if (lengths > MOST_SOURCE_TOKENS).any():
            number = int((lengths > MOST_SOURCE_TOKENS).argmax())
            raise TextTooLongError(
                f"text {number} has {int(lengths[number]):,} tokens, the decoder reads {MOST_SOURCE_TOKENS:,}; "
                "cut it into parts, or shorten it by an extractive summary first"
            )
        return windows

    def _stop(self, stops: tuple[str, ...]) -> Stop | None:
        if not stops:
            return None
        decode = self.slm.tokenizer.decode
        return lambda ids: any(stop in decode(ids[-STOP_TOKENS:]) for stop in stops)

    def _written(self, found: Hypothesis, stops: tuple[str, ...]) -> Written:
        text, _ = cut(self.slm.tokenizer.decode(found.ids), stops)
        return Written(text, found.score, found.ended)


def settle(slm: SLM, decoder: Decoder) -> Decoder:
    """Make a decoder on a core's words run in the core's precision, in place; returns ``decoder``."""
    decoder.eval().requires_grad_(requires_grad=False)
    convert(decoder, slm.precision)
    if slm.precision != "fp32":
        output = nn.Linear(slm.config.encoder.width, slm.config.vocabulary, device="meta")
        # Parameters of their own: what is made of them must not change the embedding.
        output.weight = nn.Parameter(slm.encoder.words.weight.detach(), requires_grad=False)
        output.bias = nn.Parameter(decoder.bias, requires_grad=False)
        decoder.quicken(convert(nn.Sequential(output), slm.precision))
    return decoder


def as_stops(stop: str | Sequence[str]) -> tuple[str, ...]:
    """One stop string or several.

    Raises:
        InputError: one of them is empty.
    """
    stops = (stop,) if isinstance(stop, str) and stop else tuple(stop)
    if any(not isinstance(each, str) or not each for each in stops):
        raise InputError("stop: give strings that are not empty")
    return stops


def cut(text: str, stops: tuple[str, ...]) -> tuple[str, bool]:
    """The text before the first stop string, and whether there was one."""
    places = [at for at in map(text.find, stops) if at >= 0]
    return (text[: min(places)], True) if places else (text, False)


def without_last_bytes(ids: list[int]) -> list[int]:
    """The tokens before a run of bytes at the end: what these spell is open until something else follows."""
    end = len(ids)
    while end and ids[end - 1] in BYTES:
        end -= 1
    return ids[:end]


def safe_length(text: str, stops: tuple[str, ...]) -> int:
    """Characters that no later one can make part of a stop string."""
    ready = len(text)
    for stop in stops:
        for size in range(min(len(stop) - 1, len(text)), 0, -1):
            if text.endswith(stop[:size]):
                ready = min(ready, len(text) - size)
                break
    return ready
