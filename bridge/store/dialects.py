"""Where the two databases differ, side by side.

              PostgreSQL                                  SQLite
claim         FOR UPDATE SKIP LOCKED                      the write lock of the whole file
row lock      SELECT … FOR UPDATE                         the write lock of the whole file
upsert        INSERT … ON CONFLICT                        INSERT … ON CONFLICT
events        readable up to the oldest writer at work    all readable
clock         the server's                                this machine's
index         led to, where statistics may be missing     named, where statistics would be needed
held order    a lock by name, until the transaction ends   the write lock of the whole file
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Select,
    Table,
    and_,
    bindparam,
    func,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

from bridge.store import schema

ORDERS = 0x6F726472
"""The space in which PostgreSQL keeps the locks that are named by orders."""


_NO_BITMAPS = text("SET LOCAL enable_bitmapscan = off")
_REACHED = text("SELECT last_value FROM events_position_seq")
_WRITING = text("""
    SELECT min((classid::bigint & 65535) << 32 | objid::bigint) FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = 25206
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""")
"""25206 is 0x6276, by which migration 0007 marks these locks; the other 48 bits are the position."""


class PostgreSQL:
    """What PostgreSQL does its own way."""

    name = "postgresql"
    seconds: ColumnElement[Any] = func.extract("epoch", func.clock_timestamp())
    """Seconds since 1970, UTC, by the database's clock."""

    hold: Executable | None = select(
        func.pg_advisory_xact_lock(ORDERS, func.hashtext(bindparam("name")))
    )
    """Holds a name until the transaction ends; None where every writing unit holds everything."""

    @staticmethod
    def insert(table: Table) -> Any:
        """Make an INSERT that knows ON CONFLICT."""
        return postgresql.insert(table)

    @staticmethod
    def settled(connection: Connection) -> int:
        """Return the position up to which no running transaction can still write an event.

        Who writes one holds a lock first that names the position reached at that moment (migration 0007): all that it will write comes
        behind. First the position, then the locks: what is given out in between is not counted.
        """
        reached = int(connection.execute(_REACHED).scalar_one())
        return min(reached, int(connection.execute(_WRITING).scalar_one() or reached))

    @staticmethod
    def later_than(xact: int, position: int) -> ColumnElement[bool]:
        """Limit events to those behind one."""
        return tuple_(schema.events.c.xact, schema.events.c.position) > tuple_(
            literal(xact), literal(position)
        )

    @staticmethod
    def locked(query: Select[Any], *, skip: bool = False) -> Select[Any]:
        """Lock the rows read until the transaction ends; `skip` leaves out rows that others hold."""
        return query.with_for_update(skip_locked=skip)

    @staticmethod
    def by_index(table: str, _index: str) -> str:
        """Name a table in a FROM; the planner finds the index by itself."""
        return table

    @staticmethod
    def in_index_order(connection: Connection) -> None:
        """Have the rest of the transaction read rows in the order of an index: without statistics the planner fetches and sorts all of them."""
        connection.execute(_NO_BITMAPS)


class SQLite:
    """What SQLite does its own way: one writer at a time makes every lock unnecessary."""

    name = "sqlite"
    seconds: ColumnElement[Any] = (func.julianday("now") - 2440587.5) * 86400
    """Seconds since 1970, UTC, by the database's clock."""

    hold: Executable | None = None

    @staticmethod
    def insert(table: Table) -> Any:
        """Make an INSERT that knows ON CONFLICT."""
        return sqlite.insert(table)

    @staticmethod
    def settled(_connection: Connection) -> int:
        """Return the highest position: every committed event has its place."""
        return 2**63 - 1

    @staticmethod
    def later_than(xact: int, position: int) -> ColumnElement[bool]:
        """Limit events to those behind one; all have the same `xact`."""
        return and_(
            schema.events.c.xact == literal(xact), schema.events.c.position > literal(position)
        )

    @staticmethod
    def locked(query: Select[Any], *, skip: bool = False) -> Select[Any]:
        """Nothing to lock: a writing unit holds the file."""
        return query

    @staticmethod
    def by_index(table: str, index: str) -> str:
        """Name a table in a FROM, and the index to read it by: without statistics the planner takes the primary key for better than it is."""
        return f"{table} INDEXED BY {index}"

    @staticmethod
    def in_index_order(_connection: Connection) -> None:
        """Rows are read in the order of an index anyway."""


Dialect = type[PostgreSQL] | type[SQLite]
DIALECTS: tuple[Dialect, ...] = (PostgreSQL, SQLite)


def dialect_of(connection: Connection) -> Dialect:
    """Return what the connection's database does its own way."""
    return PostgreSQL if connection.dialect.name == "postgresql" else SQLite
