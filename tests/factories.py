"""Builders for tests: domain values with good defaults, settings on disk, and a house on a clock that a test moves.

    a_payment(…)  an_operation(…)  an_answer(…)  an_event(…)  a_wish(…)     values; name only what the test is about
    a_profile(…)  a_config(folder, …)                                       real files, really loaded
    a_house(config, clock, …)                                               bootstrap.build on a migrated database
    at_once(count, act)                                                     threads that start together

`stage.py` puts a house on a stage: with the sandbox as provider and a real HTTP server as shop.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from bridge.bootstrap import House, build
from bridge.config import Config, load
from bridge.domain.events import Event
from bridge.domain.operation import PREFIXES, Kind, Operation
from bridge.domain.outcome import Answer, Outcome, Statement
from bridge.domain.payment import Payer, Payment
from bridge.ports import Transport
from bridge.providers import discover
from bridge.services.create_payment import CreatePayment
from bridge.services.ids import new_id
from bridge.store.engine import open_engine
from bridge.transport import HttpTransport
from tables import make_tables

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
IN_MEMORY = "sqlite:///:memory:"
PAYER = "customer@example.com"
FIFTY = 4999
"""A price, in cents."""

API_KEYS = {
    shop: f"sk_canary_{shop.replace('-', '_')}_0123456789"
    for shop in ("acme-one", "acme-two", "globex-shop")
}
PASSWORDS = {merchant: f"canary-password-of-{merchant}" for merchant in ("acme", "globex")}
NOTIFICATION_SECRETS = {
    "acme-one": "whsec_Y2FuYXJ5LWFjbWUtb25lLTAxMjM0NTY3ODk=",
    "acme-two": "whsec_Y2FuYXJ5LWFjbWUtdHdvLTAxMjM0NTY3ODk=",
    "globex-shop": "whsec_Y2FuYXJ5LWdsb2JleC0wMTIzNDU2Nzg5MDE=",
}
SHOPS_OF = {"acme": ("acme-one", "acme-two"), "globex": ("globex-shop",)}

_numbers = count(1)


class FakeClock:
    """A clock that stands still until it is moved; UTC."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> datetime:
        """Move on by so many seconds and tell the time."""
        self.at += timedelta(milliseconds=round(seconds * 1000))
        return self.at


# --- values ----------------------------------------------------------------------------------------------------------


def a_payment(at: datetime = NOON, **changes: Any) -> Payment:
    """A wallet payment over 49.99 EUR, just created; every one has an id, an order and a token of its own."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "id": new_id("pay", at),
        "merchant": "acme",
        "shop": "acme-one",
        "order_reference": f"order-{number}",
        "method": "wallet",
        "provider": "cashcloud",
        "channel": "web",
        "capture": "automatic",
        "amount": FIFTY,
        "currency": "EUR",
        "return_url": "https://shop.example/done",
        "cancel_url": None,
        "description": f"Order {number}",
        "payer": Payer(PAYER),
        "metadata": {"cart": str(number)},
        "checkout_token": f"chk_{number}_{at.timestamp()}",
        "matching_number": "42",
        "created_at": at,
        "updated_at": at,
        "expires_at": at + timedelta(minutes=30),
    }
    return Payment(**{**fields, **changes})


def an_operation(
    payment: Payment, kind: Kind = Kind.REFUND, at: datetime = NOON, **changes: Any
) -> Operation:
    """A refund (or other operation) of 15.00 of a payment, not yet asked for."""
    fields: dict[str, Any] = {
        "id": new_id(PREFIXES[kind], at),
        "kind": kind,
        "payment_id": payment.id,
        "merchant": payment.merchant,
        "shop": payment.shop,
        "amount": 1500,
        "currency": payment.currency,
        "created_at": at,
        "updated_at": at,
    }
    return Operation(**{**fields, **changes})


def an_answer(
    outcome: Outcome = Outcome.SUCCEEDED, of: Payment | None = None, **changes: Any
) -> Answer:
    """An answer; for a SUCCEEDED payment `of` with the statement that proves it."""
    fields: dict[str, Any] = {"outcome": outcome, "provider_reference": "hash-1"}
    if of is not None:
        taken = of.amount if outcome is Outcome.SUCCEEDED else 0
        fields["statement"] = Statement(of.reference, of.currency, of.amount, taken, taken)
    return Answer(**{**fields, **changes})


def an_event(
    payment: Payment, sequence: int | None = 1, at: datetime = NOON, **changes: Any
) -> Event:
    """An event (or, without a sequence, a note) of a payment."""
    fields: dict[str, Any] = {
        "id": new_id("evt", at),
        "type": "payment.created",
        "payment_id": payment.id,
        "merchant": payment.merchant,
        "shop": payment.shop,
        "source": "shop",
        "at": at,
        "sequence": sequence,
        "body": None if sequence is None else "{}",
    }
    return Event(**{**fields, **changes})


def a_wish(**changes: Any) -> CreatePayment:
    """A shop's wish for 49.99 EUR from a payer whose wallet is known, for an order of its own."""
    fields: dict[str, Any] = {
        "order_reference": f"order-{next(_numbers)}",
        "amount": FIFTY,
        "currency": "EUR",
        "method": "wallet",
        "payer": Payer(PAYER),
    }
    return CreatePayment(**{**fields, **changes})


