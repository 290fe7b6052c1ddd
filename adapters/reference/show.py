"""Verb two, show: the customer's pages, up to the checkout of the bridge and back.

That the browser comes back proves nothing. The order's page shows what notifications have told, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import falcon

from adapters.reference import cart, create, forms, orders, rendering, status
from adapters.reference.catalogue import MOST, PRODUCTS, total
from adapters.reference.client import Answer, NoAnswer
from adapters.reference.create import Wish
from adapters.reference.shop import Shop

METHODS = ("wallet", "card")


@dataclass(frozen=True, slots=True)
class Page:
    """A page for customers."""

    shop: Shop

    def show(self, req: falcon.Request, resp: falcon.Response, template: str, **data: Any) -> None:
        """Answer with a page that knows what is in the cart."""
        pieces = sum(cart.read(req).values())
        rendering.show(
            self.shop.templates, req, resp, template, products=PRODUCTS, pieces=pieces, **data
        )


class Catalogue(Page):
    """What there is to buy."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self.show(req, resp, "catalogue.html")


class Cart(Page):
    """What the customer has chosen, and the checkout form."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        chosen = cart.read(req)
        amount = total(chosen) if chosen else 0
        # The order's number is made with the form: sending the form twice is one order.
        ref = orders.new_reference("R")
        self.show(
            req,
            resp,
            "cart.html",
            cart=chosen,
            amount=amount,
            ref=ref,
            methods=_offered(self.shop, amount),
            most=MOST,
        )

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form = forms.read(req)
        product, quantity = form["product"], form["quantity"] or "1"
        chosen = cart.read(req)
        wanted = (
            int(quantity) if quantity.isascii() and quantity.isdigit() and len(quantity) < 4 else 0
        )
        new = wanted if form["set"] else chosen.get(product, 0) + wanted
        kept = {**chosen, product: min(new, MOST)} if product in PRODUCTS else chosen
        cart.write(resp, {id: count for id, count in kept.items() if count})
        see_other(resp, "/cart")


class Checkout(Page):
    """The order is placed here, and the payer is sent to pay."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        order = create.place_order(self.shop.store, _wish(req))
        cart.write(resp, {})
        _to_payment(self.shop, resp, order, forms.read(req)["show"])


class Pay(Page):
    """Another try, under the same key if nothing is known of the one before."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, ref: str) -> None:
        if self.shop.view(ref)["status"] not in status.OPEN:
            return see_other(resp, f"/orders/{ref}")
        _to_payment(self.shop, resp, self.shop.order(ref), "redirect")


class OrderPage(Page):
    """Where the customer comes back to."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref: str) -> None:
        order = self.shop.view(ref)
        problem = req.get_param("problem") or ""
        self.show(
            req,
            resp,
            "order.html",
            order=order,
            problem=problem,
            may_retry=order["status"] in status.RETRY,
        )


class Frame(Page):
    """The bridge's checkout in a page of the shop, in place or over it: a script and one element.

    What the element tells is for the page; the order changes when the bridge's notification has come, here as everywhere.
    """

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref: str) -> None:
        order = self.shop.view(ref)
        if not order["checkout_url"] or order["status"] != "pending":
            raise falcon.HTTPSeeOther(f"/orders/{ref}")
        bridge, token = order["checkout_url"].rsplit("/checkout/", 1)
        mode = "overlay" if req.get_param("show") == "overlay" else "inline"
        self.show(req, resp, "frame.html", order=order, bridge=bridge, token=token, mode=mode)


class Status:
    """What the order's page asks every second: nothing that is not on the page anyway."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref: str) -> None:
        order = self._shop.view(ref)
        resp.media = {"status": order["status"], "amounts": order["amounts"]}


def see_other(resp: falcon.Response, path: str) -> None:
    """Send the browser on with GET, keeping the cookies that this answer sets."""
    resp.status, resp.location = falcon.HTTP_SEE_OTHER, path


def _wish(req: falcon.Request) -> Wish:
    form, chosen = forms.read(req), cart.read(req)
    ref, method = form["ref"], form["method"] or METHODS[0]
    if not orders.is_reference(ref) or method not in METHODS:
        raise falcon.HTTPBadRequest(title="This form is not one of ours")
    return Wish(
        ref, chosen, method, form["wallet_username"].strip()[:200] or None, rendering.language(req)
    )


def _to_payment(shop: Shop, resp: falcon.Response, order: orders.Order, where: str) -> None:
    home = f"/orders/{order.ref}"
    try:
        answer = create.pay(shop.store, shop.client, shop.settings.shop_url, order)
    except NoAnswer:
        return see_other(resp, f"{home}?problem=no_answer")
    if not answer.ok:
        return see_other(resp, f"{home}?problem=refused")
    see_other(
        resp,
        f"{home}/pay?show={where}" if where in ("frame", "overlay") else _next_stop(answer, home),
    )


def _next_stop(answer: Answer, home: str) -> str:
    return (
        orders.link_of(answer.body) or home if status.of_attempt(answer.body) == "pending" else home
    )


def _offered(shop: Shop, amount: int) -> tuple[str, ...]:
    """Return the methods that the bridge offers for the amount; the wallet if it cannot be asked now."""
    try:
        answer = (
            shop.client.get("/v1/methods", amount=str(amount), currency="EUR") if amount else None
        )
    except NoAnswer:
        answer = None
    offered = (
        [entry.get("method") for entry in answer.body.get("data", [])]
        if answer and answer.ok
        else []
    )
    return tuple(method for method in METHODS if method in offered) or METHODS[:1]
