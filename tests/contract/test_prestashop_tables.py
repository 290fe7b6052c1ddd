"""The PrestaShop module's tables on a real MariaDB, set up as PrestaShop does (`sql_mode=''`): nothing that is stored is cut."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPT = (
    Path(__file__).resolve().parents[2]
    / "adapters"
    / "prestashop"
    / "tests"
    / "php"
    / "on_mariadb.php"
)
WIDTHS = {
    "order_reference": 64,
    "idempotency_key": 255,
    "payment_id": 64,
    "token": 64,
    "checkout_token": 128,
    "status": 32,
}
"""The characters that an attempt's columns must hold: what the API allows of a reference and a key, and what the bridge makes of the rest."""

LONG = "SHOP-2026-BERLIN-ALEXANDERPLATZ-000000123"
TABLE_OF_0_1_0 = """
    CREATE TABLE ps_payment_bridge_attempt (
        id INT UNSIGNED NOT NULL AUTO_INCREMENT, order_id INT UNSIGNED NOT NULL, order_reference VARCHAR(32) NOT NULL, store_id INT UNSIGNED NOT NULL,
        attempt SMALLINT UNSIGNED NOT NULL, payment_id VARCHAR(64) NULL, token VARCHAR(64) NOT NULL, idempotency_key VARCHAR(80) NOT NULL,
        body TEXT NOT NULL, amount BIGINT UNSIGNED NOT NULL, currency CHAR(3) NOT NULL, status VARCHAR(32) NOT NULL DEFAULT 'created',
        sequence INT UNSIGNED NOT NULL DEFAULT 0, refunded BIGINT UNSIGNED NOT NULL DEFAULT 0, cart_restored TINYINT UNSIGNED NOT NULL DEFAULT 0,
        checkout_url TEXT NULL, checkout_token VARCHAR(128) NULL, created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
        updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, PRIMARY KEY (id), UNIQUE KEY token (token),
        UNIQUE KEY payment_id (payment_id), UNIQUE KEY order_id_attempt (order_id, attempt), KEY order_reference (order_reference),
        KEY status_updated_at (status, updated_at)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
    CREATE TABLE ps_payment_bridge_mail (
        id INT UNSIGNED NOT NULL AUTO_INCREMENT, order_id INT UNSIGNED NOT NULL, mail MEDIUMTEXT NOT NULL,
        created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (id), UNIQUE KEY order_id (order_id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
    SET SESSION sql_mode = '';
"""
"""What version 0.1.0 has made, as far as 0.2.0 changes it."""


class Shop:
    """A PrestaShop's database, and the module's own PHP on it."""

    def __init__(self, mariadb: Any) -> None:
        """Make an empty database."""
        self._mariadb = mariadb
        self.database = mariadb.new_database()

    def run(self, sql: str) -> list[list[str]]:
        """Run SQL and return its rows as texts."""
        return self._mariadb.run(sql, self.database)  # type: ignore[no-any-return]

    def php(self, what: str, *arguments: str) -> Any:
        """Have the module do something with its tables; see `on_mariadb.php`."""
        command = ["php", str(SCRIPT), self._mariadb.socket, self.database, what, *arguments]
        return json.loads(
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        )

    def lengths(self) -> dict[str, int]:
        """Return how many characters each text column of the attempts holds."""
        return self._mariadb.lengths(self.database, "ps_payment_bridge_attempt")  # type: ignore[no-any-return]


@pytest.fixture
def shop(mariadb: Any) -> Shop:
    """Return a shop without the module."""
    return Shop(mariadb)


def attempt(number: str) -> dict[str, Any]:
    """Return an attempt for an order of this number, as the core stores it."""
    body = json.dumps({"order_reference": number, "amount": 4999}, ensure_ascii=False)
    return {"order_id": 1, "order_reference": number, "store_id": 1, "attempt": 1, "token": "f" * 64, "idempotency_key": "order-" + "f" * 64,
            "body": body, "amount": 4999, "currency": "EUR"}  # fmt: skip


@pytest.mark.invariant("I24")
@pytest.mark.parametrize("version", ["installed", "upgraded"])
def test_attempt__columns__are_as_wide_as_what_they_hold(shop: Shop, version: str) -> None:
    if version == "upgraded":
        shop.run(TABLE_OF_0_1_0)
    shop.php("install")
    shop.php("install")
    lengths = shop.lengths()
    assert {name: lengths[name] for name, width in WIDTHS.items() if lengths[name] < width} == {}


@pytest.mark.invariant("I24")
@pytest.mark.parametrize(
    "number", ["№" * 64, "9" * 64, 'Bestellung "Ä" \\7\' ?', "🛒" * 55 + "~0a1b2c3d"]
)
def test_attempt__of_the_longest_order_number__comes_back_whole(shop: Shop, number: str) -> None:
    shop.php("install")
    stored = attempt(number)
    read = shop.php("store", json.dumps(stored))
    assert {name: str(read[name]) for name in stored} == {
        name: str(value) for name, value in stored.items()
    }


@pytest.mark.invariant("I24")
def test_upgrade__rows_cut_at_32__are_mended_and_looked_at_again_and_no_others_are(
    shop: Shop,
) -> None:
    shop.run(TABLE_OF_0_1_0)
    for n, number in enumerate((LONG, LONG[:32], "XKBKNABJK", "9" * 70), start=1):
        row = attempt(number) | {"order_id": n, "attempt": n, "token": f"{n:064d}", "sequence": 5}
        values = ", ".join(f"'{value}'" for value in row.values())
        shop.run(
            f"SET SESSION sql_mode = ''; INSERT INTO ps_payment_bridge_attempt ({', '.join(row)}) VALUES ({values})"
        )
    shop.php("install")
    shop.php("install")
    assert [(str(row["order_reference"]), int(row["sequence"])) for row in shop.php("look")] == [
        (LONG, 0), (LONG[:32], 5), ("XKBKNABJK", 5), ("9" * 32, 5),
    ]  # fmt: skip
