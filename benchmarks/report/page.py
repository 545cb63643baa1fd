"""The self-contained page: one HTML file, style and figures inside, no request to anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from slmkit.benchmarks.datasets import REGISTRY
from slmkit.benchmarks.left_out import LeftOut
from slmkit.benchmarks.report import examples, figures, sections, summary, tables, templates
from slmkit.benchmarks.report.facts import machine_text, outdated, speed_tables, version_text
from slmkit.benchmarks.results import Result
from slmkit.benchmarks.systems import SYSTEMS


def render(results: Sequence[Result], speeds: Sequence[dict[str, Any]], left_out: Sequence[LeftOut] = ()) -> str:
    """The page's text; ``left_out`` are cells without a result."""
    groups = tables.groups(results)
    plots = {
        group.key: [
            (title, templates.markup(svg))  # our own SVG; the names inside were escaped by matplotlib's writer
            for title, svg in (
                ("Quality against speed", figures.quality_speed(group)),
                ("Quality against size", figures.quality_size(group)),
            )
            if svg
        ]
        for group in groups
    }
    names = list(dict.fromkeys(line.system for group in groups for line in group.lines))
    values = dict(
        score_in=tables.score_in,
        score_text=tables.score_text,
        other_text=tables.other_text,
        is_main=tables.is_main,
        groups=groups,
        plots=plots,
        totals=[(group, found) for group in groups if (found := summary.totals(group))],
        sections=sections.sections(groups),
        written={group.key: dict(examples.by_dataset(group)) for group in groups},
        left_out=left_out,
        dates=sorted({r.date[:10] for r in results}),
        legend={name: figures.style_of(name) for name in names},
        symbols=_SYMBOLS,
        about={name: SYSTEMS[name].about for name in names if name in SYSTEMS},
        datasets=[REGISTRY[d] for d in REGISTRY if any(r.dataset == d for r in results)],
        machines=machine_text(results, speeds),
        outdated=outdated(results),
        versions=version_text(results),
        speed=speed_tables(speeds),
        speed_plots=[templates.markup(svg) for speed in speeds if (svg := figures.by_length(speed))],
        provenance=sorted(results, key=lambda r: (r.dataset, r.split, r.protocol, r.system, r.seed)),
    )
    filters: dict[str, Callable[..., str]] = {"interval": tables.interval_text, "metric": tables.metric_title}
    return templates.fill("page.html", filters, values)


# The markers of the plots as small SVG paths for the legend, in a box of 12 by 12.
_SYMBOLS = {
    "o": "M6 1.5a4.5 4.5 0 1 0 .01 0z",
    "s": "M2 2h8v8h-8z",
    "D": "M6 0.8l5.2 5.2-5.2 5.2-5.2-5.2z",
    "^": "M6 1.5l5 9h-10z",
    "v": "M6 10.5l5-9h-10z",
    "P": "M4.3 1h3.4v3.3h3.3v3.4h-3.3v3.3h-3.4v-3.3h-3.3v-3.4h3.3z",
    "X": "M3.2 1l2.8 2.8 2.8-2.8 2.2 2.2-2.8 2.8 2.8 2.8-2.2 2.2-2.8-2.8-2.8 2.8-2.2-2.2 2.8-2.8-2.8-2.8z",
    "<": "M1.5 6l9-5v10z",
    "p": "M6 1l5 3.8-1.9 6.2h-6.2l-1.9-6.2z",
}
