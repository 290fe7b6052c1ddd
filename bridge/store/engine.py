"""Opens the database: SQLite on one node (WAL, durable commits, one writer), PostgreSQL on many."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import StaticPool

from bridge.errors import Unavailable

SQLITE_BUSY_SECONDS = 10
"""How long a writer waits for its turn among those of this process, and then for the file; the longer, the more threads wait and serve nobody."""

SQLITE_ROOM = 16 * 1024 * 1024
"""Bytes that are free on the disk of a database that can be written to for a while."""

POOL_TIMEOUT_SECONDS = 10

POSTGRESQL_TIMEOUTS = {
    "lock_timeout": "10s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
}
"""The last is for a node that sleeps or is cut off in the middle of a transaction: what it has locked is free again after that time."""

POSTGRESQL_SESSION = {"timezone": "utc"}
"""What a session is given besides, where there are sessions."""

POSTGRESQL_WAITS = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
"""How a server that went away without a word is noticed: seconds, the last one milliseconds; without them it takes minutes or hours. A URL
that names one of them has its way."""

READ_ONLY = "25006"
"""What a server answers to a write that is, or has become, another server's standby."""


def open_engine(url: str, *, pool_size: int = 16, pgbouncer: bool = False) -> Engine:
    """Open the database named by an SQLAlchemy URL. No connection is made yet.

    `pgbouncer`: it is reached through PgBouncer in transaction mode, where nothing that is said to a session is kept for the next transaction.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(url, in_memory=parsed.database in (None, "", ":memory:"))
    return _open_postgresql(parsed, pool_size, pgbouncer)


def has_room(engine: Engine) -> bool:
    """Tell whether there is room on the disk of an SQLite database; another server looks after its disks itself, and says so when it is asked to write."""
    file = engine.url.database
    if engine.dialect.name != "sqlite" or file in (None, "", ":memory:"):
        return True
    disk = os.statvfs(os.path.dirname(os.path.abspath(file)))
    return disk.f_bavail * disk.f_frsize >= SQLITE_ROOM


def is_pooled(engine: Engine) -> bool:
    """Tell whether the database was opened as one behind PgBouncer."""
    return bool(engine.get_execution_options().get("pgbouncer"))


def _open_postgresql(url: URL, pool_size: int, pgbouncer: bool) -> Engine:
    waits = {name: value for name, value in POSTGRESQL_WAITS.items() if name not in url.query}
    asked = (
        {"prepare_threshold": None}
        if pgbouncer
        else {
            "options": " ".join(
                f"-c {name}={value}"
                for name, value in (POSTGRESQL_SESSION | POSTGRESQL_TIMEOUTS).items()
            )
        }
    )
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_pre_ping=True,
        connect_args={**asked, **waits},
        execution_options={"pgbouncer": pgbouncer},
    )
    if pgbouncer:

        @event.listens_for(engine, "begin")
        def _set_timeouts(connection: Connection) -> None:
            connection.execute(
                select(
                    *(
                        func.set_config(name, value, True)
                        for name, value in POSTGRESQL_TIMEOUTS.items()
                    )
                )
            )

    @event.listens_for(engine, "handle_error")
    def _leave_a_standby(context: ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
            context.is_disconnect = (
                True  # after a fail-over, new connections find the server that takes writes
            )

    return engine


def _open_sqlite(url: str, *, in_memory: bool) -> Engine:
    pool = (
        {"poolclass": StaticPool}
        if in_memory
        else {"pool_size": 32, "max_overflow": 32, "pool_timeout": POOL_TIMEOUT_SECONDS}
    )
    engine = create_engine(
        url, connect_args={"check_same_thread": False, "timeout": SQLITE_BUSY_SECONDS}, **pool
    )

    @event.listens_for(engine, "do_connect")
    def _keep_to_the_owner(_dialect, _record, arguments, _parameters) -> None:  # type: ignore[no-untyped-def]
        if not in_memory:
            with suppress(OSError):  # it is there, or SQLite will say what is wrong
                os.close(
                    os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
                )  # what stands beside the file gets its mode

    @event.listens_for(engine, "connect")
    def _prepare(connection, _record) -> None:  # type: ignore[no-untyped-def]
        connection.isolation_level = (
            None  # the driver's own BEGIN comes too late for a write lock; ours is explicit
        )
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


class Transactions:
    """Begins and ends transactions.

    On SQLite a writer takes the file's write lock at once, and the writers of this process queue on one lock first:
    waiting there is fair and cheap, waiting for the file is neither.
    """

    def __init__(self, engine: Engine) -> None:
        """Take the engine to work on."""
        self.engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        # Behind PgBouncer a reader has a transaction, because its time-outs end with it; each statement still sees what is committed by then.
        self._reading = (
            engine
            if self._sqlite or is_pooled(engine)
            else engine.execution_options(isolation_level="AUTOCOMMIT")
        )
        self._in_memory = isinstance(engine.pool, StaticPool)
        self._writer = threading.RLock() if self._in_memory else threading.Lock()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one transaction that may write; commit on a clean exit, roll back on an exception. Raises Unavailable when it is never its turn."""
        if not self._sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._turn(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.commit()
            except BaseException:
                connection.connection.rollback()  # the driver's: after a failed commit SQLAlchemy has none to make, and the file stays locked
                raise

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._writer.acquire(timeout=SQLITE_BUSY_SECONDS):
            raise Unavailable
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading, without a transaction: each statement sees what is committed when it begins."""
        if self._in_memory:
            with self.write() as connection:
                yield connection
            return
        with self._reading.connect() as connection:
            yield connection
