"""Where the two databases differ, side by side.

              PostgreSQL                                  SQLite
claim         FOR UPDATE SKIP LOCKED                      the write lock of the whole file
row lock      SELECT … FOR UPDATE                         the write lock of the whole file
upsert        INSERT … ON CONFLICT                        INSERT … ON CONFLICT
event order   the writing transaction, then the position  the position
visible       transactions older than every running one   everything
clock         the server's                                this machine's
"""
from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, literal, text, true
from sqlalchemy.dialects import postgresql, sqlite

from bridge.store import schema


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


Dialect = type[PostgreSQL] | type[SQLite]
DIALECTS: tuple[Dialect, ...] = (PostgreSQL, SQLite)


def dialect_of(connection: Connection) -> Dialect:
    """Return what the connection's database does its own way."""
    return PostgreSQL if connection.dialect.name == "postgresql" else SQLite
