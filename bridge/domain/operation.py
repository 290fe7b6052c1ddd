"""An operation: something asked of the provider about a payment that exists: a refund, a capture or a cancel.

All three live the same life (intent, call, answer) and move the payment's amounts by the one table below.
An operation that is pending counts as if it had succeeded, so that nothing can be given away twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bridge.domain.attempt import Attempt, Progress
from bridge.domain.payment import Change, Failure, Payment
from bridge.domain.reasons import Effect, Reason


class Kind(StrEnum):
    """What is asked for."""

    REFUND = "refund"
    CAPTURE = "capture"
    CANCEL = "cancel"


class OperationStatus(StrEnum):
    """What became of it."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class Origin(StrEnum):
    """Who made it: the shop, an operator, the bridge by a shop's policy, or somebody else directly at the provider."""

    SHOP = "shop"
    OPERATOR = "operator"
    BRIDGE = "bridge"
    PROVIDER = "provider"


PREFIXES: dict[Kind, str] = {Kind.REFUND: "ref", Kind.CAPTURE: "cap", Kind.CANCEL: "can"}

FINAL = frozenset({OperationStatus.SUCCEEDED, OperationStatus.FAILED, OperationStatus.CANCELED})

TAKEN_BACK = frozenset({OperationStatus.FAILED, OperationStatus.CANCELED})
"""Ends that an operator who declared them may take back."""

ENDS: dict[Effect, OperationStatus] = {
    Effect.DECLINED: OperationStatus.FAILED,
    Effect.FAILED: OperationStatus.FAILED,
    Effect.CANCELED: OperationStatus.CANCELED,
    Effect.EXPIRED: OperationStatus.CANCELED,
}
"""How an operation ends when the provider's word is no, by the effect of the reason."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A refund, capture or cancel. Amounts are minor units; times are UTC; `reference` is our name for it at the provider."""

    id: str
    kind: Kind
    payment_id: str
    merchant: str
    shop: str
    amount: int
    currency: str
    created_at: datetime
    updated_at: datetime
    status: OperationStatus = OperationStatus.PENDING
    attempt: Attempt = Attempt()
    reason: str | None = None
    refund_reference: str | None = None
    provider_reference: str | None = None
    failure: Failure | None = None
    review: str | None = None
    source: Origin = Origin.SHOP
    version: int = field(default=0, compare=False)

    @property
    def reference(self) -> str:
        """Our name for the current try at the provider; unique, ASCII, at most 40 characters."""
        return f"{self.id}-{self.attempt.number}"

    @property
    def outcome_known(self) -> bool:
        """False while the provider was asked and its answer was lost."""
        return not self.attempt.in_doubt

    @property
    def in_doubt(self) -> bool:
        """Tell whether nobody knows yet what became of it."""
        return self.status is OperationStatus.PENDING and self.attempt.in_doubt

    def attempted(self, progress: Progress, at: datetime) -> Operation:
        """Return the operation after something happened to its request at `at`. Raises IllegalTransition."""
        return replace(self, attempt=self.attempt.after(progress, at))

    def end(
        self, status: OperationStatus, at: datetime, failure: Failure | None = None
    ) -> tuple[Operation, Change]:
        """End a pending operation; the same end again is a repeat, another one a contradiction."""
        if self.status is OperationStatus.PENDING:
            return replace(self, status=status, failure=failure, updated_at=at), Change.APPLIED
        return self, Change.REPEATED if self.status is status else Change.CONTRADICTED

    def take_back(self, at: datetime) -> tuple[Operation, Change]:
        """Turn an end without success that is an operator's word alone into a success; anything else is a contradiction."""
        by_operator = self.failure is not None and self.failure.reason is Reason.OPERATOR
        if self.status in TAKEN_BACK and by_operator:
            return replace(
                self, status=OperationStatus.SUCCEEDED, failure=None, updated_at=at
            ), Change.APPLIED
        return self, Change.CONTRADICTED


Move = Callable[[Payment, int], Payment]


def _nothing(payment: Payment, _amount: int) -> Payment:
    return payment


def _hold_refund(p: Payment, amount: int) -> Payment:
    return replace(p, amount_refund_pending=p.amount_refund_pending + amount)


def _release_refund(p: Payment, amount: int) -> Payment:
    return replace(p, amount_refund_pending=p.amount_refund_pending - amount)


def _book_refund(p: Payment, amount: int) -> Payment:
    return replace(_release_refund(p, amount), amount_refunded=p.amount_refunded + amount)


def _hold_capture(p: Payment, amount: int) -> Payment:
    return replace(p, amount_capture_pending=p.amount_capture_pending + amount)


def _release_capture(p: Payment, amount: int) -> Payment:
    return replace(p, amount_capture_pending=p.amount_capture_pending - amount)


def _book_capture(p: Payment, amount: int) -> Payment:
    return replace(_release_capture(p, amount), amount_captured=p.amount_captured + amount)


MOVES: dict[tuple[Kind, OperationStatus], Move] = {
    (Kind.REFUND, OperationStatus.PENDING): _hold_refund,
    (Kind.REFUND, OperationStatus.SUCCEEDED): _book_refund,
    (Kind.REFUND, OperationStatus.FAILED): _release_refund,
    (Kind.REFUND, OperationStatus.CANCELED): _release_refund,
    (Kind.CAPTURE, OperationStatus.PENDING): _hold_capture,
    (Kind.CAPTURE, OperationStatus.SUCCEEDED): _book_capture,
    (Kind.CAPTURE, OperationStatus.FAILED): _release_capture,
    (Kind.CAPTURE, OperationStatus.CANCELED): _release_capture,
    (Kind.CANCEL, OperationStatus.PENDING): _nothing,
    (Kind.CANCEL, OperationStatus.SUCCEEDED): _nothing,
    (Kind.CANCEL, OperationStatus.FAILED): _nothing,
    (Kind.CANCEL, OperationStatus.CANCELED): _nothing,
}
"""What an operation does to the payment's amounts when it enters a status."""


def move(payment: Payment, operation: Operation) -> Payment:
    """Return the payment with its amounts moved by the operation's present status; the caller saves both together."""
    return MOVES[operation.kind, operation.status](payment, operation.amount)
