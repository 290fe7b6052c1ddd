"""Verb three, listen: the only way in which an order learns about its money.

First leg: the bridge posts a notification. Second leg: the shop fetches what it missed. Both end in ``take``, which
remembers an event and applies it in one transaction, once, and only forward.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from adapters.reference import orders
from adapters.reference.client import Client
from adapters.reference.signature import Refused
from adapters.reference.store import Store

# UPDATE only where the event is newer than the row: an old one changes nothing, whenever it arrives.
FORWARD = """
INSERT INTO {table} VALUES (:id, :owner, :sequence, :body)
ON CONFLICT (id) DO UPDATE SET sequence = :sequence, body = :body WHERE :sequence > sequence"""
NEEDED = ("id", "order_reference", "status", "amount", "currency")
SUMS = (
    "amount_authorized",
    "amount_captured",
    "amount_refunded",
    "amount_refund_pending",
    "amount_refundable",
)


@dataclass(frozen=True, slots=True)
class Event:
    """A notification that was read."""

    id: str
    type: str
    sequence: int
    payment: dict[str, Any] | None
    refund: dict[str, Any] | None
    body: str

    @property
    def order(self) -> str | None:
        """Return the number of the order that it is about; ``None`` for a ``shop.test``."""
        return self.payment["order_reference"] if self.payment else None


def read(body: bytes | str) -> Event:
    """Read a notification's body; raises ``Refused`` if it is not one. Types and fields unknown today are welcome."""
    try:
        told = json.loads(body)
        data = told.get("data") or {}
        event = Event(
            told["id"],
            told["type"],
            int(told.get("sequence") or 0),
            data.get("payment"),
            data.get("refund"),
            json.dumps(told),
        )
        _check(event)
        return event
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused("not a notification") from error


def take(store: Store, event: Event, source: str) -> str:
    """Remember the event and apply it, in one transaction; return what became of it.

    ``applied``; ``repeated`` (seen before); ``older`` (a newer one was applied); ``mismatch`` (another amount or
    currency than the order's: kept for a person to see); ``unmatched`` (no such order yet: kept, see ``match_again``);
    ``noted`` (nothing to apply, as in ``shop.test``).
    """
    with store.unit() as db:
        if db.execute("SELECT 1 FROM notifications WHERE id = ?", (event.id,)).fetchone():
            return "repeated"
        outcome = _apply(db, event)
        row = (
            event.id,
            event.type,
            event.sequence,
            event.order,
            outcome,
            source,
            event.body,
            orders.now(),
        )
        db.execute("INSERT INTO notifications VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return outcome


def match_again(db: sqlite3.Connection, ref: str) -> None:
    """Apply what was told about an order before the order was stored here."""
    waiting = "SELECT id, body FROM notifications WHERE order_ref = ? AND outcome = 'unmatched' ORDER BY sequence"
    for row in db.execute(waiting, (ref,)).fetchall():
        outcome = _apply(db, read(row["body"]))
        db.execute("UPDATE notifications SET outcome = ? WHERE id = ?", (outcome, row["id"]))


def pull(store: Store, client: Client) -> int:
    """Fetch every event after the last one fetched; return how many were new. Raises ``NoAnswer``."""
    new = 0
    while page := _next_page(store, client):
        for told in page:
            new += take(store, read(json.dumps(told)), "fetched") != "repeated"
        with store.unit() as db:
            db.execute("INSERT OR REPLACE INTO pulled VALUES (1, ?)", (page[-1]["id"],))
    return new


def _next_page(store: Store, client: Client) -> list[dict[str, Any]]:
    with store.unit() as db:
        row = db.execute("SELECT event FROM pulled").fetchone()
    answer = client.get("/v1/events", **({"after": row["event"]} if row else {}))
    return answer.body.get("data", []) if answer.ok else []


def _apply(db: sqlite3.Connection, event: Event) -> str:
    if event.payment is None:
        return "noted"
    order = orders.find(db, event.payment["order_reference"])
    if order is None:
        return "unmatched"
    if (event.payment["amount"], event.payment["currency"]) != (order.amount, order.currency):
        return "mismatch"
    changed = _forward(db, "payments", event.payment, order.ref, event.sequence)
    if event.refund:
        changed |= _forward(db, "refunds", event.refund, event.payment["id"], event.sequence)
    return "applied" if changed else "older"


def _forward(
    db: sqlite3.Connection, table: str, told: dict[str, Any], owner: str, sequence: int
) -> bool:
    row = {"id": told["id"], "owner": owner, "sequence": sequence, "body": json.dumps(told)}
    return db.execute(FORWARD.format(table=table), row).rowcount == 1


def _check(event: Event) -> None:
    if not (isinstance(event.id, str) and event.id and isinstance(event.type, str)):
        raise ValueError("id and type are text")
    if event.payment is not None:
        missing = [name for name in NEEDED if event.payment[name] is None]
        if missing or any(type(event.payment[name]) is not int for name in SUMS):
            raise ValueError("the payment is incomplete")
    if event.refund is not None and not (event.payment and isinstance(event.refund["id"], str)):
        raise ValueError("the refund is incomplete")
