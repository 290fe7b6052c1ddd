"""A shop takes part or all of an authorized amount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.events import Source
from bridge.domain.money import Money
from bridge.domain.operation import Kind, Operation, OperationStatus
from bridge.domain.payment import Payment, Status
from bridge.errors import (
    AmountTooLarge,
    FieldError,
    NotSupported,
    OutcomeUnknown,
    PaymentNotAuthorized,
)
from bridge.ports import Capability, Clock, Providers, Shop, Unit
from bridge.services.idempotent import Answered, Intent
from bridge.services.operate import Operate


@dataclass(frozen=True, slots=True)
class CaptureWish:
    """What to take, minor units; None: all that is left of the authorization."""

    amount: int | None = None


class CapturePayment:
    """Holds the amount under the payment's lock, then asks the provider; captures never exceed the authorization."""

    def __init__(self, operate: Operate, providers: Providers, clock: Clock) -> None:
        """Take what the story needs."""
        self._operate = operate
        self._providers = providers
        self._clock = clock

    def __call__(self, shop: Shop, payment_id: str, key: str, wish: CaptureWish) -> Answered:
        """Capture, or answer as before for the same key.

        OutcomeUnknown: a cancel is under way. Raises NotFound, PaymentNotAuthorized, AmountTooLarge, NotSupported, OutcomeUnknown,
        IdempotencyMismatch, IdempotencyRunning.
        """
        at = self._clock()
        intent = Intent.of(shop, key, "capture_payment", payment_id, wish, at)
        return self._operate(
            intent,
            payment_id,
            Source.SHOP,
            lambda unit, payment: self._capture_of(unit, payment, wish, at),
        )

    def _capture_of(
        self, unit: Unit, payment: Payment, wish: CaptureWish, at: datetime
    ) -> Operation:
        if (
            Capability.CAPTURE
            not in self._providers.get(payment.merchant, payment.provider).capabilities
        ):
            raise NotSupported(
                "This payment's provider takes the money at once; there is nothing to capture."
            )
        left = payment.amount_capturable
        if payment.status not in (Status.AUTHORIZED, Status.PAID) or left == 0:
            raise PaymentNotAuthorized(
                f"The payment is {payment.status.value} and {Money(left, payment.currency)} is left to capture."
            )
        if any(
            one.status is OperationStatus.PENDING
            for one in unit.operations.of_payment(payment.id, Kind.CANCEL.value)
        ):
            raise OutcomeUnknown(
                "A cancel of this payment is under way."
            )  # a provider may undo whatever came last
        amount = left if wish.amount is None else wish.amount
        if amount > left:
            raise AmountTooLarge(
                f"{Money(left, payment.currency)} is left to capture.",
                amount_capturable=left,
                errors=(FieldError("/amount", "too_large", f"at most {left}"),),
            )
        return self._operate.new(Kind.CAPTURE, payment, amount, at)
