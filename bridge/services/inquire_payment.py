"""Asks a provider what became of a payment or an operation, and settles what it says.

A callback, a returning browser, a shop's sync, a watching payer and the reconciliation all come through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridge.domain.attempt import Attempt
from bridge.domain.events import NoteType, Source
from bridge.domain.operation import Operation, OperationStatus
from bridge.domain.outcome import Answer, Outcome
from bridge.domain.payment import Payment
from bridge.failpoints import failpoint
from bridge.ports import Calls, Clock, Job, Providers, Shop, Unit, Units
from bridge.services.ask_provider import guarded, ref_of, request_for
from bridge.services.record import Record
from bridge.services.represent import Represent
from bridge.services.schedule import lane_of
from bridge.services.settle import Settle

UNREADABLE = Answer.unknown("internal")
BOOKS_MOVED = Answer.unknown("books_moved")


class InquirePayment:
    """Asks the provider now. Repeating it is harmless."""

    def __init__(
        self, units: Units, providers: Providers, clock: Clock, settle: Settle, represent: Represent
    ) -> None:
        """Take what an inquiry needs."""
        self._units = units
        self._providers = providers
        self._clock = clock
        self._settle = settle
        self._represent = represent

    def __call__(
        self, payment: Payment, source: Source, job: Job | None = None
    ) -> tuple[Payment, Answer]:
        """Inquire about a payment that was asked for; return it afterwards, and the provider's answer.

        With a job, nothing is written once another worker holds it (LeaseLost), and the job is ended with what is written.
        """
        provider = self._providers.get(payment.merchant, payment.provider)
        answer = guarded(lambda: provider.inquire(ref_of(payment)), UNREADABLE)
        failpoint("inquired")
        with self._units() as unit:
            record = self._record(unit, payment, source, job)
            if _concerns(answer, payment.attempt, record.payment.attempt):
                self._settle.inquired(record, answer)
                record.save()
            _end(unit, job)
            failpoint("inquiry_uncommitted")
        return record.payment, answer

    def operation(
        self, payment: Payment, operation: Operation, source: Source, job: Job | None = None
    ) -> tuple[Operation, Answer]:
        """Inquire about a refund, capture or cancel that was asked for; return it afterwards, and the provider's answer.

        A provider may answer from sums, which hold only for the books that the question was made from: if they have moved
        meanwhile, nothing was learned.
        """
        provider = self._providers.get(payment.merchant, payment.provider)
        with self._units.read() as unit:
            payment, others = unit.payments.get(payment.id), _others_of_its_kind(unit, operation)
            request = request_for(
                payment, operation, tuple(o.amount for o in others if _may_be_there(o))
            )
        answer = guarded(
            lambda: provider.inquire_operation(operation.kind.value, request), UNREADABLE
        )
        failpoint("operation_inquired")
        with self._units() as unit:
            record = self._record(unit, payment, source, job)
            unmoved = _books(record.payment, _others_of_its_kind(unit, operation)) == _books(
                payment, others
            )
            answer = answer if unmoved else BOOKS_MOVED
            current = unit.operations.get(operation.id)
            if _concerns(answer, operation.attempt, current.attempt):
                current = record.keep(self._settle.operation_inquired(record, current, answer))
                record.save()
            _end(unit, job)
            failpoint("operation_inquiry_uncommitted")
        return current, answer

    def contradicted(self, payment: Payment, source: Source, detail: str) -> None:
        """Keep what cannot be settled, for an operator's eye."""
        with self._units() as unit:
            record = self._record(unit, payment, source, None)
            record.review(NoteType.CONTRADICTION, detail)
            record.save()

    def _record(self, unit: Unit, payment: Payment, source: Source, job: Job | None) -> Record:
        locked = unit.payments.get(payment.id, lock=True)
        if job is not None:
            unit.outbox.hold(job)
        return Record(unit, locked, source, self._clock(), self._represent)


def _end(unit: Unit, job: Job | None) -> None:
    if job is not None:
        unit.outbox.done(job)


def _others_of_its_kind(unit: Unit, operation: Operation) -> list[Operation]:
    return [
        o
        for o in unit.operations.of_payment(operation.payment_id, operation.kind.value)
        if o.id != operation.id
    ]


def _concerns(answer: Answer, asked: Attempt, now: Attempt) -> bool:
    """Tell whether the answer to an inquiry says something about the request as it is now.

    Another try may have begun meanwhile, or be under way. Then only what the provider has under a name of its own counts, and of an
    earlier try only that money moved: its refusal says nothing about the present one.
    """
    if now.number != asked.number:
        return answer.provider_reference is not None and answer.outcome is not Outcome.DECLINED
    return not now.sending or answer.provider_reference is not None


def _may_be_there(operation: Operation) -> bool:
    return operation.status is OperationStatus.PENDING and not operation.attempt.not_sent


def _books(p: Payment, others: Sequence[Operation]) -> tuple[object, ...]:
    sums = p.amount_captured, p.amount_capture_pending, p.amount_refunded, p.amount_refund_pending
    return sums, [(o.id, o.attempt.number, o.attempt.state, o.status) for o in others]


class SyncPayment:
    """The shop wants to know now: the status double-check."""

    def __init__(
        self, units: Units, calls: Calls, inquire: InquirePayment, represent: Represent
    ) -> None:
        """Take what a sync needs."""
        self._units = units
        self._calls = calls
        self._inquire = inquire
        self._represent = represent

    def __call__(self, shop: Shop, payment_id: str) -> dict[str, Any]:
        """Inquire about the payment and its unfinished refunds; return the payment as it is known within `respond_within`.

        Raises NotFound; Unavailable when the account's calls are full.
        """
        with self._units.read() as unit:
            payment = unit.payments.of_shop(shop.shop, payment_id)
        if was_asked(payment):
            self._calls.run(
                lane_of(payment), lambda: self._everything(payment), shop.respond_within
            )
        with self._units.read() as unit:
            return self._represent.payment(unit.payments.of_shop(shop.shop, payment_id))

    def _everything(self, payment: Payment) -> None:
        payment, _ = self._inquire(payment, Source.INQUIRY)
        with self._units.read() as unit:
            operations = unit.operations.of_payment(payment.id)
        for operation in operations:
            if operation.status is OperationStatus.PENDING and was_asked(operation):
                self._inquire.operation(payment, operation, Source.INQUIRY)


def was_asked(subject: Payment | Operation) -> bool:
    """Tell whether the provider may know it."""
    return subject.attempt.may_be_known
