"""Paying by wallet inside a shop's page: the server's word decides, whatever clocks, tabs and networks do."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from support import Http
from widget_acts import (
    FRAME,
    ask_for_money,
    frame_of,
    heard,
    inside,
    open_ready,
    poll,
    pretend,
    until,
    wait_for,
)
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
    page.evaluate(
        "([m, a]) => { document.querySelector('bridge-checkout').checkout[m](...a); }",
        [method, list(arguments)],
    )


@pytest.mark.parametrize(("action", "event", "heading"), [
    ("accept", "success", "Payment successful"), ("decline", "decline", "Payment declined"), ("expire", "expire", "Request expired"),
])  # fmt: skip
def test_wallet__payer_answers__page_and_shop_hear_it(
    action: str, event: str, heading: str, stage: Stage, page: Page, waiting: dict[str, Any]
) -> None:
    stage.payer(waiting, action)
    assert wait_for(page, event)["session"] == waiting["checkout"]["token"]
    expect(inside(page).get_by_role("heading", level=1)).to_have_text(heading)
    assert [detail["state"] for detail in heard(page, "statechange")][-2:] != [
        "awaiting",
        "awaiting",
    ]


def test_cancel__from_the_frame__is_canceled(page: Page, waiting: dict[str, Any]) -> None:
    inside(page).locator("#cancel").click()
    wait_for(page, "cancel", state="canceled")


def test_cancel__from_the_shops_page__is_canceled(
    stage: Stage, page: Page, waiting: dict[str, Any]
) -> None:
    act(page, "cancel")
    wait_for(page, "cancel")
    assert stage.api.get(f"/v1/payments/{waiting['id']}")["status"] == "canceled"


def test_cancel__races_an_accept__shows_what_the_server_says(
    stage: Stage, page: Page, waiting: dict[str, Any]
) -> None:
    """I2: money wins over a click that came too late."""
    page.route(
        POLLS, lambda route: route.abort() if route.request.method == "GET" else route.fallback()
    )
    stage.payer(waiting, "accept")
    stage.api.post(f"/v1/payments/{waiting['id']}/sync")
    inside(page).locator("#cancel").click()
    page.wait_for_timeout(500)
    page.unroute(POLLS)
    wait_for(page, "success")
    assert heard(page, "cancel") == []


def seconds_left(page: Page) -> int:
    minutes, seconds = (
        inside(page)
        .locator("#left")
        .inner_text()
        .replace("\u2068", "")
        .replace("\u2069", "")
        .removesuffix(" left")
        .split(":")
    )
    return int(minutes) * 60 + int(seconds)


@pytest.mark.parametrize("hours", [-1, 1])
def test_countdown__wrong_clock_here__shows_the_servers_time(
    hours: int, stage: Stage, page: Page
) -> None:
    page.clock.install(time=time.time() + hours * 3600)
    payment = stage.payment(payer={"wallet_username": "customer@example.com"}, expires_in=600)
    page.goto(stage.page(stage.element(payment["checkout"]["token"]), "/wallet"))
    inside(page).locator("#left").wait_for()
    first = seconds_left(page)
    assert 300 < first <= 600
    page.clock.run_for(30_000)
    until(page, lambda: seconds_left(page) <= first - 30)
    assert seconds_left(page) > 30 and heard(page, "statechange")[-1]["state"] == "awaiting"


def test_countdown__at_zero__is_checking_and_never_failed(stage: Stage, page: Page) -> None:
    payment = stage.payment(payer={"wallet_username": "customer@example.com"})
    page.clock.install()
    now = time.time()
    stamp = lambda at: time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at))  # noqa: E731
    pretend(page, now=stamp(now), expires_at=stamp(now + 3), status="pending", asking=False)
    page.goto(stage.page(stage.element(payment["checkout"]["token"]), "/wallet"))
    wait_for(page, "statechange", state="awaiting")
    page.route(POLLS, lambda route: route.abort())
    page.clock.run_for(5_000)
    wait_for(page, "statechange", state="checking")
    assert heard(page, "fail") == [] and heard(page, "expire") == []
    stage.payer(payment, "accept")
    page.unroute(POLLS)
    page.clock.resume()
    wait_for(page, "success")


HIDE = """() => { window.asked = window.flying = 0; const real = fetch;
  window.fetch = async (...a) => { asked++; flying++; try { return await real(...a); } finally { flying--; } };
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => window.isHidden }); window.isHidden = true;
  document.dispatchEvent(new Event('visibilitychange')); }"""
SHOW = """() => { if (flying || !isHidden) return null; const before = asked; window.isHidden = false;
  document.dispatchEvent(new Event('visibilitychange')); return asked - before; }"""


def test_background__shown_again__asks_at_once(page: Page, waiting: dict[str, Any]) -> None:
    """At once: before the browser does anything else, however slow the machine."""
    frame = frame_of(page)
    frame.evaluate(HIDE)
    page.wait_for_timeout(
        1200
    )  # a question from before we listened is older than a second now, and counts as lost
    assert until(page, lambda: frame.evaluate(SHOW), lambda found: found is not None) == 1


@pytest.fixture
def clocked(stage: Stage, page: Page) -> dict[str, Any]:
    """A payment that waits for its payer's yes, in a page whose time stands still unless the test moves it."""
    page.clock.install()
    payment = stage.payment(payer={"wallet_username": "customer@example.com"})
    open_ready(page, stage.page(stage.element(payment["checkout"]["token"]), "/wallet"))
    wait_for(page, "statechange", state="awaiting")
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 20)
    return payment


