"""Look and access: every state for everybody, in light and dark, in two languages, on small and large screens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page
from support import until
from widget_acts import FRAME, ask_for_money, frame_of, inside, open_ready, pretend, wait_for
from widget_stage import Stage
from widget_states import show

STATES = ("ready", "reasons", "blocked", "sending", "awaiting", "card", "checking", "waiting", "succeeded", "declined", "expired", "canceled", "failed")
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "rules": {"target-size": {"enabled": True}}}


def findings(page: Page, tools: Path) -> list[str]:
    """Run axe in the shop's page and in our frame, and finish over both."""
    source = (tools / "axe-core" / "axe.min.js").read_text()
    frame = frame_of(page)
    for where in (page, frame):
        where.evaluate(source)
    parts = [where.evaluate("options => axe.runPartial(document, options)", AXE) for where in (page, frame)]
    parts[0]["frames"] = parts[0]["frames"][:1]
    blank = page.context.new_page()
    blank.evaluate(source)
    results = blank.evaluate("([parts, options]) => axe.finishRun(parts, options)", [parts, AXE])
    blank.close()
    return [f"{entry['id']}: {node['target']} {node['failureSummary']}" for entry in results["violations"] for node in entry["nodes"]]


@pytest.mark.parametrize("state", STATES)
def test_axe__state_in_both_schemes_languages_and_widths__finds_nothing(
    state: str, stage: Stage, tools: Path, new_context: Callable[..., BrowserContext]
) -> None:
    found = []
    context = new_context(bypass_csp=True)
    for language in ("de", "en"):
        page = context.new_page()
        show(stage, page, state, language)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.wait_for_timeout(50)
                found += [f"{language} {width} {scheme}: {entry}" for entry in findings(page, tools)]
        page.close()
    assert found == []


def test_keyboard__whole_form__is_reached_and_left_in_both_directions(stage: Stage, page: Page) -> None:
    body = "<button id=before>before</button>" + stage.element(stage.token()) + "<button id=after>after</button>"
    open_ready(page, stage.page(body, "/keys"))
    page.locator("#before").focus()
    page.keyboard.press("Tab")
    assert frame_of(page).evaluate("document.activeElement.id") == "wallet_username"
    page.keyboard.type("no address")
    page.keyboard.press("Enter")
    until(lambda: inside(page).locator("#wallet_username-error").is_visible())
    assert frame_of(page).evaluate("document.activeElement.id") == "wallet_username"
    for expected in ("send", "cancel"):
        page.keyboard.press("Tab")
        assert frame_of(page).evaluate("document.activeElement.id") == expected
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "after"
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.id") == "before"


def test_live_region__whole_payment__says_each_thing_once(stage: Stage, page: Page) -> None:
    payment = stage.payment()
    open_ready(page, stage.page(stage.element(payment["checkout"]["token"]), "/live"))
    frame_of(page).evaluate("""() => { window.spoken = []; const live = document.getElementById('live');
        new MutationObserver(() => spoken.push(live.textContent)).observe(live, { childList: true, characterData: true, subtree: true }); }""")
    ask_for_money(page)
    wait_for(page, "statechange", state="awaiting")
    stage.payer(payment, "accept")
    wait_for(page, "success")
    assert frame_of(page).evaluate("spoken") == ["Sending request …", "Approve in your app", "Payment successful"]


def test_timer__last_minute__is_announced_at_its_marks(stage: Stage, page: Page) -> None:
    page.clock.install()
    now = page.evaluate("Date.now()") / 1000
    iso = lambda seconds: f"new Date({(now + seconds) * 1000})"  # noqa: E731
    stamps = page.evaluate(f"[{iso(0)}.toISOString(), {iso(62)}.toISOString()]")
    pretend(page, status="pending", fields=[], now=stamps[0], expires_at=stamps[1])
    open_ready(page, stage.page(stage.element(stage.token()), "/live"))
    page.unroute("**/v1/checkout/*")
    page.route("**/v1/checkout/*", lambda route: route.abort())
    frame_of(page).evaluate("""() => { window.spoken = []; const live = document.getElementById('live');
        new MutationObserver(() => spoken.push(live.textContent)).observe(live, { childList: true, characterData: true, subtree: true }); }""")
    page.clock.run_for(58_000)
    marks = [said.replace("\u2068", "").replace("\u2069", "") for said in frame_of(page).evaluate("spoken") if "left" in said]
    assert marks == ["1 minute left", "30 seconds left", "10 seconds left"]


