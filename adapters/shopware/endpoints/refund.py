"""A refund that begins in the shop: Shopware's own refund entities, and our form behind the order's button (Shopware sheet, section 4.6)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.shopware.endpoints.amounts import BadAmount, minor_units
from adapters.shopware.endpoints.messages import part, text
from adapters.shopware.endpoints.own import Own, View
from adapters.shopware.endpoints.pay import Answer, Call, refusal
from adapters.shopware.endpoints.shops import Registration
from bridge.errors import BridgeError
from bridge.platforms import Workbench
from bridge.services import Services
from bridge.services.refund_payment import RefundWish

RESPOND_WITHIN = 2.0
"""Seconds for which a provider's answer is waited for; older shops wait five."""

ACTIONS = {"pending": "process", "succeeded": "complete", "failed": "fail", "canceled": "fail"}


class Refund:
    """Gives money back; the same refund asked for again is answered as before."""

    def __init__(self, bench: Workbench, services: Services) -> None:
        """Take what the story needs."""
        self._bench = bench
        self._services = services
        self._own = Own(bench)

    def __call__(self, call: Call) -> Answer:
        """Carry out a refund entity; return Shopware's answer, an action of the refund's state machine."""
        refund = part(call.body, "refund")
        reference = text(refund, "id", longest=64)
        transaction = text(refund, "transactionCapture", "orderTransactionId", longest=64) or text(
            refund, "transactionCapture", "transaction", "id", longest=64
        )
        payment = self.refundable(call.registration, transaction)
        if payment is None or not reference:
            return refusal("nothing was paid for this order transaction")
        try:
            amount = minor_units(part(refund, "amount", "totalPrice"), payment["currency"])
            done = self._again(call.registration, payment["id"], reference) or self.give_back(
                call.registration,
                payment["id"],
                amount,
                self._key(call.registration, payment["id"], reference),
                reference,
                text(refund, "reason", longest=1000),
            )
        except BadAmount as error:
            return refusal(str(error))
        except BridgeError as error:
            return refusal(error.detail)
        return {"status": ACTIONS[done["status"]]} | (
            {"message": _why(done)} if ACTIONS[done["status"]] == "fail" else {}
        )

    def refundable(self, one: Registration, transaction: str) -> View | None:
        """Return the payment of an order transaction of which money was taken; None: there is none.

        Of several it is the newest of which something is left; a second payment of the order comes last.
        """
        paid = [view for view in self._own.payments(one, transaction) if view["amount_captured"]]
        paid.sort(key=lambda view: (view["amount_refundable"] > 0, view["duplicate_of"] is None))
        return paid[-1] if paid else None

    def all_refundable(self, one: Registration, order: str) -> list[View]:
        """Return the payments of an order of which money can go back, late ones as well; second payments of the order first."""
        left = [view for view in self._own.payments(one, order) if view["amount_refundable"]]
        return sorted(left, key=lambda view: view["duplicate_of"] is None)

    def give_back(
        self, one: Registration, payment: str, amount: int, key: str, reference: str, reason: str
    ) -> Mapping[str, Any]:
        """Refund `amount` minor units; return the refund as the API shows it. Raises BridgeError."""
        shop = self._bench.shops.get(one.shop)
        shop = replace(shop, respond_within=min(shop.respond_within, RESPOND_WITHIN))
        wish = RefundWish(amount=amount, reason=reason[:255] or None, refund_reference=reference)
        refund: Mapping[str, Any] = json.loads(
            self._services.refund_payment(shop, payment, key, wish).body
        )
        return refund

    def _again(self, one: Registration, payment: str, reference: str) -> Mapping[str, Any] | None:
        """Return this refund where it is under way or done; one that failed may be tried anew."""
        return next(
            (
                refund
                for refund in self._tries(one, payment, reference)
                if ACTIONS[refund["status"]] != "fail"
            ),
            None,
        )

    def _key(self, one: Registration, payment: str, reference: str) -> str:
        return f"shopware-refund-{reference}-{len(self._tries(one, payment, reference)) + 1}"

    def _tries(self, one: Registration, payment: str, reference: str) -> list[Mapping[str, Any]]:
        shop = self._bench.shops.get(one.shop)
        return [
            refund
            for refund in self._services.list_refunds(shop, payment, 100, None).data
            if refund["refund_reference"] == reference
        ]


def _why(refund: Mapping[str, Any]) -> str:
    return f"{refund['id']}: {refund['failure']['code'] if refund['failure'] else refund['status']}"