def test_offline__half_a_minute__banner_stays_then_it_goes_on_by_itself(
    stage: Stage, page: Page, clocked: dict[str, Any]
) -> None:
    page.context.set_offline(True)
    banner = inside(page).get_by_text("You are offline").first
    banner.wait_for()
    assert wait_for(page, "error")["code"] == "network"
    for _ in range(30):
        page.clock.run_for(1000)
    assert (
        banner.is_visible()
        and inside(page).get_by_role("heading", level=1).inner_text() == "Approve in your app"
    )
    stage.payer(clocked, "accept")
    page.context.set_offline(False)
    inside(page).get_by_text("You are online again").first.wait_for()
    page.clock.resume()
    wait_for(page, "success")


TIMES = """() => { window.calls = []; const real = fetch; window.fetch = async (...a) => {
  const call = [Date.now(), 0]; calls.push(call); try { return await real(...a); } finally { call[1] = Date.now(); } }; }"""


@pytest.mark.parametrize(
    ("trouble", "least"), [("500", 1200), ("429", 15_000), ("broken", 1200), ("silent", 1200)]
)
def test_trouble__server_answers_badly__asks_calmly_one_at_a_time(
    trouble: str, least: int, stage: Stage, page: Page, clocked: dict[str, Any]
) -> None:
    """In the page's own time: nothing is asked while an answer is awaited, and the pauses grow; `Retry-After` is a pause at least."""

    def answer(route: Route) -> None:
        if trouble == "broken":
            route.abort()
        elif trouble != "silent":
            route.fulfill(
                status=int(trouble),
                headers={"Retry-After": "15", "content-type": "application/problem+json"}
                if least > 9999
                else {},
                body="{}",
            )

    frame = frame_of(page)
    frame.evaluate(TIMES)
    page.route(POLLS, answer)
    for _ in range(120):
        page.clock.run_for(500)
        if trouble != "silent":
            until(page, lambda: frame.evaluate("calls.every(([, end]) => end)"))
    calls = frame.evaluate("calls")
    pauses = [later[0] - earlier[1] for earlier, later in pairwise(calls)]
    assert len(pauses) >= 2 and min(pauses) >= least and max(pauses) >= 6400
    assert all(end - start <= 10_500 for start, end in calls[:-1])
    assert inside(page).get_by_role("heading", level=1).inner_text() == "Approve in your app"
    assert wait_for(page, "error")["code"] == ("rate_limited" if trouble == "429" else "network")
    page.unroute(POLLS)
    stage.payer(clocked, "accept")
    page.clock.resume()
    page.evaluate("dispatchEvent(new Event('focus'))")
    wait_for(page, "success")


def test_reload__while_waiting__resumes(stage: Stage, page: Page, waiting: dict[str, Any]) -> None:
    page.reload()
    assert wait_for(page, "ready")["state"] == "awaiting"
    act(page, "reload")
    poll(page, "heard.filter(([t]) => t === 'ready').length === 2")


def test_second_tab__same_checkout__shows_the_same(
    stage: Stage, page: Page, waiting: dict[str, Any]
) -> None:
    """I1: one checkout is one payment, in however many tabs."""
    other = page.context.new_page()
    open_ready(other, stage.page(stage.element(waiting["checkout"]["token"]), "/wallet"))
    assert wait_for(other, "statechange")["state"] == "awaiting"
    stage.payer(waiting, "accept")
    for tab in (page, other):
        wait_for(tab, "success")


