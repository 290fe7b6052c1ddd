"""A payment: one attempt to collect one amount for one order. Its states, and the one table that moves it.

Three habits: refunded is a sum, not a status; a repeat is not an error; a contradiction is kept, never applied.
Money wins: a proof of payment after cancel or expiry makes the payment paid, and the shop's policy decides what follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bridge.domain.attempt import Attempt, Progress
from bridge.domain.money import Money
from bridge.domain.reasons import Effect, Reason


class Status(StrEnum):
    """What became of the money, as far as it is known."""

    CREATED = "created"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    PAID = "paid"
    DECLINED = "declined"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


class Fact(StrEnum):
    """What can happen to a payment; each is learned from a provider's word, our clock, the shop or an operator."""

    ASKED = "asked"
    AUTHORIZED = "authorized"
    PAID = "paid"
    DECLINED = "declined"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"
    TAKEN_BACK = "taken_back"


class Change(StrEnum):
    """What applying a fact did."""

    APPLIED = "applied"
    REPEATED = "repeated"
    CONTRADICTED = "contradicted"


S, F = Status, Fact

TRANSITIONS: dict[tuple[Status, Fact], Status] = {
    (S.CREATED, F.ASKED): S.PENDING,
    (S.CREATED, F.AUTHORIZED): S.AUTHORIZED,
    (S.CREATED, F.PAID): S.PAID,
    (S.CREATED, F.DECLINED): S.DECLINED,
    (S.CREATED, F.FAILED): S.FAILED,
    (S.CREATED, F.CANCELED): S.CANCELED,
    (S.CREATED, F.EXPIRED): S.EXPIRED,
    (S.PENDING, F.AUTHORIZED): S.AUTHORIZED,
    (S.PENDING, F.PAID): S.PAID,
    (S.PENDING, F.DECLINED): S.DECLINED,
    (S.PENDING, F.FAILED): S.FAILED,
    (S.PENDING, F.CANCELED): S.CANCELED,
    (S.PENDING, F.EXPIRED): S.EXPIRED,
    (S.AUTHORIZED, F.PAID): S.PAID,
    (S.AUTHORIZED, F.CANCELED): S.CANCELED,
    (S.AUTHORIZED, F.EXPIRED): S.EXPIRED,
    (S.AUTHORIZED, F.FAILED): S.FAILED,
    (S.CANCELED, F.PAID): S.PAID,
    (S.EXPIRED, F.PAID): S.PAID,
    (S.FAILED, F.TAKEN_BACK): S.PAID,
}

ECHOES: frozenset[tuple[Status, Fact]] = frozenset(
    {
        (S.PENDING, F.ASKED),
        (S.AUTHORIZED, F.ASKED),
        (S.PAID, F.ASKED),
        (S.DECLINED, F.ASKED),
        (S.FAILED, F.ASKED),
        (S.CANCELED, F.ASKED),
        (S.EXPIRED, F.ASKED),
        (S.AUTHORIZED, F.AUTHORIZED),
        (S.PAID, F.AUTHORIZED),
        (S.PAID, F.PAID),
        (S.DECLINED, F.DECLINED),
        (S.DECLINED, F.FAILED),
        (S.DECLINED, F.CANCELED),
        (S.DECLINED, F.EXPIRED),
        (S.FAILED, F.DECLINED),
        (S.FAILED, F.FAILED),
        (S.FAILED, F.CANCELED),
        (S.FAILED, F.EXPIRED),
        (S.CANCELED, F.DECLINED),
        (S.CANCELED, F.FAILED),
        (S.CANCELED, F.CANCELED),
        (S.CANCELED, F.EXPIRED),
        (S.EXPIRED, F.DECLINED),
        (S.EXPIRED, F.FAILED),
        (S.EXPIRED, F.CANCELED),
        (S.EXPIRED, F.EXPIRED),
    }
)
"""Facts that say nothing new: the same again, something older, or another word for an end that is already known."""

OPEN = frozenset({S.CREATED, S.PENDING, S.AUTHORIZED, S.PAID})
"""A payment in one of these holds its order: no second payment may be created for it."""

UNFINISHED = frozenset({S.CREATED, S.PENDING, S.AUTHORIZED})
GIVEN_UP = frozenset({S.CANCELED, S.EXPIRED})

EFFECTS: dict[Effect, Fact] = {
    Effect.DECLINED: F.DECLINED,
    Effect.FAILED: F.FAILED,
    Effect.CANCELED: F.CANCELED,
    Effect.EXPIRED: F.EXPIRED,
}


NEEDS_WALLET_USERNAME = frozenset({"wallet"})
"""Methods for which the provider can be asked only when the payer's wallet user name is known."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a payment, refund or capture did not succeed; the provider's own code is for the merchant's log."""

    reason: Reason
    provider_code: str | None = None


