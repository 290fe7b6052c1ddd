"""What the scripted customers of the adapters share: looking until something is so, the sandbox, a browser with the widget in it.

Real are the browser, the shop, the bridge and the provider's sandbox. Every step is printed; the first that fails ends the story.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import click
import requests
from playwright.sync_api import Browser, Frame, Page, sync_playwright

WALLET = "customer@example.com"
CODE = "1234"  # what the bank of the sandbox's cards wants to hear
PATIENCE = 120.0  # seconds for anything that a slow machine does

Somebody = TypeVar("Somebody")
Newcomer = Callable[[], AbstractContextManager[Somebody]]


class Failed(Exception):
    """Something is not as it should be."""


def must(found: object, expected: object, what: str) -> None:
    """Raise Failed unless both are the same."""
    if found != expected:
        raise Failed(f"{what}: {found!r} instead of {expected!r}")
    click.echo(f"  ok  {what}: {found!r}")


def until(look: Callable[[], object], expected: object, what: str) -> None:
    """Look again and again until it is as expected; raise Failed when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while (found := look()) != expected and time.monotonic() < deadline:
        time.sleep(1)
    must(found, expected, what)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The provider's side."""

    url: str

    def control(self, method: str, path: str, **body: Any) -> Any:
        """Make a control call."""
        answer = requests.request(
            method,
            f"{self.url}/control/{path}",
            json=body if method == "POST" else None,
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """Return the ledger's entries of a kind, oldest first."""
        return [
            entry for entry in self.control("GET", "ledger")["entries"] if entry["kind"] == kind
        ]

    def newest_request(self, known: int) -> str:
        """Wait for one request more than `known` and return its reference."""
        until(lambda: len(self.entries("request")) > known, True, "the wallet has heard of it")
        return str(self.entries("request")[-1]["reference"])

    def refunded(self, known: int) -> list[int]:
        """Return what was refunded after the first `known` refunds, in minor units."""
        return [entry["amount"] for entry in self.entries("refund")[known:]]


@dataclass(slots=True)
class Payer:
    """Somebody with a browser, before a page of a shop that has the widget in it."""

    shop: str
    product: str
    page: Page

    def checkout(self) -> Frame:
        """Return the bridge's frame, from inside the widget."""
        frame = self.page.locator("bridge-checkout iframe").element_handle().content_frame()
        assert frame is not None
        return frame

    def enter_wallet(self) -> None:
        """Say which wallet is asked for the money."""
        frame = self.checkout()
        frame.locator("#wallet_username").fill(WALLET)
        frame.locator("#send").click()

    def enter_card(self) -> None:
        """Pay with the sandbox's card whose bank asks for a code, in the provider's form inside the frame."""
        form = self.page.frame_locator("bridge-checkout iframe").frame_locator("#page iframe")
        form.get_by_role("button", name="asks for a code").click()
        form.locator("button.pay").click()
        form.get_by_label("Code", exact=True).fill(
            CODE
        )  # not the card's security code, which is there a moment longer
        form.get_by_role("button", name="Confirm").click()


@contextmanager
def browser_at(chromium: str) -> Iterator[Browser]:
    """Run the Chromium at a path."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def newcomers(
    browser: Browser, make: Callable[[Page], Somebody], **profile: Any
) -> Newcomer[Somebody]:
    """Return a function that opens a fresh browser profile with somebody in it."""

    @contextmanager
    def new() -> Iterator[Somebody]:
        context = browser.new_context(viewport={"width": 1280, "height": 1400}, **profile)
        context.set_default_timeout(PATIENCE * 1000)
        try:
            yield make(context.new_page())
        finally:
            context.close()

    return new


def tell(play: Callable[[], object]) -> None:
    """Play, and end the program with exit 1 and one line where something is not as it should be."""
    try:
        play()
    except Failed as failure:
        raise click.ClickException(str(failure)) from None
    click.echo("all ok")
