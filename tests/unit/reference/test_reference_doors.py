"""The shop's doors: what they let in, what they say to rubbish, and what the merchant's form sends."""

from __future__ import annotations

import re

import pytest
from falcon import testing
from reference_builders import (
    REF,
    SECRET,
    a_body,
    a_paid_payment,
    a_payment,
    an_event,
    an_order,
    signed,
)
from told_bridge import LOST

from adapters.reference import listen
from adapters.reference.shop import Shop

ADMIN = f"/admin/orders/{REF}"
PAGES = [
    "/",
    "/cart",
    "/admin",
    f"/orders/{REF}",
    f"/orders/{REF}/pay",
    f"/orders/{REF}/status",
    ADMIN,
    "/api/orders",
    f"/api/orders/{REF}",
]


def send_form(browser: testing.TestClient, path: str, **fields: str) -> testing.Result:
    text = "&".join(f"{name}={value}" for name, value in fields.items())
    return browser.simulate_post(
        path, body=text, headers={"content-type": "application/x-www-form-urlencoded"}
    )


def hidden(page: testing.Result, name: str) -> str:
    return re.search(rf'name="{name}" (?:[^>]* )?value="([^"]*)"', page.text)[1]


def a_paid_order(shop: Shop) -> None:
    an_order(shop)
    listen.take(shop.store, an_event(1, a_paid_payment()), "notified")


def test_notifications__rightly_signed__is_taken(browser, shop) -> None:
    an_order(shop)
    body = a_body("evt_1", "payment.paid", 1, payment=a_paid_payment())
    answer = browser.simulate_post("/notifications", body=body, headers=signed(body, SECRET))
    assert (answer.status_code, shop.view(REF)["status"]) == (204, "paid")


@pytest.mark.invariant("I12")
@pytest.mark.parametrize("spoil", ["secret", "body", "age", "id", "none"])
def test_notifications__not_proven__changes_nothing(browser, shop, spoil: str) -> None:
    """I12: forged, altered, replayed late, renamed, unsigned."""
    an_order(shop)
    body = a_body("evt_1", "payment.paid", 1, payment=a_paid_payment())
    headers = signed(
        body,
        "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY" if spoil == "secret" else SECRET,
        at=1 if spoil == "age" else None,
    )
    headers |= {"webhook-id": "evt_2"} if spoil == "id" else {}
    sent = body.replace(b"4999", b"9999") if spoil == "body" else body
    answer = browser.simulate_post(
        "/notifications", body=sent, headers={} if spoil == "none" else headers
    )
    assert (answer.status_code, shop.view(REF)["notifications"]) == (400, [])


def test_notifications__about_no_order_of_ours__is_stored_and_taken(browser) -> None:
    body = a_body("evt_1", "payment.paid", 1, payment=a_paid_payment())
    assert (
        browser.simulate_post("/notifications", body=body, headers=signed(body, SECRET)).status_code
        == 204
    )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 1}', b"\xff"])
def test_notifications__signed_rubbish__is_400(browser, body: bytes) -> None:
    assert (
        browser.simulate_post("/notifications", body=body, headers=signed(body, SECRET)).status_code
        == 400
    )


def test_notifications__larger_than_anything_the_bridge_sends__is_413(browser) -> None:
    body = b"x" * (64 * 1024 + 1)
    assert (
        browser.simulate_post("/notifications", body=body, headers=signed(body, SECRET)).status_code
        == 413
    )


@pytest.mark.parametrize("path", ["/admin", "/admin/orders/R-AAAAA-AAAAA", "/api/orders"])
def test_private_pages__from_another_machine__are_forbidden(browser, path: str) -> None:
    assert browser.simulate_get(path, remote_addr="192.0.2.1").status_code == 403


def test_forms__from_another_site__are_forbidden(browser, bridge) -> None:
    answer = browser.simulate_post(f"{ADMIN}/refunds", headers={"origin": "https://evil.example"})
    assert (answer.status_code, bridge.heard) == (403, [])


@pytest.mark.parametrize("path", PAGES)
def test_pages__order_exists_or_not__never_fail(browser, shop, path: str) -> None:
    assert browser.simulate_get(path).status_code in (200, 404)
    a_paid_order(shop)
    assert browser.simulate_get(path, headers={"accept-language": "de"}).status_code in (200, 303)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"product": "lamp", "quantity": true}',
        b'{"product": "lamp", "quantity": 10000}',
        b'{"product": [1]}',
    ],
)
def test_place_an_order__rubbish__is_400(browser, body: bytes) -> None:
    assert (
        browser.simulate_post(
            "/api/orders", body=body, headers={"content-type": "application/json"}
        ).status_code
        == 400
    )


def test_place_an_order__bridge_is_down__is_stored_and_502(browser, bridge) -> None:
    bridge.answers = [LOST]
    answer = browser.simulate_post("/api/orders", json={"product": "lamp", "order_reference": REF})
    assert (answer.status_code, browser.simulate_get(f"/api/orders/{REF}").json["status"]) == (
        502,
        "pending",
    )


def test_checkout__form_sent_twice__is_one_payment_of_the_catalogues_price(browser, bridge) -> None:
    bridge.answers = [(201, a_payment(checkout={"url": "http://bridge.example/checkout/chk_1"}))]
    headers = {"cookie": "cart=lamp.1-mug.2", "content-type": "application/x-www-form-urlencoded"}
    for _ in range(2):
        answer = browser.simulate_post(
            "/checkout", body=f"ref={REF}&method=wallet&amount=1", headers=headers
        )
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            "http://bridge.example/checkout/chk_1",
        )
    assert {(call["key"], call["body"]["amount"]) for call in bridge.heard} == {
        (f"order-{REF}-1", 4999 + 2 * 1490)
    }


