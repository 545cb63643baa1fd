"""A measured process: a fresh interpreter that reads a job from one file and writes its answer to another."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from slmkit.benchmarks.runner import child_environment


def ask(module: str, job: dict[str, Any]) -> dict[str, Any]:
    """Run ``python -m module JOB_JSON OUT`` and read the answer; a process without one gives a ``reason``.

    The clock of a cold start begins before the interpreter does, so it travels in the job: ``asked_at``, as wall time.
    """
    with tempfile.TemporaryDirectory() as scratch:
        given, out = Path(scratch) / "job.json", Path(scratch) / "answer.json"
        given.write_text(json.dumps({**job, "asked_at": time.time()}), encoding="utf-8")
        command = [sys.executable, "-m", module, str(given), str(out)]
        child = subprocess.run(command, env=child_environment(), capture_output=True, check=False)
        if out.is_file():
            return json.loads(out.read_text(encoding="utf-8"))
        said = child.stderr.decode(errors="replace").strip().splitlines()
        return {"reason": f"the process ended with {child.returncode}: {said[-1] if said else 'it said nothing'}"}
