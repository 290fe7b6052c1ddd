"""The shop as JSON: the door for notifications, and the orders for scripts and tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import falcon

from adapters.reference import create, listen, orders, refund, signature
from adapters.reference.catalogue import PRODUCTS
from adapters.reference.client import NoAnswer
from adapters.reference.create import Wish
from adapters.reference.refund import Refund
from adapters.reference.shop import Shop
from adapters.reference.show import METHODS

LARGEST = 64 * 1024  # bytes of a body


class Door:
    """A resource that speaks JSON."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop


class Notifications(Door):
    """Where the bridge posts. 204 only after the commit: whatever else is answered, the bridge sends it again.

    A notification about an order that is not here (yet) is stored and answered 204 too: it is safe with us, and it is
    applied when the order appears. Asking the bridge to repeat it for three days would help nobody.
    """

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        body = raw_body(req)
        headers = {name.lower(): value for name, value in req.headers.items()}
        try:
            signature.verify(headers, body, self.shop.settings.notification_keys, time.time())
            event = listen.read(body)
        except signature.Refused as error:
            raise falcon.HTTPBadRequest(title="Not accepted", description=str(error)) from error
        listen.take(self.shop.store, event, "notified")
        resp.status = falcon.HTTP_NO_CONTENT


class Orders(Door):
    """All orders, and a way to place one without a browser."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        with self.shop.store.unit() as db:
            resp.media = {"data": [orders.view(db, order) for order in orders.newest(db)]}

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        order = create.place_order(self.shop.store, _wish(read_json(req)))
        resp.status = falcon.HTTP_CREATED
        resp.media = self._paid(order)

    def on_post_pay(self, req: falcon.Request, resp: falcon.Response, ref: str) -> None:
        """Ask for the payment again: the same one, or a new one if the last has failed."""
        resp.media = self._paid(self.shop.order(ref))

    def _paid(self, order: orders.Order) -> dict[str, Any]:
        try:
            answer = create.pay(
                self.shop.store, self.shop.client, self.shop.settings.shop_url, order
            )
        except NoAnswer as error:
            raise falcon.HTTPBadGateway(
                title="The order is stored", description=str(error)
            ) from error
        named = (
            {"payment": answer.body, "problem": None}
            if answer.ok
            else {"payment": None, "problem": answer.body}
        )
        return {**self.shop.view(order.ref), **named}


class Order(Door):
    """One order: status, amounts, payments and refunds as told, notifications seen."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref: str) -> None:
        resp.media = self.shop.view(ref)


class Refunds(Door):
    """Refunds without a browser; ``refund_reference`` is the intent and its key."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, ref: str) -> None:
        asked, order = read_json(req), self.shop.order(ref)
        wish = _refund(asked, self.shop.view(ref)["payment_id"])
        try:
            answer = refund.refund(self.shop.store, self.shop.client, order, wish)
        except NoAnswer as error:
            raise falcon.HTTPBadGateway(
                title="Send it again under the same number", description=str(error)
            ) from error
        resp.status, resp.media = answer.status, answer.body


class Pull(Door):
    """The second leg, on request."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        try:
            resp.media = {"new": listen.pull(self.shop.store, self.shop.client)}
        except NoAnswer as error:
            raise falcon.HTTPBadGateway(
                title="Nothing was fetched", description=str(error)
            ) from error


class Health:
    """Tells that the shop answers."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"status": "ok"}


def raw_body(req: falcon.Request) -> bytes:
    """Return the bytes as they came; raises 413 for more than this shop reads."""
    body = req.bounded_stream.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise falcon.HTTPContentTooLarge(title="Too large", description=f"at most {LARGEST} bytes")
    return body


def read_json(req: falcon.Request) -> dict[str, Any]:
    """Return the JSON object that was sent; raises 400. Other content types are refused: a form on a foreign page sends those."""
    if (req.content_type or "").partition(";")[0].strip() != falcon.MEDIA_JSON:
        raise falcon.HTTPUnsupportedMediaType(title="JSON only")
    asked = req.get_media(default_when_empty={})
    if not isinstance(asked, dict):
        raise falcon.HTTPBadRequest(title="A JSON object is wanted")
    return asked


def _wish(asked: dict[str, Any]) -> Wish:
    product = _one(asked, "product", str, lambda value: value in PRODUCTS)
    quantity = _one(asked, "quantity", int, lambda value: value > 0, 1)
    method = _one(asked, "method", str, lambda value: value in METHODS, METHODS[0])
    ref = _one(asked, "order_reference", str, orders.is_reference, orders.new_reference("R"))
    payer = asked.get("wallet_username") and _one(asked, "wallet_username", str, _is_short)
    return Wish(ref, {product: quantity}, method, payer or None)


def _refund(asked: dict[str, Any], payment: str | None) -> Refund:
    return Refund(
        _one(
            asked,
            "refund_reference",
            str,
            lambda value: value and _is_short(value),
            orders.new_reference("RF"),
        ),
        _one(asked, "payment", str, lambda value: value.isidentifier(), payment or "none"),
        _one(asked, "amount", int, lambda value: value > 0),
        _one(asked, "reason", str, _is_short, ""),
        asked.get("expected_refundable")
        and _one(asked, "expected_refundable", int, lambda value: value >= 0),
    )


def _one(
    asked: dict[str, Any], name: str, kind: type, fits: Callable[[Any], object], default: Any = None
) -> Any:
    """Return a field of the type that is wanted, booleans being no numbers; raises 400 naming the field."""
    value = asked.get(name, default)
    if type(value) is not kind or not fits(value):
        raise falcon.HTTPBadRequest(title="A field does not fit", description=name)
    return value


def _is_short(text: str) -> bool:
    return len(text) <= 200
