"""What callers get: the answer side of `/openapi.json`. Nothing is built from these models; tests hold the answers to them.

Amounts are whole minor units; times are RFC 3339, UTC, milliseconds. Fields may be added to an answer; a caller ignores what it
does not know.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from bridge.domain.checkout import Advice
from bridge.domain.events import EventType, NoteType, Source
from bridge.domain.operation import OperationStatus, Origin
from bridge.domain.payment import Status
from bridge.domain.reasons import Reason

Time = Annotated[
    str,
    Field(examples=["2026-05-01T12:00:00.000Z"]),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Whole = Annotated[int, Field(ge=0)]
Code = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]


class Answer(BaseModel):
    """What is answered."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": True})


class Fee(Answer):
    """What receiving the money is estimated to cost the merchant."""

    amount: Whole
    currency: Code


class Failure(Answer):
    """Why it did not succeed: `message` may be shown to the payer, `provider_code` is for the log."""

    code: Reason
    message: str
    provider_code: str | None


class CheckoutLink(Answer):
    """Where the payer pays."""

    url: str
    token: str
    expires_at: Time


class ProviderName(Answer):
    """Who was asked, and under which reference it knows the payment."""

    name: str
    reference: str | None
    our_reference: str | None = Field(
        description="Our name for the payment there; what an app with the provider's SDK calls it by."
    )


class Payment(Answer):
    """One attempt to collect one amount for one order."""

    id: str = Field(examples=["pay_01JZ3X4Y5Z6A7B8C9D0E1F2G3H"])
    merchant: str
    shop: str
    order_reference: str
    method: str
    channel: Literal["web", "pos", "mobile"]
    capture: Literal["automatic", "manual"]
    status: Status = Field(
        description="What became of the money, as far as it is known. Refunded is a sum, not a status."
    )
    amount: Whole
    currency: Code
    amount_authorized: Whole
    amount_captured: Whole
    amount_capture_pending: Whole = Field(
        description="Captures that have not ended; they count as taken from what is left to capture."
    )
    amount_refunded: Whole
    amount_refund_pending: Whole
    amount_refundable: Whole
    fee_estimate: Fee | None
    outcome_known: bool = Field(
        description="False: the provider was asked for the payment, or for a refund, capture or cancel of it, and its"
        " answer was lost. Only its word ends that, never time."
    )
    provider_open: bool = Field(
        description="True: canceled or expired here, and may still be accepted at the provider. The bridge watches it."
    )
    duplicate_of: str | None = Field(
        description="Id of another payment of this order that has its money. This payment is held or given back."
    )
    failure: Failure | None
    description: str | None
    return_url: str | None
    cancel_url: str | None
    checkout: CheckoutLink | None = Field(description="Null for a till.")
    provider: ProviderName
    next_check_at: Time | None
    expires_at: Time
    created_at: Time
    updated_at: Time
    sequence: Whole = Field(
        description="How many events this payment has had; compare it to apply news only forward."
    )
    metadata: dict[str, str]


class Capture(Answer):
    """Part or all of an authorized amount, taken."""

    id: str = Field(examples=["cap_01JZ3X4Y5Z6A7B8C9D0E1F2G3H"])
    payment: str
    amount: Whole
    currency: Code
    status: OperationStatus
    failure: Failure | None
    outcome_known: bool
    source: Origin = Field(
        description="Who made it; `bridge`: by the shop's policy, `provider`: made by others directly at the provider."
    )
    created_at: Time
    updated_at: Time


class Refund(Capture):
    """Money back after capture; a pending refund counts against what is left."""

    id: str = Field(examples=["ref_01JZ3X4Y5Z6A7B8C9D0E1F2G3H"])
    reason: str | None
    refund_reference: str | None


class Fact(Answer):
    """One thing that happened to a payment; `sequence` is null for what the shop was not told."""

    id: str
    type: EventType | NoteType
    source: Source
    sequence: int | None
    timestamp: Time
    detail: str | None


class Told(Answer):
    """What a notification is about: the payment afterwards, and the refund or capture where it is about one."""

    payment: Payment | None = None
    refund: Refund | None = None
    capture: Capture | None = None


class Notification(Answer):
    """What the shop is told. The same event may arrive twice; its id stays the same."""

    id: str = Field(examples=["evt_01JZ3X4Y5Z6A7B8C9D0E1F2G3H"])
    type: EventType
    timestamp: Time
    sequence: int | None = Field(description="Counts 1, 2, 3 … per payment; null for `shop.test`.")
    shop: str
    data: Told


