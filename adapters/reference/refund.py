"""Verb four, refund: the merchant gives money back, part or all, or gives up a payment, from the shop's own back office."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.reference.ask import ask
from adapters.reference.client import Answer, Client
from adapters.reference.orders import Order
from adapters.reference.store import Store


@dataclass(frozen=True, slots=True)
class Refund:
    """One intent. ``reference`` is our refund number and the key: made when the form is shown, kept on every retry.

    Amounts in minor units. ``expected_refundable`` is what the merchant saw as left, so that two people who refund
    at the same time do not both.
    """

    reference: str
    payment: str
    amount: int
    reason: str
    expected_refundable: int | None = None


def refund(store: Store, client: Client, order: Order, wish: Refund) -> Answer:
    """Ask for the refund; the answer may be pending, and the order changes when a notification says so. Raises ``NoAnswer``."""
    body = {
        "amount": wish.amount,
        "reason": wish.reason or None,
        "refund_reference": wish.reference,
        "expected_refundable": wish.expected_refundable,
    }
    given = {name: value for name, value in body.items() if value is not None}
    return ask(
        store, client, order.ref, wish.reference, f"/v1/payments/{wish.payment}/refunds", given
    )


def cancel(store: Store, client: Client, order: Order, payment: str, key: str) -> Answer:
    """Give up an unfinished payment, under a key made when the button was shown. Raises ``NoAnswer``."""
    return ask(store, client, order.ref, key, f"/v1/payments/{payment}/cancel", {})
