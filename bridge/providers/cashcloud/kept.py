"""Values that are asked for seldom and kept for a while: rates and payment reasons."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from bridge.ports import Clock

V = TypeVar("V")


class Kept(Generic[V]):
    """Keeps at most `at_most` values for `seconds` each; a failure to make one is not kept. Safe to use from many threads."""

    def __init__(self, seconds: int, clock: Clock, at_most: int = 256) -> None:
        """Take how long and how many."""
        self._for = timedelta(seconds=seconds)
        self._clock = clock
        self._at_most = at_most
        self._lock = Lock()
        self._values: OrderedDict[Hashable, tuple[datetime, V]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the kept value or make it; no lock is held meanwhile, so two threads may make the same one."""
        with self._lock:
            until, value = self._values.get(key, (None, None))
        if until is not None and self._clock() < until:
            return value  # type: ignore[return-value]
        return self._keep(key, make())

    def _keep(self, key: Hashable, value: V) -> V:
        with self._lock:
            self._values[key] = self._clock() + self._for, value
            self._values.move_to_end(key)
            if len(self._values) > self._at_most:
                self._values.popitem(last=False)
        return value
