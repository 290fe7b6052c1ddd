"""Verb one, create: the order is stored first, then the bridge is asked for its payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.reference import catalogue, listen, orders, status
from adapters.reference.ask import ask
from adapters.reference.client import Answer, Client
from adapters.reference.orders import Order
from adapters.reference.store import Store

LOCALES = {"de": "de-DE", "en": "en-GB"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer asks for at the checkout. ``ref`` was made when the form was shown, so a second click is no second order."""

    ref: str
    cart: Mapping[str, int]
    method: str = "wallet"
    wallet_username: str | None = None
    language: str = "en"


def place_order(store: Store, wish: Wish) -> Order:
    """Store the order, unpaid, at the catalogue's prices; the same ``ref`` again returns the stored order."""
    order = Order(
        wish.ref, tuple(wish.cart.items()), catalogue.total(wish.cart), catalogue.CURRENCY,
        wish.method, wish.wallet_username, wish.language, orders.now(),
    )  # fmt: skip
    with store.unit() as db:
        if orders.insert(db, order):
            listen.match_again(db, order.ref)
        return orders.find(db, order.ref) or order


def pay(store: Store, client: Client, shop_url: str, order: Order) -> Answer:
    """Ask for the order's payment; return the payment, or the problem.

    The key names the intent: it is the same for every repeat, and a new one only after the bridge has told that
    the payment before was declined, failed, canceled or expired. Raises ``NoAnswer``.
    """
    with store.unit() as db:
        ended = sum(
            status.of_attempt(payment) in status.RETRY for payment in orders.payments(db, order.ref)
        )
    answer = ask(
        store,
        client,
        order.ref,
        f"order-{order.ref}-{ended + 1}",
        "/v1/payments",
        _payment(order, shop_url),
    )
    if answer.body.get("code") == "payment_exists":
        # Our numbers are random, so a payment under this one is this order's. A shop that counts its orders must compare a mark of its own.
        return client.get(f"/v1/payments/{answer.body['payment_id']}")
    return answer


def _payment(order: Order, shop_url: str) -> dict[str, object]:
    payer = {"wallet_username": order.wallet_username, "locale": LOCALES[order.language]}
    return {
        "order_reference": order.ref,
        "amount": order.amount,
        "currency": order.currency,
        "method": order.method,
        "channel": "web",
        "payer": {name: value for name, value in payer.items() if value},
        "description": f"Order {order.ref}",
        "return_url": f"{shop_url}/orders/{order.ref}",
        "cancel_url": f"{shop_url}/orders/{order.ref}",
    }
