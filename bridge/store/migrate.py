"""Brings the tables to the newest revision, and tells whether they are."""
from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

FOLDER = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x62726467
"""PostgreSQL's lock that keeps two processes from migrating at once; SQLite has its file lock."""


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables to `revision`; doing it again, or in two processes at once, is harmless."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("set lock_timeout = 0; set statement_timeout = 0"))
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
            connection.commit()
        try:
            _run(connection, revision)
        finally:
            if connection.dialect.name == "postgresql":
                connection.rollback()
                connection.execute(text("select pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()


def is_migrated(engine: Engine) -> bool:
    """Tell whether the tables are at the newest revision."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest_revision()


def newest_revision() -> str | None:
    """Return the newest revision that this version of the service knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _run(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    going_down = revision != "head" and current in known and (revision == "base" or known.index(revision) > known.index(current))
    (command.downgrade if going_down else command.upgrade)(config, revision)
    connection.commit()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config
