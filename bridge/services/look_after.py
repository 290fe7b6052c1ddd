"""Reconciliation: looks after every payment and operation that is not settled, whatever left it so.

The worker brings a job; what is to be done follows from the row alone, so a crash anywhere is made good here.
"""

from __future__ import annotations

from collections.abc import Callable

from bridge.domain.events import Source
from bridge.domain.operation import Operation, OperationStatus
from bridge.domain.payment import Fact, Failure, Payment, Status
from bridge.domain.reasons import Reason
from bridge.failpoints import failpoint
from bridge.ports import Clock, Job, Units
from bridge.services.ask_provider import AskProvider
from bridge.services.inquire_payment import InquirePayment
from bridge.services.record import Record
from bridge.services.represent import Represent
from bridge.services.schedule import Schedule, awaits_the_provider
from bridge.services.settle import Settle

Step = Callable[[], bool]
"""What follows the look at the row; it returns whether the job was ended with it."""


def _nothing() -> bool:
    return False


class _LookAfter:
    """What both need."""

    def __init__(
        self,
        units: Units,
        clock: Clock,
        ask: AskProvider,
        inquire: InquirePayment,
        settle: Settle,
        schedule: Schedule,
        represent: Represent,
    ) -> None:
        """Take what the story needs."""
        self._units = units
        self._clock = clock
        self._ask = ask
        self._inquire = inquire
        self._settle = settle
        self._schedule = schedule
        self._represent = represent


class LookAfterPayment(_LookAfter):
    """Sends what was never sent, inquires about what is open or in doubt, ends what has expired."""

    def __call__(self, job: Job) -> bool:
        """Do what is due for the job's payment; return whether that ended the job. Raises LeaseLost when another worker holds it by now."""
        with self._units() as unit:
            payment = unit.payments.get(job.subject, lock=True)
            unit.outbox.hold(job)
            record = Record(unit, payment, Source.CLOCK, self._clock(), self._represent)
            step = self._decide(record, job)
            failpoint("look_after_uncommitted")
        return step()

    def _decide(self, record: Record, job: Job) -> Step:
        p = record.payment
        if p.attempt.sending:
            return self._lost_or_under_way(record, job)
        if p.giving_up is not None and p.attempt.not_sent:
            self._settle.give_up(record, Source(p.giving_up), None)
            record.save()
            return _nothing
        if (p.status is Status.CREATED and record.at >= p.expires_at) or (
            p.ready_to_ask and record.at >= p.expires_at
        ):
            record.apply(Fact.EXPIRED, failure=Failure(Reason.EXPIRED))
            return self._plan_and(record, _nothing)
        if p.ready_to_ask:
            self._ask.intend(record)
            payment = record.save()
            return lambda: self._sent(payment)
        if p.attempt.number == 0 or not (awaits_the_provider(p) or p.status is Status.PAID):
            return self._plan_and(record, _nothing)
        return lambda: self._inquired(p, job)

    def _lost_or_under_way(self, record: Record, job: Job) -> Step:
        p = record.payment
        sent_at = p.attempt.sent_at
        if sent_at is not None and record.at < self._schedule.answered_by(p, sent_at):
            return self._plan_and(record, _nothing)
        self._settle.lost(record)
        doubtful = record.save()
        return lambda: self._inquired(doubtful, job)

    def _plan_and(self, record: Record, step: Step) -> Step:
        self._settle.plan(record)
        record.save()
        return step

    def _sent(self, payment: Payment) -> bool:
        self._ask.send(payment)
        return False

    def _inquired(self, payment: Payment, job: Job) -> bool:
        self._inquire(payment, Source.INQUIRY, job)
        return True


class LookAfterOperation(_LookAfter):
    """The same for a refund, capture or cancel."""

    def __call__(self, job: Job) -> bool:
        """Do what is due for the job's operation; return whether that ended the job. Raises LeaseLost when another worker holds it by now."""
        with self._units() as unit:
            payment = unit.payments.get(unit.operations.get(job.subject).payment_id, lock=True)
            unit.outbox.hold(job)
            record = Record(unit, payment, Source.CLOCK, self._clock(), self._represent)
            step = self._decide(record, unit.operations.get(job.subject), job)
            failpoint("look_after_operation_uncommitted")
        return step()

    def _decide(self, record: Record, operation: Operation, job: Job) -> Step:
        if operation.status is not OperationStatus.PENDING:
            return _nothing
        if operation.attempt.sending:
            return self._lost_or_under_way(record, operation, job)
        if operation.attempt.not_sent:
            asking = record.keep(self._ask.intend_operation(record, operation))
            return self._saved(record, lambda payment: self._sent(payment, asking))
        return lambda: self._inquired(record.payment, operation, job)

    def _lost_or_under_way(self, record: Record, operation: Operation, job: Job) -> Step:
        sent_at = operation.attempt.sent_at
        if sent_at is not None and record.at < self._schedule.answered_by(record.payment, sent_at):
            self._settle.plan_operation(record, operation)
            return self._saved(record, lambda payment: False)
        doubtful = record.keep(self._settle.operation_lost(record, operation))
        return self._saved(record, lambda payment: self._inquired(payment, doubtful, job))

    def _saved(self, record: Record, step: Callable[[Payment], bool]) -> Step:
        payment = record.save()
        return lambda: step(payment)

    def _sent(self, payment: Payment, operation: Operation) -> bool:
        self._ask.send_operation(payment, operation)
        return False

    def _inquired(self, payment: Payment, operation: Operation, job: Job) -> bool:
        self._inquire.operation(payment, operation, Source.INQUIRY, job)
        return True
