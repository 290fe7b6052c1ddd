"""The provider's card form inside our page inside the shop's page, on three sites; pages that no provider of ours sends stand at psp.test."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Frame, FrameLocator, Page, expect
from widget_acts import (
    CODE,
    answer_challenge,
    frame_of,
    heard,
    inside,
    open_ready,
    pretend,
    type_card,
    until,
    wait_for,
)
from widget_stage import Stage


def provider_page(
    stage: Stage, body: str = "<h1>Your card</h1>", path: str = "/card", **headers: str
) -> str:
    return stage.pages.put("psp.test", path, f"<!doctype html><title>Card</title>{body}", **headers)


def open_card(stage: Stage, page: Page, url: str, attributes: str = "", **headers: str) -> str:
    """Open a shop's page whose payment has a provider's page."""
    token = stage.token()
    pretend(page, status="pending", page={"url": url, "embed": True}, fields=[])
    open_ready(page, stage.page(stage.element(token, attributes), "/card-shop", **headers))
    return token


def bank_in(page: Page) -> FrameLocator:
    """Return the provider's page inside ours inside the shop's."""
    return inside(page).frame_locator("#page iframe")


def provider_frame(stage: Stage, page: Page) -> Frame:
    """Return the provider's page, for scripts."""
    return until(page, lambda: [frame for frame in page.frames if frame.url.startswith(stage.psp)])[
        0
    ]


def open_bank(
    stage: Stage, page: Page, attributes: str = "", more: str = "", **headers: str
) -> dict[str, Any]:
    """Open a shop's page with a payment by card, wait for the provider's real form in it, and return the payment."""
    payment = stage.payment(method="card")
    open_ready(
        page,
        stage.page(
            more + stage.element(payment["checkout"]["token"], attributes), "/card-shop", **headers
        ),
    )
    bank_in(page).get_by_label("Card number").wait_for()
    return payment


def test_card__provider_page__is_nested_where_the_shop_allows_only_us(
    stage: Stage, page: Page
) -> None:
    policy = f"default-src 'none'; script-src 'unsafe-inline' {stage.pay}; style-src 'unsafe-inline'; frame-src {stage.pay}"
    page.add_init_script(
        "window.violations = []; addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective));"
    )
    payment = open_bank(stage, page, Content_Security_Policy=policy)
    assert urlsplit(stage.psp).netloc in (
        inside(page).locator("#page iframe").get_attribute("title") or ""
    )
    type_card(bank_in(page), "asks for a code")
    answer_challenge(bank_in(page), CODE)
    wait_for(page, "success", session=payment["checkout"]["token"])
    assert stage.api.get(f"/v1/payments/{payment['id']}")["amount_captured"] == 4999
    assert page.evaluate("violations") == frame_of(page).evaluate("violations") == []


def test_card__passkeys_and_wallets__are_allowed_at_each_level(stage: Stage, page: Page) -> None:
    open_bank(stage, page)
    asked = "['payment', 'publickey-credentials-get', 'camera'].map(f => document.featurePolicy.allowsFeature(f))"
    for level in (frame_of(page), provider_frame(stage, page)):
        assert level.evaluate(asked) == [True, True, False]


@pytest.mark.parametrize(
    ("width", "height"),
    [
        ("250px", "400px"),
        ("390px", "400px"),
        ("500px", "600px"),
        ("600px", "400px"),
        ("100%", "100vh"),
    ],
)
def test_card__challenge_sizes__fit_without_cutting(
    width: str, height: str, stage: Stage, page: Page
) -> None:
    """EMV's five window sizes, 01 to 05; the last is as large as there is room."""
    box = f"<style>body{{margin:0}}</style><div id=box style='width:{width};height:{height};background:#def'>challenge</div>"
    page.set_viewport_size({"width": 900, "height": 1200})
    open_card(stage, page, provider_page(stage, box))
    bank_in(page).locator("#box").wait_for()

    def sizes() -> tuple[dict[str, float], dict[str, float]]:
        return inside(page).locator("#page iframe").bounding_box(), bank_in(page).locator(
            "#box"
        ).bounding_box()

    def fit(seen: tuple[dict[str, float], dict[str, float]]) -> bool:
        frame, drawn = seen
        is_whole = (drawn["width"], drawn["height"]) == (frame["width"], frame["height"])
        return (
            frame["height"] >= drawn["height"] >= 400
            and frame["width"] >= min(drawn["width"], 390) >= 250
            and (is_whole or width != "100%")
        )

    until(page, sizes, fit)


