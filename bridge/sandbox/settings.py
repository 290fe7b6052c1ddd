"""Switches of the whole sandbox (clock, what payers do by themselves), kept in the file and read from memory."""

from __future__ import annotations

import json
from typing import Any

from bridge.sandbox.store import Store


class Settings:
    """Named JSON values; gone after a reset, so that every test starts alike."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.unit() as db:
            rows = db.execute("SELECT name, value FROM settings").fetchall()
        self._values = {row["name"]: json.loads(row["value"]) for row in rows}

    def get(self, name: str, default: Any) -> Any:
        """The value, or the default if it was never set."""
        return self._values.get(name, default)

    def put(self, name: str, value: Any) -> None:
        """Set a value now and for after a restart."""
        with self._store.unit() as db:
            db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))
            self._values[name] = value

    def clear(self) -> None:
        """Back to the defaults."""
        with self._store.unit() as db:
            db.execute("DELETE FROM settings")
            self._values.clear()
