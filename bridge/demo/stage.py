"""What runs now, whether it is to end, and waiting that notices both."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.demo.layout import Layout
from bridge.demo.processes import Child

START_WITHIN = 60.0  # seconds for one process to answer


class Trouble(Exception):
    """Why the demo cannot run, in a sentence for the person who started it."""


class Stopped(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


@dataclass(slots=True)
class Stage:
    """The children, in the order in which they were started."""

    layout: Layout
    ending: threading.Event
    children: list[Child] = field(default_factory=list)

    def look_after(self) -> None:
        """Raise ``Stopped`` if the demo is to end, ``Trouble`` if a child has ended by itself."""
        if self.ending.is_set():
            raise Stopped
        for child in self.children:
            if child.has_ended:
                raise Trouble(child.obituary())

    def wait(self, is_so: Callable[[], bool], complaint: str) -> None:
        """Look after the children until it is so; raises ``Trouble`` with the complaint when that takes too long."""
        deadline = time.monotonic() + START_WITHIN
        while not is_so():
            self.look_after()
            if time.monotonic() > deadline:
                raise Trouble(f"After {START_WITHIN:.0f} seconds {complaint}.")
            self.ending.wait(0.1)

    def watch(self) -> None:
        """Look after the children for ever."""
        while True:
            self.look_after()
            self.ending.wait(0.25)
