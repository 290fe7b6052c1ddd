"""What operators see and do: health, gauges, pruning, and the last word on what nobody else can decide."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bridge.domain.events import NoteType, Source
from bridge.domain.operation import Operation, OperationStatus
from bridge.domain.payment import Asking, Fact, Failure, Payment
from bridge.domain.reasons import Reason
from bridge.errors import Conflict
from bridge.ports import Clock, JobKind, PaymentFilter, Unit, Units
from bridge.services.deliver_notification import OWNER
from bridge.services.record import Record
from bridge.services.represent import Represent, timestamp

COUNTED = 1_000

LISTED_AFTER = timedelta(hours=1)
"""How long something may be in doubt before an operator sees it listed."""

CLOCKS_APART = timedelta(seconds=10)
"""How far the clocks of a node and of its database may be apart: due times are written by one node and read by another, and shops refuse
notifications whose time is five minutes off."""

AT_ONCE = 5_000
"""Rows that are forgotten in one unit: a second's work or less, and nobody waits longer for the database."""

ROUNDS = 40
"""Units of one kind in a row; the rest waits for the next hour."""


Check = Callable[[], bool]


class CheckHealth:
    """Tells whether the service can do its job."""

    def __init__(self, units: Units, clock: Clock, checks: Mapping[str, Check], of_database: Mapping[str, Check]) -> None:
        """Take the store, the clock of this process, further checks by name, and those that need the database."""
        self._units = units
        self._clock = clock
        self._checks = checks
        self._of_database = {"writable": self._write, "clock": self._agree, **of_database}

    def __call__(self) -> dict[str, bool]:
        """Return one truth per part; where the database cannot be had it is waited for once, and nothing else is asked of it."""
        has_database = _works(self._ping)
        return {"database": has_database, **{name: has_database and _works(check) for name, check in self._of_database.items()},
                **{name: _works(check) for name, check in self._checks.items()}}

    def _ping(self) -> bool:
        with self._units.read() as unit:
            unit.outbox.depth()
        return True

    def _write(self) -> bool:
        """Commit something: a server that only reads, or whose disk is full, is found by writing alone."""
        with self._units() as unit:
            unit.documents.put(OWNER, "written-at", timestamp(self._clock()))
        return True

    def _agree(self) -> bool:
        with self._units.read() as unit:
            return abs(unit.now() - self._clock()) <= CLOCKS_APART


def _works(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:
        return False


class ListReviews:
    """Lists the payments that need an operator: those under review, and those of which something is in doubt for an hour."""

    def __init__(self, units: Units, clock: Clock) -> None:
        """Take the store."""
        self._units = units
        self._clock = clock

    def __call__(self, wanted: PaymentFilter, limit: int) -> Sequence[Payment]:
        """Return those of `wanted` that need an operator, newest first. The inquiries about what is in doubt go on meanwhile."""
        wanted = replace(wanted, needs_review=True, doubtful_before=self._clock() - LISTED_AFTER)
        with self._units.read() as unit:
            return unit.payments.list(None, wanted, limit, None)


class Measure:
    """Counts what waits and what needs an operator."""

    def __init__(
        self, units: Units, reviews: ListReviews, profiles: Callable[[], Mapping[str, Any]], accounts: Callable[[], Mapping[str, int]],
    ) -> None:
        """Take the store, what lists the payments that need an operator, what is to be told of the merchants' profiles, and how many accounts
        have each alarm.
        """
        self._units = units
        self._reviews = reviews
        self._profiles = profiles
        self._accounts = accounts

    def __call__(self) -> dict[str, Any]:
        """Return {"outbox": {kind: jobs}, "undeliverable": events, "needs_review": payments, "account_alarms": {alarm: accounts}, and the profiles'}.

        Events and payments are counted up to 1,000.
        """
        needs_review = len(self._reviews(PaymentFilter(), COUNTED))
        told = {**self._profiles(), "account_alarms": self._accounts()}
        with self._units.read() as unit:
            return {
                **told,
                "outbox": {kind.value: 0 for kind in JobKind} | dict(unit.outbox.depth()),
                "undeliverable": len(unit.events.undeliverable(None, COUNTED)),
                "needs_review": needs_review,
            }


class Prune:
    """Forgets what need not be kept: idempotency keys and raw callbacks."""

    def __init__(self, units: Units, clock: Clock, *, keys: timedelta, callbacks: timedelta, rejected: timedelta) -> None:
        """Take the store, and for how long each is kept; `rejected` are callbacks that were not genuine."""
        self._units = units
        self._clock = clock
        self._keys = keys
        self._callbacks = callbacks
        self._rejected = rejected

    def __call__(self) -> int:
        """Delete in small steps, each committed by itself; return how many rows went."""
        now = self._clock()
        return sum((
            self._in_rounds(lambda unit: unit.keys.prune(now - self._keys, AT_ONCE)),
            self._in_rounds(lambda unit: unit.callbacks.prune(now - self._callbacks, AT_ONCE)),
            self._in_rounds(lambda unit: unit.callbacks.prune(now - self._rejected, AT_ONCE, state="rejected")),
        ))

    def _in_rounds(self, prune: Callable[[Unit], int]) -> int:
        gone = 0
        for _ in range(ROUNDS):
            with self._units() as unit:
                went = prune(unit)
            gone += went
            if went < AT_ONCE:
                break
        return gone


class Resolve:
    """An operator's word ends a doubt that the provider's word cannot; it is kept with its reason."""

    def __init__(self, units: Units, clock: Clock, represent: Represent) -> None:
        """Take the store."""
        self._units = units
        self._clock = clock
        self._represent = represent

    def payment_failed(self, payment_id: str, why: str) -> Payment:
        """Declare that a payment in doubt never happened. Raises NotFound, Conflict when it is not in doubt."""
        with self._units() as unit:
            record = self._record(unit, payment_id)
            if not record.payment.in_doubt:
                raise Conflict("This payment is not in doubt.")
            record.set(asking=Asking.ANSWERED, review=None, next_check_at=None)
            record.apply(Fact.FAILED, failure=Failure(Reason.OPERATOR))
            record.note(NoteType.RESOLVED, why)
            unit.outbox.remove(JobKind.PAYMENT, payment_id)
            return record.save()

    def operation(self, operation_id: str, status: OperationStatus, why: str) -> Operation:
        """Declare how a pending refund, capture or cancel ended. Raises NotFound, Conflict when it is not pending."""
        with self._units() as unit:
            operation = unit.operations.get(operation_id)
            record = self._record(unit, operation.payment_id)
            if operation.status is not OperationStatus.PENDING:
                raise Conflict(f"It is {operation.status.value} already.")
            failure = None if status is OperationStatus.SUCCEEDED else Failure(Reason.OPERATOR)
            ended = record.end(replace(operation, asking=Asking.ANSWERED, review=None), status, failure)
            record.set(review=None)
            record.note(NoteType.RESOLVED, f"{operation_id} {status.value}: {why}")
            unit.outbox.remove(JobKind.OPERATION, operation_id)
            kept = record.keep(ended)
            record.save()
            return kept

    def reviewed(self, payment_id: str, why: str) -> Payment:
        """Close a review without changing anything else. Raises NotFound."""
        with self._units() as unit:
            record = self._record(unit, payment_id)
            record.set(review=None)
            record.note(NoteType.RESOLVED, why)
            return record.save()

    def _record(self, unit: Any, payment_id: str) -> Record:
        return Record(unit, unit.payments.get(payment_id, lock=True), Source.OPERATOR, self._clock(), self._represent)
