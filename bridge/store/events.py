"""The append-only history, and how far its events were delivered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, insert, select, update

from bridge.domain.events import Event
from bridge.errors import NotFound
from bridge.store.dialects import Dialect
from bridge.store.schema import events

_FIELDS = (
    "id",
    "type",
    "payment_id",
    "merchant",
    "shop",
    "source",
    "at",
    "sequence",
    "detail",
    "body",
    "delivered_at",
    "undeliverable_at",
    "attempts",
    "last_result",
)

_C = events.c
_ADD = insert(events).values(xact=0)
"""PostgreSQL's trigger gives the event its position, and `xact` another value; see bridge/decisions/0002."""
_NEXT = (
    select(events)
    .where(
        _C.payment_id == bindparam("payment_id"),
        _C.sequence.is_not(None),
        _C.delivered_at.is_(None),
        _C.undeliverable_at.is_(None),
    )
    .order_by(_C.sequence)
    .limit(1)
)
_MARK = (
    update(events)
    .where(_C.id == bindparam("of_id"), _C.delivered_at.is_(None))
    .values(attempts=_C.attempts + 1)
)


class SqlEvents:
    """See `ports.Events`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        """Work on one connection."""
        self._connection = connection
        self._dialect = dialect

    def add(self, event: Event) -> None:
        """Append."""
        self._connection.execute(_ADD, {name: getattr(event, name) for name in _FIELDS})

    def get(self, event_id: str) -> Event:
        """Return an event. Raises NotFound."""
        row = self._row(events.c.id == event_id)
        if row is None:
            raise NotFound
        return _event_from(row)

    def of_payment(self, payment_id: str) -> Sequence[Event]:
        """Return a payment's events and notes in the order in which they were written."""
        query = select(events).where(events.c.payment_id == payment_id).order_by(events.c.position)
        return [_event_from(row) for row in self._connection.execute(query)]

    def after(self, shop: str, event_id: str | None, limit: int) -> Sequence[Event]:
        """Return a shop's events after `event_id`; none can later appear before its cursor. Raises NotFound."""
        c = events.c
        seen = None if event_id is None else self._known(shop, event_id)
        query = select(events).where(
            c.shop == shop,
            c.sequence.is_not(None),
            c.position <= self._dialect.settled(self._connection),
        )
        if seen is not None:
            query = query.where(self._dialect.later_than(seen.xact, seen.position))
        return [
            _event_from(row)
            for row in self._connection.execute(query.order_by(c.xact, c.position).limit(limit))
        ]

    def next_undelivered(self, payment_id: str) -> Event | None:
        """Return the payment's first event that is neither delivered nor given up."""
        row = self._connection.execute(_NEXT, {"payment_id": payment_id}).first()
        return None if row is None else _event_from(row)

    def mark(
        self,
        event_id: str,
        *,
        result: str,
        delivered_at: datetime | None = None,
        undeliverable_at: datetime | None = None,
    ) -> None:
        """Note one try to deliver an event, and its end where it has one."""
        self._connection.execute(
            _MARK,
            {
                "of_id": event_id,
                "last_result": result[:255],
                "delivered_at": delivered_at,
                "undeliverable_at": undeliverable_at,
            },
        )

    def reopen(self, event_id: str) -> None:
        """Make an undeliverable event deliverable again."""
        self._connection.execute(
            update(events)
            .where(events.c.id == event_id)
            .values(undeliverable_at=None, delivered_at=None)
        )

    def reopen_all(self, shop: str) -> Sequence[str]:
        """Make all events of a shop that were given up deliverable again; return the payment of each."""
        c = events.c
        given_up = update(events).where(
            c.shop == shop, c.undeliverable_at.is_not(None), c.delivered_at.is_(None)
        )
        return list(
            self._connection.execute(
                given_up.values(undeliverable_at=None).returning(c.payment_id)
            ).scalars()
        )

    def undeliverable(self, shop: str | None, limit: int) -> Sequence[Event]:
        """Return events that were given up, oldest first."""
        query = (
            select(events)
            .where(events.c.undeliverable_at.is_not(None))
            .order_by(events.c.position)
            .limit(limit)
        )
        if shop is not None:
            query = query.where(events.c.shop == shop)
        return [_event_from(row) for row in self._connection.execute(query)]

    def _known(self, shop: str, event_id: str) -> Row[Any]:
        seen = self._row(events.c.id == event_id, events.c.shop == shop)
        if seen is None:
            raise NotFound("There is no such event to continue after.")
        return seen

    def _row(self, *conditions: ColumnElement[bool]) -> Row[Any] | None:
        return self._connection.execute(select(events).where(*conditions)).first()


def _event_from(row: Row[Any]) -> Event:
    return Event(**{name: row._mapping[name] for name in _FIELDS})