class ListOf(Answer):
    """One page of a list."""

    next_cursor: str | None = Field(description="Null: there is no more.")


class Payments(ListOf):
    """One page of payments."""

    data: list[Payment]


class Refunds(ListOf):
    """One page of refunds."""

    data: list[Refund]


class Captures(ListOf):
    """One page of captures."""

    data: list[Capture]


class History(ListOf):
    """One page of a payment's history."""

    data: list[Fact]


class Notifications(ListOf):
    """One page of notifications; `next_cursor` is the next `after`."""

    data: list[Notification]


class Price(Answer):
    """What the payer would pay in another currency: minor units; whole units of a currency that is none of ISO 4217, such as cashcredits (CCR)."""

    currency: str
    amount: Whole


class PaymentReason(Answer):
    """One of the provider's payment reasons."""

    id: str
    text: str


class Method(Answer):
    """One way to pay that this shop may offer; limits in minor units."""

    method: str
    provider: str
    currencies: list[str]
    minimum: Whole
    maximum: Whole | None
    fee_estimate: Fee | None
    payer_fields: list[str] = Field(description="What the payer must type on the checkout page.")
    prices: list[Price]
    reasons: list[PaymentReason]
    capture: list[Literal["automatic", "manual"]]
    partial_refund: bool


class Methods(Answer):
    """What may be offered."""

    data: list[Method]


class Shop(Answer):
    """One shop of a merchant."""

    merchant: str
    merchant_name: str
    shop: str
    platform: str
    methods: list[str]
    modes: dict[str, Literal["live", "test"]]
    currencies: dict[str, list[str]] = Field(
        description="Per method, the currencies that shop and provider both take; empty: the method takes none of them."
    )
    origins: list[str]
    notification_url: str | None


class TestResult(Answer):
    """What the shop answered to a test notification."""

    __test__ = False

    delivered: bool
    status: int | None
    detail: str
    url: str | None
    event: str


class PayeeName(Answer):
    """Who gets the money, as the payer knows it."""

    name: str


class Choice(Answer):
    """An amount in one of the currencies that the payer may choose."""

    code: str
    amount: Whole


class PayerFailure(Answer):
    """Why it did not succeed, as the payer may read it."""

    code: Reason
    message: str


class Page(Answer):
    """The provider's own page."""

    url: str
    embed: bool


class Checkout(Answer):
    """What the checkout page shows."""

    token: str
    status: Status
    outcome_known: bool
    asking: bool
    method: str
    amount: Whole
    currency: Code
    amount_refunded: Whole
    merchant: PayeeName
    order_reference: str
    description: str | None
    now: Time
    expires_at: Time | None
    canceling: bool = Field(
        description="True: the payment is to be canceled, and the provider has not said whether it is paid."
    )
    advice: Advice | None = Field(
        description="What the payer may be told when the payment has ended. Only `again` says that nothing was"
        " charged. `app` and `page`: it may still be accepted, in the payer's app or on the provider's page."
    )
    failure: PayerFailure | None
    matching_number: str | None
    tries_left: Whole
    fields: list[str]
    currencies: list[Choice] | None
    reasons: list[PaymentReason] | None
    page: Page | None
    return_url: str | None
    cancel_url: str | None


class Alive(Answer):
    """The process answers."""

    status: Literal["pass"]
    version: str = Field(description="The version of the software.")


class Ready(Answer):
    """Whether requests can be served."""

    status: Literal["pass", "warn", "fail"]
    checks: dict[str, bool]


class Mistake(Answer):
    """One mistake in one field."""

    pointer: str = Field(
        description="JSON pointer into the body; for a query parameter its name after a slash."
    )
    code: str
    detail: str


class Problem(Answer):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(description="Stable; act on this.")
    request_id: str
    retryable: bool = Field(
        description="The same request may succeed later; keep its Idempotency-Key."
    )
    errors: list[Mistake] = []


Document = dict[str, Any]


class AppToken(Answer):
    """What the mobile SDK needs for one checkout; all of it text, and AuthToken a secret."""

    AuthToken: str
    AuthLabel: str
    ExpiryDate: str
    Description: str
    Status: str
    Code: str
