"""Signals, heeded on a thread of their own.

A handler runs in the middle of whatever the main thread does: one that sets an event, reads a file or writes a log line waits for ever when
the main thread holds the lock that it needs. So handlers here only pass on what came.
"""
from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue

log = logging.getLogger("bridge")


def hold(*numbers: signal.Signals) -> None:
    """Keep signals until they are heeded, instead of letting them end a process that is still starting."""
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)


def heed(acts: Mapping[signal.Signals, Callable[[], object]]) -> None:
    """Act on signals from now on, one after another; what an act raises is logged. Only for the main thread."""
    came: SimpleQueue[int] = SimpleQueue()  # its `put` may interrupt itself
    for number in acts:
        signal.signal(number, lambda number, _frame: came.put(number))
    threading.Thread(target=lambda: _act(came, acts), name="signals", daemon=True).start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, acts)


def _act(came: SimpleQueue[int], acts: Mapping[signal.Signals, Callable[[], object]]) -> None:
    while True:
        number = signal.Signals(came.get())
        try:
            acts[number]()
        except Exception:
            log.exception("%s could not be heeded", number.name)
