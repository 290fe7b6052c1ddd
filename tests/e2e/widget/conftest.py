"""One bridge and one browser for all tests of the widget; every test has a fresh browser context."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from widget_stage import Stage, browser_arguments, new_stage

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made, processes, servers = new_stage(tmp_path_factory.mktemp("widget"))
    yield made
    processes.stop()
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def faults_end_with_the_test(stage: Stage) -> Iterator[None]:
    yield
    stage.sandbox.delete("/control/faults")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=45_000)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def launch(playwright: Playwright, stage: Stage) -> Callable[..., Browser]:
    def start(*more: str, **options: Any) -> Browser:
        arguments = [*browser_arguments(stage), *more]
        return playwright.chromium.launch(executable_path=CHROMIUM, args=arguments, **options)

    return start


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    made: list[BrowserContext] = []

    def new(**options: Any) -> BrowserContext:
        context = browser.new_context(
            **{"locale": "en-GB", "viewport": {"width": 900, "height": 1000}, **options}
        )
        context.set_default_timeout(45_000)
        made.append(context)
        return context

    yield new
    for context in made:
        context.close()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context().new_page()


@pytest.fixture(scope="session")
def tools() -> Path:
    """Where axe-core and TypeScript are; `.ci/prepare tests` puts them there."""
    found = Path(__file__).resolve().parents[3] / ".venv" / "browser" / "node_modules"
    assert (found / "axe-core" / "axe.min.js").is_file(), (
        "run `.ci/prepare tests`: axe-core and typescript are missing"
    )
    return found
