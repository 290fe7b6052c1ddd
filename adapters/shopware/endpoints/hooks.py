"""What Shopware tells about itself: the app switched on, off or removed; an order or a transaction cancelled (Shopware sheet, section 1.6).

Few are listened to, as each is sent in the middle of the merchant's own request. Echoes of what we did ourselves find nothing to do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from adapters.shopware.endpoints.messages import part, text
from adapters.shopware.endpoints.pay import WAITING, Call
from adapters.shopware.endpoints.shops import Book, Registration
from bridge.errors import BridgeError
from bridge.platforms import Workbench
from bridge.services import Services

log = logging.getLogger("bridge.shopware")

RESPOND_WITHIN = 0.5


class Hook:
    """Does what an event asks for; unknown events are taken and forgotten."""

    def __init__(self, bench: Workbench, services: Services) -> None:
        """Take what the story needs."""
        self._bench = bench
        self._services = services

    def __call__(self, call: Call) -> None:
        """Handle one event; never refuses one for what it says."""
        event = text(call.body, "data", "event")
        act = _EVENTS.get(event)
        log.info(
            "Shopware event",
            extra={
                "shop": call.registration.shop,
                "event": event,
                "event_id": text(call.body, "source", "eventId"),
            },
        )
        if act is not None:
            act(self, call)

    def _switched(self, enabled: bool) -> Callable[[Registration], Registration]:
        return lambda one: replace(one, enabled=enabled)

    def _change(self, call: Call, change: Callable[[Registration], Registration]) -> None:
        one = call.registration
        with self._bench.units() as unit:
            book = Book(unit, self._bench.settings(one.merchant).app_secrets())
            now = book.find(one.merchant, one.shop_id)
            if now is not None:
                book.save(change(now))

    def activated(self, call: Call) -> None:
        """The merchant switched the app on."""
        self._change(call, self._switched(True))

    def deactivated(self, call: Call) -> None:
        """The merchant switched the app off."""
        self._change(call, self._switched(False))

    def deleted(self, call: Call) -> None:
        """The merchant removed the app: forget secrets and API keys, keep what bookkeeping needs."""
        self._change(call, lambda one: one.forgotten(self._bench.clock()))

    def order_cancelled(self, call: Call) -> None:
        """An order was cancelled: give up what nobody has paid. Money that was paid goes back only by a refund."""
        self._give_up(call, lambda _: True)

    def transaction_cancelled(self, call: Call) -> None:
        """A transaction was cancelled, as when the customer chose another method: give up its payment."""
        transactions = part(call.body, "data", "payload", "order", "transactions")
        cancelled = {
            text(one, "id")
            for one in (transactions if isinstance(transactions, list) else [])
            if text(one, "stateMachineState", "technicalName") == "cancelled"
        }
        self._give_up(call, lambda view: view["metadata"].get("shopware_transaction") in cancelled)

    def _give_up(self, call: Call, concerned: Callable[[Mapping[str, Any]], bool]) -> None:
        """Give up the payments that were made for this order; its number alone proves nothing, as another order may have had it."""
        order = text(call.body, "data", "payload", "order", "id", longest=64)
        if not order:
            return
        shop = self._bench.shops.get(call.registration.shop)
        shop = replace(shop, respond_within=min(shop.respond_within, RESPOND_WITHIN))
        with self._bench.units.read() as unit:
            known = Book(unit, ()).payments_of(call.registration, order)
        for view in (self._services.read_payment(shop, payment)[0] for payment in known):
            if view["status"] in (*WAITING, "authorized") and concerned(view):
                try:
                    self._services.cancel_payment(
                        shop, view["id"], f"shopware-cancelled-{view['id']}"
                    )
                except BridgeError as error:
                    log.warning(
                        "not cancelled: %s",
                        error.code,
                        extra={"payment_id": view["id"], "shop": shop.shop},
                    )


_EVENTS: Mapping[str, Callable[[Hook, Call], None]] = {
    "app.activated": Hook.activated,
    "app.deactivated": Hook.deactivated,
    "app.deleted": Hook.deleted,
    "state_enter.order.state.cancelled": Hook.order_cancelled,
    "state_enter.order_transaction.state.cancelled": Hook.transaction_cancelled,
}
