"""What the use cases need from outside, as protocols, and the messages they pass.

A provider, the store, the notifier and the clock stand behind these; nothing here knows who they are.
Amounts are minor units, times are UTC, durations are seconds.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from bridge.domain.events import Event
from bridge.domain.money import Money
from bridge.domain.operation import Operation
from bridge.domain.outcome import Answer
from bridge.domain.payment import Payer, Payment


class Clock(Protocol):
    """Tells the time."""

    def __call__(self) -> datetime:
        """Return now, UTC, in whole milliseconds."""


# --- outgoing HTTP ---------------------------------------------------------------------------------------------------


LONGEST_WAIT = 86_400
"""The longest Retry-After that is obeyed, seconds."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer: status, headers (lower-case names) and body, at most 1 MiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def retry_after(self, now: datetime) -> int | None:
        """Read Retry-After of a refusal (RFC 9110, section 10.2.3), seconds or a date, as seconds from `now`; at most a day, rubbish is ignored."""
        text = self.headers.get("retry-after", "").strip()
        if self.status < 300 or not text:
            return None
        if text.isascii() and text.isdigit():
            return min(int(text[:9]), LONGEST_WAIT)
        try:
            date = parsedate_to_datetime(text)
            seconds = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
        except (ValueError, OverflowError):
            return None
        return max(0, min(int(seconds), LONGEST_WAIT))


class Transport(Protocol):
    """All outgoing HTTP. Redirects are not followed, no proxy or netrc of the environment is used, TLS is verified."""

    def __call__(
        self,
        lane: str,
        method: str,
        url: str,
        *,
        deadline: float,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        multipart: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
    ) -> HttpAnswer:
        """Send one request and read the whole answer within `deadline` seconds, connecting included.

        `lane` names whom we call (an account, a shop): breaker and connections are per lane. `secrets` are cut out of
        the transcript. Raises NotSent when the request surely never reached the other side, else NoAnswer.
        """


# --- providers -------------------------------------------------------------------------------------------------------


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


# --- shops -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop of a merchant as its profile describes it, without its secrets. `methods` maps a method to a provider's name."""

    merchant: str
    merchant_name: str
    shop: str
    platform: str
    origins: tuple[str, ...]
    methods: Mapping[str, str]
    notification_url: str | None
    respond_within: float
    expires_in: int
    expires_in_max: int
    late_payment: str
    duplicate_payment: str
    mode: str
    currencies: tuple[str, ...]
    language: str = "en"

    def currencies_at(self, terms: Terms) -> list[str]:
        """Return an account's currencies in which this shop sells, in the account's order."""
        return [code for code in terms.currencies if code in self.currencies]


class Shops(Protocol):
    """The shops of all profiles in force."""

    def get(self, shop: str) -> Shop:
        """Return a shop by its name, which is unique over all merchants. Raises NotFound, MerchantOff."""

    def by_key(self, api_key: str) -> Shop | None:
        """Return the shop that an API key belongs to; compared by SHA-256 in constant time. Raises MerchantOff."""

    def secrets(self, shop: str) -> Sequence[str]:
        """Return the notification secrets (whsec_…) that are valid for a shop now."""

    def notification_auth(self, shop: str) -> str | None:
        """Return USER:PASSWORD for HTTP basic authentication with a shop's notifications; None: the shop wants none."""


# --- notifications ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a shop answered to a notification. `status` None: no answer; `detail` says why. `retry_after` in seconds."""

    status: int | None
    detail: str
    retry_after: int | None = None

    @property
    def ok(self) -> bool:
        """Tell whether the shop took it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Tell whether the shop wants no more notifications at this address."""
        return self.status == 410


class Notifier(Protocol):
    """Signs a notification and posts it to the shop."""

    def __call__(self, shop: str, url: str, secrets: Sequence[str], event_id: str, body: str, auth: str | None = None) -> Delivery:
        """Post `body` (JSON text) to a shop under `event_id`, signed with every secret; `auth` is USER:PASSWORD for a shop behind a password.

        Never raises for what the shop does.
        """


