"""Raw callbacks, kept as they arrived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, or_, select, update

from bridge.domain.payment import Payment
from bridge.errors import NotFound
from bridge.ports import RawCallback, StoredCallback
from bridge.store.dialects import DIALECTS, Dialect
from bridge.store.schema import callbacks


def _add(dialect: Dialect) -> Any:
    query = dialect.insert(callbacks)
    counted = {"repeats": callbacks.c.repeats + 1, "repeated_at": query.excluded.received_at}
    return query.on_conflict_do_update(
        index_elements=["merchant", "provider", "digest"], set_=counted
    ).returning(callbacks.c.id)


_ADD = {dialect: _add(dialect) for dialect in DIALECTS}


class SqlCallbacks:
    """See `ports.Callbacks`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        """Work on one connection."""
        self._connection = connection
        self._dialect = dialect

    def add(self, callback: StoredCallback) -> bool:
        """Insert, or count a repeat; True: it is new."""
        raw = callback.raw
        kept = self._connection.execute(
            _ADD[self._dialect],
            {
                "id": callback.id,
                "provider": callback.provider,
                "merchant": callback.merchant,
                "received_at": callback.received_at,
                "method": raw.method,
                "content_type": raw.content_type[:255],
                "query": raw.query,
                "body": raw.body,
                "state": callback.state,
                "note": callback.note,
                "payment_id": callback.payment_id,
                "digest": callback.digest,
                "repeats": 0,
            },
        )
        return bool(kept.scalar_one() == callback.id)

    def get(self, callback_id: str) -> StoredCallback:
        """Return one. Raises NotFound."""
        row = self._connection.execute(
            select(callbacks).where(callbacks.c.id == callback_id)
        ).first()
        if row is None:
            raise NotFound
        return _stored_from(row)

    def about(self, payment: Payment, limit: int) -> Sequence[StoredCallback]:
        """Return callbacks since the payment was made: its own, then those of its account that wait, were rejected or fit no payment,
        newest first.

        Its own come first, so that forged ones cannot crowd them out.
        """
        c = callbacks.c
        own_first = case((c.payment_id == payment.id, 0), else_=1)
        nobodys = and_(
            c.merchant == payment.merchant,
            c.provider == payment.provider,
            c.state.in_(["received", "rejected", "unmatched"]),
        )
        query = select(callbacks).where(
            c.received_at >= payment.created_at, or_(c.payment_id == payment.id, nobodys)
        )
        rows = self._connection.execute(
            query.order_by(own_first, c.received_at.desc()).limit(limit)
        )
        return [_stored_from(row) for row in rows]

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
        forgotten = {"digest": None} if forget else {}
        self._connection.execute(
            update(callbacks)
            .where(callbacks.c.id == callback_id)
            .values(state=state, note=note, payment_id=payment_id, **forgotten)
        )

    def prune(self, older_than: datetime, most: int, state: str | None = None) -> int:
        """Delete what is older, at most so many, only what is in a state where one is given; return how many."""
        c = callbacks.c
        old = (
            select(c.id)
            .where(c.received_at < older_than, *([c.state == state] if state else []))
            .order_by(c.received_at)
            .limit(most)
        )
        return self._connection.execute(delete(callbacks).where(c.id.in_(old))).rowcount


def _stored_from(row: Row[Any]) -> StoredCallback:
    return StoredCallback(
        row.id,
        row.provider,
        row.merchant,
        RawCallback(row.method, row.content_type, row.query, row.body),
        row.received_at,
        row.state,
        row.note,
        row.payment_id,
        row.digest,
        row.repeats,
    )