@dataclass(frozen=True, slots=True)
class Payer:
    """What we know of the person who pays; all of it optional.

    `locale` is a priority list (see `language.py`): the payer's own, then the shop's default; a shop may give any text.
    """

    wallet_username: str | None = None
    email: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """One attempt to collect one amount for one order. Immutable; every change gives a new one.

    Amounts are minor units of `currency`; times are UTC. `attempt` is how far the request to the provider has got; its number
    makes `reference`, the name under which the provider knows this try. `sequence` numbers the events told to the shop;
    `version` is the row's, for compare and set. `operations_doubtful_since`: when the oldest of its refunds, captures and cancels in
    doubt was asked for; None: none is in doubt. `giving_up` names who wants the payment given up while the provider has not said whether
    it is paid. `provider_ended` is true once the provider has said its last word. `duplicate_of` is the id of another payment of the same
    order that has its money.
    """

    id: str
    merchant: str
    shop: str
    order_reference: str
    method: str
    provider: str
    channel: str
    capture: str
    amount: int
    currency: str
    return_url: str | None
    cancel_url: str | None
    description: str | None
    payer: Payer
    metadata: Mapping[str, str]
    checkout_token: str
    matching_number: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    status: Status = Status.CREATED
    attempt: Attempt = Attempt()
    tries: int = 0
    next_check_at: datetime | None = None
    amount_authorized: int = 0
    amount_captured: int = 0
    amount_capture_pending: int = 0
    amount_refunded: int = 0
    amount_refund_pending: int = 0
    fee_estimate: int | None = None
    failure: Failure | None = None
    provider_reference: str | None = None
    pay_currency: str | None = None
    reason_id: str | None = None
    page_url: str | None = None
    review: str | None = None
    operations_doubtful_since: datetime | None = None
    giving_up: str | None = None
    provider_ended: bool = False
    duplicate_of: str | None = None
    sequence: int = 0
    version: int = field(default=0, compare=False)

    @property
    def money(self) -> Money:
        """What is asked for."""
        return Money(self.amount, self.currency)

    @property
    def reference(self) -> str:
        """Our name for the current try at the provider; unique, ASCII, at most 40 characters."""
        return f"{self.id}-{self.attempt.number}"

    @property
    def amount_refundable(self) -> int:
        """What is left to refund, pending refunds counted as gone."""
        return self.amount_captured - self.amount_refunded - self.amount_refund_pending

    @property
    def amount_capturable(self) -> int:
        """What is left to capture of an authorization, pending captures counted as gone."""
        return self.amount_authorized - self.amount_captured - self.amount_capture_pending

    @property
    def in_doubt(self) -> bool:
        """Tell whether the provider was asked for this payment and its answer was lost, or has not come before it is to be given up."""
        return self.attempt.in_doubt or (
            self.giving_up is not None and self.status is Status.PENDING
        )

    @property
    def outcome_known(self) -> bool:
        """False while the payment, or any refund, capture or cancel of it, is in doubt."""
        return not self.in_doubt and self.operations_doubtful_since is None

    @property
    def provider_open(self) -> bool:
        """Tell whether the payment was given up here and may still be accepted at the provider; it is watched for as long as that is so."""
        watched = self.next_check_at is not None and not self.attempt.not_sent
        return self.status in GIVEN_UP and watched and not self.provider_ended

    @property
    def ready_to_ask(self) -> bool:
        """Tell whether the provider can be asked, and should be: not asked yet, and the payer is known where that is needed."""
        named = self.method not in NEEDS_WALLET_USERNAME or self.payer.wallet_username is not None
        return (
            named
            and self.giving_up is None
            and self.attempt.not_sent
            and self.status in (Status.CREATED, Status.PENDING)
        )

    @property
    def failed_by_operator(self) -> bool:
        """Tell whether the payment failed by an operator's word alone; an operator may take it back, and nothing else ends `failed`."""
        return (
            self.status is Status.FAILED
            and self.failure is not None
            and self.failure.reason is Reason.OPERATOR
        )

    @property
    def is_open(self) -> bool:
        """Tell whether this payment holds its order."""
        return self.status in OPEN

    def attempted(self, progress: Progress, at: datetime) -> Payment:
        """Return the payment after something happened to its request at `at`. Raises IllegalTransition."""
        return replace(self, attempt=self.attempt.after(progress, at))

    def apply(
        self,
        fact: Fact,
        at: datetime,
        *,
        authorized: int = 0,
        captured: int = 0,
        failure: Failure | None = None,
    ) -> tuple[Payment, Change]:
        """Apply a fact learned at `at`; return the payment afterwards and what the fact did to it.

        `authorized` and `captured` are the provider's totals in minor units; amounts never go down.
        A repeat gives the same payment back; a contradiction too, for the caller to keep.
        """
        target = TRANSITIONS.get((self.status, fact))
        if target is None or (fact is Fact.TAKEN_BACK and not self.failed_by_operator):
            return self, Change.REPEATED if (self.status, fact) in ECHOES else Change.CONTRADICTED
        paid_or_reserved = fact in (Fact.AUTHORIZED, Fact.PAID, Fact.TAKEN_BACK)
        changed = replace(
            self,
            status=target,
            updated_at=at,
            amount_authorized=max(self.amount_authorized, authorized, captured),
            amount_captured=max(self.amount_captured, captured),
            failure=None if paid_or_reserved else failure or self.failure,
            giving_up=self.giving_up if target is Status.PENDING else None,
        )
        return changed, Change.APPLIED
