"""Generation: greedy, sampling and beam search over a decoder's steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from numbers import Integral, Real

import torch
from torch import Tensor

from slmkit.errors import InputError
from slmkit.model.decoder import MARKS, Decoder, KeyValues, Memory
from slmkit.text.tokenizer import BOS, EOS


@dataclass(frozen=True)
class GenerationConfig:
    """How to generate. Names are those of the transformers library where it has them.

    Attributes:
        max_new_tokens: most tokens of a result. min_new_tokens: fewest, before the end may come.
        num_beams: hypotheses that beam search keeps; 1 is greedy, or sampling with ``do_sample``.
        length_penalty: exponent of the length that a hypothesis' log-probability is divided by.
        num_return_sequences: results a text, at most ``num_beams`` without sampling.
        do_sample: draw tokens instead of taking the best. temperature: divides the logits, above 0.
        top_k: draw from so many of the best; 0 for all. top_p: draw from the best that hold this much probability.
        repetition_penalty: multiplies the log-probability of tokens that stand already (Keskar et al. 2019).
        no_repeat_ngram_size: no stretch of so many tokens stands twice; 0 allows it.
        forbidden: stretches of token ids that are never written. forced: token ids that the result begins with.
        seed: of sampling.
    """

    max_new_tokens: int = 128
    min_new_tokens: int = 0
    num_beams: int = 1
    length_penalty: float = 1.0
    num_return_sequences: int = 1
    do_sample: bool = False
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    forbidden: tuple[tuple[int, ...], ...] = ()
    forced: tuple[int, ...] = ()
    seed: int = 0

    def check(self, positions: int) -> None:
        """Refuse what cannot be done.

        Args:
            positions: of the decoder.

        Raises:
            InputError: an argument is out of range, or two of them contradict each other.
        """
        for name in ("max_new_tokens", "min_new_tokens", "num_beams", "num_return_sequences", "top_k", "seed"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool):
                raise InputError(f"{name} {value!r}: give a whole number")
        for name in ("length_penalty", "temperature", "top_p", "repetition_penalty"):
            value = getattr(self, name)
            if not isinstance(value, Real) or isinstance(value, bool):
                raise InputError(f"{name} {value!r}: give a number")
        rules = [
            (abs(self.seed) < 2**63, f"seed {self.seed}: give a number of at most 63 bits"),
            (0 <= self.max_new_tokens < positions, f"max_new_tokens {self.max_new_tokens}: give 0 to {positions - 1}"),
            (
                0 <= self.min_new_tokens <= self.max_new_tokens,
                f"min_new_tokens {self.min_new_tokens}: give 0 to max_new_tokens ({self.max_new_tokens})",
            ),
            (self.num_beams >= 1, f"num_beams {self.num_beams}: give at least 1"),
            (self.num_return_sequences >= 1, f"num_return_sequences {self.num_return_sequences}: give at least 1"),
            (
                self.do_sample or self.num_return_sequences <= self.num_beams,
                f"num_return_sequences {self.num_return_sequences}: give at most num_beams ({self.num_beams})",
            ),
            (not (self.do_sample and self.num_beams > 1), "do_sample=True needs num_beams=1"),
            (1e-6 <= self.temperature < inf, f"temperature {self.temperature}: give a number above 0, at least 1e-6"),
            (isfinite(self.length_penalty), f"length_penalty {self.length_penalty}: give a number"),
            (self.top_k >= 0, f"top_k {self.top_k}: give 0 or more"),
            (0 < self.top_p <= 1, f"top_p {self.top_p}: give a number above 0, at most 1"),
            (0 < self.repetition_penalty < inf, f"repetition_penalty {self.repetition_penalty}: give a number above 0"),
            (self.no_repeat_ngram_size >= 0, f"no_repeat_ngram_size {self.no_repeat_ngram_size}: give 0 or more"),
            (len(self.forced) <= self.max_new_tokens, f"{len(self.forced)} forced tokens do not fit max_new_tokens"),
            (
                self.num_return_sequences == 1 or len(self.forced) < self.max_new_tokens or not self.max_new_tokens,
                "nothing is left to write after what is forced, and so no more than one result",
            ),
            (
                not any(_holds(self.forced, stretch) for stretch in self.forbidden),
                "what is forced holds something forbidden",
            ),
        ]
        for holds, message in rules:
            if not holds:
                raise InputError(message)


def _holds(ids: Sequence[int], stretch: Sequence[int]) -> bool:
    return any(tuple(ids[at : at + len(stretch)]) == tuple(stretch) for at in range(len(ids) - len(stretch) + 1))


@dataclass(frozen=True)
class Hypothesis:
    """One result.

    Attributes:
        ids: its tokens, without marks. score: its log-probability over its length to the ``length_penalty``.
        ended: whether it ended by itself, not by ``max_new_tokens``.
    """

    ids: list[int] = field(default_factory=list)
    score: float = 0.0
    ended: bool = False


class Rules:
    """What the configuration demands of the next token.

    Args:
        config: how to generate. vocabulary: number of tokens.
    """

    def __init__(self, config: GenerationConfig, vocabulary: int) -> None:
        self.config = config
        single = {stretch[0] for stretch in config.forbidden if len(stretch) == 1}
        self.stretches = [stretch for stretch in config.forbidden if len(stretch) > 1]
        self.never = torch.tensor(sorted({*range(MARKS), *single} - {EOS}))
        if int(self.never.max()) >= vocabulary:
            raise InputError(f"forbidden: the vocabulary has {vocabulary} tokens, got {int(self.never.max())}")

    def __call__(self, scores: Tensor, written: Tensor) -> Tensor:
        """Log-probabilities ``(N, V)``, changed in place, given the tokens so far ``(N, t)``."""
        config, t = self.config, written.shape[1]
        scores[:, self.never] = -torch.inf
        if t < config.min_new_tokens:
            scores[:, EOS] = -torch.inf
        if config.repetition_penalty != 1.0 and t:
            # Log-probabilities are negative: multiplying makes them smaller.
            scores.scatter_(1, written, scores.gather(1, written) * config.repetition_penalty)
        for *begin, last in self.stretches:
            if t >= len(begin):
                same = (written[:, t - len(begin) :] == torch.tensor(begin)).all(1)
                scores[same, last] = -torch.inf
        if config.no_repeat_ngram_size:
            for row, banned in enumerate(repeating(written, config.no_repeat_ngram_size)):
                scores[row, banned] = -torch.inf
        if t < len(config.forced):
            kept = scores[:, config.forced[t]].clone()
            scores.fill_(-torch.inf)
            scores[:, config.forced[t]] = torch.where(kept.isfinite(), kept, -20.0)
        return scores


def repeating(written: Tensor, size: int) -> list[list[int]]:
    """Tokens that would make a stretch of ``size`` tokens stand twice, for each row ``(N, t)``."""
    rows: list[list[int]] = []
    for ids in written.tolist():
        tail = ids[len(ids) - size + 1 :] if size > 1 else []
        starts = range(len(ids) - size + 1)
        rows.append([ids[i + size - 1] for i in starts if ids[i : i + size - 1] == tail] if len(ids) >= size else [])
    return rows


def filtered(scores: Tensor, config: GenerationConfig) -> Tensor:
    """Probabilities to draw from: temperature, then ``top_k``, then ``top_p`` (Holtzman et al. 2020)."""
    logits = scores / config.temperature
    if 0 < config.top_k < logits.shape[-1]:
        least = logits.topk(config.top_k).values[:, -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    if config.top_p < 1:
        ordered, places = logits.sort(descending=True)
        before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
        logits = torch.full_like(logits, -torch.inf).scatter(
            -1, places, ordered.masked_fill(before >= config.top_p, -torch.inf)
        )
    return logits.softmax(-1)


Stop = Callable[[list[int]], bool]  # whether the tokens of a row so far end it


class Search:
    """A decoder over some texts, step by step.

    Args:
        decoder: the network. memory: of the texts. config: how to generate.
        start: the mark that each text begins with ``(texts,)``; None for the begin mark. stop: ends a row early, for
            stop strings.
    """

    def __init__(
        self,
        decoder: Decoder,
        memory: Memory,
        config: GenerationConfig,
        *,
        start: Tensor | None = None,
        stop: Stop | None = None,
    ) -> None:
        config.check(decoder.config.positions)
        self.decoder, self.memory, self.config = decoder, memory, config
        self.start = torch.full((len(memory.ids),), BOS) if start is None else start
        self.stop = stop or (lambda _: False)
        self.rules = Rules(config, decoder.words.num_embeddings)

    @torch.inference_mode()
    def _next(self, ids: Tensor, memory: Memory, cache: list[KeyValues], written: Tensor) -> Tensor:
        states = self.decoder(ids[:, None], memory, cache)
        return self.rules(self.decoder.log_probabilities(states, memory), written)

    def steps(self) -> Iterator[list[tuple[int, int, float]]]:
        """Greedy or sampled tokens, one step a time: number, token and log-probability of each row that still runs.

        With ``num_return_sequences`` R the rows ``R * i`` to ``R * i + R - 1`` are those of text ``i``. A row's last
        token is the end mark, unless it stopped at ``max_new_tokens`` or by ``stop``.
        """
        config, each = self.config, self.config.num_return_sequences
        memory, rows = self.memory, torch.arange(len(self.memory.ids) * each)
        cache = self.decoder.cache(len(rows))
        last, runs = self.start.repeat_interleave(each), torch.ones(len(rows), dtype=torch.bool)
        written = torch.empty(len(rows), 0, dtype=torch.int64)
        # Every row draws from a stream of its own, so that its text does not depend on the rest of the batch.
        streams = [torch.Generator().manual_seed(config.seed + int(row) % each) for row in rows]
        for _ in range(config.max_new_tokens):
            scores = self._next(last, memory, cache, written)
            last = self._draw(scores, [streams[row] for row in rows.tolist()])
            chosen = scores.gather(1, last[:, None]).squeeze(1)
            written = torch.cat([written, last[:, None]], 1)
            reported = zip(rows[runs].tolist(), last[runs].tolist(), chosen[runs].tolist(), strict=True)
            yield list(reported)
            ended = torch.tensor([self.stop(ids) for ids in written.tolist()])
            runs = runs & (last != EOS) & ~ended
            # A text is left when all of its rows have ended.
            texts = runs.view(-1, each).any(1)
            if not texts.any():
                return
            if not texts.all():
                keep = texts.repeat_interleave(each).nonzero().squeeze(1)
                memory = memory.select(texts.nonzero().squeeze(1))
                rows, last, runs, written = rows[keep], last[keep], runs[keep], written[keep]
                for layer in cache:
                    layer.select(keep)

    def _draw(self, scores: Tensor, streams: Sequence[torch.Generator]) -> Tensor:
        if not self.config.do_sample:
            return scores.argmax(-1)
        chances = filtered(scores, self.config)
        return torch.cat(
            [torch.multinomial(row, 1, generator=stream) for row, stream in zip(chances, streams, strict=True)]
        )

    def best(self) -> list[list[Hypothesis]]:
        """The results of each text, best first; ``num_return_sequences`` of them."""
        if self.config.max_new_tokens == 0:
            return [[Hypothesis()] * self.config.num_return_sequences for _ in range(len(self.memory.ids))]
        return self._beams() if self.config.num_beams > 1 else self._rows()

    def _rows(self) -> list[list[Hypothesis]]:
        each = self.config.num_return_sequences
        ids: list[list[int]] = [[] for _ in range(len(self.memory.ids) * each)]
        sums, ended = [0.0] * len(ids), [False] * len(ids)
        for step in self.steps():
            for row, token, score in step:
                sums[row] += score
                ended[row] = token == EOS or self.stop([*ids[row], token])
                if token != EOS:
                    ids[row].append(token)
        made = [Hypothesis(i, self._score(s, i, e), e) for i, s, e in zip(ids, sums, ended, strict=True)]
        return [sorted(made[at : at + each], key=lambda h: -h.score) for at in range(0, len(made), each)]

    def _score(self, total: float, ids: Sequence[int], ended: bool) -> float:
        return total / max(1, len(ids) + ended) ** self.config.length_penalty

    def _beams(self) -> list[list[Hypothesis]]:
        """Beam search; a text is done when no running hypothesis can come before its ``num_beams`` best ended ones."""
        config, K = self.config, self.config.num_beams
        memory, texts = self.memory, list(range(len(self.memory.ids)))
        found: list[list[Hypothesis]] = [[] for _ in texts]
        cache = self.decoder.cache(len(texts) * K)
        last, written = self.start.repeat_interleave(K), torch.empty(len(texts) * K, 0, dtype=torch.int64)
        # All beams of a text are alike at first: only one of them counts.
        sums = torch.full((len(texts), K), -torch.inf)
        sums[:, 0] = 0
        for length in range(1, config.max_new_tokens + 1):
            scores = self._next(last, memory, cache, written)
            totals = (sums.view(-1, 1) + scores).view(len(texts), -1)
            best, places = totals.topk(min(2 * K, totals.shape[1]), dim=1)
            kept = [
                self._extend(found[text], written[at * K : (at + 1) * K], best[at], places[at], scores.shape[1])
                for at, text in enumerate(texts)
            ]
            rows = torch.tensor([at * K + beam for at, beams in enumerate(kept) for beam, _, _ in beams])
            last = torch.tensor([token for beams in kept for _, token, _ in beams])
            sums = torch.tensor([[total for _, _, total in beams] for beams in kept])
            written = torch.cat([written[rows], last[:, None]], 1)
            goes_on = torch.tensor(
                [not self._done(found[text], float(sums[at, 0]), length) for at, text in enumerate(texts)]
            )
            if not goes_on.any():
                return self._first(found)
            if not goes_on.all():
                texts = [text for text, on in zip(texts, goes_on.tolist(), strict=True) if on]
                memory, sums = memory.select(goes_on.nonzero().squeeze(1)), sums[goes_on]
                each = goes_on.repeat_interleave(K)
                rows, last, written = rows[each], last[each], written[each]
            for layer in cache:
                layer.select(rows)
        for at, text in enumerate(texts):
            for total, ids in zip(sums[at].tolist(), written[at * K : (at + 1) * K].tolist(), strict=True):
                if total > -torch.inf:
                    found[text].append(Hypothesis(ids, self._score(total, ids, ended=False)))
        return self._first(found)

    def _extend(
        self, found: list[Hypothesis], written: Tensor, best: Tensor, places: Tensor, vocabulary: int
    ) -> list[tuple[int, int, float]]:
        """Put what ends among ``found``; returns the beam, token and sum of the ``num_beams`` best that go on."""
        K = self.config.num_beams
        running: list[tuple[int, int, float]] = []
        for total, place in zip(best.tolist(), places.tolist(), strict=True):
            beam, token = divmod(place, vocabulary)
            if total == -torch.inf or len(running) == K:
                break
            ids = [*written[beam].tolist(), token]
            if token == EOS or self.stop(ids):
                whole = ids[:-1] if token == EOS else ids
                found.append(Hypothesis(whole, total / len(ids) ** self.config.length_penalty, ended=True))
            else:
                running.append((beam, token, total))
        found.sort(key=lambda h: -h.score)
        del found[K:]
        return running + [(0, EOS, -torch.inf)] * (K - len(running))

    def _first(self, found: list[list[Hypothesis]]) -> list[list[Hypothesis]]:
        return [sorted(each, key=lambda h: -h.score)[: self.config.num_return_sequences] for each in found]

    def _done(self, found: Sequence[Hypothesis], total: float, length: int) -> bool:
        """Whether the best running hypothesis, ended here, would not be among the best (as transformers judges it)."""
        if total == -torch.inf:
            return True
        return len(found) == self.config.num_beams and found[-1].score >= total / length**self.config.length_penalty
