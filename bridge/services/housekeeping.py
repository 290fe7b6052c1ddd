"""What operators see and do: health, gauges, pruning, and the last word on what nobody else can decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bridge.domain.attempt import Progress
from bridge.domain.events import NoteType, Source
from bridge.domain.operation import TAKEN_BACK, Kind, Operation, OperationStatus
from bridge.domain.outcome import Outcome
from bridge.domain.payment import Fact, Failure, Payment, Status
from bridge.domain.reasons import Reason
from bridge.errors import Conflict
from bridge.ports import Clock, JobKind, PaymentFilter, Providers, Unit, Units
from bridge.services.ask_provider import guarded, ref_of, request_for
from bridge.services.deliver_notification import ENDPOINT_OFF, OWNER
from bridge.services.inquire_payment import UNREADABLE
from bridge.services.record import Record
from bridge.services.represent import Represent, timestamp
from bridge.services.settle import mismatch

COUNTED = 1_000

LISTED_AFTER = timedelta(hours=1)
"""How long something may be in doubt before an operator sees it listed."""

CLOCKS_APART = timedelta(seconds=10)
"""How far the clocks of a machine and of its database may be apart. Deadlines count by the database's; shops refuse notifications whose
time, the machine's, is five minutes off."""

AT_ONCE = 5_000
"""Rows that are forgotten in one unit: a second's work or less, and nobody waits longer for the database."""

ROUNDS = 40
"""Units of one kind in a row; the rest waits for the next hour."""


Check = Callable[[], bool]


class CheckHealth:
    """Tells whether the service can do its job."""

    def __init__(
        self,
        units: Units,
        machine: Clock,
        checks: Mapping[str, Check],
        of_database: Mapping[str, Check],
    ) -> None:
        """Take the store, the clock of this machine, further checks by name, and those that need the database."""
        self._units = units
        self._machine = machine
        self._checks = checks
        self._of_database = {
            "writable": self._write,
            "clock": self._agree,
            "notifications": self._told,
            **of_database,
        }

    def __call__(self) -> dict[str, bool]:
        """Return one truth per part; where the database cannot be had it is waited for once, and nothing else is asked of it."""
        has_database = _works(self._ping)
        return {
            "database": has_database,
            **{name: has_database and _works(check) for name, check in self._of_database.items()},
            **{name: _works(check) for name, check in self._checks.items()},
        }

    def _ping(self) -> bool:
        with self._units.read() as unit:
            unit.outbox.depth()
        return True

    def _write(self) -> bool:
        """Commit something: a server that only reads, or whose disk is full, is found by writing alone."""
        with self._units() as unit:
            unit.documents.put(OWNER, "written-at", timestamp(self._machine()))
        return True

    def _agree(self) -> bool:
        with self._units.read() as unit:
            return abs(unit.now() - self._machine()) <= CLOCKS_APART

    def _told(self) -> bool:
        """Tell whether every shop takes notifications: none has switched its endpoint off by a 410."""
        with self._units.read() as unit:
            return unit.documents.count(OWNER, ENDPOINT_OFF) == 0


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
        self,
        units: Units,
        reviews: ListReviews,
        profiles: Callable[[], Mapping[str, Any]],
        accounts: Callable[[], Mapping[str, int]],
        time: Callable[[], Mapping[str, float]],
    ) -> None:
        """Take the store, what lists the payments that need an operator, what is to be told of the merchants' profiles, how many accounts
        have each alarm, and what is to be told of the clocks.
        """
        self._units = units
        self._reviews = reviews
        self._profiles = profiles
        self._accounts = accounts
        self._time = time

    def __call__(self) -> dict[str, Any]:
        """Return {"outbox": {kind: jobs}, "notifications_off": shops, "undeliverable": events, "needs_review": payments, "account_alarms": {alarm: accounts}, and the profiles'}.

        Events and payments are counted up to 1,000.
        """
        needs_review = len(self._reviews(PaymentFilter(), COUNTED))
        told = {**self._profiles(), **self._time(), "account_alarms": self._accounts()}
        with self._units.read() as unit:
            return {
                **told,
                "outbox": {kind.value: 0 for kind in JobKind} | dict(unit.outbox.depth()),
                "notifications_off": unit.documents.count(OWNER, ENDPOINT_OFF),
                "undeliverable": len(unit.events.undeliverable(None, COUNTED)),
                "needs_review": needs_review,
            }


