"""The merchant's pages: orders, their four amounts, what was heard, and the buttons that move money back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import falcon

from adapters.reference import configure, forms, listen, money, orders, refund, rendering
from adapters.reference.ask import ask
from adapters.reference.client import Answer, NoAnswer
from adapters.reference.refund import Refund
from adapters.reference.shop import Shop

NO_ANSWER = "The bridge did not answer, so nobody knows yet whether it was done. Send it again: the same number is done only once."


@dataclass(frozen=True, slots=True)
class Desk:
    """A page of the back office."""

    shop: Shop

    def show(self, req: falcon.Request, resp: falcon.Response, template: str, **data: Any) -> None:
        """Answer with a page. Every merchant's module speaks the shop's language; this one speaks English."""
        rendering.show(self.shop.templates, req, resp, template, spoken="en", **data)

    def show_order(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        ref: str,
        form: Mapping[str, Any],
        notice: str = "",
    ) -> None:
        """Answer with an order's page; ``form`` is the refund form as it is to be shown."""
        order = self.shop.view(ref)
        with self.shop.store.unit() as db:
            unanswered = orders.unanswered(db, ref)
        self.show(
            req, resp, "admin_order.html", order=order, form=form, notice=notice, unanswered=unanswered,
            cancel_key=orders.new_reference("C"), may_cancel=order["status"] in ("pending", "reserved") and order["payment_id"],
        )  # fmt: skip


class Orders(Desk):
    """The latest orders, and what can be tried without one."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp)

    def on_post_pull(self, req: falcon.Request, resp: falcon.Response) -> None:
        """The second leg: fetch what was missed."""
        try:
            notice = f"{listen.pull(self.shop.store, self.shop.client)} missed events fetched."
        except NoAnswer as error:
            notice = str(error)
        self._show(req, resp, notice)

    def on_post_test(self, req: falcon.Request, resp: falcon.Response) -> None:
        """The "test connection" button."""
        self._show(req, resp, test=configure.test_connection(self.shop.client))

    def _show(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        notice: str = "",
        test: dict[str, Any] | None = None,
    ) -> None:
        with self.shop.store.unit() as db:
            listed = [orders.view(db, order) for order in orders.newest(db)]
        self.show(req, resp, "admin_orders.html", orders=listed, notice=notice, test=test)


class OrderDesk(Desk):
    """One order, seen by the merchant."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref: str) -> None:
        self.show_order(req, resp, ref, _new_form(self.shop.view(ref)))


class RefundDesk(Desk):
    """The refund form. Its number is made when the form is shown, and stays on every retry of this refund."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, ref: str) -> None:
        form, order = forms.read(req), self.shop.view(ref)
        try:
            answer = refund.refund(
                self.shop.store, self.shop.client, self.shop.order(ref), _wish(form, order)
            )
        except ValueError as error:
            return self.show_order(req, resp, ref, form, f"Please check the amount: {error}.")
        except NoAnswer:
            return self.show_order(req, resp, ref, {**form, "sent": True}, NO_ANSWER)
        if answer.ok:
            raise falcon.HTTPSeeOther(f"/admin/orders/{ref}")
        self.show_order(req, resp, ref, _new_form(self.shop.view(ref)), _said(answer))


class CancelDesk(Desk):
    """Gives up a payment that nobody has paid yet."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, ref: str) -> None:
        form, order = forms.read(req), self.shop.order(ref)
        payment, key = _payment_of(self.shop.view(ref), form["payment"]), _number(form["key"])
        notice = self._done(
            lambda: refund.cancel(self.shop.store, self.shop.client, order, payment, key)
        )
        self.show_order(req, resp, ref, _new_form(self.shop.view(ref)), notice)

    def _done(self, work: Any) -> str:
        try:
            answer = work()
        except NoAnswer:
            return NO_ANSWER
        return (
            "The bridge has taken it; the order changes when it tells us so."
            if answer.ok
            else _said(answer)
        )


class AgainDesk(CancelDesk):
    """Sends a request whose answer never came once more, as it was, under its key."""

    def on_post(self, req: falcon.Request, resp: falcon.Response, ref: str) -> None:
        with self.shop.store.unit() as db:
            open_ones = {request["key"]: request for request in orders.unanswered(db, ref)}
        request = open_ones.get(forms.read(req)["key"])
        if request is None:
            raise falcon.HTTPSeeOther(f"/admin/orders/{ref}")
        notice = self._done(
            lambda: ask(
                self.shop.store,
                self.shop.client,
                ref,
                request["key"],
                request["path"],
                request["body"],
            )
        )
        self.show_order(req, resp, ref, _new_form(self.shop.view(ref)), notice)


def _new_form(order: dict[str, Any]) -> dict[str, Any]:
    captured = [payment for payment in order["payments"] if payment["amount_refundable"] > 0]
    refundable = captured[-1]["amount_refundable"] if captured else 0
    return {
        "reference": orders.new_reference("RF"),
        "payment": captured[-1]["id"] if captured else "",
        "refundable": refundable,
        "amount": money.plain(refundable, order["currency"]),
        "reason": "",
    }


def _wish(form: forms.Form, order: dict[str, Any]) -> Refund:
    payment, reference = _payment_of(order, form["payment"]), _number(form["reference"])
    amount, seen = money.minor_units(form["amount"], order["currency"]), form["refundable"]
    return Refund(
        reference, payment, amount, form["reason"][:200], int(seen) if seen.isdecimal() else None
    )


def _payment_of(order: dict[str, Any], id: str) -> str:
    if id not in {payment["id"] for payment in order["payments"]}:
        raise falcon.HTTPBadRequest(title="This is no payment of this order")
    return id


def _number(text: str) -> str:
    if not orders.is_reference(text):
        raise falcon.HTTPBadRequest(title="This form is not one of ours")
    return text


def _said(answer: Answer) -> str:
    said = answer.body.get("detail") or answer.body.get("title") or f"HTTP {answer.status}"
    return f"The bridge refused: {said}"
