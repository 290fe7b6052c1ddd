"""What a browser does to a page: back and forward, hiding, nesting, resizing, and windows over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from widget_acts import (
    CODE,
    FRAME,
    answer_challenge,
    ask_for_money,
    frame_of,
    heard,
    inside,
    is_at_rest,
    open_ready,
    poll,
    type_card,
    until,
    wait_for,
)
from widget_stage import Stage


def overlay(stage: Stage, token: str, more: str = "") -> str:
    return (f'<script async src="{stage.pay}/widget/v1/checkout.js"></script><button data-bridge-checkout="{token}" data-bridge-locale="en">Pay</button>'
            f'<div style="height:3000px"></div>{more}')  # fmt: skip


def open_overlay(stage: Stage, page: Page, more: str = "", path: str = "/overlay") -> None:
    page.goto(stage.page(overlay(stage, stage.token(), more), path))
    poll(page, "!!customElements.get('bridge-checkout')")
    page.get_by_role("button", name="Pay").focus()
    page.keyboard.press("Enter")
    wait_for(page, "ready")


RESTORED = "<script>window.restored = 0; addEventListener('pageshow', e => { restored += e.persisted; });</script>"


@pytest.fixture
def remembering(launch: Callable[..., Browser]) -> Iterator[Page]:
    """A page of a browser that keeps pages alive for Back, as people's browsers do and Playwright's does not."""
    browser = launch(ignore_default_args=["--disable-back-forward-cache"])
    context = browser.new_context(locale="en-GB", viewport={"width": 900, "height": 1000})
    context.set_default_timeout(45_000)
    yield context.new_page()
    browser.close()


def away_and_back(stage: Stage, page: Page) -> None:
    page.goto(stage.page("elsewhere", "/elsewhere"))
    page.go_back(wait_until="commit")
    page.wait_for_function("window.restored !== undefined")


def test_bfcache__back_to_the_shop__is_restored_and_alive(stage: Stage, remembering: Page) -> None:
    page, payment = remembering, stage.payment()
    open_ready(page, stage.page(RESTORED + stage.element(payment["checkout"]["token"]), "/bfcache"))
    away_and_back(stage, page)
    assert poll(page, "window.restored") == 1
    stage.api.post(
        f"/v1/payments/{payment['id']}/cancel",
        {},
        **{"Idempotency-Key": f'"cancel-{payment["id"]}"'},
    )
    page.evaluate("dispatchEvent(new Event('focus'))")
    wait_for(page, "cancel")


def test_bfcache__provider_page_waits_for_unload__shop_is_restored_all_the_same(
    stage: Stage, remembering: Page
) -> None:
    """Framed by the shop itself, such a page costs the shop its way back; framed by us, it does not."""
    page, unloads = remembering, "addEventListener('unload', () => {})"
    bare = stage.pages.put(
        "psp.test", "/unloads", f"<!doctype html><title>Card</title><script>{unloads}</script>"
    )
    page.goto(stage.page(f"{RESTORED}<iframe src='{bare}'></iframe>", "/bfcache-bare"))
    away_and_back(stage, page)
    assert page.evaluate("window.restored") == 0
    payment = stage.payment(method="card")
    open_ready(page, stage.page(RESTORED + stage.element(payment["checkout"]["token"]), "/bfcache"))
    inside(page).frame_locator("#page iframe").get_by_label("Card number").wait_for()
    until(page, lambda: [frame for frame in page.frames if frame.url.startswith(stage.psp)])[
        0
    ].evaluate(unloads)
    away_and_back(stage, page)
    assert poll(page, "window.restored") == 1
    stage.payer(payment, "decline")
    page.evaluate("dispatchEvent(new Event('focus'))")
    wait_for(page, "decline")


def test_history__whole_visit__adds_no_entry(stage: Stage, page: Page) -> None:
    page.goto(stage.page("before", "/before"))
    page.goto(stage.page(stage.element(stage.token()), "/history"))
    wait_for(page, "ready")
    entries = page.evaluate("history.length")
    page.evaluate("document.querySelector('bridge-checkout').checkout.reload()")
    poll(page, "heard.filter(([t]) => t === 'ready').length === 2")
    inside(page).locator("#cancel").click()
    wait_for(page, "cancel")
    assert page.evaluate("history.length") == entries
    page.go_back()
    page.wait_for_url("**/before")


def test_history__paid_by_card__stepping_back_over_the_providers_pages_disturbs_nothing(
    stage: Stage, page: Page
) -> None:
    """The provider's form goes from page to page in its frame, and a browser counts these steps: ours adds none to them."""
    page.goto(stage.page("before", "/before"))
    page.goto(stage.page(stage.element(stage.token(method="card")), "/history"))
    wait_for(page, "ready")
    entries, bank = page.evaluate("history.length"), inside(page).frame_locator("#page iframe")
    type_card(bank, "asks for a code")
    answer_challenge(bank, CODE)
    wait_for(page, "success")
    steps = page.evaluate("history.length") - entries
    assert steps <= 3  # the challenge, the way back, and our page that it leads to
    page.evaluate("history.go(-1)")
    page.wait_for_timeout(1000)
    expect(inside(page).get_by_role("heading", name="Payment successful")).to_be_visible()
    page.evaluate("n => history.go(-n)", steps)
    page.wait_for_url("**/before")


