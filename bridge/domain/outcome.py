"""What a provider told us about one operation: an Answer with an Outcome, and what it states about the money."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bridge.domain.reasons import Reason


class Outcome(StrEnum):
    """What became of one operation at the provider, as far as we know.

    SUCCEEDED      the provider did it
    PENDING        accepted; the answer comes later, by callback or inquiry
    DECLINED       the payer or the provider said no; the reason says why
    NOT_EXECUTED   it surely never happened (refused connection, or an inquiry found nothing); safe to repeat
    UNKNOWN        sent, and no readable answer; never repeated, inquired about until it is one of the others
    """

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    DECLINED = "declined"
    NOT_EXECUTED = "not_executed"
    UNKNOWN = "unknown"


NO_ANSWER = "no_answer"
"""The code of an UNKNOWN answer where the provider could not be heard at all; asking again may tell more."""


@dataclass(frozen=True, slots=True)
class Part:
    """One refund in the provider's books: its name there, the one that we gave it if we made it, minor units of the payment's currency."""

    provider_reference: str
    our_reference: str | None
    amount: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What the provider's books say about an operation; compared with our row before anything is believed.

    Amounts are minor units of `currency`. `our_reference` is the reference that we gave the provider for this try.
    For a payment `amount` is what was asked for, `authorized` and `captured` what was reserved and taken so far;
    for a refund or a capture only `amount` is used. None: the provider does not say.
    `refunded` is what was given back of a payment so far, and `refunds` those refunds that the provider can name.
    `payment_reference` is the provider's name of the payment that a refund belongs to.
    """

    our_reference: str | None
    currency: str | None
    amount: int | None
    authorized: int | None = None
    captured: int | None = None
    refunded: int | None = None
    refunds: tuple[Part, ...] = ()
    payment_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer to one question. `reason` belongs to DECLINED; `provider_code` is for the log, never for a payer.

    `login_refused`: the provider did not accept the account's credentials, so that no call of this account can succeed.

    A SUCCEEDED payment without a statement is only a hint: it is inquired about before anything is called paid.
    `of_equals` belongs to an UNKNOWN operation of a provider that tells only sums: so many of the operations in doubt of this kind
    and amount were carried out, and the books do not say which.
    `payer_agreed` belongs to a PENDING payment: its payer has accepted it, and the money is on its way.
    """

    outcome: Outcome
    reason: Reason | None = None
    provider_code: str | None = None
    provider_reference: str | None = None
    statement: Statement | None = None
    of_equals: int | None = None
    login_refused: bool = False
    payer_agreed: bool = False

    @classmethod
    def declined(cls, reason: Reason, provider_code: str | None = None, **more: object) -> Answer:
        """The payer or the provider said no."""
        return cls(Outcome.DECLINED, reason, provider_code, **more)  # type: ignore[arg-type]

    @classmethod
    def unknown(cls, provider_code: str | None = None, *, login_refused: bool = False) -> Answer:
        """Sent, and no readable answer."""
        return cls(Outcome.UNKNOWN, provider_code=provider_code, login_refused=login_refused)

    @classmethod
    def not_executed(
        cls, provider_code: str | None = None, *, login_refused: bool = False
    ) -> Answer:
        """It surely never happened."""
        return cls(Outcome.NOT_EXECUTED, provider_code=provider_code, login_refused=login_refused)
