"""The sandbox's own clock: real time plus what `POST /control/clock` has added."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from bridge.sandbox.settings import Settings


class Clock:
    """Seconds since the epoch, in UTC; the advance is kept over a restart."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def now(self) -> float:
        """The sandbox's time in seconds since the epoch."""
        advance: float = self._settings.get("clock_advance", 0.0)
        return time.time() + advance

    def advance(self, seconds: float) -> None:
        """Move the clock on by so many seconds."""
        self._settings.put("clock_advance", self._settings.get("clock_advance", 0.0) + seconds)


def rfc3339(at: float) -> str:
    """The time as RFC 3339 in UTC, with milliseconds and `Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
