"""What is printed: the rig, tables, and at the end every goal with its number and whether it is met."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.bench.measure import Series, processors

PACKAGES = ("falcon", "waitress", "SQLAlchemy", "psycopg", "pydantic", "requests")


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the end: what was wanted, what was found; `met` None: reported only."""

    name: str
    wanted: str
    found: str
    met: bool | None

    def line(self) -> str:
        """Return it as a line."""
        return f"{self.name:<5} {({True: 'met', False: 'NOT MET', None: '-'})[self.met]:<8} {self.wanted:<58} {self.found}"


def say(text: str = "") -> None:
    """Print at once."""
    print(text, flush=True)


def rig() -> str:
    """Describe the machine and what runs on it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{_processor()}, {processors()} processors, {memory:.0f} GiB, {platform.system()} {platform.release()}\n"
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}\n"
        f"load before: {' '.join(f'{load:.1f}' for load in os.getloadavg())} (anything near the number of processors: somebody else is at work)"
    )


def _processor() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else sys.platform


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: first column to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, *rows):
        say(
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
        )
    say()


def spread(series: Series, name: str, digits: int = 0) -> str:
    """Write a median with its lowest and highest."""
    low, high = series.spread(name)
    return f"{series.of(name):,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"


def odd(series: Series, expected: Sequence[int]) -> str:
    """Name the answers that were not expected, with their number."""
    return (
        ", ".join(
            f"{code or 'broken'}: {number}"
            for code, number in sorted(series.codes().items())
            if code not in expected
        )
        or "-"
    )