# --- store -----------------------------------------------------------------------------------------------------------


class JobKind(StrEnum):
    """What the outbox can hold: work written with the change that makes it necessary."""

    PAYMENT = "payment"
    OPERATION = "operation"
    CALLBACK = "callback"
    NOTIFY = "notify"
    ORDER = "order"


class Room(StrEnum):
    """Jobs that share a worker's threads: those that move money apart from those that tell shops."""

    MONEY = "money"
    NOTIFICATIONS = "notifications"


@dataclass(frozen=True, slots=True)
class Share:
    """How many jobs to take of a lane, the newest or the oldest due first."""

    lane: str
    most: int
    newest: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of outbox work. `subject` is the id it is about, `lane` what must not be crowded out by it (shop or account).

    `fence` grows with every claim: who holds an older one has lost the job. `attempts` counts tries for the ladders.
    """

    kind: JobKind
    subject: str
    lane: str
    due_at: datetime
    attempts: int
    fence: int
    revision: int


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Which payments to list; None: any. Times are inclusive from, exclusive to.

    `doubtful_before`: with `needs_review`, those that are in doubt since an earlier time, and still inquired about, need one too.
    """

    order_reference: str | None = None
    status: str | None = None
    method: str | None = None
    provider_reference: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_from: datetime | None = None
    needs_review: bool = False
    doubtful_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What an idempotency key stands for: the request's fingerprint, the resource it made, and the answer (JSON text) once it is final."""

    fingerprint: str
    resource: str
    created_at: datetime
    body: str | None = None


@dataclass(frozen=True, slots=True)
class StoredCallback:
    """A callback as it was received, kept for the record. `state`: received, rejected, applied, unmatched.

    `digest` names what a genuine one says; `repeats` counts how often the same came again.
    """

    id: str
    provider: str
    merchant: str
    raw: RawCallback = field(repr=False)
    received_at: datetime
    state: str
    note: str | None = None
    payment_id: str | None = None
    digest: str | None = None
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class AccountSigns:
    """What callbacks and answers say about one account. `rejected` and `unheard` count since the last genuine callback, `refused` since the
    last call whose login was accepted; all stop at 1,000.
    """

    merchant: str
    provider: str
    heard_at: datetime | None = None
    rejected: int = 0
    rejected_at: datetime | None = None
    rejected_why: str | None = None
    unheard: int = 0
    unheard_since: datetime | None = None
    refused: int = 0
    refused_since: datetime | None = None


class Payments(Protocol):
    """Payments as rows. Every read names the shop or is for the house's own use."""

    def add(self, payment: Payment) -> None:
        """Insert. Raises PaymentExists when the order already has a payment that is open, or that was paid late and not given back."""

    def save(self, payment: Payment) -> Payment:
        """Update by compare and set on `version`; return the payment with its new version. Raises LeaseLost when somebody was faster."""

    def get(self, payment_id: str, *, lock: bool = False) -> Payment:
        """Return a payment; `lock` holds its row until the unit ends. Raises NotFound."""

    def of_shop(self, shop: str, payment_id: str, *, lock: bool = False) -> Payment:
        """Return a payment of this shop only. Raises NotFound."""

    def by_token(self, token: str, *, lock: bool = False) -> Payment:
        """Return the payment of a checkout token. Raises NotFound."""

    def by_provider_reference(self, merchant: str, provider: str, reference: str) -> Payment | None:
        """Return the payment that a provider knows under `reference`."""

    def other_with_money(self, payment: Payment, *, hold: bool = False) -> str | None:
        """Return the id of another payment of the same order that is authorized, or paid and not given back; None: there is none.

        A payment that is itself a duplicate of `payment` does not count. `hold` keeps the order until the unit ends, so that two payments of
        one order are never judged at the same time.
        """

    def list(self, shop: str | None, wanted: PaymentFilter, limit: int, before: str | None) -> Sequence[Payment]:
        """Return payments, newest first, older than the id `before`; `shop` None: of all shops, for operators."""


