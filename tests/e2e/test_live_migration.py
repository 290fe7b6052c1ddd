"""The tables change under a service at work: nodes of the first version go on, then those of this version take over, and nobody notices."""

from __future__ import annotations

import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from crash_support import PATIENCE, Installation, installations, order, wallet
from support import ROOT, python, until
from test_two_nodes import assert_books, buy, give_back, misbehave, pulled

SECOND_REVISION = "bridge/store/migrations/versions/0005_lanes_of_the_outbox.py"
CLIENTS = 3


@pytest.fixture(scope="session")
def first_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last version whose only revision was the first, from this repository's history."""

    def git(*arguments: str) -> bytes:
        return subprocess.run(
            ["git", "-C", str(ROOT), *arguments], check=True, capture_output=True
        ).stdout

    try:
        if git("rev-parse", "--is-shallow-repository").strip() == b"true":
            git("fetch", "--quiet", "--unshallow")
        added = git("log", "--diff-filter=A", "--format=%H", "--", SECOND_REVISION).split()
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.xfail(
            "the first version cannot be had: this is no clone of the repository, or a shallow one"
        )
    folder = tmp_path_factory.mktemp("first-version")
    subprocess.run(
        ["tar", "-x", "-C", str(folder)], input=git("archive", f"{added[-1].decode()}^"), check=True
    )
    return folder


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """Return a function that makes an installation on a kind of database."""
    alone: list[Installation] = []

    def on_sqlite(**options: Any) -> Installation:
        alone.append(Installation(tmp_path / "alone", f"sqlite:///{tmp_path}/bridge.db", **options))
        return alone[-1]

    with installations(request.getfixturevalue("postgres"), tmp_path) as on_postgresql:
        yield (
            lambda kind, **options: (
                on_sqlite(**options) if kind == "sqlite" else on_postgresql(**options)
            )
        )
    for one in alone:
        one.close()


def migrate(at: Installation, *arguments: str) -> None:
    done = python(
        "bridge", "migrate", "--config", str(at.folder / "serve" / "bridge.yaml"), *arguments
    )
    assert done.returncode == 0, done.stdout + done.stderr


def trading(at: Installation, urls: list[str], trouble: Callable[[], None]) -> list[str]:
    """Sell and give back with some clients until `trouble` is over; return the payments."""
    over = threading.Event()

    def client(_number: int) -> list[str]:
        sold: list[str] = []
        while not over.is_set():
            sold.append(buy(at, urls))
            give_back(at, urls, sold[-1])
        return sold

    with ThreadPoolExecutor(CLIENTS) as pool:
        selling = [pool.submit(client, number) for number in range(CLIENTS)]
        try:
            trouble()
        finally:
            over.set()
        return [payment for one in selling for payment in one.result()]


def open_payment(at: Installation) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """A payment that waits for its payer: what was ordered, under which key, and the answer."""
    body, key = order(**wallet()), uuid.uuid4().hex
    return body, key, at.shop.ask("/v1/payments", body, key)


@pytest.mark.timeout(600)
@pytest.mark.invariant("I1", "I2", "I3", "I8", "I9", "I20", "I30")
@pytest.mark.parametrize(("kind", "nodes"), [("postgresql", 2), ("sqlite", 1)])
def test_migrate__under_traffic_of_the_first_version__nothing_is_lost_doubled_or_forgotten(
    make: Callable[..., Installation], first_version: Path, kind: str, nodes: int
) -> None:
    """I20 with I1, I2, I3, I8, I9, I30: what was open, in doubt, kept under a key or read up to a cursor before goes on right afterwards."""
    at = make(kind, nodes=nodes, home=first_version)
    migrate(at), migrate(at, "--revision", "0001")
    at.start_all()
    body, key, waiting = open_payment(at)
    misbehave(at)
    urls = [at.url(role) for role in ("serve", "serve2")[:nodes]]
    early = trading(at, urls, lambda: None)
    read = pulled(at)
    at.fault("refund", "drop_after", times=2)

    def goes_on() -> None:
        heard = len(at.receiver.heard)
        until(lambda: len(at.receiver.heard) > heard + 3, patience=PATIENCE)

    def trouble() -> None:
        goes_on()
        migrate(at)
        goes_on()
        at.home = ROOT
        for role in [role for role in at.processes if role != "sandbox"]:
            at.restart(role)
            goes_on()

    late = trading(at, urls, trouble)
    assert at.shop.ask("/v1/payments", body, key)["id"] == waiting["id"]
    at.payer(
        "accept",
        until(lambda: at.payment(waiting["id"])["provider"]["reference"], patience=PATIENCE),
    )
    at.until_heard(waiting["id"], "payment.paid")
    give_back(at, urls, waiting["id"])
    assert_books(at, [*early, *late, waiting["id"]])
    every = pulled(at)
    assert every[: len(read)] == read and len(set(every)) == len(every)
    page = at.shop.get(f"/v1/events?limit=100&after={read[-1][2]}")["data"]
    assert [event["id"] for event in page] == [
        event for _, _, event in every[len(read) : len(read) + 100]
    ]
