"""Puts the adapter together; found by `adapters.discover()`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.shopware.endpoints.addresses import Resolve, resolve
from adapters.shopware.endpoints.admin_api import AdminApi
from adapters.shopware.endpoints.courier import Courier
from adapters.shopware.endpoints.doors import AnswerDoor, ConfirmDoor, Gate, HookDoor, RegisterDoor
from adapters.shopware.endpoints.entrance import Entrance
from adapters.shopware.endpoints.finalize import Finalize
from adapters.shopware.endpoints.handshake import Handshake
from adapters.shopware.endpoints.hooks import Hook
from adapters.shopware.endpoints.messages import BODY_LIMIT
from adapters.shopware.endpoints.notes import Notes
from adapters.shopware.endpoints.pages import AdminPage, Pages, RefundButton, RefundPage
from adapters.shopware.endpoints.pay import Pay
from adapters.shopware.endpoints.refund import Refund
from adapters.shopware.endpoints.settings import ShopwareSettings
from bridge.platforms import AdapterType, Workbench
from bridge.services import Services


class Shopware:
    """Fulfils `platforms.Adapter`."""

    body_limit = BODY_LIMIT

    def __init__(self, bench: Workbench, look_up: Resolve = resolve) -> None:
        """Take what the house lends; `look_up` finds the addresses of a host."""
        self._bench = bench
        self._look_up = look_up
        api = AdminApi(bench, look_up)
        self._notes = Notes(bench, api)
        self.deliver = Courier(bench, api, self._notes)

    def routes(self, services: Services) -> Sequence[tuple[str, Any]]:
        """Return the doors: every address that Shopware or its administration calls."""
        bench, gate, entrance, pages = (
            self._bench,
            Gate(self._bench),
            Entrance(self._bench),
            Pages(),
        )
        handshake, refund = Handshake(bench, self._look_up), Refund(bench, services)
        at = "/shopware/{merchant}"
        return (
            (f"{at}/register", RegisterDoor(handshake)),
            (f"{at}/confirm", ConfirmDoor(handshake)),
            (f"{at}/pay", AnswerDoor(gate, Pay(bench, services, self._notes))),
            (f"{at}/finalize", AnswerDoor(gate, Finalize(bench))),
            (f"{at}/refund", AnswerDoor(gate, refund)),
            (f"{at}/hook", HookDoor(gate, Hook(bench, services))),
            (f"{at}/refund-button", AnswerDoor(gate, RefundButton(bench, refund))),
            (f"{at}/refund-page", RefundPage(entrance, refund, pages)),
            (f"{at}/admin", AdminPage(bench, services, entrance, pages)),
        )


ADAPTER = AdapterType("shopware", ShopwareSettings, Shopware)