class Operations(Protocol):
    """Refunds, captures and cancels as rows."""

    def add(self, operation: Operation) -> None:
        """Insert."""

    def save(self, operation: Operation) -> Operation:
        """Update by compare and set on `version`. Raises LeaseLost when somebody was faster."""

    def get(self, operation_id: str) -> Operation:
        """Return an operation. Raises NotFound."""

    def of_shop(self, shop: str, kind: str, operation_id: str) -> Operation:
        """Return an operation of this shop and kind only. Raises NotFound."""

    def of_payment(self, payment_id: str, kind: str | None = None) -> Sequence[Operation]:
        """Return a payment's operations, oldest first."""

    def by_provider_reference(self, merchant: str, provider: str, reference: str) -> Operation | None:
        """Return the operation that a provider knows under `reference`."""


class Events(Protocol):
    """The append-only history."""

    def add(self, event: Event) -> None:
        """Append."""

    def get(self, event_id: str) -> Event:
        """Return an event. Raises NotFound."""

    def of_payment(self, payment_id: str) -> Sequence[Event]:
        """Return a payment's events and notes in the order in which they were written."""

    def after(self, shop: str, event_id: str | None, limit: int) -> Sequence[Event]:
        """Return a shop's events (no notes) after `event_id`; an event once skipped by a reader can never appear before its cursor. Raises NotFound."""

    def next_undelivered(self, payment_id: str) -> Event | None:
        """Return the payment's first event that is neither delivered nor given up."""

    def mark(self, event_id: str, *, result: str, delivered_at: datetime | None = None, undeliverable_at: datetime | None = None) -> None:
        """Note one try to deliver an event, and its end where it has one."""

    def reopen(self, event_id: str) -> None:
        """Make an undeliverable event deliverable again."""

    def reopen_all(self, shop: str) -> Sequence[str]:
        """Make all events of a shop that were given up deliverable again; return the payment of each."""

    def undeliverable(self, shop: str | None, limit: int) -> Sequence[Event]:
        """Return events that were given up, oldest first."""


class Outbox(Protocol):
    """Work written with the change. At most one job per (kind, subject)."""

    def put(self, kind: JobKind, subject: str, lane: str, due_at: datetime, *, keep_due: bool = False) -> None:
        """Make sure that `subject` is looked at when due. An existing job is due anew and starts its ladder anew; with `keep_due` it keeps both."""

    def nudge(self, kind: JobKind, subject: str, due_at: datetime) -> None:
        """Bring an existing job forward to `due_at`; never later, never a new one."""

    def bring_forward(self, kind: JobKind, subject: str, due_at: datetime) -> None:
        """Bring an existing job forward to `due_at`, but only once before the time for which it was planned: whoever asks for it a thousand
        times has it looked at once more than the ladder would."""

    def lanes_due(self, room: Room, now: datetime, *, after: str = "", left_out: Sequence[str] = (), most: int = 1_000) -> Sequence[str]:
        """Return lanes of a room that have jobs to be claimed, in the order of their names from behind `after` on, and round to it."""

    def claim(self, room: Room, shares: Sequence[Share], now: datetime, leased_until: datetime) -> Sequence[Job]:
        """Lease due jobs of a room to the caller, at most its share of each lane."""

    def hold(self, job: Job) -> None:
        """Prove that the caller still holds the job, and keep others off until the unit ends. Raises LeaseLost."""

    def done(self, job: Job) -> None:
        """Remove a held job; if it was put anew meanwhile, release it instead."""

    def postpone(self, job: Job, due_at: datetime) -> None:
        """Release a held job, counting one more attempt; if it was put anew meanwhile, the earlier due time holds."""

    def remove(self, kind: JobKind, subject: str) -> None:
        """Remove a job whoever holds it."""

    def depth(self) -> Mapping[str, int]:
        """Return how many jobs there are by kind."""


