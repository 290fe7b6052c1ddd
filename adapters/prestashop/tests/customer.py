"""A scripted customer, and the merchant behind them, in a PrestaShop that you have at hand; see README.md beside this file.

    PRESTASHOP_PASSWORD=… PRESTASHOP_KEY=… python adapters/prestashop/tests/customer.py --shop http://127.0.0.1:8090 \
        --sandbox http://127.0.0.1:8082 --admin admin-shop --user me@example.com --product en/art/3-13-a-poster.html --voucher MUG5

Real are the browser, the shop, the bridge and the provider's sandbox. Every step is printed; the first that fails ends it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import click
import requests
from playwright.sync_api import Locator, Page

from adapters.scripted import Newcomer, Payer, Sandbox, browser_at, must, newcomers, tell, until

PERSON = {"firstname": "Erika", "lastname": "Muster", "email": "erika@example.com"}
ADDRESS = {"address1": "Hauptstr. 1", "postcode": "10115", "city": "Berlin"}


@dataclass(frozen=True, slots=True)
class Books:
    """The shop's books, through its webservice."""

    shop: str
    key: str = field(repr=False)

    def read(self, resource: str, **filters: str) -> list[dict[str, Any]]:
        """Return what a resource holds for a filter."""
        query = {
            "output_format": "JSON",
            "display": "full",
            **{f"filter[{name}]": value for name, value in filters.items()},
        }
        answer = requests.get(
            f"{self.shop}/api/{resource}", params=query, auth=(self.key, ""), timeout=60
        )
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
        return [
            Decimal(payment["amount"])
            for payment in self.read("order_payments", order_reference=reference)
        ]


@dataclass(frozen=True, slots=True)
class BackOffice:
    """The merchant, with a browser in the back office."""

    address: str
    page: Page

    def enter(self, user: str, password: str) -> None:
        """Log in."""
        self.page.goto(self.address)
        self.page.locator("#email").fill(user)
        self.page.locator("#passwd").fill(password)
        self.page.locator("#submit_login").click()
        self.page.locator("#subtab-AdminOrders a").first.wait_for(state="attached")

    def open_order(self, number: str) -> Locator:
        """Show an order's page, and return the module's panel on it."""
        link = self.page.locator("#subtab-AdminOrders a").first.get_attribute("href") or ""
        token = re.findall(r"_token=[^&]+", link)[0]
        self.page.goto(f"{self.address}/index.php/sell/orders/{number}/view?{token}")
        return self.page.locator("#paymentbridge-panel")

    def refund(self, number: str, amount: str) -> str:
        """Give a part back in the module's panel; return what the merchant reads then."""
        panel = self.open_order(number)
        panel.locator("[name=amount]").fill(amount)
        panel.locator("[name=refund]").click()
        return panel.locator("#paymentbridge-said").inner_text().strip()

    def ask_again(self, number: str) -> str:
        """Press the button that a refund without an answer has; return what the merchant reads then."""
        panel = self.open_order(number)
        panel.locator("[name=again]").click()
        return panel.locator("#paymentbridge-said").inner_text().strip()


class Customer(Payer):
    """Somebody with a browser, who buys one thing as a guest."""

    def order(self, method: str = "wallet", voucher: str | None = None) -> str:
        """Fill the cart, place the order, and return its reference; the payment's page is shown then."""
        self._fill(voucher)
        self._introduce()
        self._pay(method)
        self.page.locator("#paymentbridge-checkout").wait_for()
        return self.page.locator("h1").inner_text().split()[-1]

    def _fill(self, voucher: str | None) -> None:
        page = self.page
        page.goto(f"{self.shop}/{self.product}")
        page.locator("button.add-to-cart").click()
        page.locator("#blockcart-modal").wait_for()
        if voucher:
            page.goto(self._address("cart&action=show"))
            page.locator(".promo-code-button a").click()
            page.locator("input[name=discount_name]").fill(voucher)
            page.locator("#promo-code button[type=submit]").click()
            page.locator(".promo-name").wait_for()
        page.goto(self._address("order"))

    def _introduce(self) -> None:
        page, person, address = (
            self.page,
            self.page.locator("#checkout-guest-form"),
            self.page.locator("#delivery-address"),
        )
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
        option = page.locator(
            f"form:has(input[name=method][value={method}])[action*=paymentbridge]"
        )
        form = page.locator(".js-payment-option-form", has=option)
        page.locator(
            f"#{(form.get_attribute('id') or '').removeprefix('pay-with-').removesuffix('-form')}"
        ).check()
        page.locator("[name='conditions_to_approve[terms-and-conditions]']").check()
        page.locator("#payment-confirmation button").click()

    def cart(self) -> tuple[int, int]:
        """Return how many things and how many vouchers are in the cart that is shown."""
        return self.page.locator("li.cart-item").count(), self.page.locator(".promo-name").count()

    def back_to_cart(self) -> None:
        """Go to the cart, as the browser's Back or a link would."""
        self.page.goto(self._address("cart&action=show"))

    def _address(self, page: str) -> str:
        return f"{self.shop}/index.php?controller={page}"


