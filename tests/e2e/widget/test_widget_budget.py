"""What the widget costs a shop's page: bytes, requests, moved pixels, strangers."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from budget import measure
from playwright.sync_api import Page
from widget_acts import ask_for_money, open_ready, wait_for
from widget_stage import Stage


@pytest.mark.parametrize("language", ["de", "en"])
def test_budget__bytes_as_served__are_kept(language: str, stage: Stage) -> None:
    lines = list(measure(stage.pay, stage.token(), language))
    assert len(lines) == 4
    assert [line for line in lines if not line.is_kept] == []


def test_budget__requests__are_few_and_to_us_alone(stage: Stage, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_ready(page, stage.page(stage.element(stage.token()), "/budget"))
    ours = [urlsplit(url).path for url in asked if url.startswith(stage.pay)]
    assert [path for path in ours if path.startswith("/widget/")] == ["/widget/v1/checkout.mjs"]
    of_frame = [path for path in ours if not path.startswith(("/widget/", "/v1/"))]
    tries = sum(
        path.startswith("/checkout/") for path in of_frame
    )  # two where the machine is so slow that the widget tries again
    assert len(of_frame) <= 3 * tries and len(set(of_frame)) == 3
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {
        urlsplit(url).netloc for url in (stage.pay, stage.shop)
    }


SHIFT = "<script>window.shift = 0; new PerformanceObserver(l => l.getEntries().forEach(e => shift += e.value)).observe({type: 'layout-shift', buffered: true});</script>"


def test_budget__layout_shift_with_reserved_height__is_nothing(stage: Stage, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 1200})
    reserved = "<style>bridge-checkout{min-height:900px!important}</style>"
    payment = stage.payment()
    open_ready(
        page,
        stage.page(
            SHIFT + reserved + stage.element(payment["checkout"]["token"]) + "<p>below</p>",
            "/shift",
        ),
    )
    ask_for_money(page)
    wait_for(page, "statechange", state="awaiting")
    page.wait_for_timeout(500)
    assert page.evaluate("shift") == 0
