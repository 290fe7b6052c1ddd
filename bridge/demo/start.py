"""Starts the demo's processes in order and waits until all of them answer."""

from __future__ import annotations

from collections.abc import Sequence

import click
import requests

from bridge.demo import processes
from bridge.demo.layout import ACME, MERCHANTS, Layout, Merchant
from bridge.demo.prepare import read_secret, write_facts
from bridge.demo.stage import Stage, Trouble


def start(stage: Stage) -> None:
    """Start everything in order, and return when all of it answers. Raises ``Trouble`` and ``Stopped``."""
    layout, config = stage.layout, str(stage.layout.config)
    click.echo("Starting the demo; Ctrl-C ends it.")
    (layout.data / "bridge").mkdir(exist_ok=True)
    _migrate(stage, config)
    _add(
        stage,
        "sandbox",
        [
            "bridge.sandbox",
            "--listen",
            layout.address("sandbox"),
            "--data",
            str(layout.data / "sandbox"),
        ],
    )
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
    migration = processes.start(
        "migrate", ["bridge", "migrate", "--config", config], stage.layout.log("migrate")
    )
    try:
        stage.wait(lambda: migration.has_ended, "the database is not ready")
    finally:
        processes.stop([migration])
    if migration.process.returncode:
        raise Trouble(migration.obituary())
    _ready("database", "up to date")


def _register(layout: Layout) -> None:
    # Over HTTP, not as arguments: a password in argv is there for everybody who asks for the list of processes.
    for merchant in MERCHANTS:
        for account in _accounts(layout, merchant):
            answer = _local().post(
                f"{layout.url('sandbox')}/control/merchants", json=account, timeout=10
            )
            if not answer.ok:
                raise Trouble(
                    f"The sandbox does not take the merchant {merchant.id}: {answer.text[:200]}"
                )


def _accounts(layout: Layout, merchant: Merchant) -> tuple[dict[str, str], ...]:
    wallet = {
        "provider": "cashcloud",
        "username": merchant.username,
        "name": merchant.name,
        "password": read_secret(layout, merchant, "cashcloud-password"),
        "account_type": "corporate_plus",
    }
    cards = {
        "provider": "onecs",
        "username": merchant.card_id,
        "name": merchant.name,
        "blowfish_key": read_secret(layout, merchant, "onecs-blowfish-key"),
        "hmac_key": read_secret(layout, merchant, "onecs-hmac-key"),
    }
    return wallet, cards


def _wait_for(stage: Stage, who: str, path: str) -> None:
    stage.wait(
        lambda: _answers(stage.layout.url(who) + path),
        f"{who} does not answer; see {stage.layout.log(who)}",
    )
    _ready(who, stage.layout.url(who))


def _answers(url: str) -> bool:
    try:
        return _local().get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _local() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy from the environment cannot reach this machine's loopback
    return session


def _ready(who: str, words: str) -> None:
    click.echo(f"  {click.style('ready', fg='green')}  {who:<9} {words}")
