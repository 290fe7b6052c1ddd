"""Brings news to the shop that finalize did not bring: through the outbox, in order, again until it is taken.

An event says only that there is news. What is done follows from the ledger as it is now and from the state in which the shop has the
transaction now, so an event that comes late, twice, or after finalize finds nothing to do and causes no second mail.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.shopware.endpoints.admin_api import AdminApi, ApiFailed
from adapters.shopware.endpoints.amounts import major_units
from adapters.shopware.endpoints.notes import Notes
from adapters.shopware.endpoints.own import Own, decisive, is_of
from adapters.shopware.endpoints.shops import Book, Registration
from adapters.shopware.endpoints.states import is_there, next_action, target_of
from bridge.errors import NotFound
from bridge.platforms import Workbench
from bridge.ports import Delivery, Shop
from bridge.services.represent import Represent

log = logging.getLogger("bridge.shopware")

SILENT = frozenset(
    {"payment.created", "payment.pending", "refund.pending", "capture.failed", "shop.test"}
)
"""News that changes nothing in the shop: pay and refund answered it already."""

RACES_WITH_RETURN = frozenset(
    {
        "payment.paid",
        "payment.authorized",
        "payment.declined",
        "payment.failed",
        "payment.canceled",
        "payment.expired",
    }
)

STEPS = 3
DONE = Delivery(200, "done")
TRANSACTION, REFUND = "order_transaction", "order_transaction_capture_refund"
REFUND_ENDS = {
    "refund.succeeded": "completed",
    "refund.failed": "failed",
    "refund.canceled": "failed",
}

_ENTITY = re.compile(r"[0-9a-f]{32}")


class Courier:
    """Fulfils `platforms.Adapter.deliver`. Safe to use from many threads; one payment's news never overtake each other."""

    def __init__(self, bench: Workbench, api: AdminApi, notes: Notes) -> None:
        """Take what the story needs."""
        self._bench = bench
        self._api = api
        self._notes = notes
        self._own = Own(bench)
        self._represent = Represent(bench.public_url)

    def __call__(self, shop: Shop, event_id: str, body: str) -> Delivery:
        """Bring one event; never raises for what the shop does."""
        event = json.loads(body)
        transaction = (
            event["data"].get("payment", {}).get("metadata", {}).get("shopware_transaction")
        )
        if event["type"] in SILENT or not transaction:
            return Delivery(200, "nothing to tell")
        try:
            wait = self._still_returning(shop, event)
            return (
                Delivery(None, "the customer's return may bring it", wait)
                if wait
                else self._tell(shop, event, transaction)
            )
        except ApiFailed as error:
            return _delivery(error)
        except NotFound as error:
            return Delivery(None, str(error))

    def _still_returning(self, shop: Shop, event: Mapping[str, Any]) -> int:
        if event["type"] not in RACES_WITH_RETURN:
            return 0
        age = (self._bench.clock() - datetime.fromisoformat(event["timestamp"])).total_seconds()
        grace: float = self._bench.settings(shop.merchant).return_grace
        return math.ceil(max(0.0, grace - age))

    def _tell(self, shop: Shop, event: Mapping[str, Any], transaction: str) -> Delivery:
        with self._bench.units.read() as unit:
            one = Book(unit, self._bench.settings(shop.merchant).app_secrets()).current(shop.shop)
            payment = self._represent.payment(unit.payments.get(event["data"]["payment"]["id"]))
        if one is None or not one.confirmed:
            return Delivery(None, "no Shopware is registered for this shop")
        if not is_of(payment, one, transaction):
            log.warning(
                "another Shopware asked for this payment",
                extra={"payment_id": payment["id"], "shop": shop.shop},
            )
            return Delivery(200, "another Shopware asked for this payment")
        self._end_refund(one, event)
        current = self._api.state(one, transaction)
        if current is None:
            return Delivery(200, "the shop has no such order transaction any more")
        deciding = decisive(self._own.payments(one, transaction) or [payment])
        target = current if deciding["duplicate_of"] is not None else target_of(deciding)
        reached = self._lead(one, transaction, current, target)
        self._api.remember(one, transaction, _fields(deciding))
        self._notes.write(one, payment["metadata"].get("shopware_order", ""))
        if payment["failure"]:
            log.warning(
                "a payment was not made: %s",
                payment["failure"]["code"],
                extra={
                    "shop": shop.shop,
                    "payment_id": payment["id"],
                    "provider_code": payment["failure"]["provider_code"],
                },
            )
        if not reached:
            self._warn(one, deciding, current)
        return (
            DONE
            if reached
            else Delivery(200, f"no way from {current} to {target}; the merchant was told")
        )

    def _lead(self, one: Registration, transaction: str, current: str, target: str) -> bool:
        """Go to `target` step by step; tell whether it was reached. The shop says what is possible, which is right in every version."""
        for _ in range(STEPS):
            if is_there(current, target):
                return True
            allowed = self._api.transitions(one, TRANSACTION, transaction)
            action = next_action(current, target, allowed)
            if action is None:
                return False
            try:
                self._api.transition(one, TRANSACTION, transaction, action)
                current = allowed[action]
            except ApiFailed as error:
                if error.status != 400:
                    raise
                current = (
                    self._api.state(one, transaction) or current
                )  # somebody was faster: look again
        return is_there(current, target)

    def _end_refund(self, one: Registration, event: Mapping[str, Any]) -> None:
        """Where the refund began as an entity of the shop, end it there; the merchant hears of one that was turned down."""
        refund, end = event["data"].get("refund"), REFUND_ENDS.get(event["type"])
        if refund is None or end is None:
            return
        reference = refund["refund_reference"] or ""
        if _ENTITY.fullmatch(reference):
            self._end_entity(one, reference, end)
        if end == "failed":
            self._quietly(
                one,
                f"A refund of {major_units(refund['amount'], refund['currency'])} {refund['currency']} for order "
                f"{event['data']['payment']['order_reference']} was turned down. No money went back.",
            )

    def _end_entity(self, one: Registration, reference: str, end: str) -> None:
        """End a refund entity; one that the shop has booked as completed is reopened first when the refund fails."""
        try:
            allowed = self._api.transitions(one, REFUND, reference)
            if (
                end == "failed"
                and end not in allowed.values()
                and self._api.stands_in(one, REFUND, reference) == "completed"
            ):
                self._api.transition(one, REFUND, reference, "reopen")
                allowed = self._api.transitions(one, REFUND, reference)
            action = next((action for action, state in allowed.items() if state == end), None)
            if action is not None:
                self._api.transition(one, REFUND, reference, action)
        except ApiFailed as error:
            if error.status not in (400, 404):
                raise

    def _warn(self, one: Registration, payment: Mapping[str, Any], current: str) -> None:
        log.warning(
            "a transaction cannot follow the ledger",
            extra={"payment_id": payment["id"], "shop": payment["shop"], "status": current},
        )
        self._quietly(
            one,
            f"Order {payment['order_reference']}: its payment is {payment['status']} at the payment service, but the order's "
            f"payment state ({current}) does not allow that. Please check the order.",
        )

    def _quietly(self, one: Registration, message: str) -> None:
        """Tell the merchant where that is possible; without the permission nothing else must fail."""
        try:
            self._api.notify(one, message)
        except ApiFailed as error:
            log.warning("the merchant could not be told: %s", error, extra={"shop": one.shop})


def _fields(payment: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the shop keeps of the payment: amounts in minor units, so that its books can be compared with ours."""
    return {
        "bridge_payment": payment["id"],
        "bridge_captured": payment["amount_captured"],
        "bridge_refunded": payment["amount_refunded"],
        "bridge_currency": payment["currency"],
    }


def _delivery(error: ApiFailed) -> Delivery:
    """A shop's 404 and 410 are about an entity or a route, never a wish to hear nothing more."""
    status = (
        None if error.status in (None, 410) or 200 <= (error.status or 0) < 400 else error.status
    )
    return Delivery(status, str(error), error.retry_after)
