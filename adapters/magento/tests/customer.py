"""A scripted customer, and the merchant behind them, in a Magento that you have at hand; see README.md beside this file.

    MAGENTO_PASSWORD=… python adapters/magento/tests/customer.py --shop http://127.0.0.1:8090 --sandbox http://127.0.0.1:8082 --product mug.html

Real are the browser, the shop, the bridge and the provider's sandbox. Every step is printed; the first that fails ends it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import click
import requests
from playwright.sync_api import expect

from adapters.scripted import Newcomer, Payer, Sandbox, browser_at, must, newcomers, tell, until

ADDRESS = {
    "firstname": "Erika", "lastname": "Muster", "street[0]": "Hauptstr. 1", "city": "Berlin", "postcode": "10115", "telephone": "030123456",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BackOffice:
    """The merchant, through Magento's REST API."""

    shop: str
    user: str
    password: str = field(repr=False)

    def call(self, method: str, path: str, **body: Any) -> requests.Response:
        """Make a call as the merchant."""
        token = requests.post(
            f"{self.shop}/rest/V1/integration/admin/token",
            json={"username": self.user, "password": self.password},
            timeout=60,
        )
        token.raise_for_status()
        bearer = {"Authorization": f"Bearer {token.json()}"}
        return requests.request(
            method, f"{self.shop}/rest/V1/{path}", json=body or None, headers=bearer, timeout=120
        )

    def order(self, number: str) -> dict[str, Any]:
        """Return an order by its number."""
        query = "searchCriteria[filterGroups][0][filters][0][field]=increment_id&searchCriteria[filterGroups][0][filters][0][value]="
        return dict(self.call("GET", f"orders?{query}{number}").json()["items"][0])

    def invoices(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """Return an order's invoices."""
        query = "searchCriteria[filterGroups][0][filters][0][field]=order_id&searchCriteria[filterGroups][0][filters][0][value]="
        return list(self.call("GET", f"invoices?{query}{order['entity_id']}").json()["items"])

    def cancel(self, order: dict[str, Any]) -> requests.Response:
        """Cancel an order."""
        return self.call("POST", f"orders/{order['entity_id']}/cancel")

    def refund(self, order: dict[str, Any], amount: float) -> requests.Response:
        """Make an online credit memo over an amount, without taking goods back."""
        nothing = [{"order_item_id": item["item_id"], "qty": 0} for item in order["items"]]
        money = {"shipping_amount": 0, "adjustment_positive": amount, "adjustment_negative": 0}
        invoice = self.invoices(order)[0]["entity_id"]
        return self.call(
            "POST", f"invoice/{invoice}/refund", items=nothing, isOnline=True, arguments=money
        )


class Customer(Payer):
    """Somebody with a browser, who buys one thing."""

    def order(self, method: str = "wallet") -> str:
        """Fill the cart, place the order, and return its number; the payment's page is shown then."""
        page = self.page
        page.goto(f"{self.shop}/{self.product}")
        page.wait_for_load_state(
            "networkidle"
        )  # before Magento's scripts are there, the button does nothing
        page.locator("#product-addtocart-button").click()
        page.get_by_text("to your shopping cart").first.wait_for()
        page.goto(f"{self.shop}/checkout/")
        self._address()
        self._pay(method)
        page.wait_for_url("**/paymentbridge/checkout/frame/**")
        return page.locator("h1").inner_text().rpartition(" ")[2]

    def _address(self) -> None:
        page = self.page
        page.locator("#customer-email").first.fill("erika@example.com")
        for name, value in ADDRESS.items():
            page.locator(f"#shipping [name='{name}']").fill(value)
        page.locator("#checkout-shipping-method-load input[type=radio]").first.click()
        page.locator("#shipping-method-buttons-container button").click()

    def _pay(self, method: str) -> None:
        page = self.page
        page.locator(f"label[for=paymentbridge_{method}]").click()
        button = page.locator(".payment-method._active button.checkout")
        expect(button).to_be_enabled()
        page.locator(".loading-mask:visible").first.wait_for(state="hidden")
        button.click()


@dataclass(frozen=True, slots=True)
class Story:
    """What is played."""

    sandbox: Sandbox
    office: BackOffice
    new_customer: Newcomer[Customer]

    def paid(self) -> dict[str, Any]:
        """Order by wallet in the widget; paid means an invoice. Returns the order."""
        click.echo("Order by wallet, through the widget")
        known = len(self.sandbox.entries("request"))
        with self.new_customer() as customer:
            number = customer.order()
            must(self.office.order(number)["state"], "pending_payment", f"order {number} waits")
            customer.enter_wallet()
            self.sandbox.control(
                "POST", f"payer/{self.sandbox.newest_request(known)}", action="accept"
            )
            customer.page.wait_for_url("**/checkout/onepage/success**")
            must(number in customer.page.content(), True, "the success page names the order")
        return self._is_paid(number)

    def card(self) -> None:
        """Order by card, with the bank's question, all inside the shop's page."""
        click.echo("Order by card, with 3-D Secure")
        with self.new_customer() as customer:
            number = customer.order("card")
            customer.enter_card()
            customer.page.wait_for_url("**/checkout/onepage/success**")
        self._is_paid(number)

    def _is_paid(self, number: str) -> dict[str, Any]:
        until(lambda: self.office.order(number)["state"], "processing", "the order is paid")
        order = self.office.order(number)
        must(
            [invoice["grand_total"] for invoice in self.office.invoices(order)],
            [order["grand_total"]],
            "one invoice over all of it",
        )
        return order

    def declined(self) -> None:
        """The payer says no: the order is canceled and the cart is back."""
        click.echo("Declined")
        known = len(self.sandbox.entries("request"))
        with self.new_customer() as customer:
            number = customer.order()
            customer.enter_wallet()
            self.sandbox.control(
                "POST", f"payer/{self.sandbox.newest_request(known)}", action="decline"
            )
            customer.page.wait_for_url("**/checkout/cart/**")
            must(
                customer.page.locator("#shopping-cart-table tbody.item").count(),
                1,
                "the cart is back",
            )
        must(self.office.order(number)["state"], "canceled", "the order is canceled")

    def given_up(self) -> None:
        """The customer goes back in the browser, and gives up: cart back, payment canceled."""
        click.echo("Back in the browser, then given up")
        with self.new_customer() as customer:
            number = customer.order()
            customer.page.goto(f"{customer.shop}/checkout/cart/")
            customer.page.wait_for_url("**/paymentbridge/checkout/done/**")
            customer.page.locator("#paymentbridge-done form button").click()
            customer.page.wait_for_url("**/checkout/cart/**")
            must(
                customer.page.locator("#shopping-cart-table tbody.item").count(),
                1,
                "the cart is back",
            )
        must(self.office.order(number)["state"], "canceled", "the order is canceled")

    def canceled(self) -> None:
        """The merchant cancels an order that waits; what was asked of the wallet is taken back."""
        click.echo("Canceled in the back office")
        known = len(self.sandbox.entries("request"))
        with self.new_customer() as customer:
            order = self.office.order(customer.order())
            customer.enter_wallet()
            self.sandbox.newest_request(known)
            until(
                lambda: self.office.cancel(order).status_code,
                200,
                "canceled, once the wallet has given it up",
            )
            must(
                self.office.order(order["increment_id"])["state"],
                "canceled",
                "the order is canceled",
            )

    def stranger(self) -> None:
        """Another person with the link reads a number and a state, and gets no buttons."""
        click.echo("A stranger with somebody's link")
        with self.new_customer() as customer, self.new_customer() as stranger:
            customer.order()
            link = customer.page.url.replace("/frame/", "/done/")
            stranger.page.goto(link)
            must(stranger.page.locator("#paymentbridge-done form").count(), 0, "no buttons")
            must("Erika" in stranger.page.content(), False, "no name")

    def refunds(self, order: dict[str, Any]) -> None:
        """Two equal parts are two refunds; a lost answer, repeated, is one."""
        click.echo("Refunds")
        self.sandbox.control("POST", "refunds", auto="accept")
        known = len(self.sandbox.entries("refund"))
        for _ in range(2):
            answer = self.office.refund(order, 10.0)
            must(answer.status_code, 200, "a part is given back")
        must(self.sandbox.refunded(known), [1000, 1000], "two equal refunds in the ledger")
        self.sandbox.control(
            "POST", "faults", provider="cashcloud", on="refund", fault="drop_after"
        )
        answer = self.office.refund(order, 5.0)
        must(answer.status_code, 400, "the answer is lost, and the merchant is told to repeat")
        until(lambda: self.office.refund(order, 5.0).status_code, 200, "the same credit memo again")
        must(self.sandbox.refunded(known), [1000, 1000, 500], "refunded once")
        must(self.office.order(order["increment_id"])["total_refunded"], 25, "the shop's books")

    def play(self) -> None:
        """Play all of it."""
        self.refunds(self.paid())
        self.card()
        self.declined()
        self.given_up()
        self.canceled()
        self.stranger()


@click.command()
@click.option("--shop", required=True, help="The shop's address, without a slash at its end.")
@click.option("--sandbox", required=True, help="The sandbox's address.")
@click.option(
    "--product",
    required=True,
    help="Path of a simple product's page, in stock, over 30.00 or more.",
)
@click.option(
    "--user",
    default="admin",
    show_default=True,
    help="A back-office user; the password is in MAGENTO_PASSWORD.",
)
@click.option("--chromium", default="/usr/bin/chromium", show_default=True)
@click.option(
    "--chapter", help="Play one chapter only: paid, card, declined, given_up, canceled, stranger."
)
def main(
    shop: str, sandbox: str, product: str, user: str, chromium: str, chapter: str | None
) -> None:
    """Play the story in a real shop."""
    office = BackOffice(shop, user, os.environ["MAGENTO_PASSWORD"])
    with browser_at(chromium) as browser:
        story = Story(
            Sandbox(sandbox), office, newcomers(browser, lambda page: Customer(shop, product, page))
        )
        tell(getattr(story, chapter or "play"))


if __name__ == "__main__":
    main()
