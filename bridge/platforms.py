"""What an adapter that is called (it has `endpoints/`) needs of the house, and what it gives: doors, a courier, settings.

The adapter's folder is found by `adapters.discover()`; nothing here or below knows which adapters there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bridge.ports import Calls, Clock, Delivery, Shop, Shops, Transport, Units


class KnownShops(Shops, Protocol):
    """The shops of all profiles in force, and a way to see them all."""

    def all(self) -> Sequence[Shop]:
        """Return every shop, by name."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """What an adapter may work with. `settings(merchant)` returns the merchant's block for this adapter, and raises NotFound where there is none.

    `public_url` has no slash at its end. `errands` is the pool for what a door must ask of somebody outside.
    """

    settings: Callable[[str], Any]
    shops: KnownShops
    units: Units
    transport: Transport
    clock: Clock
    public_url: str
    errands: Calls


class Adapter(Protocol):
    """An adapter at work. Safe to use from many threads."""

    body_limit: int
    """The largest request body that its doors take, bytes."""

    def routes(self, services: Any) -> Sequence[tuple[str, Any]]:
        """Return (address, Falcon resource) for each door; addresses begin with the platform's name. Every resource has `audience = "adapter"`
        and verifies the platform's own signature itself."""

    def deliver(self, shop: Shop, event_id: str, body: str) -> Delivery:
        """Bring an event (JSON text) to a shop of this platform in the platform's own way; never raises for what the shop does.

        It comes in order per payment and again until it is taken, as any notification does.
        """


@dataclass(frozen=True, slots=True)
class AdapterType:
    """What an adapter's module `endpoints/adapter.py` exports as ADAPTER: the platform's name, the model of a profile's block, how to build it."""

    name: str
    settings: type
    build: Callable[[Workbench], Adapter]
