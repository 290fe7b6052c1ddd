"""A payment under change within one unit: facts are applied, events and notes written, the row saved once.

Every committed change of a payment, refund, capture or cancel goes through a Record, so an event exists exactly when its change does.
Nothing else writes payments or operations; a test holds that.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from bridge.domain.attempt import Progress
from bridge.domain.events import (
    OPERATION_EVENTS,
    PAYMENT_EVENTS,
    Event,
    EventType,
    NoteType,
    Source,
)
from bridge.domain.operation import Kind, Operation, OperationStatus, Origin, move
from bridge.domain.payment import GIVEN_UP, UNFINISHED, Change, Fact, Failure, Payment, Status
from bridge.domain.reasons import Reason
from bridge.ports import JobKind, Unit
from bridge.services.ids import new_id
from bridge.services.represent import Represent, to_json
from bridge.services.schedule import lane_of

log = logging.getLogger("bridge.payments")


class Record:
    """One payment, one unit, one source of facts. Call `save` at the end; nothing is stored before."""

    def __init__(
        self, unit: Unit, payment: Payment, source: Source, at: datetime, represent: Represent
    ) -> None:
        """Open a record on a payment read in `unit` under lock."""
        self.unit = unit
        self.payment = payment
        self.source = source
        self.at = at
        self._represent = represent
        self._events: list[Event] = []

    def set(self, **changes: object) -> None:
        """Change fields that are no facts: references, counters, plans."""
        self.payment = replace(self.payment, **changes)  # type: ignore[arg-type]

    def attempted(self, progress: Progress) -> None:
        """Note what happened to the payment's request. Raises IllegalTransition."""
        self.payment = self.payment.attempted(progress, self.at)

    def apply(
        self,
        fact: Fact,
        *,
        authorized: int = 0,
        captured: int = 0,
        failure: Failure | None = None,
        source: Source | None = None,
    ) -> Change:
        """Apply a fact; tell it when it changed something, keep it when it contradicts.

        Amounts are the provider's totals, minor units. `source` is given where it differs from the record's.
        """
        before = self.payment.status
        self.payment, change = self.payment.apply(
            fact, self.at, authorized=authorized, captured=captured, failure=failure
        )
        if change is Change.APPLIED:
            self._compare_with_order(before)
            self.tell(_event_for(before, self.payment.status), source=source)
        elif change is Change.CONTRADICTED:
            self.review(
                NoteType.CONTRADICTION,
                f"{fact.value} was reported while the payment is {before.value}",
            )
        return change

    def end(
        self, operation: Operation, status: OperationStatus, failure: Failure | None = None
    ) -> Operation:
        """End a refund, capture or cancel and move the payment's amounts with it; return the stored operation."""
        ended, change = operation.end(status, self.at, failure)
        if change is Change.APPLIED:
            self.payment = replace(move(self.payment, ended), updated_at=self.at)
            self._weigh_doubts(ended)
            self._tell_operation(ended)
            self._follow(ended)
            if ended.source is Origin.BRIDGE and status is not OperationStatus.SUCCEEDED:
                self.review(
                    NoteType.NEEDS_REVIEW,
                    f"{ended.id} was to give the money back ({ended.reason}) and is {status.value}",
                )
        elif change is Change.CONTRADICTED:
            self.review(
                NoteType.CONTRADICTION,
                f"{ended.id}: {status.value} was reported while it is {ended.status.value}",
            )
        return ended

    def take_back(self, operation: Operation) -> Operation:
        """Turn an operation that an operator declared as failed or canceled into a success, and move the amounts; not yet saved."""
        taken, change = operation.take_back(self.at)
        if change is Change.APPLIED:
            held = move(self.payment, replace(operation, status=OperationStatus.PENDING))
            self.payment = replace(move(held, taken), updated_at=self.at)
            self._tell_operation(taken)
            self._follow(taken)
        return taken

    def open(self, operation: Operation) -> None:
        """Store a new operation, hold its amount, and tell the shop."""
        self.payment = replace(move(self.payment, operation), updated_at=self.at)
        self.unit.operations.add(operation)
        self._tell_operation(operation)

    def book(self, operation: Operation) -> None:
        """Store an operation that has ended already, and tell the shop; the caller has moved the payment's amounts."""
        self.set(updated_at=self.at)
        self.unit.operations.add(operation)
        self._tell_operation(operation)

    def keep(self, operation: Operation) -> Operation:
        """Store a changed operation; the payment shows its doubt, or the end of it. Raises LeaseLost when somebody was faster."""
        self._weigh_doubts(operation)
        return self.unit.operations.save(operation)

    def tell(
        self,
        event_type: EventType,
        operation: Operation | None = None,
        source: Source | None = None,
    ) -> None:
        """Note an event for the shop; it is written with the payment, and the outbox entry that delivers it too."""
        self.set(sequence=self.payment.sequence + 1)
        p = self.payment
        event = self._event(event_type.value, source=source, sequence=p.sequence)
        body = to_json(self._represent.notification(event, p, operation))
        self._events.append(replace(event, body=body))
        log.info(
            "%s",
            event_type.value,
            extra={
                "payment_id": p.id,
                "shop": p.shop,
                "status": p.status.value,
                "reason": event.source,
            },
        )

    def note(self, note_type: NoteType, detail: str) -> None:
        """Keep something in the history without telling the shop."""
        self._events.append(replace(self._event(note_type.value), detail=detail))
        log.warning(
            "%s: %s",
            note_type.value,
            detail,
            extra={"payment_id": self.payment.id, "shop": self.payment.shop},
        )

    def review(self, note_type: NoteType, detail: str) -> None:
        """Keep a note once, and ask for an operator's eye."""
        if self.payment.review != detail:
            self.note(note_type, detail)
            self.set(review=detail)

    def add(self) -> Payment:
        """Store a new payment with its events. Raises PaymentExists."""
        self.unit.payments.add(self.payment)
        return self._stored()

    def save(self) -> Payment:
        """Store the payment, compare and set, with its new events."""
        self.payment = self.unit.payments.save(self.payment)
        return self._stored()

    def _stored(self) -> Payment:
        for event in self._events:
            self.unit.events.add(event)
        if any(event.sequence for event in self._events):
            self.unit.outbox.put(
                JobKind.NOTIFY, self.payment.id, self.payment.shop, self.at, keep_due=True
            )
        self._events.clear()
        return self.payment

    def _weigh_doubts(self, changed: Operation) -> None:
        others = (o for o in self.unit.operations.of_payment(self.payment.id) if o.id != changed.id)
        since = [o.attempt.sent_at or o.created_at for o in (*others, changed) if o.in_doubt]
        self.set(operations_doubtful_since=min(since, default=None))

    def _compare_with_order(self, before: Status) -> None:
        """Find out whether the order has its money from another payment, and have what else is open of it ended."""
        p = self.payment
        if p.status not in (Status.AUTHORIZED, Status.PAID):
            return
        if (
            p.duplicate_of is None and before is not Status.AUTHORIZED
        ):  # what is captured was compared when it was authorized
            self.set(duplicate_of=self.unit.payments.other_with_money(p, hold=True))
        if (
            p.status is Status.PAID and before not in UNFINISHED
        ):  # only beside a payment that had ended another may have been opened
            self.unit.outbox.put(JobKind.ORDER, p.id, lane_of(p), self.at)

    def _tell_operation(self, operation: Operation) -> None:
        event_type = OPERATION_EVENTS.get((operation.kind, operation.status))
        if event_type is not None:
            self.tell(event_type, operation)

    def _follow(self, ended: Operation) -> None:
        """Apply to the payment what the success of a capture or a cancel makes of it."""
        if ended.status is OperationStatus.SUCCEEDED and ended.kind is Kind.CAPTURE:
            self.apply(Fact.PAID, captured=self.payment.amount_captured)
        elif ended.status is OperationStatus.SUCCEEDED and ended.kind is Kind.CANCEL:
            self.set(provider_ended=True)
            self.apply(Fact.CANCELED, failure=Failure(Reason.GIVEN_UP))

    def _event(
        self, event_type: str, *, source: Source | None = None, sequence: int | None = None
    ) -> Event:
        p = self.payment
        return Event(
            id=new_id("evt", self.at),
            type=event_type,
            payment_id=p.id,
            merchant=p.merchant,
            shop=p.shop,
            source=(source or self.source).value,
            at=self.at,
            sequence=sequence,
        )


def _event_for(before: Status, after: Status) -> EventType:
    if before in (*GIVEN_UP, Status.FAILED) and after is Status.PAID:
        return EventType.PAYMENT_PAID_LATE
    return PAYMENT_EVENTS[after]