class Callbacks(Protocol):
    """Raw callbacks, kept."""

    def add(self, callback: StoredCallback) -> bool:
        """Insert; True. Or False: one with the same digest of this account is kept already, and the repeat is counted there."""

    def get(self, callback_id: str) -> StoredCallback:
        """Return one. Raises NotFound."""

    def mark(self, callback_id: str, state: str, note: str | None = None, payment_id: str | None = None, *, forget: bool = False) -> None:
        """Note what became of it; `forget` what it says, so that the same once more is new."""

    def prune(self, older_than: datetime, most: int, state: str | None = None) -> int:
        """Delete what is older, at most so many, only what is in a state where one is given; return how many."""


class Keys(Protocol):
    """Idempotency keys by shop."""

    def get(self, shop: str, key: str) -> KeptAnswer | None:
        """Return what a key stands for."""

    def add(self, shop: str, key: str, kept: KeptAnswer) -> None:
        """Claim a key, in the same unit as the intent that it stands for. Raises IdempotencyRunning when somebody was faster."""

    def finish(self, shop: str, key: str, body: str) -> None:
        """Keep the final answer."""

    def prune(self, older_than: datetime, most: int) -> int:
        """Delete what is older, at most so many; return how many."""


class Documents(Protocol):
    """Small JSON values owned by a provider, an adapter or the house."""

    def get(self, owner: str, name: str, *, lock: bool = False) -> Any | None:
        """Return a value; `lock` holds it until the unit ends."""

    def count(self, owner: str, prefix: str) -> int:
        """Return how many values have a name that begins so."""

    def put(self, owner: str, name: str, value: Any) -> None:
        """Store a value."""

    def delete(self, owner: str, name: str) -> None:
        """Remove a value."""


class Signs(Protocol):
    """What callbacks and answers say about the accounts."""

    def heard(self, merchant: str, provider: str, at: datetime) -> None:
        """Note a genuine callback: nothing counts against the account's callbacks any more."""

    def rejected(self, merchant: str, provider: str, at: datetime, why: str) -> None:
        """Note a callback that was not genuine."""

    def unheard(self, merchant: str, provider: str, at: datetime) -> None:
        """Note a payment that an inquiry found paid before any callback told of it."""

    def login_refused(self, merchant: str, provider: str, at: datetime) -> None:
        """Note a call whose login was refused."""

    def login_accepted(self, merchant: str, provider: str) -> None:
        """Note a call whose login was accepted; writes nothing where none was refused."""

    def all(self) -> Sequence[AccountSigns]:
        """Return what is known, by merchant and provider; an account of which nothing is known is left out."""


class Unit(Protocol):
    """One database transaction: a clean exit commits, an exception rolls back."""

    @property
    def payments(self) -> Payments:
        """Return the payments."""

    @property
    def operations(self) -> Operations:
        """Return the operations."""

    @property
    def events(self) -> Events:
        """Return the events."""

    @property
    def outbox(self) -> Outbox:
        """Return the outbox."""

    @property
    def callbacks(self) -> Callbacks:
        """Return the callbacks."""

    @property
    def keys(self) -> Keys:
        """Return the keys."""

    @property
    def documents(self) -> Documents:
        """Return the documents."""

    @property
    def signs(self) -> Signs:
        """Return the signs."""

    def now(self) -> datetime:
        """Return the time by the database's own clock, UTC."""


class Units(Protocol):
    """Opens units. No unit is open while a provider or a shop is asked."""

    def __call__(self) -> AbstractContextManager[Unit]:
        """Open a unit that may write."""

    def read(self) -> AbstractContextManager[Unit]:
        """Open a unit that only reads."""


# --- the room in which provider calls run -----------------------------------------------------------------------------


class Calls(Protocol):
    """A bounded pool in which outgoing calls run, so that nobody outside takes the threads that serve."""

    def run(self, lane: str, call: Any, wait: float) -> bool:
        """Run `call()` in the pool and wait up to `wait` seconds; True: it ended. Raises Unavailable when the lane is full and nothing was started."""
