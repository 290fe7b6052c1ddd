"""Where the two databases differ, side by side.

              PostgreSQL                                  SQLite
claim         FOR UPDATE SKIP LOCKED                      the write lock of the whole file
row lock      SELECT … FOR UPDATE                         the write lock of the whole file
upsert        INSERT … ON CONFLICT                        INSERT … ON CONFLICT
event order   the writing transaction, then the position  the position
visible       transactions older than every running one   everything
clock         the server's                                this machine's
index         led to, where statistics may be missing     named, where statistics would be needed
"""
from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, literal, text, true
from sqlalchemy.dialects import postgresql, sqlite

from bridge.store import schema


_NO_BITMAPS = text("SET LOCAL enable_bitmapscan = off")


class PostgreSQL:
    """What PostgreSQL does its own way."""

    name = "postgresql"
    xact: ColumnElement[Any] = text("pg_current_xact_id()::text::bigint")  # type: ignore[assignment]
    seconds: ColumnElement[Any] = func.extract("epoch", func.clock_timestamp())
    """Seconds since 1970, UTC, by the database's clock."""

    @staticmethod
    def insert(table: Table) -> Any:
        """Make an INSERT that knows ON CONFLICT."""
        return postgresql.insert(table)

    @staticmethod
    def visible() -> ColumnElement[bool]:
        """Limit events to those that no running transaction can still come before."""
        return schema.events.c.xact < text("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")  # type: ignore[operator]

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
    xact: ColumnElement[Any] = literal(0)
    seconds: ColumnElement[Any] = (func.julianday("now") - 2440587.5) * 86400
    """Seconds since 1970, UTC, by the database's clock."""

    @staticmethod
    def insert(table: Table) -> Any:
        """Make an INSERT that knows ON CONFLICT."""
        return sqlite.insert(table)

    @staticmethod
    def visible() -> ColumnElement[bool]:
        """Every committed event is visible in order."""
        return true()

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
