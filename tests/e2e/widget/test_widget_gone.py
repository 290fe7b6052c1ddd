"""Tokens that lead nowhere: what a shop's page hears, what its payer sees, and where both go from there."""

from __future__ import annotations

import json

from playwright.sync_api import Page, Route, expect
from widget_acts import heard, inside, wait_for
from widget_stage import Stage

MARK = 'id="checkout-data">'


def let_it_be_over(page: Page) -> None:
    """Have the bridge answer as it does a day after the expiry."""

    def answer(route: Route) -> None:
        found = route.fetch()
        before, _, rest = found.text().partition(MARK)
        data, end, after = rest.partition("</script>")
        loaded = json.loads(data)
        ways = {name: loaded["view"][name] for name in ("merchant", "return_url", "cancel_url")}
        body = (
            before
            + MARK
            + json.dumps(loaded | {"view": ways, "code": "checkout_gone"})
            + end
            + after
        )
        kept = {
            name: value
            for name, value in found.headers.items()
            if name not in ("content-encoding", "content-length")
        }
        route.fulfill(status=410, headers=kept, body=body)

    page.route("**/checkout/chk_*", answer)


def test_gone__in_the_shops_page__says_so_and_leads_back(stage: Stage, page: Page) -> None:
    let_it_be_over(page)
    page.goto(stage.page(stage.element(stage.token()), "/gone"))
    assert wait_for(page, "error")["code"] == "session_expired"
    expect(inside(page).get_by_role("heading", name="This page is no longer valid")).to_be_visible()
    assert inside(page).locator("#go:visible").get_attribute("href") == f"{stage.shop}/cart"
    assert wait_for(page, "statechange")["state"] == "gone"
    assert (
        heard(page, "fail") == heard(page, "success") == []
    )  # what became of the payment is not known here


def test_gone__alone__says_so_and_asks_no_more(stage: Stage, page: Page) -> None:
    asked: list[str] = []
    let_it_be_over(page)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{stage.pay}/checkout/{stage.token()}?locale=de")
    expect(page.get_by_role("heading", name="Diese Seite ist nicht mehr gültig")).to_be_visible()
    page.wait_for_timeout(2000)
    assert not [url for url in asked if "/v1/" in url]
    assert page.title() == "Diese Seite ist nicht mehr gültig – Acme GmbH"


def test_unknown__in_the_shops_page__is_a_named_error_and_its_link_leads_to_a_page_that_says_why(
    stage: Stage, page: Page
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(stage.page(stage.element("chk_unknownunknownunknown1", 'timeout-ms="6000"'), "/gone"))
    assert wait_for(page, "error")["code"] == "frame_refused"
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.get_by_role("link", name="Continue on the payment page").click()
    page.get_by_role("heading", name="This page is no longer valid").wait_for()
    assert [
        element.inner_text() for element in page.locator("button:visible, a:visible").all()
    ] == ["Reload"]
    assert errors == []
