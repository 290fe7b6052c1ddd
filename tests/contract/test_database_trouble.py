"""A database that goes wrong: callers learn that it cannot be had, nothing stays locked, and no commit whose fate is unknown moves money twice."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from bridge.domain.payment import Status
from bridge.errors import IdempotencyRunning, PaymentNotPaid, Unavailable
from bridge.services.idempotent import Answered
from bridge.services.refund_payment import RefundWish
from bridge.store import engine as opening
from bridge.store.engine import open_engine
from bridge.store.unit import SqlUnits
from factories import FIFTY, a_key, a_payment, a_wish, at_once, migrated
from stage import Stage

# --- PostgreSQL ------------------------------------------------------------------------------------------------------


@pytest.fixture
def postgresql(new_postgres_database: Callable[[], str]) -> str:
    """The URL of a migrated database."""
    url = new_postgres_database()
    migrated(url).dispose()
    return url


@contextmanager
def opened(url: str) -> Iterator[SqlUnits]:
    engine = open_engine(url)
    try:
        yield SqlUnits(engine)
    finally:
        engine.dispose()


def administer(url: str, *statements: str) -> None:
    """Do what an administrator does, on a connection of our own."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.mark.invariant("I11")
def test_unit__asleep_with_what_it_has_locked__loses_it_and_can_write_nothing(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I11: a node that is stopped, or cut off, in the middle of a transaction does not hold up the others until somebody ends it."""
    monkeypatch.setitem(opening.POSTGRESQL_TIMEOUTS, "idle_in_transaction_session_timeout", "300ms")
    payment = a_payment()
    with opened(postgresql) as units, opened(postgresql) as others:
        with units() as unit:
            unit.payments.add(payment)
        with pytest.raises(Unavailable), units() as sleeper:
            asleep = sleeper.payments.get(payment.id, lock=True)
            with others() as unit:
                unit.payments.save(unit.payments.get(payment.id, lock=True))
            sleeper.payments.save(asleep)


def test_unit__of_a_standby__is_unavailable_until_a_new_connection_finds_the_primary(
    postgresql: str, postgres: str
) -> None:
    """After a fail-over the connections at hand may still lead to the old server, which only reads by now."""
    name = postgresql.partition("?")[0].rpartition("/")[2]
    administer(postgres, f"alter database {name} set default_transaction_read_only = on")
    with opened(postgresql) as units:
        with pytest.raises(Unavailable), units() as unit:
            unit.payments.add(a_payment())
        administer(postgres, f"alter database {name} reset default_transaction_read_only")
        with units() as unit:
            unit.payments.add(a_payment())


def test_connect__to_a_server_that_says_nothing__is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(opening.POSTGRESQL_WAITS, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://bridge@127.0.0.1:{silent.getsockname()[1]}/x"
        with opened(url) as units, pytest.raises(Unavailable), units.read() as unit:
            unit.outbox.depth()


# --- SQLite ----------------------------------------------------------------------------------------------------------


def test_units__a_writer_is_held_up__the_others_give_up_and_reading_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each waits for its own time only; else all threads would stand in line behind one, and nobody were left to read."""
    monkeypatch.setattr(opening, "SQLITE_BUSY_SECONDS", 0.1)
    migrated(f"sqlite:///{tmp_path}/bridge.db").dispose()
    with opened(f"sqlite:///{tmp_path}/bridge.db") as units:
        with units() as held_up:
            held_up.payments.add(a_payment())
            assert {type(one) for one in at_once(4, lambda _: write(units))} == {Unavailable}
            with units.read() as reader:
                assert reader.outbox.depth() == {}
        write(units)


def write(units: SqlUnits) -> None:
    with units() as unit:
        unit.payments.add(a_payment())


# --- a commit of which nobody knows whether it happened ----------------------------------------------------------------


class Commits:
    """The commits of an engine, counted; one of them goes wrong: it is "lost" (never carried out) or "unheard" (carried out, and not confirmed)."""

    def __init__(self, engine: Engine) -> None:
        self.count, self.bad, self.how = 0, 0, ""
        self._commit, self._error = (
            engine.dialect.do_commit,
            engine.dialect.loaded_dbapi.OperationalError,
        )
        engine.dialect.do_commit = self._carried_out  # type: ignore[method-assign]

    def fail(self, number: int, how: str) -> None:
        """Have the commit of this number from now on go wrong; 0: none."""
        self.count, self.bad, self.how = 0, number, how

    def _carried_out(self, connection: Any) -> None:
        self.count += 1
        if self.count != self.bad:
            self._commit(connection)
            return
        if self.how == "unheard":
            self._commit(connection)
        raise self._error("the connection was cut while committing")


def patiently(act: Callable[[], Any]) -> Any:
    """Do it again as long as the database cannot be had, as a provider and the worker's loop do."""
    for _ in range(3):
        try:
            return act()
        except Unavailable:
            continue
    raise AssertionError("still unavailable")


def until_booked(
    stage: Stage, ask: Callable[[], Answered], books: Callable[[str], Sequence[Any]]
) -> tuple[Any, str]:
    """Ask under the same key, as a shop does, until the provider has it in its books and we know; return the answer and the provider's reference."""
    for _ in range(20):
        with suppress(Unavailable, IdempotencyRunning, PaymentNotPaid):
            body = json.loads(ask().body)
            if body["outcome_known"] and books(body["id"]):
                return body, books(body["id"])[-1]["reference"]
        patiently(lambda: stage.advance(20))
    raise AssertionError("the provider was never asked")


def take(stage: Stage, reference: str) -> None:
    """Have the payer say yes, and the provider call back until it is heard."""
    assert stage.sandbox.payer(reference, "accept")
    for one in list(stage.outside.callbacks):
        patiently(lambda: stage.services.receive_callback(one.provider, one.merchant, one.raw))  # noqa: B023
    stage.outside.callbacks.clear()
    patiently(stage.work)


def story(stage: Stage, commits: Commits, number: int, how: str) -> dict[str, Any]:
    """Sell, be paid, give a part back, while one commit goes wrong; return what must not depend on that."""
    commits.fail(number, how)
    sale, back, wish = a_key(), a_key(), a_wish()
    services, shop, sandbox = stage.services, stage.shop(), stage.sandbox
    payment, asked = until_booked(
        stage, lambda: services.create_payment(shop, sale, wish), sandbox.requests_of
    )
    take(stage, asked)
    refund, given = until_booked(
        stage,
        lambda: services.refund_payment(shop, payment["id"], back, RefundWish(amount=1500)),
        sandbox.refunds_of,
    )
    take(stage, given)
    patiently(stage.drain)
    commits.bad = 0
    return outcome(stage, payment, refund)


def outcome(stage: Stage, payment: Any, refund: Any) -> dict[str, Any]:
    row, told = stage.payment(payment), list(dict.fromkeys(stage.outside.told(payment["id"])))
    return {
        "sums": (row.status, row.amount_captured, row.amount_refunded, row.amount_refund_pending),
        "known": (row.outcome_known, row.review),
        "refund": stage.operation(refund).status,
        "told": told,
        "left": stage.jobs(),
        "ledger": sorted(
            (entry["kind"], entry["amount"], entry["state"]) for entry in stage.sandbox.ledger()
        ),
    }


@pytest.mark.invariant("I1", "I3", "I8", "I10")
@pytest.mark.parametrize("how", ["lost", "unheard"])
def test_commit__any_of_a_story_goes_wrong__ends_as_if_nothing_had_happened(
    new_stage: Callable[..., Stage], how: str
) -> None:
    """I1, I3, I8, I10: nobody can know whether a commit happened whose answer was cut off, and nothing is done twice or forgotten for it."""
    stage = new_stage()
    commits = Commits(stage.house.engine)
    untroubled, count = story(stage, commits, 0, how), commits.count
    assert untroubled["sums"] == (Status.PAID, FIFTY, 1500, 0) and untroubled["left"] == []
    for number in range(1, count + 1):
        stage.clear()
        assert story(stage, commits, number, how) == untroubled, (
            f"commit {number} of {count} was {how}"
        )


# --- a database that takes no writes -----------------------------------------------------------------------------------


def test_readiness__a_server_that_only_reads__is_not_ready(
    new_stage: Callable[..., Stage], new_postgres_database: Callable[[], str], postgres: str
) -> None:
    """A standby, or one that an administrator has made read-only: a node on it would refuse every payment."""
    url = new_postgres_database()
    stage = new_stage(database=url)
    assert stage.services.check_health()["writable"]
    name = url.partition("?")[0].rpartition("/")[2]
    administer(postgres, f"alter database {name} set default_transaction_read_only = on")
    stage.house.engine.dispose()
    health = stage.services.check_health()
    assert health["database"] and not health["writable"]
    administer(postgres, f"alter database {name} reset default_transaction_read_only")
    stage.services.check_health()  # on a connection that was made before
    assert stage.services.check_health()["writable"]


@pytest.fixture
def small_disk() -> Iterator[Path | None]:
    """A real disk of 20 MiB; None where we have no right to mount one."""
    folder = Path(tempfile.mkdtemp(prefix="bridge-disk-"))
    is_mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(folder)], capture_output=True
        ).returncode
        == 0
    )
    yield folder if is_mounted else None
    if is_mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


