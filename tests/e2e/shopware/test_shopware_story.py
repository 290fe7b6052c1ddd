"""The whole story in every version: order, pay, checkout in a real browser, approve, both orders of the news, refund; three equal books."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from shopware_installation import VERSIONS, Installation, in_browser, name_wallet
from support import until

from adapters.shopware.tests.fake_shop import FakeShop, Order

SHOPS = pytest.mark.parametrize("name", VERSIONS)


def ordered(installation: Installation, name: str) -> tuple[FakeShop, Order, str]:
    """An order for which the shop sends the customer to the checkout."""
    shop = installation.shops[name]
    order = shop.place(49.99)
    url = shop.pay(order)
    assert url and url.startswith(f"{installation.url}/checkout/")
    return shop, order, url


def refunded(
    installation: Installation, name: str, order: Order, amount: float, state: str
) -> None:
    """Refund a part out of the shop, and wait until the shop has heard that it is done."""
    refund = installation.shops[name].refund(order, amount)
    assert refund.state == "in_progress"
    pending = until(
        lambda: [
            one
            for one in installation.sandbox.get("/control/ledger")["entries"]
            if one["state"] == "pending" and one["kind"] == "refund"
        ]
    )
    installation.payer("accept", pending[0]["reference"])
    until(lambda: (refund.state, order.last.state), lambda seen: seen == ("completed", state))


@SHOPS
@pytest.mark.invariant("I1", "I2", "I8")
def test_story__customer_returns_before_the_news__is_paid_and_refunded_in_part(
    installation: Installation, name: str
) -> None:
    """I1, I2, I8: paid once, told once, and the sums are the same everywhere."""
    shop, order, url = ordered(installation, name)

    def act(page: Page) -> str:
        name_wallet(page, url)
        installation.payer("accept", installation.asked(name, order))
        page.locator("#go").click()
        page.wait_for_url(f"{shop.url}/checkout/finish")
        return page.title()

    assert in_browser(act) == "/checkout/finish" and order.last.state == "paid"
    until(lambda: order.last.fields.get("bridge_captured"), lambda seen: seen == 4999)
    assert order.last.past.count("paid") == 1
    refunded(installation, name, order, 15, "refunded_partially")
    until(
        lambda: installation.books(name),
        lambda found: (
            found["shop"] == found["bridge"] == found["provider"] and (4999, 1500) in found["shop"]
        ),
    )


@SHOPS
@pytest.mark.invariant("I5", "I8")
def test_story__customer_closes_the_page__the_news_come_by_themselves_and_a_late_return_is_fine(
    installation: Installation, name: str
) -> None:
    """I5, I8: what the payer approves reaches the shop without the browser."""
    shop, order, url = ordered(installation, name)

    def leave(page: Page) -> None:
        name_wallet(page, url)
        installation.asked(name, order)

    in_browser(leave)
    installation.payer("accept", installation.payment(name, order)["provider"]["reference"])
    until(lambda: order.last.state, lambda state: state == "paid")
    past = list(order.last.past)
    back = installation.payment(name, order)["return_url"]
    assert (
        in_browser(lambda page: page.goto(back).url) == f"{shop.url}/checkout/finish"
        and order.last.past == past
    )


@SHOPS
def test_story__customer_declines_in_the_wallet__may_choose_anew_and_pays(
    installation: Installation, name: str
) -> None:
    shop, order, url = ordered(installation, name)

    def act(page: Page) -> str:
        name_wallet(page, url)
        installation.payer("decline", installation.asked(name, order))
        page.locator("#go").click()
        page.wait_for_url(f"{shop.url}/account/order/edit")
        shop.another(order)
        name_wallet(page, shop.pay(order) or "")
        installation.payer("accept", installation.asked(name, order))
        page.locator("#go").click()
        page.wait_for_url(f"{shop.url}/checkout/finish")
        return page.title()

    assert in_browser(act) == "/checkout/finish"
    assert order.transactions[0].state in ("cancelled", "failed") and order.last.state == "paid"
    until(lambda: order.last.fields.get("bridge_captured"), lambda seen: seen == 4999)


@SHOPS
def test_story__customer_gives_up_on_the_page__is_cancelled_in_the_shop(
    installation: Installation, name: str
) -> None:
    shop, order, url = ordered(installation, name)

    def act(page: Page) -> None:
        page.goto(url)
        page.locator("#cancel").click()
        page.locator("#go").click()
        page.wait_for_url(f"{shop.url}/account/order/edit")

    in_browser(act)
    assert order.last.state == "cancelled"


def test_pages__merchant_refunds_by_the_button__money_goes_back_once(
    installation: Installation,
) -> None:
    """I2: the form behind the order's button, in a real browser, inside the shop's frame rules."""
    name = "acme-67"
    shop, order, url = ordered(installation, name)
    in_browser(
        lambda page: (
            name_wallet(page, url),
            installation.payer("accept", installation.asked(name, order)),
        )
    )
    until(lambda: order.last.state, lambda state: state == "paid")
    reply = shop.ask(
        "refund-button",
        {
            "source": shop._source(),
            "data": {"ids": [order.id], "entity": "order", "action": "refund"},
        },
    )
    assert reply["payload"]["iframeUrl"].startswith(f"{shop.bridge}/refund-page?order=")

    def act(page: Page) -> str:
        page.goto(shop.link("refund-page", order=order.id))
        page.locator("#amount").fill("12,50")
        page.locator("button").click()
        return page.locator("[role=status]").inner_text()

    assert "12,50 EUR" in in_browser(act)
    [pending] = until(
        lambda: [
            one
            for one in installation.sandbox.get("/control/ledger")["entries"]
            if one["state"] == "pending" and one["kind"] == "refund"
        ]
    )
    assert pending["amount"] == 1250
    installation.payer("accept", pending["reference"])
    until(lambda: order.last.state, lambda state: state == "refunded_partially")
    until(lambda: order.last.fields["bridge_refunded"], lambda seen: seen == 1250)


def test_secrets__of_app_and_shops__are_in_no_log(installation: Installation) -> None:
    """I16: who reads the logs can sign nothing."""
    logs = "".join(log.read_text(errors="replace") for log in installation.folder.glob("*.log"))
    shops = installation.shops.values()
    secrets = [
        secret
        for shop in shops
        for secret in (shop.secret, shop.app_secret, shop.api_secret, *shop.tokens)
    ]
    assert logs and not [secret for secret in secrets if secret in logs]
