"""Brings the tables to the newest revision, and tells whether they are.

Alembic is loaded by whoever migrates; a process that serves needs neither its memory nor its time.
"""

from __future__ import annotations

from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from bridge.errors import ConfigError

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x62726467
"""PostgreSQL's lock that keeps two processes from migrating at once; SQLite has its file lock."""


PATIENCE = "3s"
"""How long a step waits for its tables on PostgreSQL. Whoever comes after it waits as well, so it gives way and tries again."""

TRIES = 100
TRY_AGAIN_SECONDS = 0.5
BUSY = frozenset({"55P03", "40P01"})
"""What PostgreSQL says when a table cannot be had in time, or when two wait for each other."""


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to `revision`; doing it again, or in two processes at once, is harmless.

    On PostgreSQL each step is a transaction of its own; on SQLite all of them together are one. Raises ConfigError for a revision that is
    none, for tables that a newer version of the service has made, and for tables that are never free.
    """
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            _migrate_sqlite(connection, revision)
        else:
            while _migrate_postgresql(connection, revision):
                pass


def is_migrated(engine: Engine, *, or_later: bool = False) -> bool:
    """Tell whether the tables are at the newest revision that this version of the service knows, or, where asked, at a later one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        current = connection.execute(text("select version_num from alembic_version")).scalar()
    return current == newest_revision() or (
        or_later and current is not None and current > newest_revision()
    )


def newest_revision() -> str:
    """Return the newest revision that this version of the service knows; the files are named by their revisions, in order."""
    return max(path.name for path in (FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]


def _migrate_sqlite(connection: Connection, revision: str) -> None:
    try:
        connection.exec_driver_sql(
            "PRAGMA foreign_keys=OFF"
        )  # or a table that is built anew would take the rows that refer to it along
        connection.exec_driver_sql(
            "BEGIN IMMEDIATE"
        )  # held to the end: who is killed on the way leaves the tables as they were
        while _step(connection, revision):
            pass
        if lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise ConfigError(
                [
                    f"the migration would leave a row of {lost.table} without the row of {lost.parent} that it refers to; nothing was changed"
                ]
            )
        connection.commit()
    finally:
        connection.rollback()
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _migrate_postgresql(connection: Connection, revision: str) -> bool:
    """Take one step under a lock that ends with its transaction; return whether there was one to take."""
    for _ in range(TRIES):
        try:
            with connection.begin():
                connection.execute(
                    text(
                        "set local lock_timeout = 0; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0"
                    )
                )
                connection.execute(
                    text("select pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK}
                )
                connection.execute(text(f"set local lock_timeout = '{PATIENCE}'"))
                return _step(connection, revision)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in BUSY:
                raise
            sleep(TRY_AGAIN_SECONDS)
    raise ConfigError(
        [
            "the tables are never free: a transaction on them does not end; nothing was changed by this step"
        ]
    )


def _step(connection: Connection, revision: str) -> bool:
    """Take the next step towards a revision; return False when it is reached."""
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = _config()
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision() or "base"
    known = [
        "base",
        *reversed(
            [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
        ),
    ]
    if current not in known:
        raise ConfigError(
            [
                f"the tables are at revision {current}, which this version of the service does not know; use the version that knows it"
            ]
        )
    if revision not in ("head", *known):
        raise ConfigError([f"there is no revision {revision}; there are {', '.join(known[1:])}"])
    at, wanted = (
        known.index(current),
        len(known) - 1 if revision == "head" else known.index(revision),
    )
    if at < wanted:
        command.upgrade(config, known[at + 1])
    elif at > wanted:
        command.downgrade(config, known[at - 1])
    return at != wanted


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config
