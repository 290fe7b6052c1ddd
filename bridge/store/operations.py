"""Refunds, captures and cancels as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from bridge.domain.operation import Kind, Operation, OperationStatus, Origin
from bridge.errors import LeaseLost, NotFound
from bridge.store.attempts import attempt_from, attempt_row
from bridge.store.dialects import Dialect
from bridge.store.payments import failure_from
from bridge.store.schema import operations, payments

_PLAIN = (
    "id",
    "payment_id",
    "merchant",
    "shop",
    "amount",
    "currency",
    "created_at",
    "updated_at",
    "reason",
    "refund_reference",
    "provider_reference",
    "review",
    "version",
)


class SqlOperations:
    """See `ports.Operations`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        """Work on one connection."""
        self._connection = connection
        self._dialect = dialect

    def add(self, operation: Operation) -> None:
        """Insert; the provider is the payment's."""
        provider = (
            select(payments.c.provider)
            .where(payments.c.id == operation.payment_id)
            .scalar_subquery()
        )
        self._connection.execute(
            insert(operations).values(**_row_from(operation), provider=provider)
        )

    def save(self, operation: Operation) -> Operation:
        """Update by compare and set on `version`. Raises LeaseLost when somebody was faster."""
        saved = replace(operation, version=operation.version + 1)
        query = update(operations).where(
            operations.c.id == operation.id, operations.c.version == operation.version
        )
        if self._connection.execute(query.values(_row_from(saved))).rowcount != 1:
            raise LeaseLost
        return saved

    def get(self, operation_id: str) -> Operation:
        """Return an operation. Raises NotFound."""
        return self._one(operations.c.id == operation_id)

    def of_shop(self, shop: str, kind: str, operation_id: str) -> Operation:
        """Return an operation of this shop and kind only. Raises NotFound."""
        return self._one(
            operations.c.id == operation_id, operations.c.shop == shop, operations.c.kind == kind
        )

    def of_payment(self, payment_id: str, kind: str | None = None) -> Sequence[Operation]:
        """Return a payment's operations, oldest first."""
        query = (
            select(operations)
            .where(operations.c.payment_id == payment_id)
            .order_by(operations.c.created_at, operations.c.id)
        )
        if kind is not None:
            query = query.where(operations.c.kind == kind)
        return [_operation_from(row) for row in self._connection.execute(query)]

    def by_provider_reference(
        self, merchant: str, provider: str, reference: str
    ) -> Operation | None:
        """Return the operation that a provider knows under `reference`."""
        query = select(operations).where(
            operations.c.merchant == merchant,
            operations.c.provider == provider,
            operations.c.provider_reference == reference,
        )
        row = self._connection.execute(query).first()
        return None if row is None else _operation_from(row)

    def _one(self, *conditions: ColumnElement[bool]) -> Operation:
        row = self._connection.execute(select(operations).where(*conditions)).first()
        if row is None:
            raise NotFound
        return _operation_from(row)


def _row_from(operation: Operation) -> dict[str, Any]:
    failure = operation.failure
    return (
        {name: getattr(operation, name) for name in _PLAIN}
        | attempt_row(operation.attempt)
        | {
            "kind": operation.kind.value,
            "status": operation.status.value,
            "source": operation.source.value,
            "failure_reason": failure.reason.value if failure else None,
            "failure_provider_code": failure.provider_code if failure else None,
        }
    )


def _operation_from(row: Row[Any]) -> Operation:
    m = row._mapping
    return Operation(
        **{name: m[name] for name in _PLAIN},
        kind=Kind(m["kind"]),
        status=OperationStatus(m["status"]),
        attempt=attempt_from(m),
        source=Origin(m["source"]),
        failure=failure_from(m),
    )
