"""Outgoing calls that a request needs and that move no money. They run in a bounded pool, so no thread that serves waits long for anybody outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bridge.domain.money import Money
from bridge.errors import Unavailable
from bridge.ports import Calls, PaymentReason, Price, Provider

T = TypeVar("T")

WAIT = 2.0
"""Seconds that a request waits for what a provider offers."""


def answer_of(calls: Calls, lane: str, call: Callable[[], T], wait: float) -> T | None:
    """Return what `call()` returns; None where it did not end within `wait` seconds or failed; it goes on by itself.

    Raises Unavailable when nothing could be started.
    """
    found: list[T] = []
    calls.run(lane, lambda: found.append(call()), wait)
    return found[0] if found else None


class Offers:
    """Asks accounts what they offer beyond their terms: prices in other currencies, payment reasons. Nothing where the provider does not answer in time."""

    def __init__(self, calls: Calls) -> None:
        """Take the pool."""
        self._calls = calls

    def prices(self, merchant: str, provider: Provider, money: Money) -> tuple[Price, ...]:
        """Return what the payer may pay instead of `money`."""
        return self._asked(f"{merchant}:{provider.name}", lambda: provider.prices(money))

    def reasons(self, merchant: str, provider: Provider) -> tuple[PaymentReason, ...]:
        """Return the payment reasons that may be chosen."""
        return self._asked(f"{merchant}:{provider.name}", provider.reasons)

    def _asked(self, lane: str, call: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
        try:
            return answer_of(self._calls, lane, call, WAIT) or ()
        except Unavailable:
            return ()