def a_key() -> str:
    """An idempotency key of its own."""
    return f"key-{next(_numbers)}"


# --- settings --------------------------------------------------------------------------------------------------------


def key_hash(api_key: str) -> str:
    """What a profile holds of an API key."""
    return f"sha256:{hashlib.sha256(api_key.encode()).hexdigest()}"


def a_profile(
    merchant: str,
    sandbox_url: str,
    outside_url: str,
    *,
    shop: Mapping[str, Any] | None = None,
    cashcloud: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A merchant's profile as YAML data; `shop` and `cashcloud` are laid over the defaults of every shop and the account."""
    account = {
        "base_url": f"{sandbox_url}/cashcloud/",
        "username": f"{merchant}@merchant.example",
        "device_id": f"device-of-{merchant}",
        "password": {"file": f"{merchant}.password"},
        "deadline": 5,
        "reason_id": "314",
        **(cashcloud or {}),
    }
    shops = [
        {
            "shop": name,
            "platform": "reference",
            "api_keys": [key_hash(API_KEYS[name])],
            "origins": ["https://shop.example"],
            "notification_url": f"{outside_url}/notifications/{name}",
            "notification_secrets": [{"file": f"{name}.notification"}],
            "methods": {"wallet": "cashcloud"},
            "respond_within": 10,
            **(shop or {}),
        }
        for name in SHOPS_OF[merchant]
    ]
    return {
        "merchant": merchant,
        "name": f"{merchant.title()} GmbH",
        "providers": {"cashcloud": account},
        "shops": shops,
    }


def a_config(
    folder: Path,
    *,
    database: str = IN_MEMORY,
    sandbox_url: str = "http://127.0.0.1:1",
    outside_url: str = "http://127.0.0.1:1",
    service: Mapping[str, Any] | None = None,
    shop: Mapping[str, Any] | None = None,
    cashcloud: Mapping[str, Any] | None = None,
) -> Config:
    """Write settings for two merchants (acme with two shops, globex with one) into a folder and load them."""
    merchants = folder / "merchants"
    merchants.mkdir(parents=True, exist_ok=True)
    written = (
        f"sqlite:///{folder}/unused.db" if database == IN_MEMORY else database
    )  # only tests may keep money in memory
    settings = {
        "database": written,
        "public_url": outside_url,
        "merchants": "merchants",
        **(service or {}),
    }
    (folder / "bridge.yaml").write_text(yaml.safe_dump(settings))
    for merchant in SHOPS_OF:
        profile = a_profile(merchant, sandbox_url, outside_url, shop=shop, cashcloud=cashcloud)
        (merchants / f"{merchant}.yaml").write_text(yaml.safe_dump(profile))
        _keep_secret(merchants / f"{merchant}.password", PASSWORDS[merchant])
    for name, secret in NOTIFICATION_SECRETS.items():
        _keep_secret(merchants / f"{name}.notification", secret)
    config = load(folder / "bridge.yaml", discover())
    return replace(
        config, service=config.service.model_copy(update={"database": SecretStr(database)})
    )


def _keep_secret(path: Path, secret: str) -> None:
    path.touch(mode=0o600)
    path.write_text(secret + "\n")


def a_house(
    config: Config, clock: FakeClock, transport: Transport | None = None, **more: Any
) -> House:
    """The composed service on a migrated database."""
    house = build(config, clock=clock, transport=transport or HttpTransport(failures=0), **more)
    make_tables(house.engine)
    return house


def migrated(url: str, **more: Any) -> Any:
    """An engine on a migrated database."""
    engine = open_engine(url, **more)
    make_tables(engine)
    return engine


def at_once(count, act):
    """Run `act(n)` on so many threads that start together; return results and exceptions in order."""
    barrier = threading.Barrier(count)

    def run(n):
        barrier.wait(20)
        try:
            return act(n)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
