"""Plots as inline SVG: quality against speed and against size, one small panel a dataset.

Text, axes and grid take the page's own colour (``currentColor``), so that a figure reads in light and dark.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, log10
from typing import Any

from slmkit.benchmarks.report.tables import Group, Line
from slmkit.benchmarks.speed.lengths import KIND as LENGTHS_KIND
from slmkit.benchmarks.systems import SYSTEMS

# Mid tones of one lightness, apart in hue: readable on white and on near-black.
PALETTE = ("#2f7ed8", "#d9822b", "#2a9d6f", "#c2478f", "#8a6fd1", "#b8902a", "#3aa0b5", "#d0554f", "#7d8590")
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "<", "p")
_INK = "#010203"  # replaced by currentColor: no real colour of the figure may equal it
_PANEL = (3.3, 2.35)
_ACROSS = 3


def style_of(system: str) -> tuple[str, str]:
    """Colour and marker of a system, the same in every figure."""
    known = list(SYSTEMS)
    place = known.index(system) if system in known else sum(map(ord, system))
    return PALETTE[place % len(PALETTE)], MARKERS[place % len(MARKERS)]


def quality_speed(group: Group) -> str:
    """Score against rows a second; empty where there is nothing to compare."""
    return _panels(group, lambda line: line.rows_per_second, "rows per second", "speed")


def quality_size(group: Group) -> str:
    """Score against bytes on disk; systems without a size are left out."""
    return _panels(group, lambda line: (line.bytes or 0) / 1e6, "MB on disk", "size")


def by_length(speed: Mapping[str, Any]) -> str:
    """Seconds against characters, of ``bench speed --long``; empty for another measurement."""
    measured = [system for system in speed["systems"] if "rows" in system] if speed["kind"] == LENGTHS_KIND else []
    if not measured:
        return ""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context(_look("length")):  # type: ignore[arg-type]  # the stubs list every key
        figure = Figure(figsize=(2 * _PANEL[0], _PANEL[1]), layout="constrained")
        FigureCanvasSVG(figure)
        panel = figure.subplots()
        for place, system in enumerate(measured):
            across, up = ([row[name] for row in system["rows"]] for name in ("characters", "seconds"))
            panel.plot(across, up, marker=MARKERS[place], color=PALETTE[place], linewidth=1, label=system["system"])
        panel.set_xlim(left=0)
        panel.set_ylim(bottom=0)
        panel.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        panel.set_xlabel("characters of the text")
        panel.set_ylabel("seconds")
        panel.grid(visible=True)
        panel.legend(frameon=False)
        return _svg(figure, "length", 2)


def _panels(group: Group, across: Callable[[Line], float], label: str, kind: str) -> str:
    # The dummy answers millions of rows a second: drawing it would squeeze all others into a corner.
    shown = [line for line in group.lines if across(line) > 0 and line.system != "dummy"]
    names = [name for name in group.datasets() if any(line.dataset == name for line in shown)]
    if not names:
        return ""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    unit = "bits" if any(line.in_bits for line in shown) else "score, points"
    columns = min(_ACROSS, len(names))
    rows = -(-len(names) // columns)
    with rc_context(_look(f"{group.key}-{kind}")):  # type: ignore[arg-type]  # the stubs list every key
        figure = Figure(figsize=(_PANEL[0] * columns, _PANEL[1] * rows), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots(rows, columns, squeeze=False)
        for place, panel in enumerate(axes.flat):
            if place < len(names):
                _panel(panel, names[place], [x for x in shown if x.dataset == names[place]], across, label)
                panel.set_ylabel(unit if place % columns == 0 else "")
            else:
                panel.set_axis_off()
        return _svg(figure, f"{group.key}-{kind}", columns)


def _look(salt: str) -> dict[str, Any]:
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "font.family": "sans-serif",
        "font.size": 9,
        "text.parse_math": False,
        **dict.fromkeys(
            ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color"), _INK
        ),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "axes.axisbelow": True,
        "grid.alpha": 0.15,
    }


def _panel(panel: Any, name: str, lines: Sequence[Line], across: Callable[[Line], float], label: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for line in lines:
        colour, marker = style_of(line.system)
        x, error = across(line), _error(line)
        panel.errorbar([x], [line.score], yerr=error, color=colour, linewidth=1, capsize=2, zorder=2)
        panel.plot([x], [line.score], marker=marker, markersize=7, color=colour, markeredgewidth=0, zorder=3)
    values = [across(line) for line in lines]
    panel.set_xscale("log")
    # Whole decades, so that every panel has at least two labelled ticks.
    panel.set_xlim(10 ** floor(log10(min(values) / 1.3)), 10 ** ceil(log10(max(values) * 1.3)))
    panel.xaxis.set_major_locator(LogLocator(base=10, numticks=6))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}" if v >= 1 else f"{v:g}"))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.margins(y=0.25)
    panel.grid(visible=True, which="major")
    panel.set_title(name, fontsize=10, loc="left", fontweight="bold")
    panel.set_xlabel(label)


def _error(line: Line) -> list[list[float]] | None:
    if line.ci95 is not None:
        return [[max(0.0, line.score - line.ci95[0])], [max(0.0, line.ci95[1] - line.score)]]
    return [[line.spread], [line.spread]] if line.spread else None


def _svg(figure: Any, prefix: str, columns: int) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    # Several figures share one page: every id gets the figure's own prefix.
    svg = re.sub(r'(?<= id=")([^"]+)', rf"{prefix}-\1", svg)
    svg = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    svg = svg.replace(_INK, "currentColor")
    # The page sets the width; the height follows from the view box. One panel is not blown up to the page's width.
    svg = re.sub(
        r'(<svg [^>]*?)width="[^"]*"', r"\1", re.sub(r'(<svg [^>]*?)height="[^"]*"', r"\1", svg, count=1), count=1
    )
    return svg.replace("<svg ", f'<svg style="min-width: {200 * columns}px; max-width: {345 * columns}px" ', 1)
