"""Signals, heeded on a thread of their own.

A handler runs in the middle of whatever the main thread does: one that sets an event, reads a file or writes a log line waits for ever when
the main thread holds the lock that it needs. So a thread of its own acts.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping

log = logging.getLogger("bridge")


def hold(*numbers: signal.Signals) -> None:
    """Keep signals until they are heeded, instead of letting them end a process that is still starting."""
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)


def heed(acts: Mapping[signal.Signals, Callable[[], object]]) -> None:
    """Act on signals from now on, one after another; what an act raises is logged. Only for the main thread.

    The kernel may give a signal to any thread, and Python runs handlers on the main thread alone, which would have to wake up for that. So the
    handlers do nothing: the interpreter writes the number of each signal into a pipe, whichever thread receives it.
    """
    came, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    for number in acts:
        signal.signal(number, _nothing)
    threading.Thread(target=lambda: _act(came, acts), name="signals", daemon=True).start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, acts)


def _nothing(_number: int, _frame: object) -> None:
    """Have the interpreter take the signal."""


def _act(came: int, acts: Mapping[signal.Signals, Callable[[], object]]) -> None:
    while True:
        number = os.read(came, 1)[0]
        if number not in acts:
            continue  # it has a handler of its own
        number = signal.Signals(number)
        try:
            acts[number]()
        except Exception:
            log.exception("%s could not be heeded", number.name)
