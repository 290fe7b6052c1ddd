"""A bridge, a sandbox, three Shopware shops (6.5, 6.6, 6.7) of one merchant, and a browser: real processes, real HTTP."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree

import requests
import yaml
from playwright.sync_api import Page, sync_playwright
from support import ROOT, Http, free_port, until

from adapters.shopware.tests.fake_shop import FakeShop, Order

VERSIONS = {"acme-65": "6.5.8.14", "acme-66": "6.6.7.1", "acme-67": "6.7.1.0"}
PAYER = "customer@example.com"
KEY = "sk_e2e_shopware_0123456789_"
T = TypeVar("T")


@dataclass(frozen=True)
class Installation:
    """What runs. `shops` by their names in the profile."""

    folder: Path
    url: str
    sandbox: Http
    shops: dict[str, FakeShop]
    processes: list[subprocess.Popen[bytes]]

    def bridge(self, shop: str) -> Http:
        """The bridge's API, as a shop of the profile."""
        return Http(self.url, {"Authorization": f"Bearer {KEY}{shop}"})

    def payment(self, shop: str, order: Order) -> dict[str, Any]:
        """The newest payment of an order."""
        return self.bridge(shop).get("/v1/payments", order_reference=order.number)["data"][0]

    def payer(self, action: str, reference: str) -> None:
        """The payer answers a request or a refund in the wallet."""
        self.sandbox.post(f"/control/payer/{reference}", {"action": action})

    def asked(self, shop: str, order: Order) -> str:
        """Wait until the wallet was asked; return the provider's reference."""
        return until(lambda: self.payment(shop, order)["provider"]["reference"])

    def books(self, name: str) -> dict[str, list[tuple[Any, ...]]]:
        """What shop, bridge and provider believe of every payment of a shop: three lists that must be equal."""
        ledger = self.sandbox.get("/control/ledger")["entries"]
        transactions = [
            one
            for order in self.shops[name].orders
            for one in order.transactions
            if "bridge_payment" in one.fields
        ]
        known = [
            self.bridge(name).get(f"/v1/payments/{one.fields['bridge_payment']}")
            for one in transactions
        ]
        return {
            "shop": [
                (one.fields["bridge_captured"], one.fields["bridge_refunded"])
                for one in transactions
            ],
            "bridge": [(one["amount_captured"], one["amount_refunded"]) for one in known],
            "provider": [_sums(ledger, one["provider"]["reference"]) for one in known],
        }


def _sums(ledger: list[dict[str, Any]], reference: str | None) -> tuple[int, int]:
    if reference is None:
        return 0, 0  # given up before the wallet was asked
    [entry] = [entry for entry in ledger if entry["reference"] == reference]
    back = sum(
        one["amount"]
        for one in ledger
        if one["kind"] == "refund" and one["parent"] == reference and one["state"] == "succeeded"
    )
    return (entry["amount"] if entry["state"] == "succeeded" else 0), back


@contextmanager
def an_installation(folder: Path) -> Iterator[Installation]:
    """Start all of it, install the merchant's own zip in every shop, and end all of it."""
    base = free_port(2)
    url, sandbox_url = f"http://127.0.0.1:{base}", f"http://127.0.0.1:{base + 2}"
    shops = {name: FakeShop("", version) for name, version in VERSIONS.items()}
    stops = [shop.serve() for shop in shops.values()]
    _configure(folder, url, sandbox_url, shops)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        _run("migrate", folder)
        processes.append(
            _start(
                folder,
                "sandbox",
                "--listen",
                f"127.0.0.1:{base + 2}",
                "--data",
                str(folder / "sandbox"),
                "--merchant",
                f"cashcloud:merchant@acme.example:{(folder / 'password').read_text()}",
            )
        )
        _answers(f"{sandbox_url}/control/ledger", processes[-1], folder)
        processes.append(_start(folder, "serve", "--config", str(folder / "bridge.yaml")))
        _answers(f"{url}/livez", processes[-1], folder)
        _install(folder, shops)
        yield Installation(folder, url, Http(sandbox_url, {}), shops, processes)
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(20)
        for stop in stops:
            stop()


