"""The shop's database: SQLite, a connection per unit of work, one writer at a time.

``requests`` is what this shop asked the bridge to do, written before it is sent; ``payments`` and ``refunds`` are what
the bridge told in notifications. The two are never mixed: an order's state is derived from what was told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
  ref TEXT PRIMARY KEY, lines TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL,
  method TEXT NOT NULL, wallet_username TEXT, language TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
  key TEXT PRIMARY KEY, order_ref TEXT NOT NULL REFERENCES orders, path TEXT NOT NULL, body TEXT NOT NULL,
  status INTEGER, answer TEXT, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS payments (
  id TEXT PRIMARY KEY, order_ref TEXT NOT NULL REFERENCES orders, sequence INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refunds (
  id TEXT PRIMARY KEY, payment_id TEXT NOT NULL REFERENCES payments, sequence INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notifications (
  id TEXT PRIMARY KEY, type TEXT NOT NULL, sequence INTEGER NOT NULL, order_ref TEXT, outcome TEXT NOT NULL,
  source TEXT NOT NULL, body TEXT NOT NULL, received_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS notifications_of_order ON notifications (order_ref);
CREATE TABLE IF NOT EXISTS pulled (one INTEGER PRIMARY KEY CHECK (one = 1), event TEXT NOT NULL);
"""


class Store:
    """One SQLite file. Safe to share between threads: every unit has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def prepare(self) -> None:
        """Create folder and tables where they are missing."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._connect() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)

    @contextmanager
    def unit(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is written at the end, or none of it."""
        with self._connect() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            db.execute("PRAGMA foreign_keys = ON")
            yield db
        finally:
            db.close()
