"""A measured process: a fresh interpreter that reads a job from one file and writes its answer to another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import slmkit

_TAIL = 2000
_TERMINATED = 128 + signal.SIGTERM  # the exit code of a process that ended by it, as shells tell it


def ask(module: str, job: dict[str, Any], *, timeout: float | None = None) -> dict[str, Any]:
    """Run ``python -m module JOB_JSON OUT`` and read the answer.

    A process without one gives ``{"status": "failed", "reason", "result": None}``, one that was still running after
    ``timeout`` seconds the same with the status ``no time``; what else such a process had written by then stays. The
    clock of a cold start begins before the interpreter does, so it travels in the job: ``asked_at``, as wall time.

    Raises:
        SystemExit: SIGTERM came meanwhile and nobody else handles it; the process that was asked is ended first.
    """
    with tempfile.TemporaryDirectory() as scratch:
        given, out, said = (Path(scratch) / name for name in ("job.json", "answer.json", "said.txt"))
        given.write_text(json.dumps({**job, "asked_at": time.time()}), encoding="utf-8")
        code = _wait([sys.executable, "-m", module, str(given), str(out)], said, timeout)
        if code is None:
            reason = f"stopped after {timeout:.0f} s, when the time was up"
            return {**_written(out), "status": "no time", "reason": reason, "result": None}
        if code == 0 and out.is_file():
            return json.loads(out.read_text(encoding="utf-8"))
        lines = said.read_bytes()[-_TAIL:].decode(errors="replace").strip().splitlines()
        reason = f"the process ended with {code}: {lines[-1] if lines else 'it said nothing'}"
        return {**_written(out), "status": "failed", "reason": reason, "result": None}


def _written(out: Path) -> dict[str, Any]:
    """What a process left that did not end well; nothing where it cannot be read."""
    try:
        found = json.loads(out.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _wait(command: list[str], said: Path, timeout: float | None) -> int | None:
    """The exit code, None after the timeout. It speaks into a file: its own children would hold a pipe open."""
    with _exit_at_sigterm() as watch:
        with said.open("wb") as err:
            child = subprocess.Popen(
                command,
                env=child_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=err,
                start_new_session=True,
            )
        try:
            watch()
            return child.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if child.poll() is None:  # late, or we are interrupted: whatever it started ends with it
                if os.name == "posix":
                    os.killpg(child.pid, signal.SIGKILL)
                else:
                    child.kill()
                child.wait()


@contextmanager
def _exit_at_sigterm() -> Iterator[Callable[[], None]]:
    """Have SIGTERM raise SystemExit: a process that just died would leave its child, in a session of its own, running.

    It does so once the function that this gives was called: before that, the child may be there and not known yet. Only
    the main thread may say so, and whoever handles the signal already goes on doing it.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield lambda: None
        return
    watched = came = False

    def leave(number: int, frame: Any) -> None:
        nonlocal came
        came = True
        if watched:
            raise SystemExit(_TERMINATED)

    def watch() -> None:
        nonlocal watched
        watched = True
        if came:
            raise SystemExit(_TERMINATED)

    old = signal.signal(signal.SIGTERM, leave)
    try:
        yield watch
    finally:
        signal.signal(signal.SIGTERM, old)


def child_environment() -> dict[str, str]:
    """The environment of a measuring process: this package importable, and no library asking a hub."""
    home = str(Path(slmkit.__file__).resolve().parent.parent)
    paths = [home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    return {**os.environ, **offline, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