def _configure(folder: Path, url: str, sandbox_url: str, shops: dict[str, FakeShop]) -> None:
    (folder / "merchants").mkdir(parents=True)
    for name in ("password", "app"):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(secrets.token_hex(24))
    (folder / "bridge.yaml").write_text(
        yaml.safe_dump(
            {
                "database": f"sqlite:///{folder}/bridge.db",
                "public_url": url,
                "listen": url.removeprefix("http://"),
                "merchants": "merchants",
            }
        )
    )
    (folder / "merchants" / "acme.yaml").write_text(
        yaml.safe_dump(
            {
                "merchant": "acme",
                "name": "Acme GmbH",
                "providers": {
                    "cashcloud": {
                        "base_url": f"{sandbox_url}/cashcloud/",
                        "username": "merchant@acme.example",
                        "device_id": "acme-bridge",
                        "account_type": "corporate_plus",
                        "reason_id": "314",
                        "password": {"file": "../password"},
                    }
                },
                "adapters": {
                    "shopware": {
                        "secrets": [{"file": "../app"}],
                        "private_addresses": True,
                        "return_grace": 2,
                    }
                },
                "shops": [
                    {
                        "shop": name,
                        "platform": "shopware",
                        "api_keys": [
                            f"sha256:{hashlib.sha256(f'{KEY}{name}'.encode()).hexdigest()}"
                        ],
                        "origins": [shop.url],
                        "methods": {"wallet": "cashcloud"},
                        "mode": "test",
                    }
                    for name, shop in shops.items()
                ],
            }
        )
    )


def _install(folder: Path, shops: dict[str, FakeShop]) -> None:
    """Do what a merchant does: get the zip, upload it."""
    _run("shopware", folder, "package", "--merchant", "acme", "--output", str(folder / "acme.zip"))
    archive = zipfile.ZipFile(io.BytesIO((folder / "acme.zip").read_bytes()))
    manifest = ElementTree.fromstring(archive.read("BridgePayments/manifest.xml"))
    for shop in shops.values():
        shop.app_secret, shop.app_name = (
            manifest.findtext("setup/secret") or "",
            manifest.findtext("meta/name") or "",
        )
        shop.bridge = (manifest.findtext("setup/registrationUrl") or "").removesuffix("/register")
        shop.install()
        for event in ("app.installed", "app.activated"):
            assert shop.hook(event, []) == 204


def _start(folder: Path, command: str, *arguments: str) -> subprocess.Popen[bytes]:
    with (folder / f"{command}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "bridge", command, *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )


def _run(command: str, folder: Path, *arguments: str) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "bridge",
            command,
            *arguments,
            "--config",
            str(folder / "bridge.yaml"),
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )


def _answers(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    def look() -> bool:
        assert process.poll() is None, [
            log.read_text(errors="replace")[-2000:] for log in folder.glob("*.log")
        ]
        try:
            return requests.get(url, timeout=2, proxies={"http": ""}).status_code == 200
        except requests.RequestException:
            return False

    until(look)


def in_browser(act: Callable[[Page], T]) -> T:
    """Do something with a page of a real Chromium. It has a thread of its own: two drivers do not share one."""

    def run() -> T:
        with sync_playwright() as started:
            browser = started.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]
            )
            page = browser.new_page(locale="en-GB", viewport={"width": 1100, "height": 900})
            page.set_default_timeout(60_000)
            try:
                return act(page)
            finally:
                browser.close()

    with ThreadPoolExecutor(1) as room:
        return room.submit(run).result()


def name_wallet(page: Page, url: str) -> None:
    """The customer arrives from the shop and types the wallet's name."""
    page.goto(url)
    page.locator("#wallet_username").fill(PAYER)
    page.locator("#send").click()


__all__ = ["PAYER", "VERSIONS", "Installation", "an_installation", "in_browser", "name_wallet"]
