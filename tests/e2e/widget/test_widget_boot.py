"""Boot: every way in leads to `ready`, and whatever is blocked leaves a way on."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import Page, Route, expect
from widget_acts import FRAME, ask_for_money, heard, inside, open_ready, poll, until, wait_for
from widget_stage import Stage


def module(stage: Stage) -> str:
    return f'import {{createCheckout}} from "{stage.pay}/widget/v1/checkout.mjs";'


def stub(stage: Stage) -> str:
    """The text of checkout.js, as a page's optimizer puts it into the page."""
    return requests.get(f"{stage.pay}/widget/v1/checkout.js", timeout=10).text


def ways_in(stage: Stage, token: str) -> dict[str, str]:
    loader = f"{stage.pay}/widget/v1/checkout"
    return {
        "element": stage.element(token),
        "script": f'<script async src="{loader}.js" data-checkout="{token}" data-locale="en"></script>',
        "module": f'<div id=pay></div><script type=module>import {{createCheckout}} from "{loader}.mjs";'
        f'const c = createCheckout({{checkout: async () => "{token}"}}); c.on("ready", e => heard.push(["ready", e.detail])); c.mount("#pay");</script>',
        "script as a module": f'<script type=module src="{loader}.js" data-checkout="{token}" data-locale="en"></script>',
        "script inlined": f'<script data-checkout="{token}" data-locale="en">{stub(stage)}</script>',
        "script inlined as a module": f'<script type=module data-checkout="{token}" data-locale="en">{stub(stage)}</script>',
        "trigger": f'<script async src="{loader}.js"></script><button data-bridge-checkout="{token}">Pay</button>',
    }


SCRIPTS = ["script as a module", "script inlined", "script inlined as a module"]


@pytest.mark.parametrize("way", ["element", "script", "module", *SCRIPTS, "trigger"])
def test_boot__each_way_in__is_ready(way: str, stage: Stage, page: Page) -> None:
    token = stage.token()
    page.goto(stage.page(ways_in(stage, token)[way], "/boot"))
    if way == "trigger":
        poll(page, "!!customElements.get('bridge-checkout')")
        page.get_by_role("button", name="Pay").click()
    assert wait_for(page, "ready")["session"] == token
    expect(inside(page).get_by_role("heading", level=1)).to_contain_text("Pay")


