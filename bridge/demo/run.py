"""The demo from start to end: look before starting, start in order, wait until all answer, tell, watch, end in order."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import click
import requests

from bridge.demo import processes
from bridge.demo.layout import ACME, HOST, MERCHANTS, Layout
from bridge.demo.ports import is_free
from bridge.demo.prepare import prepare, read_secret, wipe, write_facts
from bridge.demo.processes import Child

START_WITHIN = 60.0  # seconds for one process to answer


class Trouble(Exception):
    """Why the demo cannot run, in a sentence for the person who started it."""


class Stopped(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


@dataclass(slots=True)
class Stage:
    """What runs now, and whether it is to end."""

    layout: Layout
    children: list[Child] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    def look_after(self) -> None:
        """Raise ``Stopped`` if the demo is to end, ``Trouble`` if a child has ended by itself."""
        if self.ending.is_set():
            raise Stopped
        for child in self.children:
            if child.has_ended:
                raise Trouble(child.obituary())


def run(layout: Layout, fresh: bool) -> None:
    """Run the demo until Ctrl-C or SIGTERM; raises ``Trouble``. When it returns or raises, no child is left."""
    with _signals() as ending, _alone(layout):
        stage = Stage(layout, ending=ending)
        _look_for_free_ports(layout)
        if fresh:
            wipe(layout)
        prepare(layout)
        try:
            _start(stage)
            _tell(layout)
            _watch(stage)
        except Stopped:
            click.echo("\nEnding …")
        finally:
            _end(stage)
    click.echo("The demo has ended. Nothing runs any more.")


def _start(stage: Stage) -> None:
    layout, config = stage.layout, str(stage.layout.config)
    click.echo("Starting the demo; Ctrl-C ends it.")
    (layout.data / "bridge").mkdir(exist_ok=True)
    _migrate(stage, config)
    _add(stage, "sandbox", ["bridge.sandbox", "--listen", layout.address("sandbox"), "--data", str(layout.data / "sandbox")])
    _wait_for(stage, "sandbox", "/control/ledger")
    _register(layout)
    _add(stage, "bridge", ["bridge", "serve", "--config", config])
    _add(stage, "worker", ["bridge", "worker", "--config", config])
    _wait_for(stage, "bridge", "/readyz")
    _add(stage, "shop", _shop_arguments(layout))
    _wait_for(stage, "shop", "/healthz")
    stage.look_after()
    write_facts(layout)


def _shop_arguments(layout: Layout) -> list[str]:
    return [
        "adapters.reference", "--listen", layout.address("shop"), "--data", str(layout.data / "shop"),
        "--bridge-url", layout.url("bridge"), "--api-key-file", str(layout.secret(ACME, "api-key")),
        "--secret-file", str(layout.secret(ACME, "notification-secret")),
    ]  # fmt: skip


def _add(stage: Stage, name: str, arguments: Sequence[str]) -> None:
    stage.children.append(processes.start(name, arguments, stage.layout.log(name)))


def _migrate(stage: Stage, config: str) -> None:
    migration = processes.start("migrate", ["bridge", "migrate", "--config", config], stage.layout.log("migrate"))
    try:
        _until(stage, lambda: migration.has_ended, "the database is not ready")
    finally:
        processes.stop([migration])
    if migration.process.returncode:
        raise Trouble(migration.obituary())
    _ready("database", "up to date")


def _register(layout: Layout) -> None:
    # Over HTTP, not as arguments: a password in argv is there for everybody who asks for the list of processes.
    for merchant in MERCHANTS:
        account = {
            "provider": "cashcloud",
            "username": merchant.username,
            "name": merchant.name,
            "password": read_secret(layout, merchant, "cashcloud-password"),
            "account_type": "corporate_plus",
        }
        _local().post(f"{layout.url('sandbox')}/control/merchants", json=account, timeout=10).raise_for_status()


def _wait_for(stage: Stage, who: str, path: str) -> None:
    _until(stage, lambda: _answers(stage.layout.url(who) + path), f"{who} does not answer; see {stage.layout.log(who)}")
    _ready(who, stage.layout.url(who))


def _until(stage: Stage, is_so: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + START_WITHIN
    while not is_so():
        stage.look_after()
        if time.monotonic() > deadline:
            raise Trouble(f"After {START_WITHIN:.0f} seconds {complaint}.")
        stage.ending.wait(0.1)


def _answers(url: str) -> bool:
    try:
        return _local().get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _local() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy from the environment cannot reach this machine's loopback
    return session


def _watch(stage: Stage) -> None:
    while True:
        stage.look_after()
        stage.ending.wait(0.25)


def _end(stage: Stage) -> None:
    stage.layout.facts.unlink(missing_ok=True)
    # The sandbox goes last: whoever is in the middle of a call to it gets an answer.
    processes.stop([child for child in stage.children if child.name != "sandbox"][::-1])
    processes.stop([child for child in stage.children if child.name == "sandbox"])


def _look_for_free_ports(layout: Layout) -> None:
    taken = [f"{port} ({who})" for who, port in layout.listeners.items() if not is_free(port)]
    if taken:
        raise Trouble(
            f"In use on {HOST}: port {', '.join(taken)}. Stop what listens there, or choose others: "
            f"bridge demo --port {layout.port + 1000}"
        )


@contextmanager
def _alone(layout: Layout) -> Iterator[TextIO]:
    """Hold the folder: two demos in one would write over each other. The lock goes with its process, so a crash leaves none."""
    layout.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (layout.data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Trouble(f"A demo already runs in {layout.data}. End it first, or choose another folder with --data.") from None
        yield lock


@contextmanager
def _signals() -> Iterator[threading.Event]:
    ending = threading.Event()
    before = {number: signal.signal(number, lambda *_: ending.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ready(who: str, words: str) -> None:
    click.echo(f"  {click.style('ready', fg='green')}  {who:<9} {words}")


def _tell(layout: Layout) -> None:
    rows = (
        ("Shop", layout.url("shop"), "buy something"),
        ("Back office", f"{layout.url('shop')}/admin", "orders, refunds, what was heard"),
        ("Wallet", f"{layout.url('sandbox')}/wallet", "customer@example.com, PIN 123456"),
        ("API", f"{layout.url('bridge')}/docs", f"its key is in {_short(layout.secret(ACME, 'api-key'))}"),
    )
    click.echo("\nThe demo runs.\n")
    for name, url, words in rows:
        click.echo(f"  {name:<12} {click.style(f'{url:<31}', fg='cyan')} {words}")
    click.echo(
        "\n  1. Order something in the shop, and enter customer@example.com on the payment page."
        "\n  2. Open the wallet beside it and accept. The shop's page turns green by itself."
        "\n  3. Give a part of the money back in the back office; take it in the wallet.\n"
        f"\n  For scripts: {_short(layout.facts)}   Logs: {_short(layout.data / 'log')}/   The whole story by itself: bridge demo-check"
        "\n  Ctrl-C ends everything.\n"
    )


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
