"""The worker: claims due jobs under a lease, runs them on threads, backs off from what fails, stops cleanly.

As many workers as wanted may run on one database. A lease that runs out makes its job claimable again; its fence keeps the old holder
from writing. No lane (a shop, an account) gets more than half of the threads, so a dead one delays no other.
"""
from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from bridge.errors import BridgeError, LeaseLost, MerchantOff
from bridge.failpoints import failpoint
from bridge.ports import Clock, Job, JobKind, Units
from bridge.worker.jobs import Jobs

log = logging.getLogger("bridge.worker")

CHORE_SECONDS = 3_600
LONGEST_BACK_OFF = 3_600
LONGEST_WAIT_FOR_A_MERCHANT = 300
"""Seconds between two looks whether a merchant is served again: seldom enough for thousands of waiting jobs, soon enough after a mistake is mended."""


class Worker:
    """Works the outbox off until it is told to stop."""

    def __init__(
        self, units: Units, jobs: Jobs, clock: Clock, *, threads: int, lease: float, poll: float, chore: Callable[[], object]
    ) -> None:
        """Take the jobs, how many run at once, how long a lease lasts, the pause between two looks (seconds), and an hourly chore."""
        self._units = units
        self._jobs = jobs
        self._clock = clock
        self._threads = threads
        self._lease = timedelta(seconds=lease)
        self._poll = poll
        self._chore = chore
        self._stopping = threading.Event()
        self._changed = threading.Event()
        self._lock = threading.Lock()
        self._lanes: Counter[str] = Counter()

    def run(self) -> None:
        """Work until `stop`; jobs under way are finished first."""
        next_chore = self._clock()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="job") as pool:
            while not self._stopping.is_set():
                if self._clock() >= next_chore:
                    next_chore = self._clock() + timedelta(seconds=CHORE_SECONDS)
                    self._guarded(self._chore)
                if not self._guarded(lambda: self._take(pool)):
                    self._changed.wait(self._poll)
                    self._changed.clear()

    def stop(self) -> None:
        """Ask the loop to end."""
        self._stopping.set()
        self._changed.set()

    def run_due(self, limit: int = 1_000) -> int:
        """Run what is due now, one by one in this thread; return how many jobs ran. For commands and tests."""
        ran = 0
        while ran < limit and (jobs := self._claim(list(JobKind), 1)):
            self._run(jobs[0])
            ran += len(jobs)
        return ran

    def _take(self, pool: ThreadPoolExecutor) -> bool:
        with self._lock:
            free = self._threads - self._lanes.total()
            fullest = max((running for running in self._lanes.values() if running < self._per_lane), default=0)
        # What is claimed at once may all be of one lane: no more than the fullest lane that is not crowded has room for.
        jobs = self._claim(list(JobKind), min(free, self._per_lane - fullest)) if free > 0 else []
        for job in jobs:
            with self._lock:
                self._lanes[job.lane] += 1
            pool.submit(self._run_in_lane, job)
        return bool(jobs)

    @property
    def _per_lane(self) -> int:
        return max(1, self._threads // 2)

    def _claim(self, kinds: list[JobKind], limit: int) -> list[Job]:
        with self._lock:
            crowded = [lane for lane, running in self._lanes.items() if running >= self._per_lane]
        now = self._clock()
        with self._units() as unit:
            jobs = list(unit.outbox.claim(kinds, now, now + self._lease, limit, crowded))
        if jobs:
            failpoint("job_claimed")
        return jobs

    def _run_in_lane(self, job: Job) -> None:
        try:
            self._run(job)
        finally:
            with self._lock:
                self._lanes[job.lane] -= 1
                self._lanes += Counter()  # forget lanes at zero
            self._changed.set()

    def _run(self, job: Job) -> None:
        try:
            ended = self._jobs[job.kind](job)
            failpoint("job_run")
            if not ended:
                self._end(job)
        except MerchantOff:
            log.info("a job waits, because its merchant is switched off", extra={"kind": job.kind.value, "detail": job.subject, "lane": job.lane})
            self._guarded(lambda: self._back_off(job, LONGEST_WAIT_FOR_A_MERCHANT))
        except LeaseLost:
            log.info("another worker holds this job by now", extra={"kind": job.kind.value, "detail": job.subject})
        except Exception as error:
            _tell("a job failed and is tried again later", error, kind=job.kind.value, detail=job.subject)
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
