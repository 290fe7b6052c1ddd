"""Boot: every way in leads to `ready`, and whatever is blocked leaves a way on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from widget_acts import heard, inside, open_ready, wait_for
from widget_stage import Stage


def ways_in(stage: Stage, token: str) -> dict[str, str]:
    loader = f"{stage.pay}/widget/v1/checkout"
    return {
        "element": stage.element(token),
        "script": f'<script async src="{loader}.js" data-checkout="{token}" data-locale="en"></script>',
        "module": f'<div id=pay></div><script type=module>import {{createCheckout}} from "{loader}.mjs";'
        f'const c = createCheckout({{checkout: async () => "{token}"}}); c.on("ready", e => heard.push(["ready", e.detail])); c.mount("#pay");</script>',
        "trigger": f'<script async src="{loader}.js"></script><button data-bridge-checkout="{token}">Pay</button>',
    }


@pytest.mark.parametrize("way", ["element", "script", "module", "trigger"])
def test_boot__each_way_in__is_ready(way: str, stage: Stage, page: Page) -> None:
    token = stage.token()
    page.goto(stage.page(ways_in(stage, token)[way], "/boot"))
    if way == "trigger":
        page.wait_for_function("!!customElements.get('bridge-checkout')")
        page.get_by_role("button", name="Pay").click()
    assert wait_for(page, "ready")["session"] == token
    assert inside(page).get_by_role("heading", level=1).inner_text().startswith("Pay")
