"""The shop's parts in one place, handed to every door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import falcon
import jinja2

from adapters.reference import orders, rendering
from adapters.reference.client import Client
from adapters.reference.configure import Settings
from adapters.reference.orders import Order
from adapters.reference.store import Store


@dataclass(frozen=True, slots=True)
class Shop:
    """Settings, database, the bridge, templates. Holds no state of its own."""

    settings: Settings
    store: Store
    client: Client
    templates: jinja2.Environment

    def order(self, ref: str) -> Order:
        """Return an order; raises 404."""
        with self.store.unit() as db:
            order = orders.find(db, ref)
        if order is None:
            raise falcon.HTTPNotFound(title="There is no such order")
        return order

    def view(self, ref: str) -> dict[str, Any]:
        """Return everything about one order, read in one go; raises 404."""
        with self.store.unit() as db:
            order = orders.find(db, ref)
            if order is None:
                raise falcon.HTTPNotFound(title="There is no such order")
            return orders.view(db, order)


def build(settings: Settings) -> Shop:
    """Compose the shop and make its database ready."""
    store = Store(settings.data / "shop.db")
    store.prepare()
    return Shop(settings, store, settings.client, rendering.templates())
