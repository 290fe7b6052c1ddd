"""Child processes that do not outlive their parent: started with a log file each, watched, ended in order."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LAST_LINES = 15
PATIENCE = 5.0  # seconds between asking a child to end and ending it
PR_SET_PDEATHSIG = 1  # Linux, prctl(2)


@dataclass(frozen=True, slots=True)
class Child:
    """A running process and its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def has_ended(self) -> bool:
        """Tell whether it runs no more."""
        return self.process.poll() is not None

    def obituary(self) -> str:
        """Return how it ended, and its last words."""
        lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        said = "\n".join(f"    {line}" for line in lines) or "    (it said nothing)"
        return f"{self.name} ended by itself, code {self.process.returncode}. Its last words, from {self.log}:\n{said}"


def start(name: str, arguments: Sequence[str], log: Path) -> Child:
    """Start ``python -m …`` in a session of its own, so that Ctrl-C reaches the parent alone, who ends the children in order."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True, preexec_fn=die_with_parent,
        )  # fmt: skip
    return Child(name, process, log)


def stop(children: Sequence[Child]) -> None:
    """End them all at once: ask first, and after a few seconds do not ask."""
    for child in children:
        _send(child, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    for child in children:
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _send(child, signal.SIGKILL)
            child.process.wait()


def _send(child: Child, number: signal.Signals) -> None:
    if not child.has_ended:
        os.killpg(child.process.pid, number)


def die_with_parent() -> None:
    """Have this process end when its parent does, however that ends; for ``preexec_fn``. Does nothing outside Linux."""
    # Where the demo itself is killed, nobody is left to end the children, and their ports would stay taken.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
