"""Leaves an account alone for as long as its provider has asked for."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from bridge.errors import NotSent
from bridge.ports import Clock, HttpAnswer, Transport

_log = logging.getLogger(__name__)


class Patient:
    """Fulfils `ports.Transport` over another one. After a 429 with Retry-After no call of that lane is made before the time that it names.

    Such a call raises NotSent: it has surely not been made. What became of the call that was answered 429 is for the provider's code to say.
    Each process learns it for itself.
    """

    def __init__(self, transport: Transport, clock: Clock) -> None:
        """Take how to call, and the time."""
        self._transport = transport
        self._clock = clock
        self._lock = Lock()
        self._until: dict[str, datetime] = {}

    def __call__(self, lane: str, method: str, url: str, **more: Any) -> HttpAnswer:
        """Make the call unless its lane is to be left alone. Raises NotSent, NoAnswer."""
        with self._lock:
            until = self._until.get(lane)
        if until is not None and self._clock() < until:
            raise NotSent(
                f"not asked: the provider wants no call before {until:%Y-%m-%dT%H:%M:%SZ}"
            )
        answer = self._transport(lane, method, url, **more)
        wait = answer.retry_after(self._clock()) if answer.status == 429 else None
        if wait:
            self._wait(lane, wait)
        return answer

    def _wait(self, lane: str, seconds: int) -> None:
        until = self._clock() + timedelta(seconds=seconds)
        with self._lock:
            self._until[lane] = max(until, self._until.get(lane, until))
        _log.warning(
            "the provider wants no call for %d seconds",
            seconds,
            extra={"lane": lane, "seconds": seconds},
        )
