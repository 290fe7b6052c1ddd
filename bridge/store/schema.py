"""The tables, with the money invariants as constraints of the database itself.

Amounts are minor units. Times are UTC: `timestamptz` on PostgreSQL, sortable ISO text on SQLite.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

from bridge.store.attempts import WORDS


class Utc(TypeDecorator[datetime]):
    """A point in time, UTC, in milliseconds."""

    impl = String(24)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use the database's own type where it has one."""
        return TIMESTAMP(timezone=True) if dialect.name == "postgresql" else String(24)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write; a naive time is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        if dialect.name == "postgresql":
            return value
        return (
            value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.")
            + f"{value.microsecond // 1000:03d}Z"
        )

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read as an aware UTC time."""
        if value is None:
            return None
        return (
            value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromisoformat(value)
        )


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

Id = String(40)
Name = String(64)
Word = String(32)


def _one_of(column: str, *words: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_known")


_STATUSES = (
    "created",
    "pending",
    "authorized",
    "paid",
    "declined",
    "failed",
    "canceled",
    "expired",
)
_ASKING = tuple(WORDS.values())

payments = Table(
    "payments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("merchant", Name, nullable=False),
    Column("shop", Name, nullable=False),
    Column("order_reference", String(255), nullable=False),
    Column(
        "open_order",
        String(255),
        comment="the order reference while the payment is open: one open payment per order",
    ),
    Column("method", Word, nullable=False),
    Column("provider", Word, nullable=False),
    Column("channel", Word, nullable=False),
    Column("capture", Word, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("return_url", Text),
    Column("cancel_url", Text),
    Column("description", Text),
    Column("wallet_username", String(320)),
    Column("payer_email", String(320)),
    Column("payer_locale", String(35)),
    Column("metadata", JSON, nullable=False),
    Column("checkout_token", Name, nullable=False),
    Column("matching_number", String(4), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("status", Word, nullable=False),
    Column("asking", Word, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("asked_at", Utc),
    Column("tries", Integer, nullable=False),
    Column("next_check_at", Utc),
    Column("amount_authorized", BigInteger, nullable=False),
    Column("amount_captured", BigInteger, nullable=False),
    Column("amount_capture_pending", BigInteger, nullable=False),
    Column("amount_refunded", BigInteger, nullable=False),
    Column("amount_refund_pending", BigInteger, nullable=False),
    Column("fee_estimate", BigInteger),
    Column("failure_reason", Word),
    Column("failure_provider_code", String(255)),
    Column("provider_reference", String(255)),
    Column("pay_currency", String(3)),
    Column("reason_id", Word),
    Column("page_url", Text),
    Column("review", Text),
    Column(
        "operations_doubtful_since",
        Utc,
        comment="when the oldest of its refunds, captures and cancels in doubt was asked for",
    ),
    Column(
        "giving_up",
        Word,
        comment="who wants it given up while the provider has not said whether it is paid",
    ),
    Column(
        "provider_ended",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="the provider has said its last word",
    ),
    Column("duplicate_of", Id, comment="another payment of the same order that has its money"),
    Column("sequence", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("shop", "open_order"),
    UniqueConstraint("checkout_token"),
    UniqueConstraint("merchant", "provider", "provider_reference"),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("amount_authorized between 0 and amount", name="authorized_within_amount"),
    CheckConstraint(
        "amount_captured >= 0 and amount_capture_pending >= 0"
        " and amount_captured + amount_capture_pending <= amount_authorized",
        name="captured_within_authorized",
    ),
    CheckConstraint(
        "amount_refunded >= 0 and amount_refund_pending >= 0"
        " and amount_refunded + amount_refund_pending <= amount_captured",
        name="refunded_within_captured",
    ),
    CheckConstraint("status <> 'paid' or amount_captured > 0", name="paid_is_captured"),
    CheckConstraint(
        "open_order is null or status in ('created', 'pending', 'authorized', 'paid')",
        name="open_order_is_open",
    ),
    _one_of("status", *_STATUSES),
    _one_of("asking", *_ASKING),
)
Index("ix_payments_shop_id", payments.c.shop, payments.c.id)
Index(
    "ix_payments_shop_order_reference_id",
    payments.c.shop,
    payments.c.order_reference,
    payments.c.id,
)
Index("ix_payments_shop_status_id", payments.c.shop, payments.c.status, payments.c.id)
Index("ix_payments_shop_method_id", payments.c.shop, payments.c.method, payments.c.id)
Index("ix_payments_shop_provider_reference", payments.c.shop, payments.c.provider_reference)
Index("ix_payments_shop_created_at", payments.c.shop, payments.c.created_at)
Index("ix_payments_shop_updated_at", payments.c.shop, payments.c.updated_at)
Index(
    "ix_payments_review",
    payments.c.id,
    sqlite_where=text("review is not null"),
    postgresql_where=text("review is not null"),
)
_IN_DOUBT = text("asking = 'doubtful' or operations_doubtful_since is not null")
Index(
    "ix_payments_giving_up",
    payments.c.id,
    sqlite_where=text("giving_up is not null"),
    postgresql_where=text("giving_up is not null"),
)
Index("ix_payments_in_doubt", payments.c.id, sqlite_where=_IN_DOUBT, postgresql_where=_IN_DOUBT)

operations = Table(
    "operations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Word, nullable=False),
    Column("payment_id", Id, ForeignKey("payments.id"), nullable=False),
    Column("merchant", Name, nullable=False),
    Column("provider", Word, nullable=False),
    Column("shop", Name, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("status", Word, nullable=False),
    Column("asking", Word, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("asked_at", Utc),
    Column("reason", Text),
    Column("refund_reference", String(255)),
    Column("provider_reference", String(255)),
    Column("failure_reason", Word),
    Column("failure_provider_code", String(255)),
    Column("review", Text),
    Column("source", Word, nullable=False, server_default="shop", comment="who made it"),
    Column("version", Integer, nullable=False),
    UniqueConstraint("merchant", "provider", "provider_reference"),
    CheckConstraint("amount > 0", name="amount_positive"),
    _one_of("kind", "refund", "capture", "cancel"),
    _one_of("status", "pending", "succeeded", "failed", "canceled"),
    _one_of("asking", *_ASKING),
    _one_of("source", "shop", "operator", "bridge", "provider"),
)
Index("ix_operations_payment_id_id", operations.c.payment_id, operations.c.id)

events = Table(
    "events",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column(
        "xact",
        BigInteger,
        nullable=False,
        comment="of the first version: the writing transaction; of all events since: 2^62 (PostgreSQL) or 0 "
        "(SQLite), so that position alone is their order",
    ),
    Column("id", Id, nullable=False),
    Column("type", Word, nullable=False),
    Column("payment_id", Id, ForeignKey("payments.id"), nullable=False),
    Column("merchant", Name, nullable=False),
    Column("shop", Name, nullable=False),
    Column("source", Word, nullable=False),
    Column("at", Utc, nullable=False),
    Column("sequence", Integer),
    Column("detail", Text),
    Column("body", Text),
    Column("delivered_at", Utc),
    Column("undeliverable_at", Utc),
    Column("attempts", Integer, nullable=False),
    Column("last_result", String(255)),
    UniqueConstraint("id"),
    UniqueConstraint("payment_id", "sequence"),
)
Index("ix_events_payment_id_position", events.c.payment_id, events.c.position)
Index("ix_events_shop_xact_position", events.c.shop, events.c.xact, events.c.position)
Index(
    "ix_events_undeliverable",
    events.c.position,
    sqlite_where=text("undeliverable_at is not null"),
    postgresql_where=text("undeliverable_at is not null"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("kind", Word, primary_key=True),
    Column("subject", Id, primary_key=True),
    Column("lane", String(255), nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("leased_until", Utc),
    Column("attempts", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("forward_from", Utc, comment="the time from which the job may be brought forward again"),
)
Index("ix_outbox_due_at", outbox.c.due_at)
ROOMS = {"money": "kind <> 'notify'", "notifications": "kind = 'notify'"}
"""The jobs of a room, see `ports.Room`. A query uses an index below only when it says these very words."""
Index(
    "ix_outbox_money",
    outbox.c.lane,
    outbox.c.due_at,
    sqlite_where=text(ROOMS["money"]),
    postgresql_where=text(ROOMS["money"]),
)
Index(
    "ix_outbox_notifications",
    outbox.c.lane,
    outbox.c.due_at,
    sqlite_where=text(ROOMS["notifications"]),
    postgresql_where=text(ROOMS["notifications"]),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("provider", Word, nullable=False),
    Column("merchant", Name, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("method", String(8), nullable=False),
    Column("content_type", String(255), nullable=False),
    Column("query", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Word, nullable=False),
    Column("note", Text),
    Column("payment_id", Id),
    Column(
        "digest",
        String(64),
        comment="SHA-256 of what a genuine callback says; the same once more is counted",
    ),
    Column(
        "repeats",
        Integer,
        nullable=False,
        server_default="0",
        comment="how often the same came again",
    ),
    Column("repeated_at", Utc, comment="when the same came last"),
    _one_of("state", "received", "rejected", "applied", "unmatched"),
)
Index("ix_callbacks_received_at", callbacks.c.received_at)
Index(
    "ix_callbacks_digest",
    callbacks.c.merchant,
    callbacks.c.provider,
    callbacks.c.digest,
    unique=True,
)
Index(
    "ix_callbacks_rejected",
    callbacks.c.received_at,
    sqlite_where=text("state = 'rejected'"),
    postgresql_where=text("state = 'rejected'"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("shop", Name, primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("resource", Id, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("body", Text),
)
Index("ix_idempotency_created_at", idempotency.c.created_at)

account_signs = Table(
    "account_signs",
    metadata,
    Column("merchant", Name, primary_key=True),
    Column("provider", Word, primary_key=True),
    Column("heard_at", Utc, comment="the last genuine callback, within a minute"),
    Column(
        "rejected", Integer, nullable=False, comment="callbacks since then that were not genuine"
    ),
    Column("rejected_at", Utc),
    Column("rejected_why", Text),
    Column(
        "unheard", Integer, nullable=False, comment="payments since then that an inquiry found paid"
    ),
    Column("unheard_since", Utc),
    Column("refused", Integer, nullable=False, comment="calls in a row whose login was refused"),
    Column("refused_since", Utc),
)

documents = Table(
    "documents",
    metadata,
    Column("owner", Name, primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("value", JSON, nullable=False),
)
