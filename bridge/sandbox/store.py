"""The sandbox's own SQLite file: one connection, one lock, one unit of work at a time.

Every call, every payer's action and every tick runs in one unit, so that a check and the write that relies on it cannot be
torn apart. WAL with `synchronous=NORMAL` survives the death of the process (a power cut may lose the last moments).
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

SCHEMA = """
CREATE TABLE IF NOT EXISTS merchants (
    provider TEXT NOT NULL, username TEXT NOT NULL, name TEXT NOT NULL, account_type TEXT NOT NULL,
    locked INTEGER NOT NULL, secrets TEXT NOT NULL, settings TEXT NOT NULL, PRIMARY KEY (provider, username));
CREATE TABLE IF NOT EXISTS accounts (
    email TEXT PRIMARY KEY, pin TEXT NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0), blocked INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ledger (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, merchant TEXT NOT NULL, reference TEXT NOT NULL, kind TEXT NOT NULL,
    parent TEXT, payer TEXT, amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL, state TEXT NOT NULL,
    our_reference TEXT, refunded_amount INTEGER NOT NULL CHECK (refunded_amount BETWEEN 0 AND amount),
    created_at REAL NOT NULL, updated_at REAL NOT NULL, expires_at REAL, next_at REAL, next_action TEXT,
    details TEXT NOT NULL, UNIQUE (provider, reference));
CREATE INDEX IF NOT EXISTS ledger_next ON ledger (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS ledger_parent ON ledger (provider, parent);
CREATE INDEX IF NOT EXISTS ledger_payer ON ledger (payer);
CREATE INDEX IF NOT EXISTS ledger_our_reference ON ledger (provider, merchant, our_reference);
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, direction TEXT NOT NULL, provider TEXT NOT NULL, name TEXT NOT NULL,
    reference TEXT, outcome TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, place TEXT NOT NULL, fault TEXT NOT NULL,
    times INTEGER NOT NULL, options TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS disguises (
    provider TEXT NOT NULL, reference TEXT NOT NULL, fault TEXT NOT NULL, options TEXT NOT NULL,
    PRIMARY KEY (provider, reference, fault));
CREATE TABLE IF NOT EXISTS callbacks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, reference TEXT NOT NULL, url TEXT NOT NULL, content_type TEXT NOT NULL,
    body BLOB NOT NULL, lane TEXT, due_at REAL NOT NULL, attempt INTEGER NOT NULL, repeats TEXT NOT NULL,
    busy INTEGER NOT NULL, note TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (busy, due_at);
CREATE INDEX IF NOT EXISTS callbacks_lane ON callbacks (lane);
CREATE TABLE IF NOT EXISTS notes (
    provider TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, until REAL NOT NULL);
CREATE INDEX IF NOT EXISTS notes_key ON notes (provider, key);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class InUse(Exception):
    """Another sandbox works in this data directory."""


class Store:
    """The file under the data directory, shared by all threads of one process."""

    def __init__(self, data_dir: Path) -> None:
        """Open or create the file. Raises InUse if another process has it."""
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._guard = _sole_owner(data_dir / "lock")
        self._lock = threading.RLock()
        file = data_dir / "sandbox.sqlite"
        file.touch(mode=0o600)
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)

    @contextmanager
    def unit(self) -> Iterator[sqlite3.Connection]:
        """One transaction; a unit inside a unit joins it. An exception undoes all of it."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file and let another sandbox have the directory."""
        with self._lock:
            self._db.close()
        self._guard.close()


def _sole_owner(path: Path) -> IO[str]:
    handle = path.open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise InUse(f"another sandbox works in {path.parent}") from None
    return handle
