"""The journal: every call received and every callback sent, in order. Names and outcomes only, never a field's value."""

from __future__ import annotations

from typing import Any

from bridge.sandbox.clock import Clock, rfc3339
from bridge.sandbox.store import Store


class Journal:
    """Lines in the order in which calls arrived and callbacks went out."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def received(self, provider: str, name: str) -> int:
        """Note a call on arrival; its outcome follows with `ended`."""
        return self._add("received", provider, name, None, "running")

    def sent(self, provider: str, reference: str, outcome: str) -> None:
        """Note one try of a callback, or why there was none."""
        self._add("sent", provider, "callback", reference, outcome)

    def ended(self, line: int, outcome: str, reference: str | None = None) -> None:
        """Say what became of a call; nothing happens if a reset has emptied the journal meanwhile."""
        with self._store.unit() as db:
            db.execute(
                "UPDATE journal SET outcome = ?, reference = ? WHERE id = ?",
                (outcome, reference, line),
            )

    def shown(self) -> list[dict[str, Any]]:
        """The lines as `GET /control/journal` shows them."""
        with self._store.unit() as db:
            rows = db.execute(
                "SELECT at, direction, provider, name, reference, outcome FROM journal ORDER BY id"
            ).fetchall()
        return [{**dict(row), "at": rfc3339(row["at"])} for row in rows]

    def _add(
        self, direction: str, provider: str, name: str, reference: str | None, outcome: str
    ) -> int:
        with self._store.unit() as db:
            cursor = db.execute(
                "INSERT INTO journal (at, direction, provider, name, reference, outcome) VALUES (?, ?, ?, ?, ?, ?)",
                (self._clock.now(), direction, provider, name, reference, outcome),
            )
        return cursor.lastrowid or 0
