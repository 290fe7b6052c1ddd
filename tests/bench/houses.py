"""Bridges to measure: settings on disk, a migrated database, as many payments in it as wanted, and the running process."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import yaml
from sqlalchemy import Table, create_engine, make_url, text

from bridge.providers.cashcloud.crypto import control
from bridge.store import schema
from bridge.store.engine import open_engine
from bridge.store.migrate import migrate
from tests.bench.parties import Party, child, free_port, party

PASSWORD = "bench-password"
SECRET = "whsec_YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2g="
SHOPS = {"now": "shop", "slow": "shop", "hang": "shop", "dead": "dead"}
"""Merchants, each with one shop: by how its provider answers, and where its notifications go. Of `dead` only the shop is dead."""


def api_key(merchant: str) -> str:
    """Return a merchant's API key."""
    return f"sk_bench_{merchant}"


def callback_body() -> str:
    """Return a genuine callback of Cashcloud; its transaction is `{n}`, which nobody knows."""
    value = quote(control("request", "3", "2026-01-01", PASSWORD), safe="")
    return f"method=request&hash={{n}}&status=3&time=2026-01-01&control={value}"


CROWD = 20
"""Shops of the merchant `crowd`, each on an address of its own; see `queue_for_crowd`."""


@dataclass(frozen=True, slots=True)
class House:
    """Settings and a database; `payments` of them are there from the start."""

    name: str
    folder: Path
    database: str
    payments: int

    def ids(self) -> Sequence[str]:
        """Return ids of payments spread over all."""
        return [payment_id(n) for n in range(0, self.payments, max(1, self.payments // 500))]

    def tokens(self) -> Sequence[str]:
        """Return checkout tokens of payments spread over all."""
        return [token(n) for n in range(0, self.payments, max(1, self.payments // 500))]

    @contextmanager
    def running(self, name: str = "bridge") -> Iterator[Party]:
        """Run `bridge serve`."""
        port = free_port()
        path = self.folder / f"{name}.yaml"
        path.write_text((self.folder / "settings.yaml").read_text() + f"listen: 127.0.0.1:{port}\n")
        with party(
            name, ["bridge", "serve", "--config", str(path)], port, self.folder, "/readyz"
        ) as started:
            yield started

    @contextmanager
    def worked_off(self) -> Iterator[int]:
        """Run `bridge worker`; return its process."""
        with child(
            "worker",
            ["bridge", "worker", "--config", str(self.folder / "bridge.yaml")],
            self.folder,
        ) as started:
            yield started.process.pid


def build(
    folder: Path,
    database: str,
    standin: int,
    payments: int = 500,
    worker: bool = False,
    hole: int = 9,
    **outgoing: int,
) -> House:
    """Write the settings, migrate, fill. `outgoing` are limits of calls to providers; `hole` is the port where the crowd's shops never answer."""
    (folder / "merchants").mkdir(parents=True)
    for merchant, notified in SHOPS.items():
        profile = _profile(merchant, f"http://127.0.0.1:{standin}", notified)
        (folder / "merchants" / f"{merchant}.yaml").write_text(yaml.safe_dump(profile))
    (folder / "merchants" / "crowd.yaml").write_text(
        yaml.safe_dump(_crowd(f"http://127.0.0.1:{standin}", hole))
    )
    for name, secret in (("password", PASSWORD), ("notification", SECRET)):
        (folder / name).write_text(secret)
        (folder / name).chmod(0o600)
    settings = {
        "database": database,
        "public_url": "http://127.0.0.1:9",
        "merchants": "merchants",
        "in_process_worker": worker,
    }
    (folder / "settings.yaml").write_text(
        yaml.safe_dump(settings | ({"outgoing": outgoing} if outgoing else {}))
    )
    engine = open_engine(database)
    migrate(engine)
    engine.dispose()
    fill(database, payments)
    return House(folder.name, folder, database, payments)


def _profile(merchant: str, standin: str, notified: str) -> dict[str, Any]:
    account = {
        "base_url": f"{standin}/{merchant if merchant != 'dead' else 'now'}/",
        "username": f"{merchant}@merchant.example",
        "password": {"file": "../password"},
        "device_id": merchant,
        "account_type": "corporate_plus",
        "reason_id": "314",
    }
    shop = {
        "shop": f"{merchant}-shop",
        "platform": "reference",
        "mode": "test",
        "origins": ["https://shop.example"],
        "api_keys": [f"sha256:{hashlib.sha256(api_key(merchant).encode()).hexdigest()}"],
        "methods": {"wallet": "cashcloud"},
        "notification_url": f"{standin}/{notified}/{merchant}",
        "notification_secrets": [{"file": "../notification"}],
    }
    return {
        "merchant": merchant,
        "name": f"{merchant} GmbH",
        "providers": {"cashcloud": account},
        "shops": [shop],
    }


def _crowd(standin: str, hole: int) -> dict[str, Any]:
    profile = _profile("crowd", standin, "dead")
    (shop,) = profile["shops"]
    key = shop.pop("api_keys")[0]
    profile["shops"] = [
        {
            **shop,
            "shop": f"crowd-{n}",
            "api_keys": [f"{key[:-2]}{n:02}"],
            "notification_url": f"http://127.0.1.{n + 1}:{hole}/",
        }
        for n in range(CROWD)
    ]
    return profile


def queue_for_crowd(database: str, events: int) -> None:
    """Have so many events wait for each shop of the crowd, due now."""
    now = _text(datetime.now(UTC))
    rows: dict[Table, list[dict[str, Any]]] = {
        schema.payments: [],
        schema.events: [],
        schema.outbox: [],
    }
    for number in range(CROWD * events):
        shop, mark = f"crowd-{number % CROWD}", f"crowd{number:021d}"
        payment = payment_row(number) | {
            "id": f"pay_{mark}",
            "merchant": "crowd",
            "shop": shop,
            "order_reference": mark,
            "open_order": mark,
            "checkout_token": f"chk_{mark}",
            "provider_reference": mark,
        }
        rows[schema.payments].append(payment)
        rows[schema.events].append(
            event_row(number)
            | {
                "id": f"evt_{mark}",
                "payment_id": payment["id"],
                "merchant": "crowd",
                "shop": shop,
                "at": now,
                "delivered_at": None,
                "attempts": 0,
            }
        )
        rows[schema.outbox].append(
            {
                "kind": "notify",
                "subject": payment["id"],
                "lane": shop,
                "due_at": now,
                "attempts": 0,
                "fence": 0,
                "revision": 0,
            }
        )
    write = _insert_sqlite if database.startswith("sqlite") else _insert_postgres
    for table, values in rows.items():
        write(database, table, iter(values), list(values[0]))


# --- databases --------------------------------------------------------------------------------------------------------


def new_database(kind: str, folder: Path, server: str, name: str) -> str:
    """Make an empty database of a kind; return its URL."""
    if kind == "SQLite":
        folder.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{folder / name}.db"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
    admin.dispose()
    return server.replace("/postgres?", f"/{name}?")


def payment_id(n: int) -> str:
    """Return the id of the n-th payment that was filled in; they sort before all that are made now."""
    return f"pay_00{n:024d}"


def token(n: int) -> str:
    """Return the checkout token of the n-th."""
    return f"chk_{n:043d}"


def fill(database: str, payments: int) -> None:
    """Insert paid payments, each with an event and an idempotency key, past every layer of the bridge."""
    write = _fill_sqlite if database.startswith("sqlite") else _fill_postgres
    rows = {schema.payments: payment_row, schema.events: event_row, schema.idempotency: key_row}
    for table, row in rows.items():
        write(database, table, (row(n) for n in range(payments)), list(row(0)))


def _insert_sqlite(
    database: str, table: Table, rows: Iterator[dict[str, Any]], columns: list[str]
) -> None:
    connection = sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("begin")
    marks = ", ".join("?" * len(columns))
    connection.executemany(
        f"insert into {table.name} ({', '.join(columns)}) values ({marks})",
        (tuple(row.values()) for row in rows),
    )
    connection.execute("commit")
    connection.close()


def _fill_sqlite(
    database: str, table: Table, rows: Iterator[dict[str, Any]], columns: list[str]
) -> None:
    _insert_sqlite(database, table, rows, columns)
    connection = sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("analyze")
    connection.close()


def _fill_postgres(
    database: str, table: Table, rows: Iterator[dict[str, Any]], columns: list[str]
) -> None:
    _insert_postgres(database, table, rows, columns)
    with psycopg.connect(libpq(database), autocommit=True) as connection:
        connection.execute(f"vacuum analyze {table.name}")


def _insert_postgres(
    database: str, table: Table, rows: Iterator[dict[str, Any]], columns: list[str]
) -> None:
    statement = f"copy {table.name} ({', '.join(columns)}) from stdin"
    with (
        psycopg.connect(libpq(database), autocommit=True) as connection,
        connection.cursor().copy(statement) as copy,
    ):
        for row in rows:
            copy.write_row(tuple(row.values()))


def libpq(database: str) -> str:
    """Return a PostgreSQL URL as the bare driver takes it."""
    return make_url(database).set(drivername="postgresql").render_as_string(hide_password=False)


def payment_row(n: int) -> dict[str, Any]:
    """Return the n-th payment as a row: paid."""
    at = _at(n)
    return {
        "id": payment_id(n),
        "merchant": "now",
        "shop": "now-shop",
        "order_reference": f"old-{n}",
        "open_order": f"old-{n}",
        "method": "wallet",
        "provider": "cashcloud",
        "channel": "web",
        "capture": "automatic",
        "amount": 4999,
        "currency": "EUR",
        "return_url": "https://shop.example/done",
        "payer_email": "customer@example.com",
        "metadata": "{}",
        "checkout_token": token(n),
        "matching_number": "42",
        "created_at": at,
        "updated_at": at,
        "expires_at": _text(datetime.now(UTC) + timedelta(days=7)),
        "status": "paid",
        "asking": "answered",
        "attempt": 1,
        "asked_at": at,
        "tries": 0,
        "amount_authorized": 4999,
        "amount_captured": 4999,
        "amount_capture_pending": 0,
        "amount_refunded": 0,
        "amount_refund_pending": 0,
        "provider_reference": f"{n:040x}",
        "sequence": 3,
        "version": 3,
    }


def event_row(n: int) -> dict[str, Any]:
    """Return its event."""
    return {
        "xact": 0,
        "id": f"evt_00{n:024d}",
        "type": "payment.paid",
        "payment_id": payment_id(n),
        "merchant": "now",
        "shop": "now-shop",
        "source": "inquiry",
        "at": _at(n),
        "sequence": 1,
        "body": "{}",
        "delivered_at": _at(n),
        "attempts": 1,
    }


def key_row(n: int) -> dict[str, Any]:
    """Return its idempotency key."""
    return {
        "shop": "now-shop",
        "key": f"old-{n}",
        "fingerprint": "0" * 64,
        "resource": payment_id(n),
        "created_at": _at(n),
        "body": "{}",
    }


def _at(n: int) -> str:
    return _text(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=n))


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
