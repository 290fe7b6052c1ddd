"""The tables of the shop modules on a real MariaDB, non-strict: what a module stores comes back whole, never cut."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

ADAPTERS = Path(__file__).resolve().parents[2] / "adapters"
MAGENTO = ADAPTERS / "magento"
TEXTS = {
    "payment_bridge_attempt": {
        "order_reference": 64, "payment_id": 64, "token": 64, "idempotency_key": 255, "currency": 3, "status": 32, "checkout_token": 128, "body": 10_000,
    },
    "payment_bridge_event": {"event_id": 64, "payment_id": 64, "decision": 32},
    "payment_bridge_refund": {"refund_id": 64, "payment_id": 64, "reference": 80},
}  # fmt: skip
"""The characters that each column must hold: what the API allows of a reference and a key, and what the bridge makes of the rest."""


def magento_tables() -> list[str]:
    """Return the statements that Magento makes of the module's `etc/db_schema.xml`, as far as it uses the schema's language."""
    return [
        _create(table) for table in ET.parse(MAGENTO / "module" / "etc" / "db_schema.xml").getroot()
    ]


def _create(table: ET.Element) -> str:
    lines = [_column(column) for column in table.findall("column")]
    for constraint in table.findall("constraint"):
        kind = (
            "primary key"
            if _type(constraint) == "primary"
            else f"unique key {constraint.get('referenceId')}"
        )
        lines.append(f"{kind} ({_names(constraint)})")
    lines += [
        f"key {index.get('referenceId')} ({_names(index)})" for index in table.findall("index")
    ]
    return f"create table {table.get('name')} ({', '.join(lines)}) engine={table.get('engine')} default charset=utf8mb4"


def _column(column: ET.Element) -> str:
    kind = (
        _type(column)
        + (f"({column.get('length')})" if column.get("length") else "")
        + (" unsigned" if column.get("unsigned") == "true" else "")
    )
    default = column.get("default")
    words = [
        f"`{column.get('name')}`",
        kind,
        "not null" if column.get("nullable") == "false" else "null",
    ]
    words += (
        [f"default {default if default == 'CURRENT_TIMESTAMP' else repr(default)}"]
        if default is not None
        else []
    )
    words += ["on update current_timestamp"] if column.get("on_update") == "true" else []
    words += ["auto_increment"] if column.get("identity") == "true" else []
    return " ".join(words)


def _type(element: ET.Element) -> str:
    return element.attrib["{http://www.w3.org/2001/XMLSchema-instance}type"]


def _names(element: ET.Element) -> str:
    return ", ".join(column.attrib["name"] for column in element.findall("column"))


@pytest.fixture
def magento(mariadb: Any) -> Any:
    """Return a function that runs SQL in a database that has Magento's tables, the module's and the platform's one that it reads."""
    database = mariadb.new_database()
    mariadb.run(
        ";".join(magento_tables())
        + "; create table sales_order (entity_id int unsigned primary key, increment_id varchar(50)) default charset=utf8mb4",
        database,
    )
    return lambda sql: mariadb.run(sql, database)


@pytest.mark.invariant("I24")
def test_magento__every_text_column__is_as_wide_as_what_it_holds(magento: Any) -> None:
    for table, widths in TEXTS.items():
        for name, width in widths.items():
            ((length,),) = magento(
                "select character_maximum_length from information_schema.columns "
                f"where table_schema = database() and table_name = '{table}' and column_name = '{name}'"
            )
            assert int(length) >= width, f"{table}.{name}"


@pytest.mark.invariant("I24")
@pytest.mark.parametrize(
    "number",
    ["№" * 64, "9" * 64, "Bestellung Ä 7", "🛒" * 40 + "~0a1b2c3d"],
    ids=["signs", "digits", "blanks", "pictures"],
)
def test_magento__attempt_of_the_longest_order_number__comes_back_whole(
    magento: Any, number: str
) -> None:
    row = {"order_id": "1", "order_reference": number, "store_id": "1", "attempt": "1", "token": "f" * 64,
           "idempotency_key": "order-" + "f" * 64, "body": "{}", "amount": "4999", "currency": "EUR"}  # fmt: skip
    values = ", ".join(f"'{value}'" for value in row.values())
    magento(f"insert into payment_bridge_attempt ({', '.join(row)}) values ({values})")
    assert magento(f"select {', '.join(row)} from payment_bridge_attempt") == [list(row.values())]


def mend(mariadb_socket: str, database: str) -> None:
    """Run the module's upgrade of cut rows, its own PHP, on the database."""
    script = MAGENTO / "tests" / "php" / "mend_on_mariadb.php"
    subprocess.run(
        ["php", str(script), mariadb_socket, database],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.invariant("I24")
def test_magento__rows_cut_at_32__are_mended_by_the_upgrade_and_no_others(
    mariadb: Any, magento: Any
) -> None:
    ((database,),) = magento("select database()")
    long = "SHOP-2026-BERLIN-ALEXANDERPLATZ-000000123"
    magento("alter table payment_bridge_attempt modify order_reference varchar(32) not null")
    for order, number, reference, paid in (
        (1, long, long, 0),
        (2, long[:32], long[:32], 0),
        (3, "000000007", "000000007", 0),
        (4, long + "4", long, 1),
    ):
        magento(
            f"insert into sales_order values ({order}, '{number}');"
            "insert into payment_bridge_attempt (order_id, order_reference, store_id, attempt, token, idempotency_key, body, amount, currency, sequence, paid)"
            f" values ({order}, '{reference}', 1, 1, '{order:064d}', 'key', '{{}}', 1, 'EUR', 5, {paid})"
        )
    magento("alter table payment_bridge_attempt modify order_reference varchar(64) not null")
    mend(mariadb.socket, database)
    mend(mariadb.socket, database)
    assert magento("select order_id, order_reference, sequence from payment_bridge_attempt order by order_id") == [
        ["1", long, "0"], ["2", long[:32], "5"], ["3", "000000007", "5"], ["4", long + "4", "5"],
    ]  # fmt: skip
