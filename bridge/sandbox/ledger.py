"""The ledger: what really happened to the money, in the words that every provider shares.

A provider keeps what only it understands (state numbers, fields to echo) in `details`. The state words are those of the bridge's
API: pending, succeeded, declined, canceled, expired, failed. Refunded is a sum (`refunded_amount`), not a state.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.sandbox.clock import Clock, rfc3339
from bridge.sandbox.store import Store

SHOWN = (
    "provider",
    "merchant",
    "reference",
    "kind",
    "parent",
    "amount",
    "currency",
    "state",
    "our_reference",
    "refunded_amount",
)
COLUMNS = (
    *SHOWN,
    "payer",
    "created_at",
    "updated_at",
    "expires_at",
    "next_at",
    "next_action",
    "details",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement of money. Amounts in minor units; times in seconds since the epoch, sandbox time.

    `parent` is the reference of the entry that a refund, capture, credit or reversal belongs to. At `next_at` the sandbox itself
    does `next_action` (a payer's action such as `expire`) to the entry.
    """

    provider: str
    merchant: str
    reference: str
    kind: str
    amount: int
    currency: str
    state: str = "pending"
    parent: str | None = None
    our_reference: str | None = None
    payer: str | None = None
    refunded_amount: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0
    expires_at: float | None = None
    next_at: float | None = None
    next_action: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """The entry as `GET /control/ledger` shows it."""
        times = {"created_at": rfc3339(self.created_at), "updated_at": rfc3339(self.updated_at)}
        return {name: getattr(self, name) for name in SHOWN} | times


class Ledger:
    """Entries, in the order in which they were made."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def add(self, entry: Entry) -> Entry:
        """Write a new entry; its times are set to now."""
        now = self._clock.now()
        entry = replace(entry, created_at=now, updated_at=now)
        with self._store.unit() as db:
            db.execute(
                f"INSERT INTO ledger ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})",
                _values(entry),
            )
        return entry

    def change(self, entry: Entry, **changes: Any) -> Entry:
        """Write changed fields of an entry; `details` given here are laid over the old ones."""
        details = {**entry.details, **changes.pop("details", {})}
        entry = replace(entry, **changes, details=details, updated_at=self._clock.now())
        with self._store.unit() as db:
            db.execute(
                f"UPDATE ledger SET {', '.join(f'{name} = ?' for name in COLUMNS)} WHERE provider = ? AND reference = ?",
                (*_values(entry), entry.provider, entry.reference),
            )
        return entry

    def get(self, provider: str, reference: str) -> Entry | None:
        """One entry of a provider."""
        return next(iter(self._select("provider = ? AND reference = ?", provider, reference)), None)

    def by_reference(self, reference: str) -> Entry | None:
        """One entry, whoever's it is."""
        return next(iter(self._select("reference = ?", reference)), None)

    def children(self, entry: Entry) -> list[Entry]:
        """The entries that belong to this one, oldest first."""
        return self._select("provider = ? AND parent = ?", entry.provider, entry.reference)

    def of_merchant(
        self, provider: str, merchant: str, our_reference: str | None = None
    ) -> list[Entry]:
        """A merchant's entries, oldest first; with `our_reference` only those that carry it."""
        if our_reference is None:
            return self._select("provider = ? AND merchant = ?", provider, merchant)
        return self._select(
            "provider = ? AND merchant = ? AND our_reference = ?", provider, merchant, our_reference
        )

    def of_payer(self, payer: str, limit: int = 200) -> list[Entry]:
        """A payer's latest entries, oldest first."""
        newest = "id IN (SELECT id FROM ledger WHERE payer = ? ORDER BY id DESC LIMIT ?)"
        return self._select(newest, payer, limit)

    def due(self) -> list[Entry]:
        """Entries whose `next_at` has passed."""
        return self._select("next_at IS NOT NULL AND next_at <= ?", self._clock.now())

    def all(self) -> list[Entry]:
        """Every entry, oldest first."""
        return self._select("1")

    def _select(self, where: str, *values: Any) -> list[Entry]:
        with self._store.unit() as db:
            rows = db.execute(
                f"SELECT {', '.join(COLUMNS)} FROM ledger WHERE {where} ORDER BY id", values
            ).fetchall()
        return [_entry(row) for row in rows]


def _values(entry: Entry) -> tuple[Any, ...]:
    return tuple(
        json.dumps(dict(entry.details)) if name == "details" else getattr(entry, name)
        for name in COLUMNS
    )


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(**{**dict(row), "details": json.loads(row["details"])})
