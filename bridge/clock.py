"""The time by which deadlines count: the database's, carried on between two measurements by a clock of this machine that nobody sets.

Whether a request may still be under way is decided by one process about the request of another, so all of them need one time. The clocks of
their machines are not one time: one of them may be hours off. See decisions/0007-deadlines-count-by-the-database.md.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bridge.ports import Clock, Units

log = logging.getLogger("bridge.clock")

MEASURE_SECONDS = 5.0
"""Between two measurements."""

IMPRECISE_SECONDS = 1.0
"""A measurement that took longer says too little about the moment that it is of, and is not used."""

JUMP_SECONDS = 2.0
"""Further apart than this, what is measured and what was carried on are two times: one of the clocks was set, or this process was suspended."""

TOLD_FOR = timedelta(minutes=5)
"""So long after a jump the health check warns of it."""

APART_SECONDS = 10.0
"""Further apart than this, a machine's clock and the database's are not both right."""


def since_boot() -> float:
    """Return seconds of a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class DatabaseClock:
    """Tells the database's time without asking for it. Before the first measurement it is this machine's.

    After a jump nothing that hangs on the passing of time is believed for a while: see `steady_since`.
    """

    def __init__(
        self, units: Units, machine: Clock, carry: Callable[[], float] = since_boot
    ) -> None:
        """Take the store, the clock of this machine, and what carries the time on (seconds)."""
        self._units = units
        self._machine = machine
        self._carry = carry
        self._base: tuple[datetime, float] | None = None
        self._steady_since: datetime | None = None
        self._jumps = 0

    def __call__(self) -> datetime:
        """Return now by the database's clock, UTC, in whole milliseconds."""
        if self._base is None:
            return self._machine()
        at, carried = self._base
        now = at + timedelta(seconds=self._carry() - carried)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def steady_since(self) -> datetime | None:
        """Return from when on all processes agree on the time, None where it has never jumped.

        What was stamped earlier counts as stamped then: by which clock it was is not known.
        """
        return self._steady_since

    def is_steady(self) -> bool:
        """Tell whether the last jump, if there was one, is some minutes ago."""
        return self._steady_since is None or self() >= self._steady_since + TOLD_FOR

    def measure(self) -> None:
        """Compare with the database's clock, and go by it from now on. Raises Unavailable when the database cannot be had."""
        with self._units.read() as unit:
            before = self._carry()
            at = unit.now()
            after = self._carry()
        if after - before > IMPRECISE_SECONDS:
            return
        first = self._base is None
        expected = self()
        self._base = at, (before + after) / 2
        apart = (self() - expected).total_seconds()
        if abs(apart) > (APART_SECONDS if first else JUMP_SECONDS):
            self._jumped(apart, first)

    def keep_time(self, stopping: threading.Event) -> None:
        """Measure every few seconds until told to stop; while the database cannot be had, the time is carried on."""
        while not stopping.wait(MEASURE_SECONDS):
            try:
                self.measure()
            except Exception as error:
                log.info("the database's clock could not be read: %s", error)

    def tell(self) -> Mapping[str, float]:
        """Return how far this machine's clock is ahead of the database's (seconds, negative: behind), and how often the time has jumped."""
        return {
            "clock_ahead_seconds": round((self._machine() - self()).total_seconds(), 3),
            "clock_jumps": self._jumps,
        }

    def _jumped(self, apart: float, first: bool) -> None:
        # Until every process has measured anew, some of them still stamp with the time of before.
        self._steady_since = self() + timedelta(seconds=2 * MEASURE_SECONDS)
        self._jumps += not first
        log.error(
            "the database's clock and this machine's are %.1f s apart; deadlines count by the database's"
            if first
            else "the database's clock is %.1f s from where it should be: it was set, or this process was suspended",
            apart,
        )
