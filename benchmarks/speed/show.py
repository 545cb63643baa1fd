"""The speed measurements as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slmkit.benchmarks.reliability import campaign
from slmkit.benchmarks.speed import indexes, lengths

Table = tuple[str, list[str], list[list[str]], list[str]]


def tables(found: Mapping[str, Any]) -> list[Table]:
    """Title, columns, rows and right-aligned columns of each table of a measurement, whichever kind it is."""
    return _KINDS[found["kind"]](found)


def _embedding(found: Mapping[str, Any]) -> list[Table]:
    out = [_throughput(found)]
    shares = _shares(found)
    if shares[2]:
        out.append(shares)
    out.append(_rates(found))
    if found.get("left_out"):
        rows = [[str(x["system"]), str(x["reason"])] for x in found["left_out"]]
        out.append(("Left out", ["system", "reason"], rows, []))
    return out


def _writing(found: Mapping[str, Any]) -> list[Table]:
    measured = [system for system in found["systems"] if "tokens_per_second" in system]
    settings = list(measured[0]["tokens_per_second"]) if measured else []
    columns = ["system", "precision", *(f"{each.replace('x', ' × ')} beams, tokens/s" for each in settings)]
    rows = [
        [system["system"], system["precision"], *(f"{system['tokens_per_second'][each]:,.0f}" for each in settings)]
        for system in measured
    ]
    title = (
        f"Writing {found['target_tokens']} tokens from {found['source_tokens']}, random weights, texts × beams; "
        "each system in a fresh process"
    )
    out = [(title, columns, rows, columns[2:])]
    return [*out, *_missing(found)]


def _missing(found: Mapping[str, Any]) -> list[Table]:
    rows = [[str(x["system"]), str(x["reason"])] for x in found["systems"] if "reason" in x]
    return [("Left out", ["system", "reason"], rows, [])] if rows else []


def _lengths(found: Mapping[str, Any]) -> list[Table]:
    measured = [system for system in found["systems"] if "rows" in system]
    counts = [row["characters"] for row in measured[0]["rows"]] if measured else []
    columns = ["summary", *(f"{count:,} characters" for count in counts), "growth", "memory beyond a page"]
    rows = [
        [
            system["system"],
            *(f"{row['seconds']:.2f} s" for row in system["rows"]),
            f"{system['growth']:.2f}",
            f"{max(row['more_than_a_page_mb'] for row in system['rows']):,.0f} MB",
        ]
        for system in measured
    ]
    return [("Seconds by the length of the text (growth 1: linear)", columns, rows, columns[1:]), *_missing(found)]


def _pipeline(found: Mapping[str, Any]) -> list[Table]:
    ways = ("together", "apart", "full models")
    columns = ["texts", *(f"{way}, texts/s" for way in ways), "faster than apart", "than full models", "differ"]
    rows = [
        [
            name,
            *(f"{row['texts_per_second'][way]:,.0f}" for way in ways),
            *(f"{row['times_faster_than'][way]:.2f} ×" for way in ways[1:]),
            str(sum(row["answers_that_differ"].values())),
        ]
        for name, row in found["datasets"].items()
    ]
    title = f"{len(found['tasks'])} tasks over one pass ({', '.join(found['tasks'])}), {found['precision']}"
    return [(title, columns, rows, columns[1:])]


def _throughput(found: Mapping[str, Any]) -> Table:
    names = list(found["texts"])
    columns = ["system", *(f"{n}, texts/s" for n in names), "first embedding", "memory then", "peak memory", "on disk"]
    rows = []
    for system in found["systems"]:
        measured = system["datasets"]
        rates = [f"{measured[n]['texts_per_second']:,.0f}" if n in measured else "–" for n in names]
        size = f"{system['bytes'] / 1e6:.1f} MB" if system.get("bytes") else "–"
        memory = [f"{system['first_rss_mb']:,.0f} MB", f"{system['peak_rss_mb']:,.0f} MB"]
        rows.append([str(system["system"]), *rates, f"{system['cold_start_s']:.2f} s", *memory, size])
    counts = ", ".join(f"{count:,} of {name}" for name, count in found["texts"].items())
    return f"Embedding, each system in a fresh process ({counts})", columns, rows, columns[1:]


def _shares(found: Mapping[str, Any]) -> Table:
    kinds = [kind for kind, rate in found["rates"].items() if rate]
    columns = ["system", "precision", "texts", "tokens/s", "GFLOP/s", *(f"of {kind} rate" for kind in kinds)]
    rows = [
        [
            str(system["system"]),
            str(system.get("precision", "")),
            name,
            f"{row['tokens_per_second']:,.0f}",
            f"{row['gflops']:,.0f}",
            *(f"{100 * row['share'][kind]:.0f} %" for kind in kinds),
        ]
        for system in found["systems"]
        for name, row in system["datasets"].items()
        if "share" in row
    ]
    return "Share of the machine's own matrix-product rate", columns, rows, columns[3:]


def _rates(found: Mapping[str, Any]) -> Table:
    rows = [[kind, f"{rate:,.0f}" if rate else "not available"] for kind, rate in found["rates"].items()]
    title = "The machine's matrix products, 2048 × 384 × 1536"
    return title, ["precision", "GFLOP/s (int8: Gop/s)"], rows, ["GFLOP/s (int8: Gop/s)"]


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], list[Table]]] = {
    "speed": _embedding,
    "speed of writing": _writing,
    "speed of a pipeline": _pipeline,
    lengths.KIND: _lengths,
    indexes.KIND: indexes.table,
    campaign.KIND: campaign.tables,
}
KINDS = tuple(_KINDS)
