"""Idempotency keys by shop."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, tuple_, update

from bridge.errors import IdempotencyRunning
from bridge.ports import KeptAnswer
from bridge.store.dialects import DIALECTS, Dialect
from bridge.store.schema import idempotency

_C = idempotency.c
# Built once: SQLAlchemy needs longer to build a statement than the database needs to carry it out.
_GET = select(idempotency).where(_C.shop == bindparam("shop"), _C.key == bindparam("key"))
_ADD = {
    dialect: dialect.insert(idempotency).on_conflict_do_nothing().returning(_C.key)
    for dialect in DIALECTS
}
_FINISH = update(idempotency).where(_C.shop == bindparam("of_shop"), _C.key == bindparam("of_key"))


class SqlKeys:
    """See `ports.Keys`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        """Work on one connection."""
        self._connection = connection
        self._dialect = dialect

    def get(self, shop: str, key: str) -> KeptAnswer | None:
        """Return what a key stands for."""
        row = self._connection.execute(_GET, {"shop": shop, "key": key}).first()
        return (
            None
            if row is None
            else KeptAnswer(row.fingerprint, row.resource, row.created_at, row.body)
        )

    def add(self, shop: str, key: str, kept: KeptAnswer) -> None:
        """Claim a key. Raises IdempotencyRunning when somebody was faster."""
        row = {
            "shop": shop,
            "key": key,
            "fingerprint": kept.fingerprint,
            "resource": kept.resource,
            "created_at": kept.created_at,
            "body": kept.body,
        }
        if self._connection.execute(_ADD[self._dialect], row).first() is None:
            raise IdempotencyRunning

    def finish(self, shop: str, key: str, body: str) -> None:
        """Keep the final answer."""
        self._connection.execute(_FINISH, {"of_shop": shop, "of_key": key, "body": body})

    def prune(self, older_than: datetime, most: int) -> int:
        """Delete what is older, at most so many; return how many."""
        old = (
            select(_C.shop, _C.key)
            .where(_C.created_at < older_than)
            .order_by(_C.created_at)
            .limit(most)
        )
        return self._connection.execute(
            delete(idempotency).where(tuple_(_C.shop, _C.key).in_(old))
        ).rowcount