def test_card__coming_back__the_server_decides_not_the_message(stage: Stage, page: Page) -> None:
    """The browser comes back, and says so; the provider has not decided: nobody is told of money."""
    stage.sandbox.post(
        "/control/faults",
        {"provider": "onecs", "on": "return", "fault": "pending", "ms": 3_600_000},
    )
    payment = open_bank(stage, page)
    type_card(bank_in(page), "pays")
    bank_in(page).get_by_role("heading", name="Checking your payment").wait_for()
    page.evaluate(
        "document.querySelector('bridge-checkout').shadowRoot.querySelector('iframe').contentWindow.postMessage('psp.return', '*')"
    )
    with page.expect_response("**/v1/checkout/*"):
        pass
    assert inside(page).locator("#checkout").first.get_attribute("data-state") in (
        "card",
        "checking",
    )
    assert not [kind for kind, _ in heard(page) if kind in ("success", "decline", "fail", "expire")]
    stage.payer(payment, "accept")
    wait_for(page, "success")


def test_card__provider_refuses_framing__leads_out_and_is_paid_there(
    stage: Stage, page: Page
) -> None:
    stage.sandbox.post(
        "/control/faults", {"provider": "onecs", "on": "payssl", "fault": "no_framing", "times": 10}
    )
    stage.page("<h1>done</h1>", "/done")
    payment = stage.payment(method="card")
    open_ready(page, stage.page(stage.element(payment["checkout"]["token"]), "/card-shop"))
    inside(page).get_by_role("link", name="Continue on the payment page").click()
    page.wait_for_url(f"{stage.pay}/checkout/{payment['checkout']['token']}*")
    page.get_by_role("link", name="Continue on the payment page").click()
    page.wait_for_url(f"{stage.psp}/onecs/**")
    type_card(page, "asks for a code")
    answer_challenge(page, CODE)
    page.get_by_role("heading", name="Payment successful").wait_for()
    page.get_by_role("link", name="Continue to").click()
    page.wait_for_url(f"{stage.shop}/done")


def test_card__provider_never_answers__says_so_after_15_seconds(stage: Stage, page: Page) -> None:
    page.clock.install()
    page.route("**/onecs/**", lambda route: None)
    payment = stage.payment(method="card")
    open_ready(page, stage.page(stage.element(payment["checkout"]["token"]), "/card-shop"))
    inside(page).locator("#page iframe").wait_for(state="attached")
    page.clock.run_for(16_000)
    assert wait_for(page, "error")["code"] == "psp_unavailable"
    expect(inside(page).locator("#full")).to_have_class(re.compile("primary"))
    inside(page).locator("#full").click()
    page.wait_for_url(f"{stage.pay}/checkout/{payment['checkout']['token']}*")


def test_card__payer_gives_up_in_the_providers_form__is_canceled_and_nothing_taken(
    stage: Stage, page: Page
) -> None:
    payment = open_bank(stage, page)
    bank_in(page).get_by_role("button", name="Cancel").click()
    wait_for(page, "cancel")
    assert stage.api.get(f"/v1/payments/{payment['id']}")["amount_captured"] == 0


