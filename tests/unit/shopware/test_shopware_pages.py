"""Our pages in the administration, and the refund button."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from shopware_scene import Reply, Scene

from adapters.shopware.tests.fake_shop import FakeShop, Order


def press(shop: FakeShop, order: Order) -> dict[str, Any]:
    """Press the order's refund button."""
    return shop.ask(
        "refund-button",
        {
            "source": shop._source(),
            "data": {"ids": [order.id], "entity": "order", "action": "refund"},
            "meta": {"timestamp": 1, "reference": "r", "language": "x"},
        },
    )


def paid(scene: Scene, shop: FakeShop) -> Order:
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order)
    return order


def send(scene: Scene, shop: FakeShop, form: dict[str, str]) -> Reply:
    """Send the refund form."""
    return scene.send(
        "POST",
        f"{shop.bridge}/refund-page",
        urlencode(form).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )


def ticket_of(shop: FakeShop, order: Order) -> str:
    return re.search(
        r'name="ticket" value="([^"]+)"',
        shop.http("GET", shop.link("refund-page", order=order.id)).text,
    )[1]


def test_admin_page__signed_link__shows_the_shop_and_its_payments_to_its_frame_only(
    scene: Scene,
) -> None:
    shop = scene.shop()
    order = paid(scene, shop)
    page = shop.http("GET", shop.link("admin"))
    assert (
        page.status_code == 200
        and shop.shop_id in page.text
        and order.number in page.text
        and "Zahlungen" in page.text
    )
    assert (
        f"frame-ancestors {shop.url}" in page.headers["content-security-policy"]
        and "sw-app-loaded" in page.text
    )
    assert shop.secret not in page.text and shop.api_key not in page.text


def test_admin_page__same_link_again__needs_the_cookie_that_it_was_exchanged_for(
    scene: Scene,
) -> None:
    shop = scene.shop()
    link = shop.link("admin")
    cookie = shop.http("GET", link).headers["set-cookie"]
    assert "HttpOnly" in cookie and shop.http("GET", link).status_code == 401
    assert shop.http("GET", link, Cookie=cookie.partition(";")[0]).status_code == 200
    assert shop.http("GET", link, Cookie="bridge_shopware=rubbish.0000").status_code == 401


def test_admin_page__changed_parameter_old_link_or_foreign_shop__is_refused(scene: Scene) -> None:
    shop = scene.shop()
    link = shop.link("admin")
    assert shop.http("GET", link.replace("de-DE", "en-GB")).status_code == 401
    assert shop.http("GET", link.replace(shop.shop_id, "nobody")).status_code == 401
    scene.clock.advance(301)
    assert shop.http("GET", link).status_code == 401


def test_refund_button__paid_order__opens_the_form_and_gives_back_a_part_once(scene: Scene) -> None:
    """I2: the same form sent twice gives back once."""
    shop = scene.shop()
    order = paid(scene, shop)
    assert (
        press(shop, order)["payload"]["iframeUrl"] == f"{shop.bridge}/refund-page?order={order.id}"
    )
    form = {"ticket": ticket_of(shop, order), "amount": "12,50", "language": "de"}
    assert "12,50" in send(scene, shop, form).text and "12,50" in send(scene, shop, form).text
    assert [entry["amount"] for entry in scene.stage.sandbox.ledger("refund")] == [1250]


@pytest.mark.parametrize("amount", ["", "abc", "0", "-1", "50", "1e9", "9" * 30, "10.005", "NaN"])
def test_refund_form__amount_that_cannot_go_back__says_so_and_moves_nothing(
    scene: Scene, amount: str
) -> None:
    shop = scene.shop()
    order = paid(scene, shop)
    answer = send(scene, shop, {"ticket": ticket_of(shop, order), "amount": amount})
    assert (
        answer.status_code == 200
        and "not possible" in answer.text
        and scene.stage.sandbox.ledger("refund") == []
    )


def test_refund_form__forged_old_or_foreign_ticket__is_refused(scene: Scene) -> None:
    shop = scene.shop()
    ticket = ticket_of(shop, paid(scene, shop))
    cookie = (
        shop.http("GET", shop.link("admin", x="1"))
        .headers["set-cookie"]
        .partition(";")[0]
        .partition("=")[2]
    )
    for forged in (
        "",
        "x",
        f"{ticket[:-1]}{'1' if ticket[-1] == '0' else '0'}",
        ticket.partition(".")[0],
        cookie,
    ):
        assert send(scene, shop, {"ticket": forged, "amount": "1"}).status_code == 401
    scene.clock.advance(1801)
    assert send(scene, shop, {"ticket": ticket, "amount": "1"}).status_code == 401


def test_refund_button__nothing_was_paid__says_so_in_the_readers_language(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    assert press(shop, order)["payload"] == {
        "status": "warning",
        "message": "Für diese Bestellung gibt es nichts zu erstatten.",
    }
