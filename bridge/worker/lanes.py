"""How busy a room is and how its lanes do: which of them may have a thread now.

A lane is a shop or an account. Three rules keep a lane that hangs from delaying the others:

- a job that has run for a second gives its place away: it waits for somebody outside and uses no processor;
- a lane of which nothing is known yet gets one thread, and all of those lanes together half of the places; a lane that ends its jobs gets up to
  half of the places for itself;
- a lane whose job took ten seconds hangs: it is left alone for a while, then one job tries again, which takes no place, and the pauses grow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

SLOW = 1.0
"""Seconds after which a running job no longer takes a place."""

SLOW_PER_PLACE = 4
"""So many jobs may run slowly for each place; what is slow beyond them takes places."""

HANGS = 10.0
"""Seconds after which a lane is taken to hang; shops have 15 to answer, providers 20 or 30."""

RESTS = (5.0, 10.0, 20.0, 30.0)
"""Seconds for which a lane that hangs is left alone, after the first time, the second, …; the last one for ever after."""


@dataclass(slots=True)
class _Lane:
    """What is known of one lane. `started` has a moment for each running job; `hung` counts the times in a row."""

    started: list[float] = field(default_factory=list)
    proven: bool = False
    hung: int = 0
    rests_until: float = 0.0
    turns: int = 0


class Lanes:
    """The lanes of one room; safe to use from many threads. Times are seconds of `time`."""

    def __init__(self, places: int, time: Callable[[], float] = monotonic) -> None:
        """Take how many jobs run at once, those not counted that run slowly."""
        self._places = places
        self._time = time
        self._lanes: dict[str, _Lane] = {}
        self._lock = threading.Lock()

    @property
    def threads(self) -> int:
        """Return how many threads the room needs at most."""
        return self._places * (1 + SLOW_PER_PLACE)

    def free(self) -> int:
        """Return how many places are free."""
        with self._lock:
            lanes = list(self._lanes.values())
            running, slow = (
                sum(len(lane.started) for lane in lanes),
                sum(self._slow(lane) for lane in lanes),
            )
        return max(0, self._places - (running - min(slow, self._places * SLOW_PER_PLACE)))

    def room_for_unknown(self) -> int:
        """Return how many jobs may begin in lanes of which nothing is known yet, one in each."""
        with self._lock:
            unknown = [lane for lane in self._lanes.values() if not lane.proven and not lane.hung]
            return max(1, self._places // 2) - sum(
                len(lane.started) - self._slow(lane) for lane in unknown
            )

    def is_unknown(self, name: str) -> bool:
        """Tell whether no job of a lane has ended yet."""
        with self._lock:
            lane = self._lanes.get(name)
            return lane is None or (not lane.proven and not lane.hung)

    def left_out(self) -> list[str]:
        """Return the lanes that get no thread now."""
        with self._lock:
            known = list(self._lanes)
        return [name for name in known if not self.room_for(name)]

    def room_for(self, name: str) -> int:
        """Return how many more jobs of a lane may begin."""
        with self._lock:
            lane = self._lanes.get(name)
            if lane is None:
                return 1
            if lane.hung:
                return int(
                    not lane.started
                    and self._time() >= lane.rests_until
                    and self._probing() < self._places * SLOW_PER_PLACE // 2
                )
            if any(self._time() - since >= HANGS for since in lane.started):
                return 0
            return max(0, (max(1, self._places // 2) if lane.proven else 1) - len(lane.started))

    def turn(self, name: str) -> int:
        """Return how often a lane has had its turn before, and count this one."""
        with self._lock:
            lane = self._lanes.setdefault(name, _Lane())
            lane.turns += 1
            return lane.turns - 1

    def begin(self, name: str) -> float:
        """Note that a job of a lane begins; return the moment, for `end`."""
        with self._lock:
            now = self._time()
            self._lanes.setdefault(name, _Lane()).started.append(now)
            return now

    def end(self, name: str, began: float) -> float | None:
        """Note that a job ended; return for how many seconds its lane is left alone because of that, None: not at all."""
        with self._lock:
            lane, now = self._lanes[name], self._time()
            lane.started.remove(began)
            if now - began < HANGS:
                lane.proven, lane.hung = True, 0
                return None
            if now < lane.rests_until:
                return None  # one of several that hung together
            rest = RESTS[min(lane.hung, len(RESTS) - 1)]
            lane.proven, lane.hung, lane.rests_until = False, lane.hung + 1, now + rest
            return rest

    def _slow(self, lane: _Lane) -> int:
        """Return how many jobs of a lane take no place."""
        return (
            len(lane.started)
            if lane.hung
            else sum(self._time() - since >= SLOW for since in lane.started)
        )

    def _probing(self) -> int:
        return sum(bool(lane.hung and lane.started) for lane in self._lanes.values())