@pytest.mark.invariant("I35")
def test_card__payer_pays_and_cancels_while_the_provider_is_slow__page_checks_and_then_shows_what_was_paid(
    stage: Stage, page: Page
) -> None:
    """The cancel gets no answer in time: nothing untrue is shown, and the payment that the payer has made is (I35; lesson 95)."""
    payment = open_bank(stage, page)
    stage.sandbox.post(
        "/control/faults",
        {"provider": "onecs", "on": "inquire", "fault": "delay", "ms": 6_000, "times": 2},
    )
    said: list[str] = []
    page.on(
        "response",
        lambda answer: (
            said.append(answer.json()["advice"])
            if "/v1/checkout/" in answer.url and answer.ok
            else None
        ),
    )
    type_card(bank_in(page), "pays")
    inside(page).get_by_role("button", name="Cancel payment").click()
    wait_for(page, "success", session=payment["checkout"]["token"])
    assert "again" not in said
    assert stage.api.get(f"/v1/payments/{payment['id']}")["amount_captured"] == 4999


@pytest.mark.invariant("I35")
def test_cancel__wallet_request_stays_open_in_the_app__is_said_and_followed_to_its_end(
    stage: Stage, page: Page
) -> None:
    """The page goes on looking: declined in the app, nothing was charged; the word is the provider's (I35)."""
    payment = stage.payment(payer={"wallet_username": "customer@example.com"})
    open_ready(page, stage.page(stage.element(payment["checkout"]["token"]), "/card-shop"))
    inside(page).get_by_role("button", name="Cancel payment").click()
    wait_for(page, "cancel")
    expect(inside(page).locator("#body")).to_contain_text("can still be accepted in your app")
    expect(inside(page).locator("#body")).not_to_contain_text("Nothing has been charged")
    stage.payer(payment, "decline")
    expect(inside(page).locator("#body")).to_contain_text("Nothing has been charged")


def test_navigate__shop_hears_once_and_browser_goes_once(stage: Stage, page: Page) -> None:
    pretend(page, status="paid")
    stage.page("done", "/done")
    page.goto(stage.page(stage.element(stage.token()), "/card-shop"))
    wait_for(page, "success")
    went: list[str] = []
    page.on(
        "framenavigated",
        lambda frame: went.append(frame.url) if frame.parent_frame is None else None,
    )
    inside(page).get_by_role("link", name="Continue to").click()
    page.wait_for_url(f"{stage.shop}/done")
    page.wait_for_timeout(1300)
    assert went == [f"{stage.shop}/done"]


def test_navigate__shop_minds__nobody_goes(stage: Stage, page: Page) -> None:
    pretend(page, status="paid")
    url = stage.page(
        stage.element(stage.token())
        + "<script>addEventListener('cc-navigate', e => e.preventDefault())</script>",
        "/card-shop",
    )
    page.goto(url)
    wait_for(page, "success")
    inside(page).get_by_role("link", name="Continue to").click()
    assert wait_for(page, "navigate")["reason"] == "return"
    page.wait_for_timeout(1500)
    assert page.url == url


def test_navigate__shop_does_not_answer__the_link_works_by_itself(stage: Stage, page: Page) -> None:
    pretend(page, status="paid")
    stage.page("done", "/done")
    page.goto(stage.page(stage.element(stage.token()), "/card-shop"))
    wait_for(page, "success")
    page.evaluate("document.querySelector('bridge-checkout').checkout.channel.close()")
    inside(page).get_by_role("link", name="Continue to").click()
    page.wait_for_url(f"{stage.shop}/done")


def test_navigate__return_url_of_the_shop__is_followed_after_success(
    stage: Stage, page: Page
) -> None:
    pretend(page, status="awaiting")
    stage.page("thanks", "/thanks")
    page.goto(stage.page(stage.element(stage.token(), 'return-url="/thanks"'), "/card-shop"))
    wait_for(page, "ready")
    pretend(page, status="paid")
    frame_of(page).evaluate("dispatchEvent(new Event('focus'))")
    inside(page).get_by_role("button", name="Stay on this page").wait_for()
    page.wait_for_url(f"{stage.shop}/thanks")
