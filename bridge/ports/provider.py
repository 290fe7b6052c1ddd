"""A payment service provider's account, and the messages that go to it and come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from bridge.domain.money import Money
from bridge.domain.outcome import Answer
from bridge.domain.payment import Payer
from bridge.ports.clock import Clock
from bridge.ports.transport import Transport


class Capability(StrEnum):
    """What a provider can do; asked before a call is made."""

    CAPTURE = "capture"
    CANCEL = "cancel"
    PARTIAL_REFUND = "partial_refund"
    HOSTED_PAGE = "hosted_page"
    MOBILE_SDK = "mobile_sdk"
    WALLET_USERNAME = "wallet_username"


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """Ask for this payment. `reference` is our name for this try, unique for ever; `return_url` and `callback_url` are the bridge's."""

    reference: str
    payment_id: str
    order_reference: str
    money: Money
    payer: Payer
    channel: str
    capture: str
    description: str
    matching_number: str
    language: str
    expires_at: datetime
    return_url: str
    callback_url: str
    pay_currency: str | None = None
    reason_id: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentRef:
    """Which payment is meant: our reference of the try, and the provider's where it is known.

    `captured` is what our books have taken of it, minor units: of what is paid, an inquiry asks what was given back too.
    """

    reference: str
    money: Money
    provider_reference: str | None = None
    pay_currency: str | None = None
    captured: int = 0


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """Refund, capture or cancel `money` of `payment`; `reference` is our name for this try, unique for ever.

    `done` is what our books have of this kind already, `in_doubt` the amounts of other operations of this kind that are not
    ended, minor units: for a provider that tells only sums.
    """

    reference: str
    payment: PaymentRef
    money: Money
    text: str = ""
    provider_reference: str | None = None
    done: int = 0
    in_doubt: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """The answer to a payment request, and the provider's page for the payer where there is one."""

    answer: Answer
    page_url: str | None = None


@dataclass(frozen=True, slots=True)
class RawCallback:
    """A callback or a return as it arrived: method, content type, query string and body, byte for byte."""

    method: str
    content_type: str
    query: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Callback:
    """A genuine callback: which payment or operation it is about. What it says about money is only a hint.

    At least one of the two references is given: `provider_reference` is the provider's, `our_reference` the one we gave. `said` is what else
    is signed: two callbacks with the same four fields are the same one, sent again. Nothing that is not signed may stand there, or whoever
    has one genuine callback can make as many as he likes.
    """

    provider_reference: str | None
    our_reference: str | None = None
    name: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """The bytes that the provider wants to hear after a callback."""

    body: bytes = b"OK"
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Price:
    """What the payer pays in one of the provider's currencies: minor units, or whole units of a currency that is none of ISO 4217 (cashcredits)."""

    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class PaymentReason:
    """One of the provider's payment reasons: its id there and its text."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a provider's account offers: limits and fee in minor units of `currency`, and what the payer must type.

    `reason` among `payer_fields` means that no payment can be asked for without a payment reason.
    `page_closes`: the provider takes no payer on its page after the payment's expiry.
    """

    currencies: tuple[str, ...]
    minimum: int
    maximum: int | None
    payer_fields: tuple[str, ...]
    page_closes: bool = False


class Provider(Protocol):
    """One account at one payment service provider. Safe to use from many threads; keeps nothing that must survive.

    No method raises for what a provider says or fails to say: that is an Answer. Every call has a total deadline of
    `deadline` seconds; after it the connection is closed, so that nothing of it can still be on its way.
    """

    name: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]]
    deadline: float

    def terms(self) -> Terms:
        """Return limits and fields of this account; no I/O."""

    def fee(self, money: Money) -> int | None:
        """Return the estimated fee for receiving `money`, minor units of its currency; None: not known. No I/O."""

    def prices(self, money: Money) -> tuple[Price, ...]:
        """Return what the payer may pay instead, in the provider's currencies that the profile allows; may call, cached; () on failure."""

    def reasons(self) -> tuple[PaymentReason, ...]:
        """Return the payment reasons that the payer or shop may choose from; may call, cached; () on failure or where there are none."""

    def start(self, request: PaymentRequest) -> Start:
        """Ask for the money, or make the page where the payer gives it."""

    def inquire(self, payment: PaymentRef) -> Answer:
        """Ask what became of a payment; by our reference where the provider's is unknown. NOT_EXECUTED: the provider has no such payment."""

    def refund(self, request: OperationRequest) -> Answer:
        """Give back part or all of a captured payment."""

    def capture(self, request: OperationRequest) -> Answer:
        """Take part or all of an authorized payment."""

    def cancel(self, request: OperationRequest) -> Answer:
        """Release an authorization of which nothing was captured."""

    def inquire_operation(self, kind: str, request: OperationRequest) -> Answer:
        """Ask what became of a refund, capture or cancel (`kind`). NOT_EXECUTED: the provider has no such operation."""

    def read_callback(self, raw: RawCallback) -> Callback:
        """Verify and read a callback; no I/O. Raises CallbackRejected."""

    def read_return(self, raw: RawCallback) -> Callback | None:
        """Read what a returning browser brings; None where it brings nothing; no I/O. Raises CallbackRejected."""

    def acknowledge(self, callback: Callback | None) -> Reply:
        """Return the bytes that this provider wants to hear; None: the callback was rejected."""

    def register(self, callback_url: str, expires_in: int) -> None:
        """Tell the provider where callbacks go and after how many seconds a request expires. Raises TransportError or ConfigError."""


@dataclass(frozen=True, slots=True)
class AppAuthentication:
    """What a merchant's app needs to begin one checkout with the provider's SDK; both secrets are empty where the provider refused."""

    merchant_id: str
    token: str = field(repr=False)
    label: str = field(repr=False)
    expiry: str
    description: str
    status: str
    code: str


class AppProvider(Provider, Protocol):
    """A provider with an SDK for apps (Capability.MOBILE_SDK)."""

    app_merchant_id: str

    def authenticate_app(self) -> AppAuthentication:
        """Make a token for one checkout and tell it to the provider. Raises TransportError, NotSupported."""


@dataclass(frozen=True, slots=True)
class ProviderType:
    """What a provider's folder exports as PROVIDER: its name, the model of its profile block, and how to build an account.

    `settings.currencies`, where there is one, tells without an account what its `terms().currencies` would be.
    `build(settings, transport, clock)` returns a Provider; `lane` for its calls is made by the account itself.
    """

    name: str
    settings: type
    build: Callable[[Any, Transport, Clock], Provider]


class Providers(Protocol):
    """The accounts of all merchants."""

    def get(self, merchant: str, provider: str) -> Provider:
        """Return a merchant's account at a provider. Raises NotFound, MerchantOff."""