def test_bfcache__page_is_put_aside__frame_is_told_nothing_until_it_is_back(
    stage: Stage, page: Page
) -> None:
    """Firefox throws away what it has put aside when a message comes for it."""
    watch = ("<script>window.sent = []; { const post = MessagePort.prototype.postMessage;"
             " MessagePort.prototype.postMessage = function (m, ...more) { sent.push(m.type); return post.call(this, m, ...more); }; }</script>")  # fmt: skip
    open_ready(page, stage.page(watch + stage.element(stage.token()), "/aside"))
    sent = """hidden => { sent.length = 0; Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
      document.dispatchEvent(new Event('visibilitychange', {bubbles: true})); return sent; }"""
    assert page.evaluate(sent, True) == []
    assert page.evaluate(sent, False) == ["host.resume"]


def test_nesting__shop_inside_its_own_builder__works_two_levels_deep(
    stage: Stage, page: Page
) -> None:
    """The builder is another of the shop's origins; a page of nobody's is refused, see `test_framing__…`."""
    shop = stage.page(stage.element(stage.token()), "/built")
    builder = stage.page(
        f"<iframe src='{shop}' id=builder style='width:100%;height:800px'></iframe>", "/builder"
    )
    page.goto(builder.replace(stage.shop, stage.second_shop))
    page.frame_locator("#builder").frame_locator(FRAME).get_by_role(
        "button", name="Send request"
    ).wait_for()
    built = until(page, lambda: [frame for frame in page.frames if frame.url == shop])[0]
    until(page, lambda: built.evaluate("heard.some(([t]) => t === 'ready')"))


@pytest.mark.parametrize("hidden", ["display:none", "width:0;overflow:hidden"])
def test_height__shown_after_being_hidden__is_right(hidden: str, stage: Stage, page: Page) -> None:
    """Firefox and WebKit break the lines of what is not shown, for no width at all, as every browser does for a box without width."""
    page.goto(
        stage.page(f"<div id=tab style='{hidden}'>{stage.element(stage.token())}</div>", "/hidden")
    )
    page.wait_for_timeout(800)
    assert heard(page, "resize") == []
    page.evaluate("document.getElementById('tab').style = ''")
    wait_for(page, "ready")
    inside(page).get_by_role("button", name="Send request").wait_for()
    until(
        page,
        lambda: (
            abs(
                page.locator(FRAME).bounding_box()["height"]
                - inside(page).locator("#checkout").bounding_box()["height"]
            )
            <= 2
        ),
    )


FULL = {
    "everything": "html,body,main,bridge-checkout{height:100%}",
    "page": "html{height:100%}body{min-height:100%}",
    "flex": "html,body{height:100%;margin:0}body,main{display:flex;flex-direction:column;flex:1}bridge-checkout{flex:1}",
    "grid": "html,body{height:100vh;margin:0}main{display:grid;grid-template-rows:auto 1fr;height:100%}",
}


@pytest.mark.parametrize("layout", FULL)
def test_height__shop_with_full_height_boxes__does_not_grow(
    layout: str, stage: Stage, page: Page
) -> None:
    """Ten seconds of the page's time, and as many drawn frames as a loop would need to show itself."""
    page.clock.install()
    open_ready(
        page, stage.page(f"<style>{FULL[layout]}</style>" + stage.element(stage.token()), "/grow")
    )
    page.clock.run_for(1000)
    until(page, lambda: is_at_rest(page))
    before, height = len(heard(page, "resize")), page.locator(FRAME).bounding_box()["height"]
    for _ in range(40):
        page.clock.run_for(250)
    page.wait_for_timeout(500)
    assert len(heard(page, "resize")) == before
    assert page.locator(FRAME).bounding_box()["height"] == height


FITS = "document.documentElement.scrollHeight <= innerHeight"


def test_height__content_changes__frame_never_scrolls(stage: Stage, page: Page) -> None:
    open_ready(page, stage.page(stage.element(stage.token()), "/grow"))
    inside(page).locator("#send").click()
    inside(page).locator("#wallet_username-error").wait_for()
    until(page, lambda: frame_of(page).evaluate(FITS))


