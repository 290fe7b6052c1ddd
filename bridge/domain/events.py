"""What the shop is told (events), and what is only kept for the record (notes)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bridge.domain.operation import Kind, OperationStatus
from bridge.domain.payment import Status


class EventType(StrEnum):
    """Every event that a shop can be told."""

    PAYMENT_CREATED = "payment.created"
    PAYMENT_PENDING = "payment.pending"
    PAYMENT_AUTHORIZED = "payment.authorized"
    PAYMENT_PAID = "payment.paid"
    PAYMENT_PAID_LATE = "payment.paid_late"
    PAYMENT_DECLINED = "payment.declined"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_CANCELED = "payment.canceled"
    PAYMENT_EXPIRED = "payment.expired"
    CAPTURE_SUCCEEDED = "capture.succeeded"
    CAPTURE_FAILED = "capture.failed"
    REFUND_PENDING = "refund.pending"
    REFUND_SUCCEEDED = "refund.succeeded"
    REFUND_FAILED = "refund.failed"
    REFUND_CANCELED = "refund.canceled"
    SHOP_TEST = "shop.test"


class NoteType(StrEnum):
    """What is kept in a payment's history without being told to the shop."""

    OUTCOME_UNKNOWN = "note.outcome_unknown"
    ASKED_AGAIN = "note.asked_again"
    NEVER_ARRIVED = "note.never_arrived"
    REFUNDED_ELSEWHERE = "note.refunded_elsewhere"
    CAPTURED_ELSEWHERE = "note.captured_elsewhere"
    CANCELED_ELSEWHERE = "note.canceled_elsewhere"
    CONTRADICTION = "note.contradiction"
    INTEGRITY_FAILURE = "note.integrity_failure"
    NEEDS_REVIEW = "note.needs_review"
    RESOLVED = "note.resolved"
    ORDER_PAID = "note.order_paid"


class Source(StrEnum):
    """Where a fact was learned."""

    SHOP = "shop"
    PAYER = "payer"
    ANSWER = "answer"
    CALLBACK = "callback"
    RETURN = "return"
    INQUIRY = "inquiry"
    CLOCK = "clock"
    OPERATOR = "operator"
    POLICY = "policy"


PAYMENT_EVENTS: dict[Status, EventType] = {
    Status.CREATED: EventType.PAYMENT_CREATED,
    Status.PENDING: EventType.PAYMENT_PENDING,
    Status.AUTHORIZED: EventType.PAYMENT_AUTHORIZED,
    Status.PAID: EventType.PAYMENT_PAID,
    Status.DECLINED: EventType.PAYMENT_DECLINED,
    Status.FAILED: EventType.PAYMENT_FAILED,
    Status.CANCELED: EventType.PAYMENT_CANCELED,
    Status.EXPIRED: EventType.PAYMENT_EXPIRED,
}

OPERATION_EVENTS: dict[tuple[Kind, OperationStatus], EventType] = {
    (Kind.REFUND, OperationStatus.PENDING): EventType.REFUND_PENDING,
    (Kind.REFUND, OperationStatus.SUCCEEDED): EventType.REFUND_SUCCEEDED,
    (Kind.REFUND, OperationStatus.FAILED): EventType.REFUND_FAILED,
    (Kind.REFUND, OperationStatus.CANCELED): EventType.REFUND_CANCELED,
    (Kind.CAPTURE, OperationStatus.SUCCEEDED): EventType.CAPTURE_SUCCEEDED,
    (Kind.CAPTURE, OperationStatus.FAILED): EventType.CAPTURE_FAILED,
    (Kind.CAPTURE, OperationStatus.CANCELED): EventType.CAPTURE_FAILED,
}
"""A cancel tells its story through the payment's own events; a pending capture is told when it ends."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a payment. `sequence` counts 1, 2, 3 … per payment; None marks a note.

    `body` is the JSON text that is sent to the shop, made when the event was written.
    """

    id: str
    type: str
    payment_id: str
    merchant: str
    shop: str
    source: str
    at: datetime
    sequence: int | None = None
    detail: str | None = None
    body: str | None = None
    delivered_at: datetime | None = None
    undeliverable_at: datetime | None = None
    attempts: int = 0
    last_result: str | None = None
