"""What an order's state is, derived from what the bridge told: amounts first, words only where no money has moved.

This is the one table in which a shop maps payment states to its own order states.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Payment = dict[str, Any]

ORDER_STATUS = {
    "created": "pending",
    "pending": "pending",
    "authorized": "reserved",
    "paid": "pending",  # without a captured amount the word alone proves nothing
    "declined": "declined",
    "failed": "failed",
    "canceled": "canceled",
    "expired": "expired",
}
RETRY = frozenset(
    {"declined", "failed", "canceled", "expired"}
)  # a new payment for the order is welcome
OPEN = RETRY | {"pending"}  # the customer may be sent to pay
AMOUNTS = ("authorized", "captured", "refunded", "refund_pending", "refundable")


def of_order(payments: Sequence[Payment]) -> str:
    """Return the order's status; ``payments`` are those that the bridge told about, oldest first."""
    amounts = sums(payments)
    if amounts["captured"] == 0:
        return of_attempt(payments[-1]) if payments else "pending"
    if amounts["refunded"] == 0:
        return "paid"
    return "refunded" if amounts["refunded"] >= amounts["captured"] else "partly_refunded"


def of_attempt(payment: Payment) -> str:
    """Return what one payment means for its order. A word that this shop does not know waits for a better one."""
    return ORDER_STATUS.get(payment["status"], "pending")


def may_still_be_paid(payments: Sequence[Payment]) -> bool:
    """Tell whether a payment is over here and can still be accepted at the provider: then nobody may say that nothing was charged."""
    return any(payment["status"] in RETRY and payment.get("provider_open") for payment in payments)


def sums(payments: Sequence[Payment]) -> dict[str, int]:
    """Return the order's money in minor units, over all of its payments."""
    return {name: sum(payment[f"amount_{name}"] for payment in payments) for name in AMOUNTS}
