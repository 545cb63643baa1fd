"""What a result was measured on: processor, memory, versions, and the peak memory of this process."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import slmkit

_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
_ALWAYS = ("numpy", "scipy", "scikit-learn", "torch")


def describe() -> dict[str, Any]:
    """Processor, cores that this process may use, memory, and system."""
    info: dict[str, Any] = {
        "processor": platform.processor() or platform.machine(),
        "cores": _cores(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
    }
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        found = dict(line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
        lines = {key.strip(): value.strip() for key, value in found.items()}
        info["processor"] = lines.get("model name", info["processor"])
        info["flags"] = [flag for flag in _FLAGS if flag in lines.get("flags", "").split()]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        info["memory_gb"] = round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    return info


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)


def versions(distributions: Iterable[str] = ()) -> dict[str, str]:
    """Versions of slmkit and of those of the libraries that are installed."""
    found = {"slmkit": slmkit.__version__}
    for name in (*_ALWAYS, *distributions):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def peak_rss_mb() -> float:
    """The highest resident memory of this process so far, in MiB; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not getrusage: on Linux a child starts with the peak of the process that forked it.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    if sys.platform == "win32":
        try:
            import psutil
        except ImportError:
            return 0.0
        return psutil.Process().memory_info().peak_wset / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
