"""The database: what is kept, and the unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bridge.domain.events import Event
from bridge.domain.operation import Operation
from bridge.domain.payment import Payment
from bridge.ports.provider import RawCallback


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
class OpenJob:
    """A job that is still to be done, for people to read. `leased_until`: until when a worker holds it; None: nobody does."""

    kind: JobKind
    subject: str
    lane: str
    due_at: datetime
    attempts: int
    leased_until: datetime | None


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

    def list(
        self, shop: str | None, wanted: PaymentFilter, limit: int, before: str | None
    ) -> Sequence[Payment]:
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

    def by_provider_reference(
        self, merchant: str, provider: str, reference: str
    ) -> Operation | None:
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

    def mark(
        self,
        event_id: str,
        *,
        result: str,
        delivered_at: datetime | None = None,
        undeliverable_at: datetime | None = None,
    ) -> None:
        """Note one try to deliver an event, and its end where it has one."""

    def reopen(self, event_id: str) -> None:
        """Make an undeliverable event deliverable again."""

    def reopen_all(self, shop: str) -> Sequence[str]:
        """Make all events of a shop that were given up deliverable again; return the payment of each."""

    def undeliverable(self, shop: str | None, limit: int) -> Sequence[Event]:
        """Return events that were given up, oldest first."""


class Outbox(Protocol):
    """Work written with the change. At most one job per (kind, subject)."""

    def put(
        self, kind: JobKind, subject: str, lane: str, due_at: datetime, *, keep_due: bool = False
    ) -> None:
        """Make sure that `subject` is looked at when due. An existing job is due anew and starts its ladder anew; with `keep_due` it keeps both."""

    def nudge(self, kind: JobKind, subject: str, due_at: datetime) -> None:
        """Bring an existing job forward to `due_at`; never later, never a new one."""

    def bring_forward(self, kind: JobKind, subject: str, due_at: datetime) -> None:
        """Bring an existing job forward to `due_at`, but only once before the time for which it was planned: whoever asks for it a thousand
        times has it looked at once more than the ladder would."""

    def lanes_due(
        self,
        room: Room,
        now: datetime,
        *,
        after: str = "",
        left_out: Sequence[str] = (),
        most: int = 1_000,
    ) -> Sequence[str]:
        """Return lanes of a room that have jobs to be claimed, in the order of their names from behind `after` on, and round to it."""

    def claim(
        self, room: Room, shares: Sequence[Share], now: datetime, leased_until: datetime
    ) -> Sequence[Job]:
        """Lease due jobs of a room to the caller, at most its share of each lane."""

    def hold(self, job: Job) -> None:
        """Prove that the caller still holds the job, and keep others off until the unit ends. Raises LeaseLost."""

    def done(self, job: Job) -> None:
        """Remove a held job; if it was put anew meanwhile, release it instead."""

    def postpone(self, job: Job, due_at: datetime) -> None:
        """Release a held job, counting one more attempt; if it was put anew meanwhile, the earlier due time holds."""

    def remove(self, kind: JobKind, subject: str) -> None:
        """Remove a job whoever holds it."""

    def open(self, subjects: Sequence[str]) -> Sequence[OpenJob]:
        """Return the jobs of these subjects, the first due first."""

    def depth(self) -> Mapping[str, int]:
        """Return how many jobs there are by kind."""


class Callbacks(Protocol):
    """Raw callbacks, kept."""

    def add(self, callback: StoredCallback) -> bool:
        """Insert; True. Or False: one with the same digest of this account is kept already, and the repeat is counted there."""

    def get(self, callback_id: str) -> StoredCallback:
        """Return one. Raises NotFound."""

    def about(self, payment: Payment, limit: int) -> Sequence[StoredCallback]:
        """Return callbacks since the payment was made: its own, then those of its account that wait, were rejected or fit no payment, newest first."""

    def mark(
        self,
        callback_id: str,
        state: str,
        note: str | None = None,
        payment_id: str | None = None,
        *,
        forget: bool = False,
    ) -> None:
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
