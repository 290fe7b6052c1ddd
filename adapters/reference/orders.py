"""Orders and what belongs to them, read and written inside a unit of ``store.py``."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.reference import status

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: read aloud without mistakes


def new_reference(prefix: str) -> str:
    """Return a number that nobody guesses, ``R-7K3QM-X4T2V``: it is a shop's order or refund number, once and for all."""
    text = "".join(secrets.choice(LETTERS) for _ in range(10))
    return f"{prefix}-{text[:5]}-{text[5:]}"


def is_reference(text: str) -> bool:
    """Tell whether the text may be a number of ours."""
    return re.fullmatch(f"[A-Z]{{1,2}}(-[{LETTERS}]{{5}}){{2}}", text) is not None


def now() -> str:
    """Return the time, UTC, as in every wire format of the bridge."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Order:
    """What the customer ordered. It never changes; amount in minor units."""

    ref: str
    lines: tuple[tuple[str, int], ...]  # product, quantity
    amount: int
    currency: str
    method: str
    wallet_username: str | None
    language: str
    created_at: str


def insert(db: sqlite3.Connection, order: Order) -> bool:
    """Store a new order; ``False`` if its number is taken, which is how a double click looks from here."""
    row = (
        order.ref,
        json.dumps(order.lines),
        order.amount,
        order.currency,
        order.method,
        order.wallet_username,
    )
    stored = db.execute(
        "INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, order.language, order.created_at),
    )
    return stored.rowcount == 1


def find(db: sqlite3.Connection, ref: str) -> Order | None:
    """Return one order."""
    row = db.execute("SELECT * FROM orders WHERE ref = ?", (ref,)).fetchone()
    return _order_from(row) if row else None


def newest(db: sqlite3.Connection, limit: int = 100) -> list[Order]:
    """Return the latest orders, newest first."""
    rows = db.execute("SELECT * FROM orders ORDER BY created_at DESC, rowid DESC LIMIT ?", (limit,))
    return [_order_from(row) for row in rows]


def payments(db: sqlite3.Connection, ref: str) -> list[dict[str, Any]]:
    """Return the order's payments as last told, oldest first: a payment's id sorts by time."""
    rows = db.execute("SELECT body FROM payments WHERE order_ref = ? ORDER BY id", (ref,))
    return [json.loads(row["body"]) for row in rows]


def refunds(db: sqlite3.Connection, ref: str) -> list[dict[str, Any]]:
    """Return the order's refunds as last told, oldest first."""
    rows = db.execute(
        "SELECT r.body FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE p.order_ref = ? ORDER BY r.id",
        (ref,),
    )
    return [json.loads(row["body"]) for row in rows]


def notifications(db: sqlite3.Connection, ref: str) -> list[dict[str, Any]]:
    """Return what was received about the order, in the order of arrival."""
    columns = "id, type, sequence, outcome, source, received_at"
    rows = db.execute(
        f"SELECT {columns} FROM notifications WHERE order_ref = ? ORDER BY rowid", (ref,)
    )
    return [dict(row) for row in rows]


def unanswered(db: sqlite3.Connection, ref: str) -> list[dict[str, Any]]:
    """Return the requests whose answer never came: each may be sent again under its key, and does nothing twice."""
    rows = db.execute(
        "SELECT key, path, body, created_at FROM requests WHERE order_ref = ? AND status IS NULL",
        (ref,),
    )
    return [{**dict(row), "body": json.loads(row["body"])} for row in rows]


def checkout_url(db: sqlite3.Connection, ref: str) -> str | None:
    """Return where the payer pays: the link in the newest answer that has one."""
    rows = db.execute(
        "SELECT answer FROM requests WHERE order_ref = ? AND status < 300 ORDER BY rowid DESC",
        (ref,),
    )
    answers = [json.loads(row["answer"]) for row in rows] + payments(db, ref)[::-1]
    return next((link for link in map(link_of, answers) if link), None)


def link_of(payment: dict[str, Any]) -> str | None:
    """Return the address of a payment's checkout page, if it has one."""
    return (payment.get("checkout") or {}).get("url")


def view(db: sqlite3.Connection, order: Order) -> dict[str, Any]:
    """Return everything about one order: the JSON that ``/api/orders/{ref}`` serves and the back office shows."""
    told = payments(db, order.ref)
    return {
        "order_reference": order.ref,
        "status": status.of_order(told),
        "may_still_be_paid": status.may_still_be_paid(told),
        "amount": order.amount,
        "currency": order.currency,
        "method": order.method,
        "lines": [{"product": product, "quantity": quantity} for product, quantity in order.lines],
        "amounts": status.sums(told),
        "payment_id": told[-1]["id"] if told else None,
        "payments": told,
        "refunds": refunds(db, order.ref),
        "notifications": notifications(db, order.ref),
        "checkout_url": checkout_url(db, order.ref),
        "created_at": order.created_at,
    }


def _order_from(row: sqlite3.Row) -> Order:
    lines = tuple((product, quantity) for product, quantity in json.loads(row["lines"]))
    return Order(**{**dict(row), "lines": lines})
