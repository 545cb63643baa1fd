"""Sentences about what was measured on what, for the page and for Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slmkit.benchmarks.datasets import REGISTRY
from slmkit.benchmarks.results import Result

Table = tuple[str, list[str], list[list[str]], list[str]]


def machine_text(results: Sequence[Result], speeds: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for each machine that results come from."""
    machines = [r.machine for r in results] + [speed["machine"] for speed in speeds if "machine" in speed]
    return list(dict.fromkeys(_machine(m) for m in machines))


def _machine(info: Mapping[str, Any]) -> str:
    parts = [str(info.get("processor", "unknown processor")), f"{info.get('cores', '?')} cores"]
    if info.get("memory_gb"):
        parts.append(f"{info['memory_gb']} GiB")
    if info.get("flags"):
        parts.append(" ".join(map(str, info["flags"])))
    parts.append(str(info.get("system", "")))
    if info.get("threads"):
        parts.append(f"OMP_NUM_THREADS={info['threads']}")
    return ", ".join(part for part in parts if part)


def version_text(results: Sequence[Result]) -> list[str]:
    """``name version`` of every library that took part, each once."""
    found = {f"{name} {version}" for r in results for name, version in r.versions.items()}
    python = {f"Python {r.machine['python']}" for r in results if "python" in r.machine}
    return sorted(python) + sorted(found, key=str.lower)


def outdated(results: Sequence[Result]) -> list[str]:
    """``dataset (system)`` of each result that was measured on an earlier version of its set than the registry's."""
    old = [r for r in results if r.dataset in REGISTRY and r.dataset_version != REGISTRY[r.dataset].version]
    return list(dict.fromkeys(f"{r.dataset} ({r.system})" for r in old))


def speed_tables(speeds: Sequence[Mapping[str, Any]]) -> list[Table]:
    """Tables of ``bench speed``; none where it was not run."""
    from slmkit.benchmarks.speed import tables

    return [table for speed in speeds for table in tables(speed)]
