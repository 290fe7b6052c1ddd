"""A shop gives part or all of a payment back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bridge.domain.events import Source
from bridge.domain.money import Money
from bridge.domain.operation import Kind, Operation
from bridge.domain.payment import Payment, Status
from bridge.errors import (
    AmountTooLarge,
    FieldError,
    NotSupported,
    PaymentNotPaid,
    RefundableMismatch,
)
from bridge.ports import Capability, Clock, Providers, Shop
from bridge.services.idempotent import Answered, Intent
from bridge.services.operate import Operate


@dataclass(frozen=True, slots=True)
class RefundWish:
    """What to give back, minor units; None: all that is left. `expected_refundable`: refuse unless this much is left."""

    amount: int | None = None
    reason: str | None = None
    refund_reference: str | None = None
    expected_refundable: int | None = None


class RefundPayment:
    """Reserves the amount under the payment's lock, then asks the provider: many refunds at once never exceed what is left.

    If the provider's answer is lost, the refund stays pending and counts as given away until the provider says otherwise.
    """

    def __init__(self, operate: Operate, providers: Providers, clock: Clock) -> None:
        """Take what the story needs."""
        self._operate = operate
        self._providers = providers
        self._clock = clock

    def __call__(self, shop: Shop, payment_id: str, key: str, wish: RefundWish) -> Answered:
        """Refund, or answer as before for the same key.

        Raises NotFound, PaymentNotPaid, AmountTooLarge, RefundableMismatch, NotSupported, IdempotencyMismatch, IdempotencyRunning.
        """
        at = self._clock()
        intent = Intent.of(shop, key, "refund_payment", payment_id, wish, at)
        return self._operate(
            intent,
            payment_id,
            Source.SHOP,
            lambda _unit, payment: self._refund_of(payment, wish, at),
        )

    def _refund_of(self, payment: Payment, wish: RefundWish, at: datetime) -> Operation:
        if payment.status is not Status.PAID:
            raise PaymentNotPaid(
                f"The payment is {payment.status.value}; only a paid payment can be refunded."
            )
        left = payment.amount_refundable
        if wish.expected_refundable not in (None, left):
            raise RefundableMismatch(
                f"{Money(left, payment.currency)} is left to refund.", amount_refundable=left
            )
        amount = left if wish.amount is None else wish.amount
        if amount > left or amount == 0:
            raise AmountTooLarge(
                f"{Money(left, payment.currency)} is left to refund.",
                amount_refundable=left,
                errors=(FieldError("/amount", "too_large", f"at most {left}"),),
            )
        self._check_part(payment, amount)
        return self._operate.new(
            Kind.REFUND,
            payment,
            amount,
            at,
            reason=wish.reason,
            refund_reference=wish.refund_reference,
        )

    def _check_part(self, payment: Payment, amount: int) -> None:
        provider = self._providers.get(payment.merchant, payment.provider)
        if (
            amount < payment.amount_captured
            and Capability.PARTIAL_REFUND not in provider.capabilities
        ):
            raise NotSupported("This provider refunds a payment as a whole only.")
