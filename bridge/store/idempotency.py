"""Idempotency keys by shop."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from bridge.errors import IdempotencyRunning
from bridge.ports import KeptAnswer
from bridge.store.schema import idempotency


class SqlKeys:
    """See `ports.Keys`."""

    def __init__(self, connection: Connection) -> None:
        """Work on one connection."""
        self._connection = connection

    def get(self, shop: str, key: str) -> KeptAnswer | None:
        """Return what a key stands for."""
        c = idempotency.c
        row = self._connection.execute(select(idempotency).where(c.shop == shop, c.key == key)).first()
        return None if row is None else KeptAnswer(row.fingerprint, row.resource, row.created_at, row.body)

    def add(self, shop: str, key: str, kept: KeptAnswer) -> None:
        """Claim a key. Raises IdempotencyRunning when somebody was faster."""
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(idempotency).values(
                    shop=shop, key=key, fingerprint=kept.fingerprint, resource=kept.resource, created_at=kept.created_at,
                    body=kept.body))
        except IntegrityError as error:
            raise IdempotencyRunning from error

    def finish(self, shop: str, key: str, body: str) -> None:
        """Keep the final answer."""
        c = idempotency.c
        self._connection.execute(update(idempotency).where(and_(c.shop == shop, c.key == key)).values(body=body))

    def prune(self, older_than: datetime) -> int:
        """Delete what is older; return how many."""
        return self._connection.execute(delete(idempotency).where(idempotency.c.created_at < older_than)).rowcount
