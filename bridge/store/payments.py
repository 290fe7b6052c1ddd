"""Payments as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    or_,
    select,
    update,
)

from bridge.domain.attempt import AttemptState
from bridge.domain.operation import OperationStatus
from bridge.domain.payment import Failure, Payer, Payment, Status
from bridge.domain.reasons import Reason
from bridge.errors import LeaseLost, NotFound, PaymentExists
from bridge.ports import PaymentFilter
from bridge.store.attempts import WORDS, attempt_from, attempt_row
from bridge.store.dialects import DIALECTS, Dialect
from bridge.store.schema import operations, payments

_PLAIN = (
    "id",
    "merchant",
    "shop",
    "order_reference",
    "method",
    "provider",
    "channel",
    "capture",
    "amount",
    "currency",
    "return_url",
    "cancel_url",
    "description",
    "checkout_token",
    "matching_number",
    "created_at",
    "updated_at",
    "expires_at",
    "tries",
    "next_check_at",
    "amount_authorized",
    "amount_captured",
    "amount_capture_pending",
    "amount_refunded",
    "amount_refund_pending",
    "fee_estimate",
    "provider_reference",
    "pay_currency",
    "reason_id",
    "page_url",
    "review",
    "operations_doubtful_since",
    "giving_up",
    "provider_ended",
    "duplicate_of",
    "sequence",
    "version",
)
"""Columns that hold exactly the field of the same name."""


def _by(*columns: str) -> Select[Any]:
    return select(payments).where(*(payments.c[name] == bindparam(name) for name in columns))


# Built once: SQLAlchemy needs longer to build a statement than the database needs to carry it out.
_BY_ID = _by("id")
_BY_SHOP = _by("shop", "id")
_BY_TOKEN = _by("checkout_token")
_BY_REFERENCE = _by("merchant", "provider", "provider_reference")
_PAID_OTHERWISE = (
    select(payments.c.id)
    .where(
        payments.c.shop == bindparam("shop"),
        payments.c.order_reference == bindparam("order_reference"),
        payments.c.id != bindparam("id"),
        or_(payments.c.duplicate_of.is_(None), payments.c.duplicate_of != bindparam("id")),
        or_(
            payments.c.status == Status.AUTHORIZED.value,
            payments.c.amount_captured
            > payments.c.amount_refunded + payments.c.amount_refund_pending,
        ),
    )
    .order_by(payments.c.duplicate_of.is_not(None), payments.c.id)
    .limit(1)
)  # first the one that is nobody's duplicate
_LOCKED = {query: query.with_for_update() for query in (_BY_ID, _BY_SHOP, _BY_TOKEN)}
_ADD = {
    dialect: dialect.insert(payments)
    .on_conflict_do_nothing(index_elements=["shop", "open_order"])
    .returning(payments.c.id)
    for dialect in DIALECTS
}
_SAVE = update(payments).where(
    payments.c.id == bindparam("saved_id"), payments.c.version == bindparam("saved_version")
)


class SqlPayments:
    """See `ports.Payments`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        """Work on one connection."""
        self._connection = connection
        self._dialect = dialect

    def add(self, payment: Payment) -> None:
        """Insert. Raises PaymentExists when the order has a payment that is open or has its money, LeaseLost when it had one a moment ago."""
        paid = self._paid_otherwise(payment)
        if paid is not None:
            raise PaymentExists(payment_id=paid)
        if self._connection.execute(_ADD[self._dialect], _row_from(payment)).first() is None:
            held = self._open_payment(payment.shop, payment.order_reference)
            raise LeaseLost if held is None else PaymentExists(payment_id=held)

    def save(self, payment: Payment) -> Payment:
        """Update by compare and set on `version`. Raises LeaseLost when somebody was faster."""
        saved = replace(payment, version=payment.version + 1)
        row = _row_from(saved)
        if payment.is_open:
            del row[
                "open_order"
            ]  # a late payment stays without its order, which may have another payment by now
        if (
            self._connection.execute(
                _SAVE, row | {"saved_id": payment.id, "saved_version": payment.version}
            ).rowcount
            != 1
        ):
            raise LeaseLost
        return saved

    def get(self, payment_id: str, *, lock: bool = False) -> Payment:
        """Return a payment. Raises NotFound."""
        return self._one(_BY_ID, lock, id=payment_id)

    def of_shop(self, shop: str, payment_id: str, *, lock: bool = False) -> Payment:
        """Return a payment of this shop only. Raises NotFound."""
        return self._one(_BY_SHOP, lock, shop=shop, id=payment_id)

    def by_token(self, token: str, *, lock: bool = False) -> Payment:
        """Return the payment of a checkout token. Raises NotFound."""
        return self._one(_BY_TOKEN, lock, checkout_token=token)

    def by_provider_reference(self, merchant: str, provider: str, reference: str) -> Payment | None:
        """Return the payment that a provider knows under `reference`."""
        known = {"merchant": merchant, "provider": provider, "provider_reference": reference}
        row = self._connection.execute(_BY_REFERENCE, known).first()
        return None if row is None else _payment_from(row)

    def other_with_money(self, payment: Payment, *, hold: bool = False) -> str | None:
        """Return the id of another payment of the same order that has its money."""
        if hold and self._dialect.hold is not None:
            self._connection.execute(
                self._dialect.hold, {"name": f"{payment.shop}:{payment.order_reference}"}
            )
        return self._paid_otherwise(payment)

    def list(
        self, shop: str | None, wanted: PaymentFilter, limit: int, before: str | None
    ) -> Sequence[Payment]:
        """Return payments, newest first, older than the id `before`."""
        query = (
            select(payments)
            .where(*_conditions(shop, wanted))
            .order_by(payments.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(payments.c.id < before)
        return [_payment_from(row) for row in self._connection.execute(query)]

    def _one(self, query: Select[Any], lock: bool, **known: str) -> Payment:
        row = self._connection.execute(_LOCKED[query] if lock else query, known).first()
        if row is None:
            raise NotFound
        return _payment_from(row)

    def _paid_otherwise(self, payment: Payment) -> str | None:
        order = {"shop": payment.shop, "order_reference": payment.order_reference, "id": payment.id}
        return self._connection.execute(_PAID_OTHERWISE, order).scalar()

    def _open_payment(self, shop: str, order_reference: str) -> str | None:
        query = select(payments.c.id).where(
            payments.c.shop == shop, payments.c.open_order == order_reference
        )
        return self._connection.execute(query).scalar()


def _conditions(shop: str | None, wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    c = payments.c
    equal = (
        (c.shop, shop),
        (c.order_reference, wanted.order_reference),
        (c.status, wanted.status),
        (c.method, wanted.method),
        (c.provider_reference, wanted.provider_reference),
    )
    found = [column == value for column, value in equal if value is not None]
    since = ((c.created_at, wanted.created_from), (c.updated_at, wanted.updated_from))
    found += [column >= value for column, value in since if value is not None]
    if wanted.created_to is not None:
        found.append(c.created_at < wanted.created_to)
    if wanted.needs_review:
        found.append(or_(c.review.is_not(None), *_in_doubt_since_before(wanted.doubtful_before)))
    return found


def _in_doubt_since_before(at: datetime | None) -> list[ColumnElement[bool]]:
    """What is in doubt and still inquired about; after the last inquiry it is under review, until an operator closes that."""
    if at is None:
        return []
    c, o, in_doubt = payments.c, operations.c, WORDS[AttemptState.IN_DOUBT]
    inquired = exists().where(
        o.payment_id == c.id,
        o.status == OperationStatus.PENDING.value,
        o.asking == in_doubt,
        o.asked_at < at,
        o.review.is_(None),
    )
    return [
        and_(c.asking == in_doubt, c.asked_at < at, c.next_check_at.is_not(None)),
        and_(c.giving_up.is_not(None), c.updated_at < at, c.next_check_at.is_not(None)),
        and_(c.operations_doubtful_since < at, inquired),
    ]


def _row_from(payment: Payment) -> dict[str, Any]:
    row = {name: getattr(payment, name) for name in _PLAIN}
    failure = payment.failure
    row.update(
        open_order=payment.order_reference if payment.is_open else None,
        wallet_username=payment.payer.wallet_username,
        payer_email=payment.payer.email,
        payer_locale=payment.payer.locale,
        metadata=dict(payment.metadata),
        status=payment.status.value,
        **attempt_row(payment.attempt),
        failure_reason=failure.reason.value if failure else None,
        failure_provider_code=failure.provider_code if failure else None,
    )
    return row


def _payment_from(row: Row[Any]) -> Payment:
    m = row._mapping
    return Payment(
        **{name: m[name] for name in _PLAIN},
        payer=Payer(m["wallet_username"], m["payer_email"], m["payer_locale"]),
        metadata=m["metadata"],
        status=Status(m["status"]),
        attempt=attempt_from(m),
        failure=failure_from(m),
    )


def failure_from(mapping: Any) -> Failure | None:
    """Read the two failure columns that payments and operations share."""
    reason = mapping["failure_reason"]
    return None if reason is None else Failure(Reason(reason), mapping["failure_provider_code"])
