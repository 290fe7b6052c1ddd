"""Every state that a payer can see, as what the bridge would answer; and the pages and pictures of them."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Page
from widget_acts import frame_of, inside, pretend, wait_for
from widget_stage import Stage


def stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))


def states(stage: Stage) -> dict[str, dict[str, Any]]:
    """Return each state with the changes of the view that lead to it."""
    card = stage.pages.put(
        "psp.test",
        "/card",
        "<!doctype html><html lang=en><title>Card</title><h1>Your card</h1></html>",
    )
    ended = {"fields": [], "failure": None}
    return {
        "ready": {},
        "reasons": {
            "fields": ["wallet_username", "currency", "reason"], "reasons": [{"id": "1", "text": "A gift"}],
            "currencies": [{"code": "EUR", "amount": 4999}, {"code": "CCR", "amount": 5123}]},
        "blocked": {"tries_left": 0},
        "sending": {"asking": True},
        "awaiting": {"status": "pending", "matching_number": "47", "fields": [], "now": stamp(0), "expires_at": stamp(200)},
        "card": {"status": "pending", "fields": [], "page": {"url": card, "embed": True}},
        "checking": {"status": "pending", "fields": [], "now": stamp(0), "expires_at": stamp(-5)},
        "waiting": {"status": "pending", "outcome_known": False, **ended},
        "succeeded": {"status": "paid", **ended},
        "declined": {"status": "declined", **ended},
        "expired": {"status": "expired", "advice": "again", **ended},
        "canceled": {"status": "canceled", "advice": "again", **ended},
        "failed": {"status": "failed", "fields": [], "failure": {"code": "provider_error", "message": "The wallet is closed for repairs."}},
        "gone": {"status": "pending", "fields": []},
    }  # fmt: skip


def show(stage: Stage, page: Page, state: str, locale: str = "en", attributes: str = "") -> None:
    """Show a state in a shop's page."""
    pretend(page, **states(stage)[state])
    script = f'<script type="module" src="{stage.pay}/widget/v1/checkout.mjs"></script>'
    element = f'<bridge-checkout checkout="{stage.token()}" locale="{locale}" {attributes}></bridge-checkout>'
    page.goto(stage.page(script + element, "/state"))
    wait_for(page, "ready")
    if state == "gone":  # it was there, and at the next question it is not
        page.route(
            "**/v1/checkout/*",
            lambda route: route.fulfill(status=410, json={"code": "checkout_expired"}),
        )
        frame_of(page).evaluate("dispatchEvent(new Event('focus'))")
    inside(page).locator(f"[data-state={'ready' if state == 'reasons' else state}]").wait_for()
