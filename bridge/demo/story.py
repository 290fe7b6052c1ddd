"""The story that the demo tells, as a table of chapters; every chapter is a purchase, and the last one does the books."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from bridge.demo.books import agree, children
from bridge.demo.parties import Cast, Json
from bridge.demo.steps import Steps, must, until


@dataclass(frozen=True, slots=True)
class Story:
    """The cast, and the orders placed so far."""

    cast: Cast
    step: Steps
    orders: list[str] = field(default_factory=list)

    def place(self, product: str, quantity: int = 1, payer: str | None = None) -> Json:
        """Place an order that is paid by the payer's wallet; return the payment."""
        order = self.cast.shop.place(product, quantity, payer or self.cast.payer)
        payment: Json = order["payment"]
        must(payment, f"the bridge refused: {order['problem']}")
        self.orders.append(order["order_reference"])
        return payment

    def asked(self, payment: Json) -> Json:
        """Return the payment once the provider's number for it is known."""
        look = lambda: self.cast.bridge.payment(payment["id"])  # noqa: E731
        return until(
            look, lambda seen: (seen["provider"] or {}).get("reference"), "the wallet was not asked"
        )

    def shop_says(self, payment: Json, status: str) -> Json:
        """Wait until the shop has learned a status, and return its order."""
        look = lambda: self.cast.shop.order(payment["order_reference"])  # noqa: E731
        return until(
            look, lambda seen: seen["status"] == status, f"the shop's order did not become {status}"
        )


def everybody_answers(story: Story) -> None:
    """Shop, bridge and sandbox are there, and the key is the shop's."""
    with story.step("the shop, the bridge and the sandbox answer"):
        story.cast.shop.get("/healthz")
        story.cast.sandbox.behave()
        must(story.cast.bridge.get("/v1/shop")["shop"], "the key belongs to no shop")


def bought_and_partly_returned(story: Story) -> None:
    """A purchase is paid, and two parts of it are given back."""
    with story.step("an order is placed, and the payer's wallet is asked"):
        payment = story.asked(story.place("lamp", 2))
        must(
            story.cast.shop.order(payment["order_reference"])["status"] == "pending",
            "the order is not pending",
        )
    with story.step("the payer accepts; a notification makes the order paid"):
        story.cast.sandbox.payer("accept", payment["provider"]["reference"])
        order = story.shop_says(payment, "paid")
        must(
            order["amounts"]["captured"] == order["amount"],
            f"another amount was captured: {order['amounts']}",
        )
    for part in (1500, 3000):
        with story.step(f"{part / 100:.2f} EUR are given back, and the payer takes them"):
            _refund(story, payment, part)
    with story.step("more than is left is refused"):
        refused = _refused_refund(story, payment, order["amount"])
        must(refused == 422, f"the answer was {refused}")


def declined(story: Story) -> None:
    """The payer says no; the next try is a payment of its own."""
    with story.step("the payer declines; the order is not paid"):
        payment = story.asked(story.place("mug"))
        story.cast.sandbox.payer("decline", payment["provider"]["reference"])
        must(story.shop_says(payment, "declined")["amounts"]["captured"] == 0, "money was captured")
    with story.step("the customer tries again and pays"):
        again = story.cast.shop.post(f"/api/orders/{payment['order_reference']}/pay")["payment"]
        must(again and again["id"] != payment["id"], "there is no new payment")
        story.cast.sandbox.payer("accept", story.asked(again)["provider"]["reference"])
        story.shop_says(again, "paid")


def callback_lost(story: Story) -> None:
    """The provider's callback never comes; the bridge asks by itself."""
    with story.step("the callback is lost; an inquiry finds that the payer has paid"):
        payment = story.asked(story.place("plant"))
        story.cast.sandbox.fault("callback", "lost")
        story.cast.sandbox.payer("accept", payment["provider"]["reference"])
        story.shop_says(payment, "paid")


def answer_lost(story: Story) -> None:
    """The provider executes and hangs up; the bridge must neither guess nor ask twice."""
    with story.step("the provider executes and hangs up; the payer is asked once, not twice"):
        before = {entry["reference"] for entry in story.cast.sandbox.ledger()}
        story.cast.sandbox.fault("request", "drop_after")
        payment = story.asked(story.place("tote"))
        new = [entry for entry in story.cast.sandbox.ledger() if entry["reference"] not in before]
        must(
            [entry["reference"] for entry in new] == [payment["provider"]["reference"]],
            f"the ledger shows {new}",
        )
    with story.step("the payer accepts; the order is paid"):
        story.cast.sandbox.payer("accept", payment["provider"]["reference"])
        story.shop_says(payment, "paid")


def nothing_missed(story: Story) -> None:
    """What was notified and what can be fetched are the same."""
    with story.step("the shop fetches all events: it has heard every one of them"):
        story.cast.shop.post("/api/pull")
        heard = [
            told for ref in story.orders for told in story.cast.shop.order(ref)["notifications"]
        ]
        missed = [told for told in heard if told["source"] != "notified"]
        must(heard and not missed, f"not notified, only fetched: {missed}")


def books_agree(story: Story) -> None:
    """Shop, bridge and provider have the same numbers in their books."""
    with story.step("the books of shop, bridge and provider agree, payment by payment"):
        ledger, payments = story.cast.sandbox.ledger(), 0
        for ref in story.orders:
            for told in story.cast.shop.order(ref)["payments"]:
                agree(story.cast, told, ledger)
                payments += 1
        must(payments > len(story.orders), f"only {payments} payments were compared")


def _refund(story: Story, payment: Json, amount: int) -> None:
    before = story.cast.shop.order(payment["order_reference"])["amounts"]["refunded"]
    number = f"RF-{secrets.token_hex(5)}"
    refund = story.cast.shop.refund(payment["order_reference"], amount, number)
    again = story.cast.shop.refund(payment["order_reference"], amount, number)
    must(again["id"] == refund["id"], "the same refund sent again became a second one")
    story.cast.sandbox.payer("accept", _waiting_refund(story, payment, amount)["reference"])
    look = lambda: story.cast.shop.order(payment["order_reference"])["amounts"]["refunded"]  # noqa: E731
    until(
        look, lambda refunded: refunded == before + amount, "the shop has not heard of the refund"
    )


def _waiting_refund(story: Story, payment: Json, amount: int) -> Json:
    def waiting() -> list[Json]:
        entries = children(story.cast.sandbox.ledger(), "refund", payment["provider"]["reference"])
        return [
            entry for entry in entries if (entry["state"], entry["amount"]) == ("pending", amount)
        ]

    return until(
        waiting, lambda found: len(found) == 1, "not exactly one such refund waits for the payer"
    )[0]


def _refused_refund(story: Story, payment: Json, amount: int) -> int:
    body, key = {"amount": amount}, {"Idempotency-Key": f"check-{secrets.token_hex(5)}"}
    return story.cast.bridge.send(
        "POST", f"/v1/payments/{payment['id']}/refunds", headers=key, json=body
    ).status_code
