"""What tests do with a page: wait for events, find our frame, pretend what the bridge answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import Error, Frame, FrameLocator, Page, Route, expect

FRAME = "iframe[name^=bridge-checkout]"
CODE = "1234"  # what the sandbox's bank wants to hear

T = TypeVar("T")


def inside(page: Page) -> FrameLocator:
    """Return our page inside the widget."""
    return page.frame_locator(FRAME)


def frame_of(page: Page) -> Frame:
    """Return our page's frame, for scripts."""
    handle = page.locator(FRAME).first.element_handle()
    frame = handle.content_frame() if handle else None
    assert frame is not None
    return frame


def heard(page: Page, kind: str | None = None) -> list[Any]:
    """Return the events that the shop's page heard: all as [type, detail], or one type's details."""
    events = page.evaluate("heard")
    return events if kind is None else [detail for name, detail in events if name == kind]


def wait_for(page: Page, kind: str, **fields: Any) -> dict[str, Any]:
    """Wait until the shop's page heard an event, with these fields, and return its detail."""
    test = "([kind, fields]) => heard.find(([t, d]) => t === kind && Object.entries(fields).every(([k, v]) => d[k] === v))"
    return poll(page, test, [kind, fields])[1]


def poll(page: Page, script: str, argument: Any = None) -> Any:
    """Ask the page until its answer is true, and return it. Asked from here, it need not be drawing frames to answer."""
    return until(
        page,
        lambda: page.evaluate(script, argument),
        what=lambda: f"{script} {argument}; heard: {page.evaluate('window.heard')}",
    )


def until(
    page: Page,
    look: Callable[[], T],
    is_good: Callable[[T], object] = bool,
    what: Callable[[], str] = str,
) -> T:
    """Look until what is seen is good, and return it.

    Between two looks the browser is listened to: what a page has asked, said and become is only as new as the last word from there,
    so a test that slept instead would look at the same thing for ever.
    """
    deadline = time.monotonic() + 45
    while not is_good(seen := look()):
        assert time.monotonic() < deadline, f"did not come about; last seen: {seen} {what()}"
        page.wait_for_timeout(50)
    return seen


def is_at_rest(page: Page) -> bool:
    """Tell whether the frame keeps its height: it has said so itself, and the shop's page has followed."""
    before = page.locator(FRAME).bounding_box()
    page.wait_for_timeout(250)
    return page.locator(FRAME).bounding_box() == before


def open_ready(page: Page, url: str) -> Page:
    """Open a shop's page and wait for the widget in it."""
    page.goto(url)
    wait_for(page, "ready")
    return page


def ask_for_money(page: Page, username: str = "customer@example.com") -> None:
    """Fill in the form and send it."""
    inside(page).locator("#wallet_username").fill(username)
    inside(page).locator("#send").click()


def type_card(bank: FrameLocator | Page, card: str) -> None:
    """Take one of the cards that the provider's form offers, by what it does, and pay with it."""
    bank.get_by_role("button", name=card).click()
    bank.locator("button.pay").click()


def answer_challenge(bank: FrameLocator | Page, code: str) -> None:
    """Give the payer's bank a code, once it asks (again): an empty field is a new question."""
    bank.get_by_role("heading", name="Your bank asks").wait_for()
    expect(bank.get_by_label("Code")).to_have_value("")
    bank.get_by_label("Code").fill(code)
    bank.get_by_role("button", name="Confirm").click()


def pretend(page: Page, /, **changes: Any) -> None:
    """Have the bridge's view changed on its way to the browser from now on, in the page and its policies too."""
    provider = "{0.scheme}://{0.netloc}".format(
        urlsplit((changes.get("page") or {}).get("url", ""))
    )

    def poll(route: Route) -> None:
        with suppress(
            Error
        ):  # a page that is closed takes its question with it; one that is open fails by getting no answer
            answer = route.fetch(headers={**route.request.headers, "if-none-match": ""})
            route.fulfill(
                response=answer,
                json={**answer.json(), **changes},
                headers={"content-type": "application/json"},
            )

    def document(route: Route) -> None:
        answer = route.fetch()
        before, mark, rest = answer.text().partition('id="checkout-data">')
        data, end, after = rest.partition("</script>")
        loaded = json.loads(data)
        if loaded["view"]:
            loaded["view"].update(changes)
        body = before + mark + json.dumps(loaded).replace("<", "\\u003c") + end + after
        headers = {
            name: value
            for name, value in answer.headers.items()
            if name not in ("content-encoding", "content-length")
        }
        if provider != "://":
            headers["content-security-policy"] = headers["content-security-policy"].replace(
                "frame-src 'self'", f"frame-src 'self' {provider}"
            )
            headers["permissions-policy"] = headers["permissions-policy"].replace(
                "=(self)", f'=(self "{provider}")'
            )
        route.fulfill(status=answer.status, headers=headers, body=body)

    page.route("**/v1/checkout/*", poll)
    page.route(
        "**/checkout/chk_*",
        lambda route: document(route) if "/v1/" not in route.request.url else route.fallback(),
    )
