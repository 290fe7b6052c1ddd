"""The same story in the reference shop, three times: paying in its page, in a window over it, and on the hosted page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page
from support import PAYER, Demo, order_becomes, until
from widget_acts import FRAME

WAYS = {"redirect": "On the payment page", "frame": "Here in the shop", "overlay": "In a window over the shop"}


def buy(demo: Demo, page: Page, way: str) -> tuple[str, FrameLocator | Page]:
    """Put something into the cart and go to pay; return the order's number and where the checkout is."""
    page.goto(demo.facts["shop_url"])
    page.get_by_role("button", name="Add to cart").first.click()
    page.get_by_role("radio", name=WAYS[way], exact=True).check()
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url("**/checkout/chk_*" if way == "redirect" else "**/orders/*/pay*")
    where = page if way == "redirect" else page.frame_locator(FRAME)
    where.locator("#wallet_username").wait_for()
    ref = where.locator("#order").inner_text()
    return ref, where


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("action", "status", "heading"), [
    ("accept", "paid", "Thank you, it is paid"), ("decline", "declined", "The payment was declined"),
])  # fmt: skip
def test_story__wallet__shop_shows_what_the_payer_said(
    way: str, action: str, status: str, heading: str, demo: Demo, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context().new_page()
    ref, where = buy(demo, page, way)
    where.locator("#wallet_username").fill(PAYER)
    where.locator("#send").click()
    where.get_by_role("heading", name="Approve in your app").wait_for()
    (payment,) = demo.bridge().get("/v1/payments", order_reference=ref)["data"]
    reference = until(lambda: (demo.bridge().get(f"/v1/payments/{payment['id']}")["provider"] or {}).get("reference"))
    demo.sandbox.post(f"/control/payer/{reference}", {"action": action})
    order_becomes(demo, ref, status)
    if way == "redirect":
        page.locator("#go").click()
    page.locator("h1", has_text=heading).wait_for()
