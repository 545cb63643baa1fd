"""Which of the measured systems to use, in one sentence, and what the others are to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slmkit.benchmarks.card.measuring import ZERO, Tried
from slmkit.benchmarks.card.table import Table
from slmkit.benchmarks.noise import difference
from slmkit.benchmarks.report.numbers import bytes_text, points_text, rate_text
from slmkit.benchmarks.results import Result
from slmkit.errors import SLMKitError

_HOW = {
    ("slmkit", "fitted"): "Classifier().fit(texts, labels)",
    ("slmkit-static", "fitted"): 'Classifier(method="static").fit(texts, labels)',
    ("slmkit-linear", "fitted"): 'Classifier(method="linear").fit(texts, labels)',
    ("slmkit", "shipped"): "Sentiment().predict(texts)",
}


_NEAR = 0.02  # a quick system may be as far below the best, if chance does not tell them apart
_MUCH_QUICKER = 3


@dataclass(frozen=True)
class Verdict:
    """What to use.

    Attributes:
        chosen: None where nothing beats the zero line. sentence: which and why. how: a line of Python, if it is ours.
    """

    chosen: Tried | None
    sentence: str
    how: str


def judge(tried: Sequence[Tried], table: Table) -> Verdict:
    """The best, or one that is much quicker and, as far as these rows tell, as good.

    Raises:
        SLMKitError: nothing was measured.
    """
    found = [(t, t.result) for t in tried if t.result is not None]
    if not found:
        reasons = "; ".join(f"{t}: {t.reason}" for t in tried)
        raise SLMKitError(f"no system could be measured: {reasons}")
    best, top = max(found, key=lambda pair: (pair[1].score, pair[1].rows_per_second))
    level = [(t, r) for t, r in found if difference([top], [r], top.metric).verdict != "worse"]
    if any(t.system == ZERO for t, _ in level):
        return Verdict(None, _nothing_learned(table, [(t, r) for t, r in found if t.system != ZERO]), "")
    quick = [(t, r) for t, r in level if top.score - r.score <= _NEAR and _times(r, top) >= _MUCH_QUICKER]
    chosen, result = max(quick, key=lambda pair: pair[1].rows_per_second, default=(best, top))
    if chosen is best:
        beside = _ahead(top, [(t, r) for t, r in found if t is not best], level)
    else:
        behind = f"{points_text(top.metric, top.score - result.score)} points below, no more than chance"
        beside = f"as good as {best} ({behind}) and {_times(result, top):,.0f} times as quick"
    return Verdict(chosen, f"Use {chosen}: {_quality(result)}, {beside}. {_cost(result)}", _how(chosen, table))


def _times(result: Result, top: Result) -> float:
    return result.rows_per_second / top.rows_per_second


def _quality(result: Result) -> str:
    score = f"{points_text(result.metric, result.score)} % {result.metric.replace('_', ' ')}"
    if result.ci95 is None:
        return f"{score} on {result.n:,} held-out rows"
    low, high = (points_text(result.metric, end) for end in result.ci95)
    return f"{score} (95 %: {low}–{high}) on {result.n:,} held-out rows"


def _ahead(top: Result, others: Sequence[tuple[Tried, Result]], level: Sequence[tuple[Tried, Result]]) -> str:
    if not others:
        return "the only system that was measured"
    second, runner_up = max(others, key=lambda pair: pair[1].score)
    chance = "which may be chance" if any(t is second for t, _ in level) else "which is more than chance"
    return f"{points_text(top.metric, top.score - runner_up.score)} points above the next best, {second}, {chance}"


def _cost(result: Result) -> str:
    fit = "" if result.seconds_to_fit is None else f"; it was fitted on {result.n_train:,} rows"
    return f"It does {rate_text(result.rows_per_second)} rows/s here and takes {bytes_text(result.bytes)} on disk{fit}."


def _nothing_learned(table: Table, others: Sequence[tuple[Tried, Result]]) -> str:
    label, rows = next(iter(table.counts.items()))
    always = f"always answering {label!r} ({100 * rows / sum(table.counts.values()):.0f} % of the rows)"
    if not others:
        return f"Nothing but {always} was measured."
    best, top = max(others, key=lambda pair: pair[1].score)
    return (
        f"Use none of them yet: the best, {best}, with {_quality(top)}, is no better beyond chance than {always}. "
        "More rows, or clearer labels, may change that."
    )


def _how(chosen: Tried, table: Table) -> str:
    if chosen.system == "slmkit-zero-shot":
        return f"Classifier.from_labels({list(table.dataset.labels)!r}).predict(texts)"
    return _HOW.get((chosen.system, chosen.protocol), "")
