"""A scripted customer, and the merchant behind them, in a PrestaShop that you have at hand; see README.md beside this file.

    PRESTASHOP_PASSWORD=… PRESTASHOP_KEY=… python adapters/prestashop/tests/customer.py --shop http://127.0.0.1:8090 \
        --sandbox http://127.0.0.1:8082 --admin admin-shop --user me@example.com --product en/art/3-13-a-poster.html --voucher MUG5

Real are the browser, the shop, the bridge and the provider's sandbox. Every step is printed; the first that fails ends it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import click
import requests
from playwright.sync_api import Browser, Frame, Page, expect

from adapters.scripted import Newcomer, Payer, Sandbox, browser_at, must, newcomers, tell, until

PERSON = {"firstname": "Erika", "lastname": "Muster", "email": "erika@example.com"}
ADDRESS = {"address1": "Hauptstr. 1", "postcode": "10115", "city": "Berlin"}
CARD = "4000 0000 0000 3220"


@dataclass(frozen=True, slots=True)
class Books:
    """The shop's books, through its webservice."""

    shop: str
    key: str = field(repr=False)

    def read(self, resource: str, **filters: str) -> list[dict[str, Any]]:
        """Return what a resource holds for a filter."""
        query = {"output_format": "JSON", "display": "full", **{f"filter[{name}]": value for name, value in filters.items()}}
        answer = requests.get(f"{self.shop}/api/{resource}", params=query, auth=(self.key, ""), timeout=60)
        answer.raise_for_status()
        found = answer.json()
        return list(found[resource]) if isinstance(found, dict) else []

    def order(self, reference: str) -> dict[str, Any]:
        """Return an order by its reference."""
        return self.read("orders", reference=reference)[0]

    def state(self, reference: str) -> str:
        """Return waiting, paid, canceled or other: what the order's status means."""
        status = self.read("order_states", id=self.order(reference)["current_state"])[0]
        if status["paid"] == "1":
            return "paid"
        if "order_canceled" in str(status["template"]):
            return "canceled"
        return "waiting" if status["module_name"] == "paymentbridge" else "other"

    def payments(self, reference: str) -> list[Decimal]:
        """Return the sums of the payments that the order has."""
        return [Decimal(payment["amount"]) for payment in self.read("order_payments", order_reference=reference)]


@dataclass(frozen=True, slots=True)
class BackOffice:
    """The merchant, with a browser in the back office."""

    address: str
    page: Page

    def open_order(self, number: str) -> None:
        """Show an order's page."""
        link = self.page.locator("#subtab-AdminOrders a").first.get_attribute("href") or ""
        token = re.findall(r"_token=[^&]+", link)
        self.page.goto(f"{self.address}/index.php/sell/orders/{number}/view?{token[0]}")

    def refund(self, number: str, amount: str) -> str:
        """Give a part back in the module's panel; return what the merchant reads then."""
        self.open_order(number)
        panel = self.page.locator("#paymentbridge-panel")
        panel.locator("[name=amount]").fill(amount)
        panel.locator("button[type=submit]").click()
        return panel.locator("[role=status]").inner_text()


class Customer(Payer):
    """Somebody with a browser, who buys one thing as a guest."""

    def order(self, method: str = "wallet", voucher: str | None = None) -> str:
        """Fill the cart, place the order, and return its reference; the payment's page is shown then."""
        self._fill(voucher)
        self._introduce()
        self._pay(method)
        self.page.wait_for_url("**controller=pay**")
        return self.page.locator("[data-order-reference]").inner_text()

    def _fill(self, voucher: str | None) -> None:
        page = self.page
        page.goto(f"{self.shop}/{self.product}")
        page.locator("button.add-to-cart").click()
        page.locator("#blockcart-modal").wait_for()
        if voucher:
            page.goto(f"{self.shop}/index.php?controller=cart&action=show")
            page.locator(".promo-code-button a").click()
            page.locator("input[name=discount_name]").fill(voucher)
            page.locator("#promo-code button[type=submit]").click()
            page.locator(".promo-name").wait_for()
        page.goto(f"{self.shop}/index.php?controller=order")

    def _introduce(self) -> None:
        page, person, address = self.page, self.page.locator("#checkout-guest-form"), self.page.locator("#delivery-address")
        for name, value in PERSON.items():
            person.locator(f"[name={name}]").fill(value)
        for box in person.locator("input[type=checkbox][required]").all():
            box.check()
        person.locator("[name=continue]").click()
        for name, value in ADDRESS.items():
            address.locator(f"[name={name}]").fill(value)
        page.locator("[name=confirm-addresses]").click()
        page.locator("[name=confirmDeliveryOption]").click()

    def _pay(self, method: str) -> None:
        page = self.page
        page.locator(f"input[data-module-name=paymentbridge-{method}]").check()
        page.locator("[name='conditions_to_approve[terms-and-conditions]']").check()
        page.locator("#payment-confirmation button").click()

    def cart(self) -> tuple[int, int]:
        """Return how many things and how many vouchers are in the cart."""
        self.page.goto(f"{self.shop}/index.php?controller=cart&action=show")
        return self.page.locator("li.cart-item").count(), self.page.locator(".promo-name").count()
