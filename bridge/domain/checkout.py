"""The checkout session: one payment, one token, an expiry, and how often the payer may try."""
from __future__ import annotations

from datetime import datetime, timedelta

from bridge.domain.payment import Asking, Payment, Status

MAX_TRIES = 5
"""How often the payer may send a user name in one checkout."""

SHOWN_AFTERWARDS = timedelta(hours=24)
"""How long the page still shows what became of a payment after its expiry."""


def is_gone(payment: Payment, now: datetime) -> bool:
    """Tell whether the checkout page is no longer shown."""
    return now > payment.expires_at + SHOWN_AFTERWARDS


def waits_for_payer(payment: Payment, now: datetime) -> bool:
    """Tell whether the payer's input is welcome: nothing asked yet, or the last user name was refused."""
    return payment.status is Status.CREATED and payment.asking is not Asking.ASKING and now < payment.expires_at


def tries_left(payment: Payment) -> int:
    """How often the payer may still send a user name."""
    return max(0, MAX_TRIES - payment.tries)
