"""Short-lived things that a provider remembers: a salt it gave, a token it took."""

from __future__ import annotations

from bridge.sandbox.clock import Clock
from bridge.sandbox.store import Store


class Notes:
    """Values under a key, several if need be, each until its time is over."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def add(self, provider: str, key: str, value: str, seconds: float) -> None:
        """Remember a value for so many seconds of sandbox time."""
        now = self._clock.now()
        with self._store.unit() as db:
            db.execute("DELETE FROM notes WHERE until <= ?", (now,))
            db.execute(
                "INSERT INTO notes VALUES (?, ?, ?, ?)", (provider, key, value, now + seconds)
            )

    def all(self, provider: str, key: str) -> list[str]:
        """The values under a key whose time is not over."""
        with self._store.unit() as db:
            rows = db.execute(
                "SELECT value FROM notes WHERE provider = ? AND key = ? AND until > ?",
                (provider, key, self._clock.now()),
            ).fetchall()
        return [row["value"] for row in rows]
