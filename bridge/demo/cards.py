"""The chapters about cards: paid with a challenge and partly returned, declined, captured in part, released, begun in an app."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

from bridge.demo.books import agree_with_provider
from bridge.demo.parties import Json, Party
from bridge.demo.steps import must, until
from bridge.demo.story import Story

GOOD, CHALLENGE, DECLINED = "4111111111111111", "4000012892688323", "4012888888881881"
CODE = "1234"
SIX = {"AuthToken", "AuthLabel", "ExpiryDate", "Description", "Status", "Code"}


class Form(HTMLParser):
    """The form of a page: where it goes, its hidden fields, and whether it asks for a code."""

    def __init__(self, url: str, html: str) -> None:
        """Read the page that came from an address."""
        super().__init__()
        self.url, self.target, self.asks_for_a_code = url, "", False
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note what a browser would send."""
        known = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.target = urljoin(self.url, known.get("action", ""))
        elif tag == "input" and known.get("type") == "hidden":
            self.fields[known["name"]] = known.get("value", "")
        elif tag == "input" and known.get("name") == "code":
            self.asks_for_a_code = True


@dataclass(frozen=True, slots=True)
class Payer:
    """Somebody with a card, at the provider's form."""

    def pay(self, page_url: str, number: str) -> None:
        """Fill the form and the challenge, and let the browser bring the result back. Raises ``Failed`` where the form is another."""
        form = self._open("GET", page_url)
        must("session" in form.fields, f"no card form at {form.url.partition('?')[0]}")
        card = {
            "number": number,
            "expiry": "12/39",
            "cvc": "123",
            "holder": "Erika Muster",
            "do": "pay",
        }
        form = self._open("POST", form.target, form.fields | card)
        if form.asks_for_a_code:
            form = self._open("POST", form.target, form.fields | {"code": CODE, "do": "pay"})
        must("Data" in form.fields, "the form does not lead back")
        answer = Party("", {}).send("POST", form.target, data=form.fields, allow_redirects=False)
        must(answer.status_code == 303, f"the way back answered {answer.status_code}")

    def _open(self, verb: str, url: str, fields: Json | None = None) -> Form:
        answer = Party("", {}).send(verb, url, data=fields)
        return Form(url, answer.text)


def paid_with_a_challenge(story: Story) -> None:
    """A purchase is paid by card; the bank asks for a code; a part is given back."""
    with story.step("an order is paid by card, and the payer's bank asks for a code"):
        payment = _place(story, "lamp")
        Payer().pay(_page(story, payment), CHALLENGE)
        order = story.shop_says(payment, "paid")
        must(
            order["amounts"]["captured"] == order["amount"],
            f"another amount was captured: {order['amounts']}",
        )
    with story.step("15.00 EUR are given back to the card"):
        story.cast.shop.refund(payment["order_reference"], 1500, f"RF-{secrets.token_hex(5)}")
        look = lambda: story.cast.shop.order(payment["order_reference"])["amounts"]["refunded"]  # noqa: E731
        until(look, lambda refunded: refunded == 1500, "the shop has not heard of the refund")


def card_declined(story: Story) -> None:
    """The bank says no; with another card the same order is paid."""
    with story.step("the bank declines the card; another card pays"):
        payment = _place(story, "mug")
        Payer().pay(_page(story, payment), DECLINED)
        story.shop_says(payment, "declined")
        again = story.cast.shop.post(f"/api/orders/{payment['order_reference']}/pay")["payment"]
        Payer().pay(_page(story, again), GOOD)
        story.shop_says(again, "paid")


def captured_and_released(story: Story) -> None:
    """Two amounts are reserved: a part of one is taken, the other is let go."""
    bridge = story.cast.bridge
    with story.step("an amount is reserved, and a part of it is captured"):
        payment = _reserved(story)
        captured = bridge.ask(f"/v1/payments/{payment['id']}/captures", {"amount": 1500})
        must(captured["status"] == "succeeded", f"the capture is {captured['status']}")
        known = bridge.payment(payment["id"])
        must(
            (known["status"], known["amount_captured"]) == ("paid", 1500),
            f"the payment is {known['status']}",
        )
        agree_with_provider(known, story.cast.sandbox.ledger())
    with story.step("another is reserved, and the authorization is canceled"):
        payment = _reserved(story)
        bridge.ask(f"/v1/payments/{payment['id']}/cancel")
        known = _becomes(story, payment, "canceled")
        agree_with_provider(known, story.cast.sandbox.ledger())


def begun_in_an_app(story: Story) -> None:
    """An app's SDK gets its token for a payment that the shop has created, at an address that holds its checkout token."""
    bridge, path = story.cast.bridge, f"/v1/mobile-sdk/{story.cast.shop_name}/authentication"
    wish = {"merchantID": story.cast.card_merchant}
    with story.step("an app gets the token of one checkout"):
        payment = _created(story, channel="mobile")
        token = Party(bridge.url, {}).post(f"{path}/{payment['checkout']['token']}", wish)
        must(set(token) == SIX and token["Status"] == "OK", f"the answer has {sorted(token)}")
    with story.step("the public merchant id alone brings no token of that payment"):
        refused = Party(bridge.url, {}).send("POST", path, json=wish).status_code
        must(refused == 401, f"the answer was {refused}")
        bridge.ask(f"/v1/payments/{payment['id']}/cancel")


def _place(story: Story, product: str) -> Json:
    order = story.cast.shop.place(product, 1, None, "card")
    payment: Json = order["payment"]
    must(payment, f"the bridge refused: {order['problem']}")
    story.orders.append(order["order_reference"])
    return payment


def _reserved(story: Story) -> Json:
    payment = _created(story, capture="manual")
    Payer().pay(_page(story, payment), GOOD)
    return _becomes(story, payment, "authorized")


def _created(story: Story, **wish: str) -> Json:
    reference = f"C-{secrets.token_hex(5)}"
    return story.cast.bridge.ask(
        "/v1/payments",
        {"order_reference": reference, "amount": 4999, "currency": "EUR", "method": "card", **wish},
    )


def _becomes(story: Story, payment: Json, status: str) -> Json:
    look = lambda: story.cast.bridge.payment(payment["id"])  # noqa: E731
    return until(
        look, lambda seen: seen["status"] == status, f"the payment did not become {status}"
    )


def _page(story: Story, payment: Json) -> str:
    look = lambda: story.cast.bridge.get(f"/v1/checkout/{payment['checkout']['token']}")  # noqa: E731
    url: str = until(look, lambda seen: seen["page"], "the checkout shows no card form")["page"][
        "url"
    ]
    return url
