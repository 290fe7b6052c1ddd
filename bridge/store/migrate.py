"""Brings the tables to the newest revision, and tells whether they are.

Alembic is loaded by whoever migrates; a process that serves needs neither its memory nor its time.
"""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from bridge.errors import ConfigError

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x62726467
"""PostgreSQL's lock that keeps two processes from migrating at once; SQLite has its file lock."""


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to `revision`; doing it again, or in two processes at once, is harmless.

    Raises ConfigError for a revision that is none, and for tables that a newer version of the service has made.
    """
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("set lock_timeout = 0; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0"))
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
            connection.commit()
        try:
            _run(connection, revision)
        finally:
            connection.rollback()
            if connection.dialect.name == "postgresql":
                connection.execute(text("select pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
            else:
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.commit()


def is_migrated(engine: Engine, *, or_later: bool = False) -> bool:
    """Tell whether the tables are at the newest revision that this version of the service knows, or, where asked, at a later one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        current = connection.execute(text("select version_num from alembic_version")).scalar()
    return current == newest_revision() or or_later and current is not None and current > newest_revision()


def newest_revision() -> str:
    """Return the newest revision that this version of the service knows; the files are named by their revisions, in order."""
    return max(path.name for path in (FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]


def _run(connection: Connection, revision: str) -> None:
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = _config()
    config.attributes["connection"] = connection
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # or a table that is built anew would take the rows that refer to it along
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # held to the end: who is killed on the way leaves the tables as they were
    current = MigrationContext.configure(connection).get_current_revision()
    if not sqlite:
        connection.rollback()
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    if current is not None and current not in known:
        raise ConfigError([f"the tables are at revision {current}, which this version of the service does not know; use the version that knows it"])
    if revision not in ("head", "base", *known):
        raise ConfigError([f"there is no revision {revision}; there are {', '.join(reversed(known))}"])
    going_down = revision != "head" and current in known and (revision == "base" or known.index(revision) > known.index(current))
    (command.downgrade if going_down else command.upgrade)(config, revision)
    if sqlite and (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
        raise ConfigError([f"the migration would leave a row of {lost.table} without the row of {lost.parent} that it refers to; nothing was changed"])
    connection.commit()


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config
