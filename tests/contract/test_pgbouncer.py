"""Behind a real PgBouncer in transaction mode: everything works, and no time-out is lost."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import make_url, text

from bridge.__main__ import main
from bridge.domain.payment import Status
from bridge.errors import Unavailable
from bridge.store import engine as opening
from bridge.store.engine import open_engine
from bridge.store.migrate import is_migrated, migrate
from bridge.store.sessions import session_mistakes
from bridge.store.unit import SqlUnits
from factories import a_config, a_payment, an_event, at_once

PGBOUNCER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
SETTINGS = """
[databases]
* = host={host}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = {folder}/log
{more}
"""


@pytest.fixture
def new_pooler(new_postgres_database: Callable[[], str]) -> Iterator[Callable[..., str]]:
    """Return a function that starts PgBouncer before an empty database, with more lines of settings, and returns the URL that leads through it."""
    running = []

    def start(more: str = "") -> str:
        url = make_url(new_postgres_database())
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        sockets, folder = str(url.query["host"]), tempfile.mkdtemp(prefix="bridge-pgbouncer-")
        # `any` has everybody be the user of the database, whatever he says.
        Path(folder, "settings.ini").write_text(
            SETTINGS.format(
                host=f"{sockets} user={url.username}", port=port, folder=folder, more=more
            )
        )
        owner = os.stat(sockets).st_uid  # PostgreSQL and PgBouncer run as no root
        as_user = ["--user", pwd.getpwuid(owner).pw_name] if os.geteuid() == 0 else []
        os.chown(folder, owner, -1)
        process = subprocess.Popen(
            [PGBOUNCER, *as_user, f"{folder}/settings.ini"], stderr=subprocess.PIPE, text=True
        )
        running.append((process, folder))
        _wait(process, port)
        return f"postgresql+psycopg://bridge@127.0.0.1:{port}/{url.database}"

    yield start
    for process, folder in running:
        process.terminate()
        process.communicate(timeout=20)
        shutil.rmtree(folder)


def _wait(process: subprocess.Popen[str], port: int) -> None:
    for _ in range(400):
        assert process.poll() is None, process.communicate()[1]
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.025)
    raise AssertionError("PgBouncer does not listen")


@pytest.fixture
def pooled(new_pooler: Callable[..., str]) -> Iterator[Any]:
    """An engine on a migrated database behind PgBouncer, with more connections than PgBouncer has."""
    engine = open_engine(new_pooler(), pgbouncer=True)
    migrate(engine)
    yield engine
    engine.dispose()


def test_migrate__through_the_pooler_by_two_at_once__both_succeed(
    new_pooler: Callable[..., str],
) -> None:
    url = new_pooler()
    engines = [open_engine(url, pgbouncer=True) for _ in range(2)]
    assert at_once(2, lambda n: migrate(engines[n])) == [None, None] and is_migrated(engines[0])
    for engine in engines:
        engine.dispose()


def test_units__many_at_once_through_two_connections__write_lock_and_read(pooled: Any) -> None:
    """More often than psycopg needs to prepare a statement on the server."""
    units, payments = SqlUnits(pooled), [a_payment() for _ in range(8)]

    def work(n: int) -> None:
        with units() as unit:
            unit.payments.add(payments[n])
        for number in range(1, 13):
            with units() as unit:
                locked = unit.payments.get(payments[n].id, lock=True)
                unit.payments.save(locked)
                unit.events.add(an_event(locked, number))
            with units.read() as unit:
                assert unit.payments.get(payments[n].id).status is Status.CREATED

    assert at_once(8, work) == [None] * 8
    seen: list[str] = []
    while True:
        with units.read() as unit:
            found = unit.events.after("acme-one", seen[-1] if seen else None, 40)
        if not found:
            break
        seen += [event.id for event in found]
    assert len(seen) == len(set(seen)) == 96


def test_units__through_the_pooler__have_their_time_outs_in_every_transaction(
    pooled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing and reading, and nothing is left behind for whoever is served by the same connection next."""
    units, payment = SqlUnits(pooled), a_payment()
    with units() as unit:
        unit.payments.add(payment)
    monkeypatch.setitem(opening.POSTGRESQL_TIMEOUTS, "lock_timeout", "300ms")
    with units() as first:
        first.payments.get(payment.id, lock=True)
        with pytest.raises(Unavailable), units() as second:
            second.payments.get(payment.id, lock=True)
    monkeypatch.setitem(opening.POSTGRESQL_TIMEOUTS, "statement_timeout", "300ms")
    for unit_of in (units, units.read):
        with pytest.raises(Unavailable), unit_of() as slow:
            slow._connection.execute(text("select pg_sleep(5)"))
    monkeypatch.setitem(opening.POSTGRESQL_TIMEOUTS, "idle_in_transaction_session_timeout", "300ms")
    with pytest.raises(Unavailable), units() as sleeper:
        sleeper.payments.get(payment.id, lock=True)
        threading.Event().wait(1)
        sleeper.payments.get(payment.id)
    bare = open_engine(pooled.url.render_as_string(), pgbouncer=True)
    with bare.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        assert connection.execute(text("show statement_timeout")).scalar() == "0"
    bare.dispose()


def test_sessions__the_setting_is_there__are_as_they_should_be(pooled: Any) -> None:
    assert session_mistakes(pooled) == []


def checked(folder: Path, url: str, **service: Any) -> str:
    """What `bridge config check` says of the database."""
    path = a_config(folder, database="sqlite:///:memory:").path
    settings = yaml.safe_load(Path(path).read_text()) | {"database": url, **service}
    Path(path).write_text(yaml.safe_dump(settings))
    return CliRunner().invoke(main, ["config", "check", "--config", str(path)]).output


def test_sessions__the_setting_is_missing__is_told_by_the_check_and_in_readiness(
    new_pooler: Callable[..., str], tmp_path: Path, new_stage: Callable[..., Any]
) -> None:
    """PgBouncer refuses our startup options; where it was told to drop them, the time-outs are lost and it is we who must notice."""
    refusing, dropping = new_pooler(), new_pooler("ignore_startup_parameters = options")
    assert (
        "unsupported startup parameter: options; behind PgBouncer, write `pgbouncer: true`"
        in checked(tmp_path / "a", refusing)
    )
    told = checked(tmp_path / "b", dropping)
    assert (
        "does not know our time-outs (lock_timeout, statement_timeout, idle_in_transaction_session_timeout)"
        in told
    )
    assert "is reached through a pooler; behind PgBouncer, write `pgbouncer: true`" in told
    assert "warning" not in checked(tmp_path / "c", dropping, pgbouncer=True)
    engine = open_engine(dropping)
    assert len(session_mistakes(engine)) == 2
    engine.dispose()
    house = new_stage(database=refusing, service={"pgbouncer": True}).house
    assert house.services.check_health()["sessions"] is True
    house = new_stage(database=dropping).house
    assert house.services.check_health()["sessions"] is False
