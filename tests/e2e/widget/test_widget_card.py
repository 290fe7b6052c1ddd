"""A provider's page inside our page inside the shop's page; the provider's page is a stand-in, the nesting is real."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from widget_acts import frame_of, heard, inside, open_ready, pretend, wait_for
from widget_stage import Stage


def provider_page(stage: Stage, body: str = "<h1>Your card</h1>", path: str = "/card", **headers: str) -> str:
    return stage.pages.put("psp.test", path, f"<!doctype html><title>Card</title>{body}", **headers)


def open_card(stage: Stage, page: Page, url: str, attributes: str = "", **headers: str) -> str:
    """Open a shop's page whose payment has a provider's page."""
    token = stage.token()
    pretend(page, status="pending", page={"url": url, "embed": True}, fields=[])
    open_ready(page, stage.page(stage.element(token, attributes), "/card-shop", **headers))
    return token


def test_card__provider_page__is_nested_where_the_shop_allows_only_us(stage: Stage, page: Page) -> None:
    policy = f"default-src 'none'; script-src 'unsafe-inline' {stage.pay}; style-src 'unsafe-inline'; frame-src {stage.pay}"
    url = provider_page(stage)
    token = stage.token()
    pretend(page, status="pending", page={"url": url, "embed": True}, fields=[])
    page.goto(stage.page(stage.element(token), "/card-shop", Content_Security_Policy=policy))
    nested = inside(page).frame_locator("#page iframe")
    nested.get_by_role("heading", name="Your card").wait_for()
    title = inside(page).locator("#page iframe").get_attribute("title")
    assert "psp.test" in (title or "")


def test_card__passkeys_and_wallets__are_allowed_at_each_level(stage: Stage, page: Page) -> None:
    open_card(stage, page, provider_page(stage))
    inside(page).frame_locator("#page iframe").get_by_role("heading").wait_for()
    nested = [frame for frame in page.frames if "psp.test" in frame.url][0]
    assert nested.evaluate("['payment', 'publickey-credentials-get'].map(f => document.featurePolicy.allowsFeature(f))") == [True, True]


@pytest.mark.parametrize(("width", "height"), [(250, 400), (390, 400), (500, 600), (600, 400)])
def test_card__challenge_sizes__fit_without_cutting(width: int, height: int, stage: Stage, page: Page) -> None:
    box = f"<style>body{{margin:0}}</style><div id=box style='width:{width}px;height:{height}px;background:#def'>challenge</div>"
    page.set_viewport_size({"width": 900, "height": 1200})
    open_card(stage, page, provider_page(stage, box))
    frame = inside(page).locator("#page iframe").bounding_box()
    assert frame["height"] >= height
    assert frame["width"] >= min(width, 390)


def test_card__coming_back__the_server_decides_not_the_message(stage: Stage, page: Page) -> None:
    token = stage.token()
    back = provider_page(stage, f"<a href='{stage.pay}/checkout/{token}/return' id=back>back</a>", "/back")
    pretend(page, status="pending", page={"url": back, "embed": True}, fields=[])
    open_ready(page, stage.page(stage.element(token), "/card-shop"))
    inside(page).frame_locator("#page iframe").locator("#back").click()
    inside(page).frame_locator("#page iframe").get_by_role("heading", name="Checking your payment").wait_for()
    assert inside(page).locator("#checkout").first.get_attribute("data-state") == "card"
    assert heard(page, "success") == []


def test_card__provider_refuses_framing__leads_out_to_our_page(stage: Stage, page: Page) -> None:
    url = provider_page(stage, path="/unframed", X_Frame_Options="DENY")
    token = open_card(stage, page, url)
    inside(page).get_by_role("link", name="Continue on the payment page").click()
    page.wait_for_url(f"{stage.pay}/checkout/{token}*")


def test_card__provider_never_answers__says_so_after_15_seconds(stage: Stage, page: Page) -> None:
    page.clock.install()
    page.route("**/silent", lambda route: None)
    open_card(stage, page, provider_page(stage, path="/silent"))
    inside(page).locator("#page iframe").wait_for(state="attached")
    page.clock.run_for(16_000)
    assert wait_for(page, "error")["code"] == "psp_unavailable"
    assert "primary" in (inside(page).locator("#full").get_attribute("class") or "")


def test_navigate__shop_hears_once_and_browser_goes_once(stage: Stage, page: Page) -> None:
    pretend(page, status="paid")
    stage.page("done", "/done")
    page.goto(stage.page(stage.element(stage.token()), "/card-shop"))
    wait_for(page, "success")
    went: list[str] = []
    page.on("framenavigated", lambda frame: went.append(frame.url) if frame.parent_frame is None else None)
    inside(page).get_by_role("link", name="Continue to").click()
    page.wait_for_url(f"{stage.shop}/done")
    page.wait_for_timeout(1300)
    assert went == [f"{stage.shop}/done"]


def test_navigate__shop_minds__nobody_goes(stage: Stage, page: Page) -> None:
    pretend(page, status="paid")
    url = stage.page(stage.element(stage.token()) + "<script>addEventListener('cc-navigate', e => e.preventDefault())</script>", "/card-shop")
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


def test_navigate__return_url_of_the_shop__is_followed_after_success(stage: Stage, page: Page) -> None:
    pretend(page, status="awaiting")
    stage.page("thanks", "/thanks")
    page.goto(stage.page(stage.element(stage.token(), 'return-url="/thanks"'), "/card-shop"))
    wait_for(page, "ready")
    page.unroute("**/v1/checkout/*")
    pretend(page, status="paid")
    frame_of(page).evaluate("dispatchEvent(new Event('focus'))")
    inside(page).get_by_role("button", name="Stay on this page").wait_for()
    page.wait_for_url(f"{stage.shop}/thanks")
