"""Looks at how PostgreSQL is reached: a pooler in between that nobody told us of drops time-outs and mixes up prepared statements."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from bridge.store.engine import POSTGRESQL_TIMEOUTS, is_pooled
from bridge.store.unit import translated

WRITE_SETTING = "behind PgBouncer, write `pgbouncer: true` into bridge.yaml"


def session_mistakes(engine: Engine) -> list[str]:
    """Return what is wrong, a sentence each; nothing on SQLite. Raises Unavailable when the database cannot be had."""
    if engine.dialect.name != "postgresql":
        return []
    with translated(), engine.connect() as connection:
        values = connection.execute(
            select(*(func.current_setting(name) for name in POSTGRESQL_TIMEOUTS))
        ).one()
        served_by = connection.execute(select(func.pg_backend_pid())).scalar_one()
        promised = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
    off = [name for name, value in zip(POSTGRESQL_TIMEOUTS, values, strict=True) if value == "0"]
    mistakes = (
        [f"the database does not know our time-outs ({', '.join(off)}); {WRITE_SETTING}"]
        if off
        else []
    )
    if served_by != promised and not is_pooled(engine):
        mistakes.append(f"the database is reached through a pooler; {WRITE_SETTING}")
    return mistakes


def advice(said: str) -> str:
    """Return what to do about an error of the database, where its words do not say it; empty where they do."""
    return f"; {WRITE_SETTING}" if "unsupported startup parameter" in said else ""