class Prune:
    """Forgets what need not be kept: idempotency keys and raw callbacks."""

    def __init__(
        self,
        units: Units,
        clock: Clock,
        *,
        keys: timedelta,
        callbacks: timedelta,
        rejected: timedelta,
    ) -> None:
        """Take the store, and for how long each is kept; `rejected` are callbacks that were not genuine."""
        self._units = units
        self._clock = clock
        self._keys = keys
        self._callbacks = callbacks
        self._rejected = rejected

    def __call__(self) -> int:
        """Delete in small steps, each committed by itself; return how many rows went."""
        now = self._clock()
        return sum(
            (
                self._in_rounds(lambda unit: unit.keys.prune(now - self._keys, AT_ONCE)),
                self._in_rounds(lambda unit: unit.callbacks.prune(now - self._callbacks, AT_ONCE)),
                self._in_rounds(
                    lambda unit: unit.callbacks.prune(
                        now - self._rejected, AT_ONCE, state="rejected"
                    )
                ),
            )
        )

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

    def __init__(
        self, units: Units, clock: Clock, represent: Represent, providers: Providers
    ) -> None:
        """Take the store, and the accounts, whose books count for more than an operator's word."""
        self._units = units
        self._clock = clock
        self._represent = represent
        self._providers = providers

    def payment_paid(self, payment_id: str, why: str, by: str) -> Payment:
        """Take back an operator's own `failed`: the payment is paid. `by` names the operator.

        The provider is asked first. What it has taken counts, the whole amount where it cannot be asked. Raises NotFound; Conflict when the
        payment did not fail by an operator's word, and when the provider's books say that it is not paid.
        """
        with self._units.read() as unit:
            payment = unit.payments.get(payment_id)
        captured = self._captured(_failed_by_operator(payment))
        with self._units() as unit:
            record = self._record(unit, payment_id)
            _failed_by_operator(record.payment)
            record.attempted(Progress.KNOWN)
            record.set(review=None, next_check_at=None)
            record.apply(Fact.TAKEN_BACK, captured=captured)
            record.note(NoteType.RESOLVED, f"succeeded, by {by}: {why}")
            if record.payment.duplicate_of is not None:
                record.review(
                    NoteType.NEEDS_REVIEW,
                    f"second payment of order {payment.order_reference}, which is paid by {record.payment.duplicate_of}",
                )
            return record.save()

    def _captured(self, payment: Payment) -> int:
        answer = guarded(
            lambda: self._providers.get(payment.merchant, payment.provider).inquire(
                ref_of(payment)
            ),
            UNREADABLE,
        )
        if answer.outcome is Outcome.UNKNOWN:
            return payment.amount
        statement = answer.statement
        if answer.outcome is not Outcome.SUCCEEDED or statement is None or not statement.captured:
            raise Conflict(
                f"The provider says that the payment is not paid ({answer.outcome.value})."
            )
        problem = mismatch(statement, payment.reference, payment.amount, payment.currency)
        if problem is not None:
            raise Conflict(problem)
        return statement.captured

    def operation_done(self, operation_id: str, why: str, by: str) -> Operation:
        """Take back an operator's own `failed` or `canceled` of a refund, capture or cancel: it was carried out. `by` names the operator.

        Raises NotFound; Conflict when it did not end by an operator's word, when the sums leave no room for it, and when the provider's books
        say that it was not carried out.
        """
        with self._units.read() as unit:
            operation = unit.operations.get(operation_id)
            payment = unit.payments.get(operation.payment_id)
        _ask_for_room(payment, operation)
        request = request_for(payment, operation)
        answer = guarded(
            lambda: self._providers.get(payment.merchant, payment.provider).inquire_operation(
                operation.kind.value, request
            ),
            UNREADABLE,
        )
        if answer.outcome not in (Outcome.UNKNOWN, Outcome.SUCCEEDED):
            raise Conflict(
                f"The provider says that it was not carried out ({answer.outcome.value})."
            )
        with self._units() as unit:
            record = self._record(unit, payment.id)
            operation = unit.operations.get(operation_id)
            _ask_for_room(record.payment, operation)
            taken = record.take_back(operation)
            record.set(review=None)
            record.note(NoteType.RESOLVED, f"{operation_id} succeeded, by {by}: {why}")
            kept = record.keep(taken)
            record.save()
            return kept

    def payment_failed(self, payment_id: str, why: str) -> Payment:
        """Declare that a payment in doubt never happened. Raises NotFound, Conflict when it is not in doubt."""
        with self._units() as unit:
            record = self._record(unit, payment_id)
            if not record.payment.in_doubt:
                raise Conflict("This payment is not in doubt.")
            record.attempted(Progress.KNOWN)
            record.set(review=None, next_check_at=None)
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
            ended = record.end(
                replace(operation, review=None).attempted(Progress.KNOWN, record.at),
                status,
                failure,
            )
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
        return Record(
            unit,
            unit.payments.get(payment_id, lock=True),
            Source.OPERATOR,
            self._clock(),
            self._represent,
        )


def _failed_by_operator(payment: Payment) -> Payment:
    if not payment.failed_by_operator:
        raise Conflict(
            f"The payment is {payment.status.value}; only what an operator declared as failed can be taken back."
        )
    return payment


def _ask_for_room(payment: Payment, operation: Operation) -> None:
    """Raise Conflict unless an operator declared the end of the operation and the payment's sums have room for its success."""
    by_operator = operation.failure is not None and operation.failure.reason is Reason.OPERATOR
    if operation.status not in TAKEN_BACK or not by_operator:
        raise Conflict(
            f"It is {operation.status.value}; only what an operator declared as failed or canceled can be taken back."
        )
    room = {
        Kind.REFUND: payment.amount_refundable,
        Kind.CAPTURE: payment.amount_capturable,
        Kind.CANCEL: operation.amount if payment.status is Status.AUTHORIZED else 0,
    }[operation.kind]
    if operation.amount > room:
        raise Conflict(
            f"The payment's sums have no room for it: {room} is left of {operation.amount}."
        )
