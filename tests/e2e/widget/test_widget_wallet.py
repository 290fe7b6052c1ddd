"""Paying by wallet inside a shop's page: the server's word decides, whatever clocks, tabs and networks do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route
from widget_acts import FRAME, ask_for_money, frame_of, heard, inside, open_ready, poll, pretend, wait_for
from widget_stage import Stage

POLLS = "**/v1/checkout/*"


@pytest.fixture
def waiting(stage: Stage, page: Page) -> dict[str, Any]:
    """A payment that waits for its payer's yes in a shop's page."""
    payment = stage.payment()
    open_ready(page, stage.page(stage.element(payment["checkout"]["token"]), "/wallet"))
    ask_for_money(page)
    wait_for(page, "statechange", state="awaiting")
    return payment


def act(page: Page, method: str, *arguments: Any) -> None:
    page.evaluate("([m, a]) => { document.querySelector('bridge-checkout').checkout[m](...a); }", [method, list(arguments)])


@pytest.mark.parametrize(("action", "event", "heading"), [
    ("accept", "success", "Payment successful"), ("decline", "decline", "Payment declined"), ("expire", "expire", "Request expired"),
])  # fmt: skip
def test_wallet__payer_answers__page_and_shop_hear_it(
    action: str, event: str, heading: str, stage: Stage, page: Page, waiting: dict[str, Any]
) -> None:
    stage.payer(waiting, action)
    assert wait_for(page, event)["session"] == waiting["checkout"]["token"]
    assert inside(page).get_by_role("heading", level=1).inner_text() == heading
    assert [detail["state"] for detail in heard(page, "statechange")][-2:] != ["awaiting", "awaiting"]


def test_cancel__from_the_frame__is_canceled(page: Page, waiting: dict[str, Any]) -> None:
    inside(page).locator("#cancel").click()
    wait_for(page, "cancel", state="canceled")


def test_cancel__from_the_shops_page__is_canceled(stage: Stage, page: Page, waiting: dict[str, Any]) -> None:
    act(page, "cancel")
    wait_for(page, "cancel")
    assert stage.api.get(f"/v1/payments/{waiting['id']}")["status"] == "canceled"


def test_cancel__races_an_accept__shows_what_the_server_says(stage: Stage, page: Page, waiting: dict[str, Any]) -> None:
    """I2: money wins over a click that came too late."""
    page.route(POLLS, lambda route: route.abort() if route.request.method == "GET" else route.fallback())
    stage.payer(waiting, "accept")
    stage.api.post(f"/v1/payments/{waiting['id']}/sync")
    inside(page).locator("#cancel").click()
    page.wait_for_timeout(500)
    page.unroute(POLLS)
    wait_for(page, "success")
    assert heard(page, "cancel") == []


@pytest.mark.parametrize("hours", [-1, 1])
def test_countdown__wrong_clock_here__shows_the_servers_time(hours: int, stage: Stage, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context().new_page()
    page.clock.install(time=time.time() + hours * 3600)
    payment = stage.payment(payer={"wallet_username": "customer@example.com"}, expires_in=600)
    page.goto(stage.page(stage.element(payment["checkout"]["token"]), "/wallet"))
    left = inside(page).locator("#left")
    left.wait_for()
    minutes, seconds = left.inner_text().replace("\u2068", "").replace("\u2069", "").removesuffix(" left").split(":")
    assert 400 < int(minutes) * 60 + int(seconds) <= 600


def test_countdown__at_zero__is_checking_and_never_failed(stage: Stage, page: Page) -> None:
    payment = stage.payment(payer={"wallet_username": "customer@example.com"})
    page.clock.install()
    now = time.time()
    stamp = lambda at: time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at))  # noqa: E731
    pretend(page, now=stamp(now), expires_at=stamp(now + 3), status="pending", asking=False)
    page.goto(stage.page(stage.element(payment["checkout"]["token"]), "/wallet"))
    wait_for(page, "statechange", state="awaiting")
    page.unroute(POLLS)
    page.route(POLLS, lambda route: route.abort())
    page.clock.run_for(5_000)
    wait_for(page, "statechange", state="checking")
    assert heard(page, "fail") == [] and heard(page, "expire") == []
    stage.payer(payment, "accept")
    page.unroute(POLLS)
    page.clock.resume()
    wait_for(page, "success")


def test_background__shown_again__asks_at_once(page: Page, waiting: dict[str, Any]) -> None:
    frame = frame_of(page)
    frame.evaluate("""() => { window.asked = []; const real = fetch; window.fetch = (...a) => { asked.push(performance.now()); return real(...a); };
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => window.isHidden }); window.isHidden = true;
        document.dispatchEvent(new Event('visibilitychange')); }""")
    page.wait_for_timeout(2000)
    quiet = frame.evaluate("asked.length")
    woke = frame.evaluate("() => { window.isHidden = false; const at = performance.now(); document.dispatchEvent(new Event('visibilitychange')); return at; }")
    frame.wait_for_function("n => asked.length > n", arg=quiet)
    assert frame.evaluate("n => asked[n]", quiet) - woke <= 200


def test_offline__banner_then_goes_on_by_itself(stage: Stage, page: Page, waiting: dict[str, Any]) -> None:
    page.context.set_offline(True)
    inside(page).get_by_text("You are offline").first.wait_for()
    assert wait_for(page, "error")["code"] == "network"
    stage.payer(waiting, "accept")
    page.context.set_offline(False)
    wait_for(page, "success")


@pytest.mark.parametrize("trouble", ["500", "429", "broken"])
def test_trouble__server_answers_badly__asks_calmly_one_at_a_time(trouble: str, stage: Stage, page: Page, waiting: dict[str, Any]) -> None:
    asked: list[float] = []

    def answer(route: Route) -> None:
        asked.append(time.monotonic())
        if trouble == "broken":
            route.abort()
        else:
            route.fulfill(status=int(trouble), headers={"Retry-After": "3", "content-type": "application/problem+json"}, body="{}")

    page.route(POLLS, answer)
    page.wait_for_timeout(6000)
    gaps = [later - earlier for earlier, later in zip(asked, asked[1:], strict=False)]
    assert 1 <= len(asked) <= 4 and all(gap > (2.9 if trouble == "429" else 1.1) for gap in gaps)
    assert inside(page).get_by_role("heading", level=1).inner_text() == "Approve in your app"
    page.unroute(POLLS)
    stage.payer(waiting, "accept")
    wait_for(page, "success")


def test_reload__while_waiting__resumes(stage: Stage, page: Page, waiting: dict[str, Any]) -> None:
    page.reload()
    assert wait_for(page, "ready")["state"] == "awaiting"
    act(page, "reload")
    poll(page, "heard.filter(([t]) => t === 'ready').length === 2")


def test_second_tab__same_checkout__shows_the_same(stage: Stage, page: Page, waiting: dict[str, Any]) -> None:
    """I1: one checkout is one payment, in however many tabs."""
    other = page.context.new_page()
    open_ready(other, stage.page(stage.element(waiting["checkout"]["token"]), "/wallet"))
    assert wait_for(other, "statechange")["state"] == "awaiting"
    stage.payer(waiting, "accept")
    for tab in (page, other):
        wait_for(tab, "success")


@pytest.mark.invariant("I1")
def test_double_click__is_one_question(stage: Stage, page: Page) -> None:
    """I1: an impatient payer is asked for money once."""
    payment = stage.payment()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/confirm") else None)
    open_ready(page, stage.page(stage.element(payment["checkout"]["token"]), "/wallet"))
    inside(page).locator("#wallet_username").fill("customer@example.com")
    inside(page).locator("#send").dblclick()
    wait_for(page, "statechange", state="awaiting")
    assert len(sent) == 1
    assert len([entry for entry in stage.sandbox.get("/control/ledger")["entries"] if payment["order_reference"] in str(entry)]) <= 1


def test_unknown_and_blocked_user__read_the_same(stage: Stage, page: Page) -> None:
    stage.sandbox.post("/control/accounts", {"email": "blocked@example.com", "blocked": True})
    texts = []
    for username in ("nobody@example.com", "blocked@example.com"):
        open_ready(page, stage.page(stage.element(stage.token()), "/wallet"))
        ask_for_money(page, username)
        error = inside(page).locator("#wallet_username-error")
        error.wait_for()
        texts.append(error.inner_text())
    assert texts[0] == texts[1] and "cannot send a request" in texts[0]


@pytest.mark.parametrize("end", ["final", "destroyed"])
def test_end__asks_no_more(end: str, stage: Stage, page: Page, waiting: dict[str, Any]) -> None:
    asked: list[str] = []
    if end == "final":
        inside(page).locator("#cancel").click()
        wait_for(page, "cancel")
    else:
        act(page, "destroy")
        assert page.locator(FRAME).count() == 0
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(4000)
    assert asked == []


def test_pending__outcome_unknown__is_waiting_and_never_failed(stage: Stage, page: Page) -> None:
    pretend(page, status="pending", outcome_known=False)
    page.goto(stage.page(stage.element(stage.token()), "/wallet"))
    wait_for(page, "pending")
    assert "do not pay again" in inside(page).locator("#body").inner_text()
    assert heard(page, "fail") == []