RUBBISH = [
    "",
    "x",
    "product=lamp&product=mug",
    "quantity=%FF",
    "ref=1&ref=2",
    f"ref={REF}&ref=x",
    "payment=../../x&key=C-AAAAA-AAAAA",
    "amount=1&amount=2",
]
FORMS = [
    "/cart",
    "/checkout",
    f"/orders/{REF}/again",
    f"{ADMIN}/refunds",
    f"{ADMIN}/cancel",
    f"{ADMIN}/send-again",
]


@pytest.mark.parametrize("body", RUBBISH)
@pytest.mark.parametrize("path", FORMS)
def test_forms__rubbish__never_fail_and_move_no_money(
    browser, shop, bridge, path: str, body: str
) -> None:
    a_paid_order(shop)
    for kind in ("application/x-www-form-urlencoded", "application/json", "text/plain"):
        assert (
            browser.simulate_post(path, body=body, headers={"content-type": kind}).status_code < 500
        )
    assert bridge.heard == []


@pytest.mark.parametrize(
    "cookie", ["cart=", "cart=lamp", "cart=lamp.x-..-mug.999", "cart=lamp.²", "cart=a.1"]
)
def test_cart__cookie_is_rubbish__is_an_empty_cart(browser, cookie: str) -> None:
    assert "Your cart is empty" in browser.simulate_get("/cart", headers={"cookie": cookie}).text


def test_page_of_the_order__words_of_a_stranger__are_escaped(browser, shop) -> None:
    an_order(shop)
    listen.take(
        shop.store,
        an_event(1, a_payment(failure={"message": "<script>alert(1)</script>"})),
        "notified",
    )
    page = browser.simulate_get(ADMIN).text
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


@pytest.mark.invariant("I35")
@pytest.mark.parametrize(
    ("is_open", "words"),
    [(True, "decline it there before you pay again"), (False, "Nothing was charged")],
)
def test_page_of_a_canceled_order__payment_is_open_at_the_provider_or_not__says_what_is_known(
    browser, shop, is_open: bool, words: str
) -> None:
    """I35: the page says that nothing was charged only where the provider has said so."""
    an_order(shop)
    listen.take(
        shop.store, an_event(1, a_payment(status="canceled", provider_open=is_open)), "notified"
    )
    page = browser.simulate_get(f"/orders/{REF}").text
    assert (words in page, "Nothing was charged" in page) == (True, not is_open)


def test_refund_form__amount_with_a_comma__is_sent_in_minor_units_with_what_was_seen(
    browser, shop, bridge
) -> None:
    a_paid_order(shop)
    bridge.answers = [(201, {"id": "ref_1"})]
    page = browser.simulate_get(ADMIN)
    seen = {name: hidden(page, name) for name in ("reference", "payment", "refundable")}
    assert (
        send_form(browser, f"{ADMIN}/refunds", **seen, amount="12,50", reason="").status_code == 303
    )
    call = bridge.heard[-1]
    assert (call["path"], call["key"]) == ("/v1/payments/pay_1/refunds", seen["reference"])
    assert call["body"] == {
        "amount": 1250,
        "refund_reference": seen["reference"],
        "expected_refundable": 4999,
    }


@pytest.mark.invariant("I1")
def test_refund_form__no_answer__keeps_its_number_for_the_retry(browser, shop, bridge) -> None:
    """I1: the merchant presses the button again, and it is the same refund."""
    a_paid_order(shop)
    seen = {
        name: hidden(browser.simulate_get(ADMIN), name)
        for name in ("reference", "payment", "refundable")
    }
    again = send_form(browser, f"{ADMIN}/refunds", **seen, amount="1", reason="")
    assert hidden(again, "reference") == seen["reference"] and "readonly" in again.text


def test_refund_form__refused__shows_why_and_gets_a_new_number(browser, shop, bridge) -> None:
    a_paid_order(shop)
    bridge.answers = [(412, {"title": "Changed", "detail": "3499 can be refunded"})]
    seen = {
        name: hidden(browser.simulate_get(ADMIN), name)
        for name in ("reference", "payment", "refundable")
    }
    answer = send_form(browser, f"{ADMIN}/refunds", **seen, amount="1", reason="")
    assert (
        "3499 can be refunded" in answer.text and hidden(answer, "reference") != seen["reference"]
    )


@pytest.mark.parametrize("amount", ["", "0", "1.234", "-1", "1e2", "abc"])
def test_refund_form__amount_is_rubbish__nothing_is_sent(
    browser, shop, bridge, amount: str
) -> None:
    a_paid_order(shop)
    seen = {
        name: hidden(browser.simulate_get(ADMIN), name)
        for name in ("reference", "payment", "refundable")
    }
    answer = send_form(browser, f"{ADMIN}/refunds", **seen, amount=amount, reason="")
    assert "Please check the amount" in answer.text and bridge.heard == []


def test_unanswered_refund__sent_again_from_the_desk__has_the_same_key(
    browser, shop, bridge
) -> None:
    a_paid_order(shop)
    seen = {
        name: hidden(browser.simulate_get(ADMIN), name)
        for name in ("reference", "payment", "refundable")
    }
    send_form(browser, f"{ADMIN}/refunds", **seen, amount="1", reason="")
    bridge.answers = [(201, {"id": "ref_1"})]
    answer = send_form(browser, f"{ADMIN}/send-again", key=seen["reference"])
    assert answer.status_code == 200 and set(bridge.keys()) == {seen["reference"]}
