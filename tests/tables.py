"""Empty tables of the newest revision, for tests that are not about the way there.

Every migration makes the way longer, and thousands of tests need the tables. A new database gets a copy of tables that were migrated once.
"""

from __future__ import annotations

import uuid
from functools import cache

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, inspect, text

from bridge.store.engine import open_engine
from bridge.store.migrate import migrate


def make_tables(engine: Engine) -> None:
    """Bring the tables of a database to the newest revision."""
    is_empty = not inspect(engine).get_table_names()
    if is_empty and engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.connection.driver_connection.executescript(_migrated_sqlite())
    elif (
        is_empty and "host" in engine.url.query
    ):  # our own server's socket; no pooler stands before it
        _replace_by_a_copy(engine)
    else:
        migrate(engine)


@cache
def _migrated_sqlite() -> str:
    """Return the statements that make the tables as the migrations leave them."""
    engine = open_engine("sqlite:///:memory:")
    migrate(engine)
    with engine.connect() as connection:
        return "\n".join(connection.connection.driver_connection.iterdump())


def _replace_by_a_copy(engine: Engine) -> None:
    engine.dispose()
    template = _migrated_postgresql(engine.url.set(database="postgres"))
    with _maintenance(engine.url.set(database="postgres")) as connection:
        connection.execute(text(f'drop database "{engine.url.database}" with (force)'))
        connection.execute(text(f'create database "{engine.url.database}" template {template}'))


@cache
def _migrated_postgresql(server: URL) -> str:
    """Return the name of a database on a server whose tables are as the migrations leave them."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    with _maintenance(server) as connection:
        connection.execute(text(f"create database {name}"))
    engine = open_engine(server.set(database=name).render_as_string(hide_password=False))
    migrate(engine)
    engine.dispose()
    return name


def _maintenance(server: URL) -> Connection:
    return create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect()
