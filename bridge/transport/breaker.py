"""A breaker per lane: after some failures in a row the lane is left alone for a while, then one call tries again."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from bridge.errors import NotSent


class Breaker:
    """One lane's breaker; safe to use from many threads. `failures` 0: it never opens. Times are seconds of `clock`."""

    def __init__(self, failures: int, seconds: float, clock: Callable[[], float]) -> None:
        """Start closed."""
        self._limit = failures
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._in_a_row = 0
        self._open_until: float | None = None
        self._trying = False

    def enter(self) -> None:
        """Ask whether a call may be made. Raises NotSent while the lane is left alone."""
        with self._lock:
            if self._open_until is None:
                return
            if self._trying or self._clock() < self._open_until:
                raise NotSent(
                    f"not asked: the last {self._in_a_row} calls failed, the next try is due in a moment"
                )
            self._trying = True

    def leave(self, ok: bool | None) -> None:
        """Tell how the call ended; None: it says nothing about the other side."""
        with self._lock:
            self._trying = False
            if ok:
                self._in_a_row, self._open_until = 0, None
            elif ok is False:
                self._in_a_row += 1
                if self._limit and self._in_a_row >= self._limit:
                    self._open_until = self._clock() + self._seconds