def test_readiness__the_disk_is_full__is_not_ready_until_there_is_room_again(
    new_stage: Callable[..., Stage], small_disk: Path | None
) -> None:
    if small_disk is None:
        return  # the next test needs no right to mount
    stage = new_stage(database=f"sqlite:///{small_disk}/bridge.db")
    assert stage.services.check_health()["disk"]
    with suppress(OSError):
        (small_disk / "filler").write_bytes(b"0" * 30_000_000)
    with pytest.raises(Unavailable):
        for _ in range(400):  # what room the database has kept for itself is used up first
            write(stage.house.units)
    health = stage.services.check_health()
    assert health["database"] and not health["disk"]
    (small_disk / "filler").unlink()
    health = stage.services.check_health()
    assert health["disk"] and health["writable"]
    write(stage.house.units)


def test_readiness__little_room_on_the_disk__is_not_ready(
    new_stage: Callable[..., Stage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first payment is refused: a small write may still find a place where a payment does not."""
    stage = new_stage(database=f"sqlite:///{tmp_path}/bridge.db")
    assert stage.services.check_health()["disk"]
    monkeypatch.setattr(opening, "SQLITE_ROOM", shutil.disk_usage(tmp_path).total + 1)
    assert not stage.services.check_health()["disk"]


@pytest.mark.parametrize("mask", [0o022, 0o000])
def test_sqlite__the_file_and_what_stands_beside_it__are_readable_by_their_owner_only(
    tmp_path: Path, mask: int
) -> None:
    """Names, orders and addresses of payers are nobody else's business; whatever the umask."""
    before = os.umask(mask)
    try:
        with opened(f"sqlite:///{tmp_path}/bridge.db") as units:
            migrated(f"sqlite:///{tmp_path}/bridge.db").dispose()
            write(units)
            modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(["bridge.db", "bridge.db-shm", "bridge.db-wal"], "0o600")


def test_sqlite__a_file_that_is_there__keeps_the_mode_that_somebody_gave_it(tmp_path: Path) -> None:
    (tmp_path / "bridge.db").touch()
    (tmp_path / "bridge.db").chmod(0o640)
    migrated(f"sqlite:///{tmp_path}/bridge.db").dispose()
    assert (tmp_path / "bridge.db").stat().st_mode & 0o777 == 0o640
