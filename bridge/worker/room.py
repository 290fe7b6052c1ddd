"""A room of the worker: takes due jobs of one sort in turn from lane to lane, and runs them on threads of its own."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from bridge.failpoints import failpoint
from bridge.ports import Clock, Job, Room, Share, Units
from bridge.worker.lanes import Lanes

log = logging.getLogger("bridge.worker")

CIRCLE = 64
"""So many lanes are looked up at once; each of them has its turn before any is looked up anew."""


class WorkRoom:
    """Claims and runs the jobs of one room until it is told to stop."""

    def __init__(
        self,
        room: Room,
        units: Units,
        clock: Clock,
        run: Callable[[Job], None],
        *,
        places: int,
        lease: float,
        poll: float,
    ) -> None:
        """Take what runs a job (it never raises), how many run at once, how long a lease lasts, and the pause between two looks (seconds)."""
        self.room = room
        self._units = units
        self._clock = clock
        self._run = run
        self._lease = timedelta(seconds=lease)
        self._poll = poll
        self._lanes = Lanes(places)
        self._circle: deque[str] = deque()
        self._last = ""
        self._stopping = threading.Event()
        self._changed = threading.Event()

    def work(self, guarded: Callable[[Callable[[], object]], object]) -> None:
        """Work until `stop`; jobs under way are finished first. `guarded` runs an act and outlives what it raises."""
        with ThreadPoolExecutor(
            self._lanes.threads, thread_name_prefix=f"job-{self.room.value}"
        ) as pool:
            while not self._stopping.is_set():
                if not guarded(lambda: self._take(pool)):
                    self._changed.wait(self._poll)
                    self._changed.clear()

    def stop(self) -> None:
        """Ask `work` to end."""
        self._stopping.set()
        self._changed.set()

    def claim(self, free: int) -> Sequence[Job]:
        """Lease up to `free` jobs, in turn from the lanes that may have a thread."""
        jobs = self._claim_in_circle(free)
        if not jobs:
            self._circle = self._new_circle()
            jobs = self._claim_in_circle(free)
        if jobs:
            failpoint("job_claimed")
        return jobs

    def _take(self, pool: ThreadPoolExecutor) -> bool:
        free = self._lanes.free()
        jobs = self.claim(free) if free else []
        for job in jobs:
            pool.submit(self._run_in_lane, job, self._lanes.begin(job.lane))
        return bool(jobs)

    def _new_circle(self) -> deque[str]:
        with self._units.read() as unit:
            return deque(
                unit.outbox.lanes_due(
                    self.room,
                    self._clock(),
                    after=self._last,
                    left_out=self._lanes.left_out(),
                    most=CIRCLE,
                )
            )

    def _claim_in_circle(self, free: int) -> Sequence[Job]:
        while lanes := self._next_lanes(free):
            if jobs := self._leased(lanes, free // len(lanes)):
                return jobs
        return []

    def _next_lanes(self, most: int) -> list[str]:
        found: list[str] = []
        unknown = self._lanes.room_for_unknown()
        while self._circle and len(found) < most:
            self._last = self._circle.popleft()
            is_unknown = self._lanes.is_unknown(self._last)
            if self._lanes.room_for(self._last) and (unknown > 0 or not is_unknown):
                found.append(self._last)
                unknown -= is_unknown
        return found

    def _leased(self, lanes: Sequence[str], share: int) -> Sequence[Job]:
        shares = [
            Share(
                lane, min(share, self._lanes.room_for(lane)), newest=self._lanes.turn(lane) % 2 == 1
            )
            for lane in lanes
        ]
        now = self._clock()
        with self._units() as unit:
            return unit.outbox.claim(self.room, shares, now, now + self._lease)

    def _run_in_lane(self, job: Job, began: float) -> None:
        try:
            self._run(job)
        finally:
            held_back = not self._lanes.free() or not self._lanes.room_for(job.lane)
            rest = self._lanes.end(job.lane, began)
            if rest is not None:
                log.warning(
                    "%s hangs, and is left alone for %d s",
                    job.lane,
                    rest,
                    extra={"lane": job.lane, "kind": job.kind.value},
                )
            if held_back:
                self._changed.set()