@dataclass(frozen=True, slots=True)
class Story:
    """What is played."""

    sandbox: Sandbox
    books: Books
    office: BackOffice
    new_customer: Newcomer[Customer]
    voucher: str

    def paid(self) -> str:
        """Order by wallet in the widget; paid means one payment over all of it. Returns the order's reference."""
        click.echo("Order by wallet, through the widget")
        known = len(self.sandbox.entries("request"))
        with self.new_customer() as customer:
            reference = customer.order()
            must(self.books.state(reference), "waiting", f"order {reference} waits")
            customer.enter_wallet()
            self.sandbox.control(
                "POST", f"payer/{self.sandbox.newest_request(known)}", action="accept"
            )
            customer.page.locator("#order-reference-value").wait_for()
            must(reference in customer.page.content(), True, "the confirmation names the order")
        self._is_paid(reference)
        return reference

    def card(self) -> None:
        """Order by card, with the bank's question, all inside the shop's page."""
        click.echo("Order by card, with 3-D Secure")
        with self.new_customer() as customer:
            reference = customer.order("card")
            customer.enter_card()
            customer.page.locator("#order-reference-value").wait_for()
        self._is_paid(reference)

    def _is_paid(self, reference: str) -> None:
        until(lambda: self.books.state(reference), "paid", "the order is paid")
        total = Decimal(self.books.order(reference)["total_paid"])
        must(self.books.payments(reference), [total], "one payment over all of it")

    def declined(self) -> None:
        """The payer says no: the order is canceled, the cart is back, and the voucher too."""
        click.echo("Declined")
        known = len(self.sandbox.entries("request"))
        with self.new_customer() as customer:
            reference = customer.order(voucher=self.voucher)
            customer.enter_wallet()
            self.sandbox.control(
                "POST", f"payer/{self.sandbox.newest_request(known)}", action="decline"
            )
            customer.page.locator(".cart-overview").wait_for()
            must(customer.cart(), (1, 1), "cart and voucher are back")
        must(self.books.state(reference), "canceled", "the order is canceled")

    def given_up(self) -> None:
        """The customer goes back to the cart, and gives up: order and payment canceled, cart back."""
        click.echo("Back in the browser, then given up")
        with self.new_customer() as customer:
            reference = customer.order(voucher=self.voucher)
            customer.back_to_cart()
            customer.page.locator("#paymentbridge-return form button").click()
            customer.page.locator(".cart-overview").wait_for()
            must(customer.cart(), (1, 1), "cart and voucher are back")
        must(self.books.state(reference), "canceled", "the order is canceled")

    def stranger(self) -> None:
        """Another person with the link reads a reference and a state, and gets no buttons."""
        click.echo("A stranger with somebody's link")
        with self.new_customer() as customer, self.new_customer() as stranger:
            customer.order()
            customer.back_to_cart()
            customer.page.locator("#paymentbridge-return form").wait_for()
            stranger.page.goto(customer.page.url)
            stranger.page.locator("#paymentbridge-return").wait_for()
            must(stranger.page.locator("#paymentbridge-return form").count(), 0, "no buttons")
            must(PERSON["lastname"] in stranger.page.content(), False, "no name")

    def refunds(self, reference: str | None = None) -> None:
        """Two equal parts are two refunds; a lost answer, asked for again, is one."""
        number = str(self.books.order(reference or self.paid())["id"])
        click.echo("Refunds")
        self.sandbox.control("POST", "refunds", auto="accept")
        known = len(self.sandbox.entries("refund"))
        for _ in range(2):
            must("10.00" in self.office.refund(number, "10.00"), True, "a part is given back")
        must(self.sandbox.refunded(known), [1000, 1000], "two equal refunds in the ledger")
        self.sandbox.control(
            "POST", "faults", provider="cashcloud", on="refund", fault="drop_after"
        )
        self.office.refund(number, "5,00")
        must(
            self.office.open_order(number).locator("[name=again]").count(),
            1,
            "the answer is lost, and the merchant is told to ask again",
        )
        until(lambda: "5.00" in self.office.ask_again(number), True, "asked again")
        must(self.sandbox.refunded(known), [1000, 1000, 500], "refunded once")
        returned = self.office.open_order(number).locator(".paymentbridge-returned").inner_text()
        must(returned, "25.00 EUR", "the shop's books")

    def play(self) -> None:
        """Play all of it."""
        self.refunds(self.paid())
        self.card()
        self.declined()
        self.given_up()
        self.stranger()


@click.command()
@click.option("--shop", required=True, help="The shop's address, without a slash at its end.")
@click.option("--sandbox", required=True, help="The sandbox's address.")
@click.option(
    "--product", required=True, help="Path of a product's page, in stock, over 30.00 or more."
)
@click.option(
    "--voucher", required=True, help="Code of a voucher that anybody may use, at least twice."
)
@click.option("--admin", required=True, help="The back office's folder.")
@click.option(
    "--user",
    required=True,
    help="A back-office user; the password is in PRESTASHOP_PASSWORD, the webservice's key in PRESTASHOP_KEY.",
)
@click.option(
    "--chromium", default="/usr/bin/chromium", show_default=True, help="Path of the browser."
)
@click.option(
    "--chapter", help="Play one chapter only: paid, card, refunds, declined, given_up, stranger."
)
def main(
    shop: str,
    sandbox: str,
    product: str,
    voucher: str,
    admin: str,
    user: str,
    chromium: str,
    chapter: str | None,
) -> None:
    """Play the story in a real shop."""
    with browser_at(chromium) as browser:
        # PrestaShop takes the country from the browser's locale.
        new = newcomers(browser, lambda page: Customer(shop, product, page), locale="en-DE")
        merchants = newcomers(
            browser, lambda page: BackOffice(f"{shop}/{admin}", page), locale="en-DE"
        )
        with merchants() as office:
            office.enter(user, os.environ["PRESTASHOP_PASSWORD"])
            story = Story(
                Sandbox(sandbox), Books(shop, os.environ["PRESTASHOP_KEY"]), office, new, voucher
            )
            tell(getattr(story, chapter or "play"))


if __name__ == "__main__":
    main()
