"""Faults: what goes wrong, on purpose (`POST /control/faults`) or by chance (`--chaos`).

Two tables say where each fault may stand. Scripted faults are taken in the order in which they were made, each so often as its
`times`; only where none is scripted does chance have a say.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.sandbox.store import Store

CALLBACK = "callback"
FAULT = "sandbox.fault"
"""Key in the WSGI environment under which the door leaves a call's fault for `endings.py`."""

ON_CALLS = frozenset(
    {"delay", "drop_before", "drop_after", "hang", "status", "garbage", "truncate"}
)
ON_PURPOSE = frozenset({"slow", "portal"})
"""Faults on calls that chance does not draw: what else they do must be said."""
ON_CALLBACKS = frozenset(
    {
        "lost",
        "twice",
        "late",
        "before_response",
        "forged",
        "other_amount",
        "other_currency",
        "other_reference",
        "unknown_status",
        "reordered",
    }
)
DISGUISES = frozenset({"other_amount", "other_currency", "other_reference", "unknown_status"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault that is to happen now, with its options (`ms`, `code`, …)."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def option(self, name: str, default: Any) -> Any:
        """An option of the fault, or the default."""
        return self.options.get(name, default)


class Faults:
    """Takes faults as they are due, and remembers which transactions are shown in disguise."""

    def __init__(self, store: Store, chaos: Mapping[str, float], seed: int) -> None:
        """`chaos` gives each fault's probability, 0 to 1."""
        self._store, self._chaos = store, dict(chaos)
        self._random, self._lock = random.Random(seed), threading.Lock()

    def add(
        self, provider: str, place: str, fault: str, times: int, options: Mapping[str, Any]
    ) -> None:
        """Script a fault; `place` is a call's name or `callback`."""
        with self._store.unit() as db:
            db.execute(
                "INSERT INTO faults (provider, place, fault, times, options) VALUES (?, ?, ?, ?, ?)",
                (provider, place, fault, times, json.dumps(dict(options))),
            )

    def take(self, provider: str, place: str, only: Collection[str] | None = None) -> Fault | None:
        """The fault that is to happen here and now, if any; taking it uses it up."""
        allowed = only or ((ON_CALLBACKS - {"before_response"}) if place == CALLBACK else ON_CALLS)
        return self._scripted(provider, place, only) or self._drawn(allowed)

    def disguise(self, provider: str, reference: str, fault: Fault) -> None:
        """From now on, inquiries show the transaction as the fault says."""
        with self._store.unit() as db:
            db.execute(
                "INSERT OR REPLACE INTO disguises VALUES (?, ?, ?, ?)",
                (provider, reference, fault.name, json.dumps(dict(fault.options))),
            )

    def disguises(self, provider: str, reference: str) -> list[Fault]:
        """How inquiries are to show this transaction, until the faults are deleted."""
        with self._store.unit() as db:
            rows = db.execute(
                "SELECT fault, options FROM disguises WHERE provider = ? AND reference = ?",
                (provider, reference),
            ).fetchall()
        return [Fault(row["fault"], json.loads(row["options"])) for row in rows]

    def shown(self) -> list[dict[str, Any]]:
        """The scripted faults that are still to come."""
        with self._store.unit() as db:
            rows = db.execute("SELECT * FROM faults ORDER BY id").fetchall()
        named = (
            {
                "provider": row["provider"],
                "on": row["place"],
                "fault": row["fault"],
                "times": row["times"],
            }
            for row in rows
        )
        return [
            {**json.loads(row["options"]), **shown} for row, shown in zip(rows, named, strict=True)
        ]

    def clear(self) -> None:
        """Delete scripted faults and disguises; chance stays as it was started."""
        with self._store.unit() as db:
            db.execute("DELETE FROM faults")
            db.execute("DELETE FROM disguises")

    def _scripted(self, provider: str, place: str, only: Collection[str] | None) -> Fault | None:
        with self._store.unit() as db:
            rows = db.execute(
                "SELECT * FROM faults WHERE provider = ? AND place = ? ORDER BY id",
                (provider, place),
            ).fetchall()
            row = next((row for row in rows if only is None or row["fault"] in only), None)
            if row is None:
                return None
            db.execute("UPDATE faults SET times = times - 1 WHERE id = ?", (row["id"],))
            db.execute("DELETE FROM faults WHERE times < 1")
        return Fault(row["fault"], json.loads(row["options"]))

    def _drawn(self, allowed: Collection[str]) -> Fault | None:
        if not self._chaos:
            return None
        with self._lock:
            dice = self._random.random()
        for name, chance in self._chaos.items():
            if name in allowed:
                if dice < chance:
                    return Fault(name)
                dice -= chance
        return None


def parse_chaos(text: str) -> dict[str, float]:
    """Read `drop_after=5%,lost=10%` into probabilities. Raises ValueError naming what is wrong."""
    chaos: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, percent = part.partition("=")
        if name not in ON_CALLS | ON_CALLBACKS:
            raise ValueError(
                f"unknown fault {name!r}; known are {', '.join(sorted(ON_CALLS | ON_CALLBACKS))}"
            )
        chaos[name] = _probability(name, percent)
    for place in (ON_CALLS, ON_CALLBACKS):
        if sum(chance for name, chance in chaos.items() if name in place) > 1:
            raise ValueError(
                "the faults of calls, and those of callbacks, may add up to 100% at most"
            )
    return chaos


def _probability(name: str, percent: str) -> float:
    number = percent.removesuffix("%")
    if (
        not percent.endswith("%")
        or not number.replace(".", "", 1).isdecimal()
        or float(number) > 100
    ):
        raise ValueError(f"write {name}=5%, not {name}={percent}")
    return float(number) / 100
