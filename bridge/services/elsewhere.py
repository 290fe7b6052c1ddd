"""Money that others moved directly at the provider: in its portal, or with another client.

Every inquiry about a payment tells what the provider's books have. What they have beyond ours, and no operation of ours can explain,
becomes an operation of its own with the source `provider`. The provider's sums only grow, so the same answer twice books nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge.domain.attempt import Attempt, AttemptState, Progress
from bridge.domain.events import NoteType
from bridge.domain.operation import PREFIXES, Kind, Operation, OperationStatus, Origin
from bridge.domain.outcome import Part, Statement
from bridge.domain.payment import Payment, Status
from bridge.ports import JobKind
from bridge.services.ids import new_id
from bridge.services.record import Record

NOTES = {
    Kind.REFUND: NoteType.REFUNDED_ELSEWHERE,
    Kind.CAPTURE: NoteType.CAPTURED_ELSEWHERE,
    Kind.CANCEL: NoteType.CANCELED_ELSEWHERE,
}


def notice_captured(record: Record, before: Payment, statement: Statement) -> None:
    """Book what others captured of an authorization. `before`: the payment before this statement was believed.

    While a capture of ours is pending, nothing is noticed: its own inquiry tells first what became of it.
    """
    captured, p = statement.captured or 0, record.payment
    if (
        p.status is not Status.PAID
        or p.capture != "manual"
        or before.amount_capture_pending
        or captured <= before.amount_captured
    ):
        return
    record.set(amount_captured=captured, amount_authorized=max(p.amount_authorized, captured))
    _book(record, Kind.CAPTURE, captured - before.amount_captured)


def notice_refunded(record: Record, statement: Statement) -> None:
    """Book what others gave back of a paid payment.

    A refund that the provider names is ours by its name or is not. Of a sum, nothing is taken for foreign while a refund of ours may be
    in it. What others gave back while all of it is held by refunds of ours is noticed when those have ended.
    """
    if record.payment.status is not Status.PAID:
        return
    ours = record.unit.operations.of_payment(record.payment.id, Kind.REFUND.value)
    unnamed = sum(
        one.amount
        for one in ours
        if one.source is Origin.PROVIDER and one.provider_reference is None
    )
    for part in statement.refunds:
        if not _is_foreign(record, part, ours):
            continue
        if part.amount <= unnamed:  # booked already, when the provider told the sum alone
            unnamed -= part.amount
        else:
            _book_refund(record, part.amount, ours, part.provider_reference)
    surplus = (statement.refunded or 0) - record.payment.amount_refunded
    if surplus > 0 and not any(_may_be_there(one) for one in ours):
        _book_refund(record, surplus, ours)


def notice_released(record: Record) -> None:
    """Book that an authorization was released by others, or by a cancel of ours of which the answer was lost."""
    ours = [
        one
        for one in record.unit.operations.of_payment(record.payment.id, Kind.CANCEL.value)
        if one.status is OperationStatus.PENDING
    ]
    for one in ours:
        if one.in_doubt:
            record.keep(
                record.end(
                    replace(one, updated_at=record.at).attempted(Progress.KNOWN, record.at),
                    OperationStatus.SUCCEEDED,
                )
            )
            record.unit.outbox.remove(JobKind.OPERATION, one.id)
    if not any(_may_be_there(one) for one in ours):
        _book(record, Kind.CANCEL, record.payment.amount_authorized)


def _is_foreign(record: Record, part: Part, ours: Sequence[Operation]) -> bool:
    p = record.payment
    if (
        record.unit.operations.by_provider_reference(
            p.merchant, p.provider, part.provider_reference
        )
        is not None
    ):
        return False
    named = (part.our_reference or "").rpartition("-")[0]
    own = next((one for one in ours if one.id == named), None)
    if own is not None and own.provider_reference is not None:
        record.review(
            NoteType.CONTRADICTION,
            f"the provider has carried out {part.our_reference} besides {own.reference}",
        )
    return own is None


def _book_refund(
    record: Record, amount: int, ours: Sequence[Operation], provider_reference: str | None = None
) -> None:
    p = record.payment
    if amount <= p.amount_refundable:
        record.set(amount_refunded=p.amount_refunded + amount)
        _book(record, Kind.REFUND, amount, provider_reference)
    elif not any(one.status is OperationStatus.PENDING for one in ours):
        record.review(
            NoteType.INTEGRITY_FAILURE,
            f"the provider's books differ: {amount} more given back, and {p.amount_refundable} is left",
        )


def _book(record: Record, kind: Kind, amount: int, provider_reference: str | None = None) -> None:
    p = record.payment
    operation = Operation(
        id=new_id(PREFIXES[kind], record.at),
        kind=kind,
        payment_id=p.id,
        merchant=p.merchant,
        shop=p.shop,
        amount=amount,
        currency=p.currency,
        created_at=record.at,
        updated_at=record.at,
        status=OperationStatus.SUCCEEDED,
        attempt=Attempt(AttemptState.ACCEPTED),
        source=Origin.PROVIDER,
        provider_reference=provider_reference,
    )
    record.note(
        NOTES[kind], f"{operation.id}: {amount} {p.currency}, made directly at the provider"
    )
    record.book(operation)


def _may_be_there(operation: Operation) -> bool:
    return operation.status is OperationStatus.PENDING and not operation.attempt.not_sent