def test_boot__script_twice_and_two_versions__is_one_frame_and_no_error(
    stage: Stage, page: Page
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    twice = f'<script async src="{stage.pay}/widget/v1/checkout.js"></script>' * 2
    page.goto(
        stage.page(
            twice
            + stage.element(stage.token(), version="v0.1.0")
            + stage.element("", version="v1"),
            "/boot",
        )
    )
    wait_for(page, "ready")
    assert page.locator(FRAME).count() == 1
    assert errors == []


@pytest.mark.parametrize("order", ["element first", "script first"])
def test_boot__element_before_or_after_script__is_ready(
    order: str, stage: Stage, page: Page
) -> None:
    script, _, element = stage.element(stage.token()).partition("</script>")
    parts = (
        [element, script + "</script>"]
        if order == "element first"
        else [script + "</script>", element]
    )
    open_ready(page, stage.page("".join(parts), "/boot"))
    assert page.locator(FRAME).count() == 1


def test_boot__connected_disconnected_connected_in_one_breath__is_one_frame(
    stage: Stage, page: Page
) -> None:
    page.goto(stage.page(stage.element("", ""), "/boot"))
    page.evaluate(
        """token => { const e = document.querySelector('bridge-checkout'); e.remove(); e.setAttribute('checkout', token);
        const m = document.querySelector('main'); m.append(e); e.remove(); m.append(e); window.loads = 0;
        new MutationObserver(all => all.forEach(x => x.addedNodes.forEach(n => { if (n.localName === 'iframe') window.loads++; })))
          .observe(e.shadowRoot ?? e, {subtree: true, childList: true}); }""",
        stage.token(),
    )
    wait_for(page, "ready")
    page.wait_for_timeout(300)
    assert page.locator(FRAME).count() == 1
    assert len(heard(page, "ready")) == 1


def test_boot__two_widgets_side_by_side__each_hears_its_own(stage: Stage, page: Page) -> None:
    one, other = stage.token(), stage.token()
    page.goto(stage.page(stage.element(one) + stage.element(other), "/boot"))
    poll(page, "heard.filter(([t]) => t === 'ready').length === 2")
    assert {event["session"] for event in heard(page, "ready")} == {one, other}


def test_boot__twenty_mounts_and_destroys__leave_nothing(stage: Stage, page: Page) -> None:
    page.goto(
        stage.page(
            f"<div id=pay></div><script type=module>{module(stage)}window.make = createCheckout</script>",
            "/boot",
        )
    )
    poll(page, "!!window.make")
    cycle = """async ([token, times]) => { for (let i = 0; i < times; i++) {
      const c = make({checkout: token}); await c.mount('#pay'); await new Promise(done => c.on('ready', done)); c.destroy(); } }"""
    token = stage.token()
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")

    def left_over() -> dict[str, float]:
        cdp.send("HeapProfiler.collectGarbage")
        metrics = {
            entry["name"]: entry["value"] for entry in cdp.send("Performance.getMetrics")["metrics"]
        }
        return {name: metrics[name] for name in ("Nodes", "JSEventListeners", "Frames")}

    page.evaluate(cycle, [token, 3])
    before = left_over()
    page.evaluate(cycle, [token, 20])
    until(page, lambda: page.locator("iframe").count() == 0 and len(page.frames) == 1)
    # The browser takes its time to clear up; what is left of twenty cycles would be left for ever.
    until(page, left_over, lambda after: all(after[name] <= before[name] + 15 for name in before))


@pytest.mark.parametrize("phase", ["made", "fetching", "loading", "ready", "destroyed"])
def test_boot__destroy_in_every_phase__is_silent(phase: str, stage: Stage, page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(
        stage.page(
            f"<div id=pay></div><script type=module>{module(stage)}window.make = createCheckout</script>",
            "/boot",
        )
    )
    poll(page, "!!window.make")
    page.evaluate(
        """async ([token, phase]) => {
        const c = make({checkout: () => new Promise(r => setTimeout(r, phase === 'fetching' ? 300 : 0, token))});
        const mounted = phase === 'made' ? null : c.mount('#pay');
        if (phase !== 'made' && phase !== 'fetching') await mounted;
        if (phase === 'ready') await new Promise(done => c.on('ready', done));
        c.destroy(); if (phase === 'destroyed') c.destroy();
        c.update({theme: 'dark'}); c.focus(); c.cancel(); c.reload(); await mounted; }""",
        [stage.token(), phase],
    )
    page.wait_for_timeout(400)
    assert page.locator("iframe").count() == 0
    assert errors == []


def test_fallback__script_blocked__leaves_the_link_inside(stage: Stage, page: Page) -> None:
    page.route("**/checkout.mjs*", lambda route: route.abort())
    token = stage.token()
    page.goto(
        stage.page(
            stage.element(token, inside=f'<a href="{stage.pay}/checkout/{token}">Pay safely</a>'),
            "/boot",
        )
    )
    page.get_by_role("link", name="Pay safely").click()
    page.wait_for_url(f"{stage.pay}/checkout/{token}")


@pytest.mark.parametrize("way", ["script", *SCRIPTS])
def test_fallback__script_tag_without_its_module__leaves_a_link(
    way: str, stage: Stage, page: Page
) -> None:
    """A module is not told its own tag, and a script in the page has no address (lesson 77)."""
    asked: list[str] = []
    token = stage.token()
    page.route("**/checkout.mjs*", lambda route: (asked.append(route.request.url), route.abort()))
    page.goto(stage.page(ways_in(stage, token)[way], "/boot"))
    link = page.get_by_role("link", name="Continue to payment")
    expect(link).to_have_attribute("href", f"{stage.pay}/checkout/{token}")
    assert link.count() == 1
    until(page, lambda: len(asked) == 2)


@pytest.mark.parametrize("trouble", ["network", "refused", "silent"])
def test_fallback__frame_does_not_come__is_a_named_error_with_ways_on(
    trouble: str, stage: Stage, page: Page
) -> None:
    codes = {"network": "frame_refused", "refused": "frame_refused", "silent": "frame_timeout"}
    token = stage.token()
    tried: list[str] = []

    def answer(route: Route) -> None:
        tried.append(route.request.url)
        if trouble == "network":
            route.abort()
        elif trouble == "refused":
            route.fulfill(
                status=200,
                body="<p>no",
                headers={
                    "content-security-policy": "frame-ancestors 'none'",
                    "content-type": "text/html",
                },
            )

    page.route("**/checkout/chk_*", answer)
    page.goto(
        stage.page(
            stage.element(
                token, 'timeout-ms="6000"', f'<a href="{stage.pay}/checkout/{token}">Pay safely</a>'
            ),
            "/boot",
        )
    )
    assert wait_for(page, "error")["code"] == codes[trouble]
    assert len(tried) == 2
    expect(page.get_by_role("link", name="Pay safely")).to_be_visible()
    page.unroute("**/checkout/chk_*")
    page.get_by_role("button", name="Try again").click()
    wait_for(page, "ready")


@pytest.mark.parametrize(
    "token", ["", "nonsense", "chk_unknownunknownunknown1", "<img src=x onerror=alert(1)>"]
)
def test_fallback__token_is_none_of_ours__is_an_error_and_never_an_empty_box(
    token: str, stage: Stage, page: Page
) -> None:
    page.goto(
        stage.page(
            f"<div id=pay></div><script type=module>{module(stage)}window.make = createCheckout</script>",
            "/boot",
        )
    )
    poll(page, "!!window.make")
    code = page.evaluate(
        "token => new Promise(done => { const c = make({checkout: token, timeoutMs: 2000}); c.on('error', e => done(e.detail.code)); c.mount('#pay'); })",
        token,
    )
    assert code in ("session_expired", "frame_refused")
    expect(page.get_by_text("The payment form could not be loaded")).to_be_visible()


def test_events__late_listener__hears_what_lasts(stage: Stage, page: Page) -> None:
    page.goto(stage.page(f'<div id=pay></div><script type=module>{module(stage)}window.c = createCheckout({{checkout: "{stage.token()}"}}); '
                         'await c.mount("#pay"); c.on("ready", () => { window.early = true; });</script>', "/boot"))  # fmt: skip
    poll(page, "window.early")
    late = "types => Promise.all(types.map(t => new Promise(done => c.on(t, e => done(e.detail.state)))))"
    assert page.evaluate(late, ["ready", "statechange"]) == ["ready", "ready"]
    inside(page).locator("#cancel").click()
    page.evaluate("new Promise(done => c.on('cancel', done)).then(() => 0)")
    assert page.evaluate(late, ["ready", "statechange", "cancel"]) == [
        "ready",
        "canceled",
        "canceled",
    ]


def test_handshake__first_hellos_are_lost__repeats_them(stage: Stage, page: Page) -> None:
    deaf = "<script>let lost = 0; addEventListener('message', e => { if (e.data?.type === 'frame.hello' && lost++ < 4) e.stopImmediatePropagation(); });</script>"
    page.goto(stage.page(deaf + stage.element(stage.token()), "/boot"))
    wait_for(page, "ready")
    assert page.evaluate("lost") >= 5  # one more may be under way when the fifth is answered


def test_boot__moved_with_append__loads_again_and_resumes(stage: Stage, page: Page) -> None:
    """A browser loads a frame anew that is moved; the payment that was asked for goes on where it was."""
    open_ready(
        page, stage.page(stage.element(stage.token()) + "<section id=there></section>", "/boot")
    )
    ask_for_money(page)
    wait_for(page, "statechange", state="awaiting")
    page.evaluate("there.append(document.querySelector('bridge-checkout'))")
    poll(page, "heard.filter(([t]) => t === 'ready').length === 2")
    assert heard(page, "ready")[-1]["state"] == "awaiting"
    expect(inside(page).get_by_role("heading", level=1)).to_have_text("Approve in your app")


def test_boot__moved_with_move_before__keeps_its_frame(stage: Stage, page: Page) -> None:
    open_ready(
        page, stage.page(stage.element(stage.token()) + "<section id=there></section>", "/boot")
    )
    inside(page).locator("#wallet_username").fill("kept@example.com")
    page.evaluate("there.moveBefore(document.querySelector('bridge-checkout'), null)")
    page.wait_for_timeout(500)
    assert inside(page).locator("#wallet_username").input_value() == "kept@example.com"
    assert len(heard(page, "ready")) == 1


def test_update__theme_and_locale__reach_the_frame(stage: Stage, page: Page) -> None:
    open_ready(page, stage.page(stage.element(stage.token()), "/boot"))
    page.evaluate("document.querySelector('bridge-checkout').setAttribute('theme', 'dark')")
    inside(page).locator("html[data-theme=dark]").wait_for(state="attached")
    page.evaluate("document.querySelector('bridge-checkout').setAttribute('locale', 'de')")
    inside(page).get_by_role("button", name="Anfrage senden").wait_for()
