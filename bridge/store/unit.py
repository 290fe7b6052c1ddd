"""One unit of work: one database transaction and the repositories that share it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bridge.errors import LeaseLost, Unavailable
from bridge.ports import Unit
from bridge.store.callbacks import SqlCallbacks
from bridge.store.dialects import dialect_of
from bridge.store.documents import SqlDocuments
from bridge.store.engine import Transactions
from bridge.store.events import SqlEvents
from bridge.store.idempotency import SqlKeys
from bridge.store.operations import SqlOperations
from bridge.store.outbox import SqlOutbox
from bridge.store.payments import SqlPayments
from bridge.store.signs import SqlSigns

SERIALIZATION_FAILURES = frozenset({"40001", "40P01"})


class SqlUnit:
    """The repositories over one connection; see `ports.Unit`."""

    def __init__(self, connection: Connection) -> None:
        """Take the connection of an open transaction."""
        dialect = dialect_of(connection)
        self._connection, self._dialect = connection, dialect
        self.payments = SqlPayments(connection, dialect)
        self.operations = SqlOperations(connection, dialect)
        self.events = SqlEvents(connection, dialect)
        self.outbox = SqlOutbox(connection, dialect)
        self.callbacks = SqlCallbacks(connection, dialect)
        self.keys = SqlKeys(connection, dialect)
        self.documents = SqlDocuments(connection, dialect)
        self.signs = SqlSigns(connection, dialect)

    def now(self) -> datetime:
        """Return the time by the database's own clock, UTC."""
        return datetime.fromtimestamp(
            float(self._connection.execute(select(self._dialect.seconds)).scalar_one()), UTC
        )


class SqlUnits:
    """Opens units on one database; see `ports.Units`."""

    def __init__(self, engine: Engine) -> None:
        """Take the engine to work on."""
        self._transactions = Transactions(engine)

    @contextmanager
    def __call__(self) -> Iterator[Unit]:
        """Open a unit that may write. Raises Unavailable when the database cannot be had, LeaseLost when another was faster."""
        with translated(), self._transactions.write() as connection:
            yield SqlUnit(connection)

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """Open a unit that only reads. Raises Unavailable when the database cannot be had."""
        with translated(), self._transactions.read() as connection:
            yield SqlUnit(connection)


@contextmanager
def translated() -> Iterator[None]:
    """Raise Unavailable and LeaseLost for what the database says so."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in SERIALIZATION_FAILURES:
            raise LeaseLost from error
        if isinstance(error, OperationalError) or error.connection_invalidated:
            raise Unavailable from error
        raise
