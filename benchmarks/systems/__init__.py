"""The systems that are measured: ours, the peers, and a dummy for the harness's own tests."""

from __future__ import annotations

from slmkit.benchmarks.systems.base import Foretelling, Searching, Size, System
from slmkit.benchmarks.systems.registry import SYSTEMS, SystemEntry, build, get, names

__all__ = ["SYSTEMS", "Foretelling", "Searching", "Size", "System", "SystemEntry", "build", "get", "names"]
