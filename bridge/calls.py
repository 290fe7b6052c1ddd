"""Rooms in which outgoing calls run: bounded in all and per account or shop, so that nobody outside takes the threads that serve."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from bridge.errors import Unavailable

log = logging.getLogger("bridge.calls")

GLANCE = 0.05
"""Seconds for which even a thread waits that finds enough others waiting: what is known already is answered at once."""


class CallRoom:
    """Fulfils `ports.Calls`. `calls` run at once in all, `per_lane` at once for one account or shop; at most `waiters` threads wait for one.

    Rooms may share their `waiters`.
    """

    def __init__(self, calls: int, per_lane: int, waiters: threading.Semaphore) -> None:
        """Take the three limits. Fewer waiters than serving threads: reads are served however slow those outside are."""
        self._pool = ThreadPoolExecutor(calls, thread_name_prefix="call")
        self._free = threading.BoundedSemaphore(calls)
        self._waiting = waiters
        self._per_lane = per_lane
        self._running: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def run(self, lane: str, call: Callable[[], object], wait: float) -> bool:
        """Run `call()` and wait up to `wait` seconds for its end, hardly at all where enough others wait; True: it ended.

        Raises Unavailable when nothing could be started.
        """
        self._enter(lane)
        ended = threading.Event()
        self._pool.submit(copy_context().run, self._call, lane, call, ended)
        if not self._waiting.acquire(blocking=False):
            return ended.wait(min(wait, GLANCE))
        try:
            return ended.wait(wait)
        finally:
            self._waiting.release()

    def close(self) -> None:
        """Wait for what is running, start nothing more."""
        self._pool.shutdown()

    def _enter(self, lane: str) -> None:
        with self._lock:
            if self._running[lane] >= self._per_lane or not self._free.acquire(blocking=False):
                raise Unavailable("Too many calls of this kind are under way.")
            self._running[lane] += 1

    def _call(self, lane: str, call: Callable[[], object], ended: threading.Event) -> None:
        try:
            call()
        except Exception:
            log.exception(
                "a call ended with an error; what it left open is looked after",
                extra={"lane": lane},
            )
        finally:
            with self._lock:
                self._running[lane] -= 1
                if not self._running[lane]:
                    del self._running[lane]
            self._free.release()
            ended.set()
