"""Asks the bridge to do something with money: write the request, send it, write the answer.

A crash or a lost answer between the steps leaves a row that says exactly what to send again: same key, same body.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from adapters.reference import orders
from adapters.reference.client import Answer, Client
from adapters.reference.store import Store


def ask(
    store: Store, client: Client, order: str, key: str, path: str, body: dict[str, Any]
) -> Answer:
    """Send one intent under its key; the first body that was written for a key is the one that is sent, always.

    Raises ``NoAnswer``; calling again with the same key is safe then, at once or after days.
    """
    with store.unit() as db:
        path, body = _request(db, order, key, path, body)
    answer = client.post(path, body, key)
    with store.unit() as db:
        _keep(db, key, answer)
    return answer


def _request(
    db: sqlite3.Connection, order: str, key: str, path: str, body: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    db.execute(
        "INSERT OR IGNORE INTO requests VALUES (?, ?, ?, ?, NULL, NULL, ?)",
        (key, order, path, json.dumps(body), orders.now()),
    )
    row = db.execute(
        "SELECT path, body FROM requests WHERE key = ? AND order_ref = ?", (key, order)
    ).fetchone()
    if row is None:
        raise ValueError("this key belongs to another order")
    return row["path"], json.loads(row["body"])


def _keep(db: sqlite3.Connection, key: str, answer: Answer) -> None:
    if not answer.ok and answer.status != 409:
        # The bridge did nothing and keeps no key for it, so a corrected body may use the key.
        db.execute("DELETE FROM requests WHERE key = ?", (key,))
        return
    db.execute(
        "UPDATE requests SET status = ?, answer = ? WHERE key = ?",
        (answer.status, json.dumps(answer.body), key),
    )
