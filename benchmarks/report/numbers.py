"""Numbers as a reader wants them."""

from __future__ import annotations

from slmkit.benchmarks.metrics import METRICS


def points(metric: str, score: float) -> float:
    """A score as it is shown: in points, or in bits."""
    return score if metric in METRICS and METRICS[metric].in_bits else 100 * score


def digits(metric: str) -> int:
    """How many digits after the point a metric is shown with."""
    known = METRICS.get(metric)
    if known is None:
        return 1
    # Rates of harm are small: 0.3 and 0.25 are told apart.
    return 3 if known.in_bits else 2 if known.lower else 1


def points_text(metric: str, score: float, *, sign: bool = False) -> str:
    """A score of a result file as text, with ``sign`` also where it is above nothing."""
    value = round(points(metric, score), digits(metric)) + 0.0  # no minus before a zero
    return f"{value:{'+' if sign else ''}.{digits(metric)}f}"


def count_text(value: float | None) -> str:
    """A count in thousands, millions or billions."""
    if value is None:
        return "–"
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.1f}{letter}"
    return f"{value:.0f}"


def bytes_text(value: int | None) -> str:
    """Bytes on disk in kB or MB."""
    if value is None:
        return "–"
    return f"{value / 1e6:.1f} MB" if value >= 1e5 else f"{value / 1e3:.0f} kB"


def rate_text(value: float) -> str:
    """Rows a second, three digits of it."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def seconds_text(value: float | None) -> str:
    """Seconds or minutes."""
    if value is None:
        return "–"
    return f"{value / 60:.1f} min" if value >= 120 else f"{value:.1f} s"
