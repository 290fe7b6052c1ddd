"""The worker: claims due jobs under a lease, runs them on threads, backs off from what fails, stops cleanly.

As many workers as wanted may run on one database. A lease that runs out makes its job claimable again; its fence keeps the old holder
from writing. Jobs that move money have a room of their own, whose threads notifications cannot take.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from bridge.errors import BridgeError, LeaseLost, MerchantOff
from bridge.failpoints import failpoint
from bridge.ports import Clock, Job, Room, Units
from bridge.worker.jobs import Jobs
from bridge.worker.room import WorkRoom

log = logging.getLogger("bridge.worker")

CHORE_SECONDS = 3_600
LONGEST_BACK_OFF = 3_600
LONGEST_WAIT_FOR_A_MERCHANT = 300
"""Seconds between two looks whether a merchant is served again: seldom enough for thousands of waiting jobs, soon enough after a mistake is mended."""


class Worker:
    """Works the outbox off until it is told to stop."""

    def __init__(
        self,
        units: Units,
        jobs: Jobs,
        clock: Clock,
        *,
        threads: int,
        notification_threads: int,
        lease: float,
        poll: float,
        chore: Callable[[], object],
    ) -> None:
        """Take the jobs, how many run at once, how long a lease lasts, the pause between two looks (seconds), and an hourly chore."""
        self._units = units
        self._jobs = jobs
        self._clock = clock
        self._chore = chore
        self._stopping = threading.Event()
        self._places = {Room.MONEY: threads, Room.NOTIFICATIONS: notification_threads}
        self._lease = lease
        self._poll = poll
        self._rooms = self._new_rooms()

    def run(self) -> None:
        """Work until `stop`; jobs under way are finished first."""
        working = [
            threading.Thread(
                target=room.work, args=(self._guarded,), name=f"worker-{room.room.value}"
            )
            for room in self._rooms
        ]
        for thread in working:
            thread.start()
        while not self._stopping.is_set():
            self._guarded(self._chore)
            self._stopping.wait(CHORE_SECONDS)
        for thread in working:
            thread.join()

    def stop(self) -> None:
        """Ask the rooms to end."""
        self._stopping.set()
        for room in self._rooms:
            room.stop()

    def run_due(self, limit: int = 1_000) -> int:
        """Run what is due now, one by one in this thread, money first; return how many jobs ran. For commands and tests."""
        rooms, ran = self._new_rooms(), 0
        while ran < limit and (job := next((job for room in rooms for job in room.claim(1)), None)):
            self._run(job)
            ran += 1
        return ran

    def _new_rooms(self) -> list[WorkRoom]:
        return [
            WorkRoom(
                room,
                self._units,
                self._clock,
                self._run,
                places=places,
                lease=self._lease,
                poll=self._poll,
            )
            for room, places in self._places.items()
        ]

    def _run(self, job: Job) -> None:
        try:
            ended = self._jobs[job.kind](job)
            failpoint("job_run")
            if not ended:
                self._end(job)
        except MerchantOff:
            log.info(
                "a job waits, because its merchant is switched off",
                extra={"kind": job.kind.value, "detail": job.subject, "lane": job.lane},
            )
            self._guarded(lambda: self._back_off(job, LONGEST_WAIT_FOR_A_MERCHANT))
        except LeaseLost:
            log.info(
                "another worker holds this job by now",
                extra={"kind": job.kind.value, "detail": job.subject},
            )
        except Exception as error:
            _tell(
                "a job failed and is tried again later",
                error,
                kind=job.kind.value,
                detail=job.subject,
            )
            self._guarded(lambda: self._back_off(job))

    def _end(self, job: Job) -> None:
        with self._units() as unit:
            unit.outbox.done(job)

    def _back_off(self, job: Job, longest: int = LONGEST_BACK_OFF) -> None:
        pause = min(2 ** min(job.attempts, 12), longest)
        with self._units() as unit:
            unit.outbox.postpone(job, self._clock() + timedelta(seconds=pause))

    def _guarded(self, act: Callable[[], object]) -> object:
        try:
            return act()
        except Exception as error:
            _tell("the worker goes on after an error", error)
            self._stopping.wait(1)
            return None


def _tell(what: str, error: Exception, **extra: str) -> None:
    """Write what went wrong down: a sentence where it is foreseen (no database, a profile that is gone), where it happened otherwise."""
    if isinstance(error, BridgeError):
        log.error("%s: %s", what, error.for_operators, extra=extra)
    else:
        log.error(what, exc_info=error, extra=extra)