def test_reduced_motion__spinner__turns_slowly_and_stays(stage: Stage, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(reduced_motion="reduce").new_page()
    show(stage, page, "sending")
    style = "getComputedStyle(document.querySelector('#mark .spinner'))"
    assert frame_of(page).evaluate(f"[{style}.animationDuration, {style}.animationName]") == ["4s", "turn"]


def test_forced_colors__buttons_and_bar__have_edges(stage: Stage, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(forced_colors="active").new_page()
    show(stage, page, "awaiting")
    edges = frame_of(page).evaluate("['.bar', '#cancel'].map(s => getComputedStyle(document.querySelector(s)).borderTopWidth)")
    assert edges == ["1px", "1px"]


@pytest.mark.parametrize("css", [
    "html{font-size:200%}",
    "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important} p{margin-bottom:2em!important}",
], ids=["text 200 %", "text spacing"])  # fmt: skip
@pytest.mark.parametrize("state", ["reasons", "awaiting", "declined"])
def test_reflow__at_320_pixels__nothing_is_cut(css: str, state: str, stage: Stage, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(viewport={"width": 320, "height": 800}, bypass_csp=True).new_page()
    show(stage, page, state, "de")
    frame_of(page).evaluate("css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }", css)
    page.wait_for_timeout(300)
    assert frame_of(page).evaluate("document.documentElement.scrollWidth <= innerWidth")
    # A frame grows to 2400 pixels; what is taller is scrolled to.
    poll_frame = "document.getElementById('checkout').scrollHeight <= innerHeight + 2 || innerHeight === 2400"
    until(lambda: frame_of(page).evaluate(poll_frame))


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
@pytest.mark.parametrize("host", ["normal", "light", "dark", "light dark"])
def test_surface__each_scheme_of_shop_and_system__is_ours_to_the_edge(theme: str, host: str, stage: Stage, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    body = f"<style>:root{{color-scheme:{host}}}</style>" + stage.element(stage.token(), f'theme="{theme}"')
    open_ready(page, stage.page(body, "/surface"))
    ground = "rgb(255, 255, 255)" if theme == "light" else "rgb(23, 26, 33)"
    assert frame_of(page).evaluate("getComputedStyle(document.body).backgroundColor") == ground
    box = page.locator(FRAME).bounding_box()
    pixel = page.screenshot(clip={"x": box["x"] + box["width"] - 40, "y": box["y"] + box["height"] - 8, "width": 1, "height": 1})
    assert rgb_of(page, pixel) == ground


def rgb_of(page: Page, png: bytes) -> str:
    import base64

    blank = page.context.new_page()
    found = blank.evaluate(
        """async data => { const i = new Image(); i.src = 'data:image/png;base64,' + data; await i.decode();
        const c = new OffscreenCanvas(1, 1).getContext('2d'); c.drawImage(i, 0, 0); return `rgb(${[...c.getImageData(0, 0, 1, 1).data].slice(0, 3).join(', ')})`; }""",
        base64.b64encode(png).decode(),
    )
    blank.close()
    return str(found)


LONGER = """{ const parse = JSON.parse; JSON.parse = (...text) => {
  const found = parse(...text);
  if (found?.texts) found.texts.states.awaiting = found.texts.states.awaiting.map((t) => 'Verylongwordsareusedinthislanguage and even more words, ' + t);
  return found;
}; addEventListener('DOMContentLoaded', () => document.querySelectorAll('#cancel, .match p').forEach((e) => e.append(' and even more words'))); }"""


def test_right_to_left__longer_words__nothing_is_cut_and_the_bar_is_mirrored(stage: Stage, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(viewport={"width": 320, "height": 900}).new_page()

    page.add_init_script(LONGER)
    show(stage, page, "awaiting", attributes='dir="rtl"')
    assert frame_of(page).evaluate("document.documentElement.dir") == "rtl"
    assert inside(page).get_by_role("heading", name="Verylongwords").is_visible()
    assert frame_of(page).evaluate("document.documentElement.scrollWidth <= innerWidth")
    right = "getComputedStyle(document.getElementById('bar').parentNode).direction"
    assert frame_of(page).evaluate(right) == "rtl"


def test_print__result__has_amount_and_outcome(stage: Stage, page: Page) -> None:
    show(stage, page, "succeeded")
    page.emulate_media(media="print")
    seen = inside(page).locator("body").inner_text()
    assert "€49.99" in seen.replace("\u2068", "") and "Payment successful" in seen
    assert not inside(page).locator(".actions").is_visible()
    assert page.pdf()[:5] == b"%PDF-"


COLORS = "['--color-primary', '--color-on-primary', '--color-text', '--color-background', '--muted'].map(p => document.documentElement.style.getPropertyValue(p))"


@pytest.mark.parametrize(("tokens", "colors"), [
    ({"color-primary": "#0b57d0"}, ["rgb(11,87,208)", "", "", "", ""]),
    ({"color-primary": "#ffff00", "color-on-primary": "#ffffff"}, ["", "", "", "", ""]),
    ({"color-text": "#777777"}, ["", "", "", "", ""]),
    ({"color-text": "#111", "color-background": "#fffbe6"}, ["", "", "rgb(17,17,17)", "rgb(255,251,230)", ""]),
    ({"color-text": "#6b6b6b", "color-background": "#ffffff"}, ["", "", "rgb(107,107,107)", "rgb(255,255,255)", "rgb(107,107,107)"]),
    ({"color-primary": "url(https://evil.test/x)"}, ["", "", "", "", ""]),
    ({"color-primary": "red;} body{display:none"}, ["", "", "", "", ""]),
    ({"color-primary": "transparent"}, ["", "", "", "", ""]),
    ({"color-background": "var(--x, red)"}, ["", "", "", "", ""]),
])  # fmt: skip
def test_tokens__good_and_hostile__only_what_can_be_read_is_worn(tokens: dict[str, str], colors: list[str], stage: Stage, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    attributes = " ".join(f'appearance-{name}="{value}"' for name, value in tokens.items())
    open_ready(page, stage.page(stage.element(stage.token(), attributes), "/tokens"))
    assert [value.replace(" ", "") for value in frame_of(page).evaluate(COLORS)] == colors
    assert not [url for url in asked if "evil.test" in url]


def test_tokens__sizes_and_fonts__stay_within_bounds(stage: Stage, page: Page) -> None:
    attributes = 'appearance-font-size-base="99px" appearance-border-radius="-3px" appearance-spacing-unit="1px" appearance-font-family="Georgia, serif"'
    open_ready(page, stage.page(stage.element(stage.token(), attributes), "/tokens"))
    names = "['--font-size-base', '--border-radius', '--spacing-unit', '--font-family'].map(p => document.documentElement.style.getPropertyValue(p))"
    assert frame_of(page).evaluate(names) == ["24px", "", "4px", "Georgia, serif"]
    assert frame_of(page).evaluate("parseFloat(getComputedStyle(document.getElementById('wallet_username')).fontSize) >= 16")


def test_picture__same_state_twice__is_the_same(stage: Stage, page: Page) -> None:
    """Nothing moves by itself on a page at rest."""
    show(stage, page, "succeeded")
    page.wait_for_timeout(300)
    first = page.locator(FRAME).screenshot(animations="disabled")
    page.wait_for_timeout(1500)
    assert page.locator(FRAME).screenshot(animations="disabled") == first