def test_height__content_grows_by_a_pixel__frame_does_too(stage: Stage, page: Page) -> None:
    open_ready(page, stage.page(stage.element(stage.token()), "/grow"))
    until(page, lambda: frame_of(page).evaluate(FITS))
    frame_of(page).evaluate("document.getElementById('checkout').style.paddingBottom = '1px'")
    until(page, lambda: frame_of(page).evaluate(FITS))


def test_scrollbars__of_a_width_of_their_own__none_is_seen(
    launch: Callable[..., Browser], stage: Stage
) -> None:
    """Windows has them, and Playwright hides them: one pixel too much is a bar for good."""
    browser = launch(ignore_default_args=["--hide-scrollbars"])
    page = open_ready(browser.new_page(), stage.page(stage.element(stage.token()), "/bars"))
    until(page, lambda: frame_of(page).evaluate(FITS))
    assert frame_of(page).evaluate("document.documentElement.clientWidth === innerWidth")
    browser.close()


def test_overlay__opened_by_keyboard__ring_of_the_first_control_is_inside_the_window(
    stage: Stage, page: Page
) -> None:
    """The window scrolls, so what stands over its edge is cut off."""
    open_overlay(stage, page)
    ring = page.locator("bridge-checkout header button").evaluate(
        "e => { const s = getComputedStyle(e); return [e.matches(':focus-visible'), parseFloat(s.outlineOffset) + parseFloat(s.outlineWidth)]; }")  # fmt: skip
    assert ring[0] and ring[1] <= 0


def test_overlay__escape_outside__closes_and_gives_the_focus_back(stage: Stage, page: Page) -> None:
    open_overlay(stage, page)
    assert page.evaluate("getComputedStyle(document.documentElement).overflow") == "hidden"
    page.keyboard.press("Escape")
    wait_for(page, "close")
    expect(page.locator(FRAME)).to_have_count(0)
    until(page, lambda: page.evaluate("document.activeElement.textContent") == "Pay")
    assert page.evaluate("getComputedStyle(document.documentElement).overflow") != "hidden"


def test_overlay__escape_inside_the_frame__closes_too(stage: Stage, page: Page) -> None:
    open_overlay(stage, page)
    inside(page).locator("#wallet_username").focus()
    page.keyboard.press("Escape")
    wait_for(page, "close")
    expect(page.locator("bridge-checkout")).to_have_count(0)


def test_overlay__shop_minds_while_the_payer_is_asked__stays_open(stage: Stage, page: Page) -> None:
    """Neither Escape, in the page or in the frame, nor the button closes a window that the shop wants open."""
    open_overlay(
        stage, page, "<script>addEventListener('cc-closerequest', e => e.preventDefault())</script>"
    )
    ask_for_money(page)
    wait_for(page, "statechange", state="awaiting")
    page.get_by_role("button", name="Close").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Close").click()
    inside(page).locator("#cancel").focus()
    page.keyboard.press("Escape")
    poll(page, "heard.filter(([t]) => t === 'closerequest').length === 4")
    assert heard(page, "close") == []
    assert inside(page).get_by_role("heading", name="Approve in your app").is_visible()


def test_overlay__browser_closes_it_whatever_the_shop_minds__is_over_and_the_page_free(
    stage: Stage, page: Page
) -> None:
    """Phones have a way back that pages cannot stop for ever."""
    open_overlay(
        stage, page, "<script>addEventListener('cc-closerequest', e => e.preventDefault())</script>"
    )
    page.evaluate(
        "document.querySelector('bridge-checkout').shadowRoot.querySelector('dialog').close()"
    )
    wait_for(page, "close")
    expect(page.locator("bridge-checkout")).to_have_count(0)
    assert page.evaluate("getComputedStyle(document.documentElement).overflow") != "hidden"


def test_overlay__page_behind__cannot_be_reached(stage: Stage, page: Page) -> None:
    open_overlay(stage, page)
    assert page.evaluate(
        "document.querySelector('bridge-checkout').shadowRoot.querySelector('dialog').matches(':modal')"
    )
    behind = page.locator("main > button").bounding_box()
    page.mouse.click(behind["x"] + 3, behind["y"] + 3)
    page.wait_for_timeout(200)
    assert page.locator(FRAME).count() == 1


def test_full_page__mode_page__goes_to_the_hosted_page_and_back(stage: Stage, page: Page) -> None:
    token = stage.token()
    stage.page("cart", "/cart")
    page.goto(stage.page(stage.element(token, 'mode="page"'), "/away"))
    page.wait_for_url(f"{stage.pay}/checkout/{token}?locale=en")
    page.get_by_role("button", name="Cancel payment").click()
    page.get_by_role("link", name="Back to").click()
    page.wait_for_url(f"{stage.shop}/cart")
