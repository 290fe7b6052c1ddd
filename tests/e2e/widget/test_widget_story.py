"""The same story in the reference shop, three times: paying in its page, in a window over it, and on the hosted page.

What the payer sees is one thing; who is right is decided by three others: the provider's ledger, the bridge's API and the shop's order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page
from support import PAYER, Demo, order_becomes, until
from widget_acts import CODE, FRAME, answer_challenge, type_card

WAYS = {
    "redirect": "On the payment page",
    "frame": "Here in the shop",
    "overlay": "In a window over the shop",
}
PAID, DECLINED = "Thank you, it is paid", "The payment was declined"


def buy(
    demo: Demo, page: Page, way: str, method: str = "Wallet"
) -> tuple[str, FrameLocator | Page]:
    """Put something into the cart and go to pay; return the order's number and where the checkout is."""
    page.goto(demo.facts["shop_url"])
    page.get_by_role("button", name="Add to cart").first.click()
    page.get_by_role("radio", name=method).check()
    page.get_by_role("radio", name=WAYS[way], exact=True).check()
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url("**/checkout/chk_*" if way == "redirect" else "**/orders/*/pay*")
    where = page if way == "redirect" else page.frame_locator(FRAME)
    where.locator("#wallet_username" if method == "Wallet" else "#page iframe").wait_for()
    return where.locator("#order").inner_text(), where


def payment_of(demo: Demo, ref: str) -> dict[str, Any]:
    """Return the order's one payment, as the bridge tells it."""
    (payment,) = demo.bridge().get("/v1/payments", order_reference=ref)["data"]
    return demo.bridge().get(f"/v1/payments/{payment['id']}")


def shop_shows(page: Page, way: str, heading: str) -> None:
    """Go back to the shop, where the page does not do it by itself as after a success, and read what the order's page says."""
    if way == "redirect" and heading != PAID:
        page.locator("#go").click()
    page.locator("h1", has_text=heading).wait_for()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("action", "status", "heading"), [("accept", "paid", PAID), ("decline", "declined", DECLINED)]
)
def test_story__wallet__shop_shows_what_the_payer_said(
    way: str,
    action: str,
    status: str,
    heading: str,
    demo: Demo,
    new_context: Callable[..., BrowserContext],
) -> None:
    page = new_context().new_page()
    ref, where = buy(demo, page, way)
    where.locator("#wallet_username").fill(PAYER)
    where.locator("#send").click()
    where.get_by_role("heading", name="Approve in your app").wait_for()
    reference = until(lambda: (payment_of(demo, ref)["provider"] or {}).get("reference"))
    demo.sandbox.post(f"/control/payer/{reference}", {"action": action})
    order_becomes(demo, ref, status)
    shop_shows(page, way, heading)


def judged(demo: Demo, ref: str) -> dict[str, Any]:
    """Return what the three who know say of the order: the provider's ledger, the bridge, the shop."""
    payment, order = payment_of(demo, ref), demo.shop.get(f"/api/orders/{ref}")
    ledger = demo.sandbox.get("/control/ledger")["entries"]
    mine = [
        entry
        for entry in ledger
        if payment["provider"]["reference"] in (entry["reference"], entry["parent"])
    ]
    return {
        "provider": [(entry["kind"], entry["state"], entry["amount"]) for entry in mine],
        "bridge": (payment["status"], payment["amount_captured"]),
        "shop": (order["status"], order["amounts"]["captured"]),
        "amount": order["amount"],
    }


@pytest.mark.parametrize("way", WAYS)
def test_story__card_with_a_challenge__is_paid_once_everywhere(
    way: str, demo: Demo, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context().new_page()
    ref, where = buy(demo, page, way, "Card")
    bank = where.frame_locator("#page iframe")
    type_card(bank, "asks for a code")
    answer_challenge(bank, "0000")
    bank.get_by_text("That is not the code.").wait_for()
    answer_challenge(bank, CODE)
    order_becomes(demo, ref, "paid")
    shop_shows(page, way, PAID)
    said = judged(demo, ref)
    amount = said["amount"]
    assert said["provider"] == [
        ("authorization", "succeeded", amount),
        ("capture", "succeeded", amount),
    ]
    assert said["bridge"] == said["shop"] == ("paid", amount)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("no", ["the card is declined", "the code is wrong three times"])
def test_story__card_refused__nothing_is_taken_and_the_shop_says_so(
    way: str, no: str, demo: Demo, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context().new_page()
    ref, where = buy(demo, page, way, "Card")
    bank = where.frame_locator("#page iframe")
    type_card(bank, "is declined" if "declined" in no else "asks for a code")
    for number in range(3 if "code" in no else 0):
        answer_challenge(bank, f"000{number}")
    order_becomes(demo, ref, "declined")
    shop_shows(page, way, DECLINED)
    said = judged(demo, ref)
    assert said["provider"] == [("authorization", "declined", said["amount"])]
    assert said["bridge"] == said["shop"] == ("declined", 0)
