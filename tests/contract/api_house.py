"""The API over real use cases, SQLite and the sandbox: what its contract tests stand on.

Two merchants, so that there is always somebody else; no worker runs, so that what is stored is only what a test caused.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from falcon import App, testing
from provider_accounts import Sandbox, running_sandbox
from sqlalchemy import select
from waitress.server import create_server
from waitress.wasyncore import close_all

from bridge.bootstrap import House, build
from bridge.config import load
from bridge.providers import discover
from bridge.store.schema import metadata
from bridge.web.app import build as build_app
from bridge.web.settings import WebSettings
from tables import make_tables

PUBLIC_URL = "http://127.0.0.1:8080"
SHOP = "https://shop.example"
KEYS = {"acme": "sk_acme_contract", "rival": "sk_rival_contract"}
PASSWORD = "canary-contract-password"
PAYER = "customer@example.com"
BODY_LIMIT = 64 * 1024
NOWHERE = {"payment_id": "pay_0000000000000000000000000X"}
STATIC = Path(__file__).parents[2] / "static"

_numbers = count(1)


class Moving:
    """The time of day, moved on by tests."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        now = datetime.now(UTC) + self.ahead
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Api:
    """The application, called as a shop or a payer calls it."""

    def __init__(self, house: House, sandbox: Sandbox, clock: Moving) -> None:
        self.house, self.sandbox, self.clock = house, sandbox, clock
        self.app = build_app(house.services, WebSettings(PUBLIC_URL, STATIC))
        self.client = testing.TestClient(self.app)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        merchant: str | None = "acme",
        key: str | None = None,
        **headers: str,
    ) -> testing.Result:
        """Send a request; `body` bytes go as they are, anything else as JSON."""
        given = {"Content-Type": "application/json"} if body is not None else {}
        given |= {"Authorization": f"Bearer {KEYS[merchant]}"} if merchant else {}
        given |= {"Idempotency-Key": key} if key else {}
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        return self.client.simulate_request(
            method, path, body=raw, query_string=query, headers=given | headers
        )

    def create(self, merchant: str = "acme", **changes: Any) -> testing.Result:
        """Ask for a payment of a new order."""
        return self.send("POST", "/v1/payments", wish(**changes), merchant=merchant, key=new_key())

    def created(self, merchant: str = "acme", **changes: Any) -> dict[str, Any]:
        """A payment; the payer has a wallet that can pay, unless told otherwise."""
        answer = self.create(merchant, **{"payer": {"wallet_username": PAYER}, **changes})
        assert answer.status_code == 201, answer.text
        return answer.json

    def paid(self, merchant: str = "acme", **changes: Any) -> dict[str, Any]:
        """A payment that the payer has made."""
        payment = self.created(merchant, **changes)
        self.sandbox.control("POST", f"payer/{payment['provider']['reference']}", action="accept")
        answer = self.send("POST", f"/v1/payments/{payment['id']}/sync", merchant=merchant)
        assert answer.json["status"] == "paid", answer.text
        return answer.json

    def rows(self) -> Mapping[str, list[Any]]:
        """Everything that is stored about money, for comparing before and after."""
        tables = [table for table in metadata.sorted_tables if table.name != "outbox"]
        with self.house.engine.connect() as connection:
            return {
                table.name: [tuple(row) for row in connection.execute(select(table))]
                for table in tables
            }


def wish(**changes: Any) -> dict[str, Any]:
    """The body of a payment for a new order; a change to ... leaves the field out."""
    body = {
        "order_reference": f"1000{next(_numbers)}",
        "amount": 4999,
        "currency": "EUR",
        "method": "wallet",
        "return_url": f"{SHOP}/done",
    }
    return {name: value for name, value in (body | changes).items() if value is not ...}


def new_key() -> str:
    """An idempotency key that nobody has used."""
    return f"key-{next(_numbers)}"


@contextmanager
def serving(folder: Path, sandbox: Sandbox) -> Iterator[Api]:
    """Compose the service over an empty database."""
    _write_settings(folder, sandbox.url)
    sandbox.control("POST", "reset")
    for merchant in KEYS:
        sandbox.control(
            "POST",
            "merchants",
            provider="cashcloud",
            username=f"{merchant}@merchant.example",
            password=PASSWORD,
        )
    types, clock = discover(), Moving()
    house = build(load(folder / "bridge.yaml", types), types, clock=clock)
    make_tables(house.engine)
    try:
        yield Api(house, sandbox, clock)
    finally:
        house.close()


def _write_settings(folder: Path, sandbox_url: str) -> None:
    (folder / "merchants").mkdir()
    (folder / "password").write_text(PASSWORD)
    (folder / "bridge.yaml").write_text(
        f"database: sqlite:///{folder}/bridge.db\npublic_url: {PUBLIC_URL}\nmerchants: merchants\n"
    )
    for merchant, key in KEYS.items():
        (folder / "merchants" / f"{merchant}.yaml").write_text(_profile(merchant, key, sandbox_url))


def _profile(merchant: str, key: str, sandbox_url: str) -> str:
    return f"""
merchant: {merchant}
name: {merchant.title()} GmbH
providers:
  cashcloud:
    base_url: {sandbox_url}/cashcloud/
    username: {merchant}@merchant.example
    password: {{file: ../password}}
    device_id: {merchant}
    account_type: corporate_plus
    reason_id: "314"
shops:
  - shop: {merchant}-shop
    platform: reference
    mode: test
    api_keys: ["sha256:{hashlib.sha256(key.encode()).hexdigest()}"]
    origins: ["{SHOP}"]
    methods: {{wallet: cashcloud}}
    currencies: [EUR]
"""


@contextmanager
def listening(app: App) -> Iterator[str]:
    """Serve an application on a free port while the block runs, and give its address."""
    server = create_server(
        app,
        listen="127.0.0.1:0",
        threads=4,
        asyncore_use_poll=True,
        asyncore_loop_timeout=0.1,
        ident=None,
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(lambda: close_all(server._map, ignore_all=True))
        thread.join(5)


def checkout_of(api: Api, **changes: Any) -> str:
    """The payer door's address of a payment that waits for its payer."""
    return f"/v1/checkout/{api.create(**changes).json['checkout']['token']}"


def confirm(api: Api, checkout: str, user: str = PAYER) -> testing.Result:
    """What the payer does there."""
    return api.send("POST", f"{checkout}/confirm", {"wallet_username": user}, merchant=None)


def is_problem(answer: testing.Result, status: int, code: str) -> bool:
    """Tell whether an answer is this problem, whole and well-formed."""
    problem = answer.json
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "code",
        "request_id",
        "retryable",
    } <= problem.keys()
    assert (
        problem["status"] == answer.status_code
        and problem["request_id"] == answer.headers["x-request-id"]
    )
    assert problem["type"].endswith(f"#problem-{problem['code']}")
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    return True


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The service and its sandbox, for all tests of a module."""
    with (
        running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox,
        serving(tmp_path_factory.mktemp("house"), sandbox) as served,
    ):
        yield served


@pytest.fixture
def api(running: Api) -> Iterator[Api]:
    """The service, with the time and the weather of today."""
    yield running
    running.clock.ahead = timedelta()
    running.sandbox.control("DELETE", "faults")
