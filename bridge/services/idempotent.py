"""Runs a use case at most once per (shop, key): the key is claimed in the unit that writes the intent.

Same key and same request: the stored answer again. Another request: refused. Still running: try again in a moment.
An answer that is not final is not frozen: the repeat shows what is known by then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import IdempotencyMismatch, IdempotencyRunning
from bridge.ports import KeptAnswer, Shop, Unit
from bridge.services.represent import to_json

RUNNING_MARGIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Answered:
    """A use case's answer: `body` is JSON text, `resource` its id; `done` False: the provider has not answered yet."""

    body: str
    resource: str
    done: bool
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a resource now: `body` as JSON text; `done` as in Answered; `under_way`: its first request still runs, or has died."""

    body: str
    done: bool
    under_way: bool


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing that a shop wants, named by its idempotency key."""

    shop: Shop
    key: str
    fingerprint: str
    at: datetime

    @classmethod
    def of(cls, shop: Shop, key: str, what: str, subject: str, wish: Any, at: datetime) -> Intent:
        """Name an intent; `what`, `subject` and `wish` (a dataclass) make the fingerprint."""
        text = to_json([what, subject, asdict(wish) if wish is not None else None])
        return cls(shop, key, hashlib.sha256(text.encode()).hexdigest(), at)

    def replay(self, unit: Unit, show: Callable[[Unit, str], Known]) -> Answered | None:
        """Return what this intent was answered before, None for a new one. `show` tells what is known now of the resource.

        Raises IdempotencyMismatch, IdempotencyRunning.
        """
        kept = unit.keys.get(self.shop.shop, self.key)
        if kept is None:
            return None
        if kept.fingerprint != self.fingerprint:
            raise IdempotencyMismatch
        if kept.body is not None:
            return Answered(kept.body, kept.resource, done=True, replayed=True)
        known = show(unit, kept.resource)
        if (
            known.under_way
            and self.at
            < kept.created_at + timedelta(seconds=self.shop.respond_within) + RUNNING_MARGIN
        ):
            raise IdempotencyRunning
        return Answered(known.body, kept.resource, known.done, replayed=True)

    def claim(self, unit: Unit, resource: str, body: str | None = None) -> None:
        """Claim the key for `resource`; with `body` its answer is final at once. Raises IdempotencyRunning when somebody was faster."""
        unit.keys.add(
            self.shop.shop, self.key, KeptAnswer(self.fingerprint, resource, self.at, body)
        )

    def finish(self, unit: Unit, body: str) -> None:
        """Keep the final answer."""
        unit.keys.finish(self.shop.shop, self.key, body)
