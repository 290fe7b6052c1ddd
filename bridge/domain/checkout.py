"""The checkout session: one payment, one token, an expiry, and how often the payer may try."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from bridge.domain.payment import GIVEN_UP, Payment, Status
from bridge.domain.reasons import Reason

ENDED = frozenset({Status.DECLINED, Status.FAILED, *GIVEN_UP})

MAX_TRIES = 5
"""How often the payer may send a user name in one checkout."""

SHOWN_AFTERWARDS = timedelta(hours=24)
"""How long the page still shows what became of a payment after its expiry."""


SHOWN_AS_CANCELING = timedelta(seconds=30)
"""For so long the page says that a cancel is being checked; after that it says that the payer will hear of it."""


class Advice(StrEnum):
    """What a payer may be told to do when a payment has ended without money. Only AGAIN says that nothing was charged."""

    AGAIN = "again"
    DECLINE_IN_APP = "app"
    WAIT = "page"
    ORDER_PAID = "paid"
    ASK = "ask"


def advice_for(payment: Payment, order_paid: bool) -> Advice | None:
    """Return what the payer of an ended payment may be told; None while it has not ended or is paid.

    AGAIN needs the provider's word, or a provider that was never asked. `order_paid`: another payment has the order's money.
    """
    if payment.status not in ENDED:
        return None
    if order_paid:
        return Advice.ORDER_PAID
    if payment.provider_open:
        return Advice.DECLINE_IN_APP if payment.page_url is None else Advice.WAIT
    by_operator = payment.failure is not None and payment.failure.reason is Reason.OPERATOR
    unheard = (
        payment.status in GIVEN_UP and not payment.attempt.not_sent and not payment.provider_ended
    )
    return Advice.ASK if by_operator or unheard else Advice.AGAIN


def is_canceling(payment: Payment, now: datetime) -> bool:
    """Tell whether a cancel of this moment waits for the provider's word."""
    return payment.giving_up is not None and now < payment.updated_at + SHOWN_AS_CANCELING


def is_gone(payment: Payment, now: datetime) -> bool:
    """Tell whether the checkout page is no longer shown."""
    return now > payment.expires_at + SHOWN_AFTERWARDS


def waits_for_payer(payment: Payment, now: datetime) -> bool:
    """Tell whether the payer's input is welcome: nothing asked yet, or the last user name was refused."""
    return (
        payment.status is Status.CREATED
        and not payment.attempt.sending
        and now < payment.expires_at
    )


def tries_left(payment: Payment) -> int:
    """How often the payer may still send a user name."""
    return max(0, MAX_TRIES - payment.tries)