def asked_of_the_payer(stage: Stage, payment: dict[str, Any]) -> int:
    """Count the money requests of a payment in the provider's ledger."""
    ours = stage.api.get(f"/v1/payments/{payment['id']}")["provider"]["our_reference"]
    return len(
        [
            entry
            for entry in stage.sandbox.get("/control/ledger")["entries"]
            if entry["our_reference"] == ours
        ]
    )


@pytest.mark.invariant("I1")
def test_double_click__is_one_question(stage: Stage, page: Page) -> None:
    """I1: an impatient payer is asked for money once."""
    payment = stage.payment()
    sent: list[str] = []
    page.on(
        "request",
        lambda request: sent.append(request.url) if request.url.endswith("/confirm") else None,
    )
    open_ready(page, stage.page(stage.element(payment["checkout"]["token"]), "/wallet"))
    inside(page).locator("#wallet_username").fill("customer@example.com")
    inside(page).locator("#send").dblclick()
    wait_for(page, "statechange", state="awaiting")
    assert len(sent) == 1
    assert asked_of_the_payer(stage, payment) == 1


@pytest.mark.invariant("I1")
def test_two_tabs__both_ask_at_once__is_one_question(stage: Stage, page: Page) -> None:
    """I1: two tabs that send the form at the same moment ask the payer once, and both come to show it."""
    payment = stage.payment()
    tabs = [page, page.context.new_page()]
    for tab in tabs:
        open_ready(tab, stage.page(stage.element(payment["checkout"]["token"]), "/wallet"))
        inside(tab).locator("#wallet_username").fill("customer@example.com")
    for tab in tabs:
        inside(tab).locator("#send").click(no_wait_after=True)
    for tab in tabs:
        wait_for(tab, "statechange", state="awaiting")
    assert asked_of_the_payer(stage, payment) == 1


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


def refusal(stage: Stage, username: str) -> tuple[Any, ...]:
    """Ask for a user's money and return all that somebody who probes could tell apart: answer, headers, and what work it was."""
    before = len(stage.sandbox.get("/control/journal")["calls"])
    door = Http(f"{stage.pay}/v1/checkout/{stage.token()}", {})
    answer = door.send("POST", "/confirm", json={"wallet_username": username})
    said = {
        name: value
        for name, value in answer.json().items()
        if name not in ("request_id", "instance")
    }
    calls = [
        call["name"]
        for call in stage.sandbox.get("/control/journal")["calls"][before:]
        if call["direction"] == "received"
    ]
    return (
        answer.status_code,
        said,
        {name for name in answer.headers},
        [name for name in calls if name == "request"],
    )


def test_unknown_and_blocked_user__cost_the_same_work(stage: Stage) -> None:
    """No clock can tell them apart, for the bridge does the same for both, and asks the provider the same."""
    stage.sandbox.post("/control/accounts", {"email": "blocked@example.com", "blocked": True})
    unknown, blocked = refusal(stage, "nobody@example.com"), refusal(stage, "blocked@example.com")
    assert unknown == blocked
    assert unknown[0] == 422 and "request" in unknown[-1]


ENDS = {
    "paid": "success",
    "declined": "decline",
    "canceled": "cancel",
    "expired": "expire",
    "failed": "fail",
    "gone": "error",
    "destroyed": "",
}


@pytest.mark.parametrize("end", ENDS)
def test_end__asks_no_more(end: str, page: Page, clocked: dict[str, Any]) -> None:
    """Two minutes of the page's time after any end, nothing has been asked."""
    if end == "gone":
        page.route(
            POLLS, lambda route: route.fulfill(status=410, json={"code": "checkout_expired"})
        )
    elif end != "destroyed":
        pretend(page, status=end, fields=[], page=None)
    if end == "destroyed":
        act(page, "destroy")
        assert page.locator(FRAME).count() == 0
    else:
        until(
            page, lambda: (page.clock.run_for(1000), heard(page, ENDS[end]))[1]
        )  # a question under way holds the next one up
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/" in request.url else None)
    for _ in range(24):
        page.clock.run_for(5000)
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(300)
    assert asked == []


def test_pending__outcome_unknown__is_waiting_and_never_failed(stage: Stage, page: Page) -> None:
    pretend(page, status="pending", outcome_known=False)
    page.goto(stage.page(stage.element(stage.token()), "/wallet"))
    wait_for(page, "pending")
    assert "do not pay again" in inside(page).locator("#body").inner_text()
    assert heard(page, "fail") == []
