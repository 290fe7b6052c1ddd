"""Look and access: every state for everybody, in light and dark, in two languages, on small and large screens."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect
from widget_acts import (
    FRAME,
    ask_for_money,
    frame_of,
    inside,
    is_at_rest,
    open_ready,
    pretend,
    until,
    wait_for,
)
from widget_pdf import text_of
from widget_stage import Stage
from widget_states import show, states

STATES = (
    "ready", "reasons", "blocked", "sending", "awaiting", "card", "checking", "waiting", "succeeded", "declined", "expired", "canceled", "failed", "gone",
)  # fmt: skip
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
}


def findings(page: Page, blank: Page) -> list[str]:
    """Run axe in the shop's page and in our frame, and finish over both in a blank page."""
    parts = [
        where.evaluate("options => axe.runPartial(document, options)", AXE)
        for where in (page, frame_of(page))
    ]
    parts[0]["frames"] = parts[0]["frames"][:1]
    results = blank.evaluate("([parts, options]) => axe.finishRun(parts, options)", [parts, AXE])
    assert "target-size" in {
        entry["id"]
        for kind in ("passes", "violations", "incomplete", "inapplicable")
        for entry in results[kind]
    }
    return [
        f"{entry['id']}: {node['target']} {node['failureSummary']}"
        for entry in results["violations"]
        for node in entry["nodes"]
    ]


@pytest.mark.parametrize("state", STATES)
def test_axe__state_in_both_schemes_languages_and_widths__finds_nothing(
    state: str, stage: Stage, tools: Path, new_context: Callable[..., BrowserContext]
) -> None:
    found = []
    context = new_context(bypass_csp=True)
    source = (tools / "axe-core" / "axe.min.js").read_text()
    blank, page = context.new_page(), context.new_page()
    blank.evaluate(source)
    for language in ("de", "en"):
        show(stage, page, state, language)
        for where in (page, frame_of(page)):
            where.evaluate(source)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                settled(page)
                found += [
                    f"{language} {width} {scheme}: {entry}" for entry in findings(page, blank)
                ]
    assert found == []


def settled(page: Page) -> None:
    """Let the browser draw twice in the shop's page and in ours: then what was set is what is seen."""
    for where in (page, frame_of(page)):
        where.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"
        )


def picture_at_rest(page: Page) -> bytes:
    """Picture the frame as soon as two pictures in a row are the same: a busy machine draws the last change late."""
    hidden = [inside(page).locator("#order, #page")]  # never the same number; not our page
    before = b""
    for _ in range(20):
        settled(page)
        now = page.locator(FRAME).screenshot(animations="disabled", mask=hidden)
        if now == before:
            break
        before = now
        page.wait_for_timeout(300)
    return before


def focus_is(page: Page, name: str, where: Page | Frame) -> None:
    """Wait until an element has the focus, in a document that has it too: from one site to another it takes a moment."""
    until(
        page,
        lambda: where.evaluate("document.hasFocus() && document.activeElement.id"),
        lambda found: found == name,
    )


def test_keyboard__whole_form__is_reached_and_left_in_both_directions(
    stage: Stage, page: Page
) -> None:
    body = (
        "<button id=before>before</button>"
        + stage.element(stage.token())
        + "<button id=after>after</button>"
    )
    open_ready(page, stage.page(body, "/keys"))
    page.locator("#before").focus()
    page.keyboard.press("Tab")
    focus_is(page, "wallet_username", frame_of(page))
    page.keyboard.type("no address")
    page.keyboard.press("Enter")
    expect(inside(page).locator("#wallet_username-error")).to_be_visible()
    focus_is(page, "wallet_username", frame_of(page))
    for expected in ("send", "cancel"):
        page.keyboard.press("Tab")
        focus_is(page, expected, frame_of(page))
    page.keyboard.press("Tab")
    focus_is(page, "after", page)
    for expected in ("cancel", "send", "wallet_username"):
        page.keyboard.press("Shift+Tab")
        focus_is(page, expected, frame_of(page))
    page.keyboard.press("Shift+Tab")
    focus_is(page, "before", page)


def test_live_region__whole_payment__says_each_thing_once(stage: Stage, page: Page) -> None:
    payment = stage.payment()
    open_ready(page, stage.page(stage.element(payment["checkout"]["token"]), "/live"))
    frame_of(
        page
    ).evaluate("""() => { window.spoken = []; const live = document.getElementById('live');
        new MutationObserver(() => spoken.push(live.textContent)).observe(live, { childList: true, characterData: true, subtree: true }); }""")
    ask_for_money(page)
    wait_for(page, "statechange", state="awaiting")
    stage.payer(payment, "accept")
    wait_for(page, "success")
    assert frame_of(page).evaluate("spoken") == [
        "Sending request …",
        "Approve in your app",
        "Payment successful",
    ]


def test_timer__last_minute__is_announced_at_its_marks(stage: Stage, page: Page) -> None:
    page.clock.install()
    now = page.evaluate("Date.now()") / 1000
    iso = lambda seconds: f"new Date({(now + seconds) * 1000})"  # noqa: E731
    stamps = page.evaluate(f"[{iso(0)}.toISOString(), {iso(62)}.toISOString()]")
    pretend(page, status="pending", fields=[], now=stamps[0], expires_at=stamps[1])
    open_ready(page, stage.page(stage.element(stage.token()), "/live"))
    page.route("**/v1/checkout/*", lambda route: route.abort())
    frame_of(
        page
    ).evaluate("""() => { window.spoken = []; const live = document.getElementById('live');
        new MutationObserver(() => spoken.push(live.textContent)).observe(live, { childList: true, characterData: true, subtree: true }); }""")
    page.clock.run_for(58_000)
    marks = [
        said.replace("\u2068", "").replace("\u2069", "")
        for said in frame_of(page).evaluate("spoken")
        if "left" in said
    ]
    assert marks == ["1 minute left", "30 seconds left", "10 seconds left"]


def test_reduced_motion__every_state__nothing_moves_but_a_slow_spinner(
    stage: Stage, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(reduced_motion="reduce").new_page()
    moving = """() => [...document.querySelectorAll('*')].filter(e => e.checkVisibility()).flatMap(e => [e, '::before', '::after'].map(at =>
        getComputedStyle(e, at === e ? null : at))).flatMap(s => [...(s.animationName === 'none' ? [] : [s.animationName + ' ' + s.animationDuration]),
        ...(s.transitionDuration.split(', ').some(d => parseFloat(d) > 0) ? ['transition'] : [])])"""
    found = set()
    for state in STATES:
        show(stage, page, state)
        found.update(frame_of(page).evaluate(moving))
    assert found == {"turn 4s"}


EDGES = """() => [...document.querySelectorAll('button, a.button, input, select, .bar')].filter(e => e.checkVisibility())
    .map(e => [e.id || e.className, getComputedStyle(e)]).filter(([, s]) => !(parseFloat(s.borderTopWidth) >= 1) || s.borderTopStyle === 'none')
    .map(([name]) => name)"""
INK = "e => { const s = getComputedStyle(e), p = getComputedStyle(e.parentNode); return [s.backgroundColor, p.backgroundColor, s.outlineStyle, s.outlineWidth]; }"


def test_forced_colors__every_state__controls_have_edges(
    stage: Stage, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(forced_colors="active").new_page()
    for state in STATES:
        show(stage, page, state)
        assert (state, frame_of(page).evaluate(EDGES)) == (state, [])


def test_forced_colors__bar_and_focus__are_seen(
    stage: Stage, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(forced_colors="active").new_page()
    show(stage, page, "awaiting")
    fill, track, *_ = inside(page).locator("#bar").evaluate(INK)
    assert fill != track
    page.keyboard.press("Tab")
    focus_is(page, "cancel", frame_of(page))
    assert inside(page).locator("#cancel").evaluate(INK)[2:] == ["solid", "3px"]


STRETCHED = (
    "html{font-size:200%}",
    "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important} p{margin-bottom:2em!important}",
)


@pytest.mark.parametrize("state", STATES)
def test_reflow__double_text_and_wide_spacing_at_320_pixels__nothing_is_cut(
    state: str, stage: Stage, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(viewport={"width": 320, "height": 800}).new_page()
    show(stage, page, state, "de")
    for css in STRETCHED:
        frame_of(page).evaluate(
            "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }",
            css,
        )
        settled(page)
        assert frame_of(page).evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert frame_of(page).evaluate(CUT) == []
        # A frame grows to 2400 pixels; what is taller is scrolled to.
        grown = "document.getElementById('checkout').scrollHeight <= innerHeight + 2 || innerHeight === 2400"
        until(page, lambda: frame_of(page).evaluate(grown))  # noqa: B023


@pytest.mark.parametrize("width", [500, 900, 1020, 1280])
def test_reflow__double_text_that_no_media_query_knows_of__nothing_is_cut(
    width: int, stage: Stage, new_context: Callable[..., BrowserContext]
) -> None:
    """WebKit's larger text leaves the width alone that media queries ask for, and so does this."""
    page = new_context(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"{stage.pay}/checkout/{stage.token()}?locale=de")
    page.locator("#send").wait_for()
    page.evaluate(
        "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }",
        STRETCHED[0],
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CUT) == []
    assert (
        page.locator(".stage").bounding_box()["width"]
        >= page.locator(".summary").bounding_box()["width"]
    )


CUT = """() => [...document.querySelectorAll('#checkout *')].filter(e => e.checkVisibility() && e.textContent.trim() && !e.closest('svg, iframe, option')
    && (e.scrollWidth > e.clientWidth + 1 && e.clientWidth && getComputedStyle(e).overflowX !== 'visible'
      || e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1)).map(e => e.id || e.className || e.localName)"""
"""What is cut off, or sticks out of the page."""


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
@pytest.mark.parametrize("host", ["normal", "light", "dark", "light dark"])
def test_surface__each_scheme_of_shop_and_system__is_ours_to_the_edge(
    theme: str, host: str, stage: Stage, page: Page
) -> None:
    body = f"<style>:root{{color-scheme:{host}}}</style>" + stage.element(
        stage.token(), f'theme="{theme}"'
    )
    open_ready(page, stage.page(body, "/surface"))
    for system in ("light", "dark"):
        page.emulate_media(color_scheme=system)
        settled(page)
        ground = (
            "rgb(23, 26, 33)"
            if "dark" in (theme, theme.replace("auto", system))
            else "rgb(255, 255, 255)"
        )
        assert frame_of(page).evaluate("getComputedStyle(document.body).backgroundColor") == ground
        until(page, lambda: is_at_rest(page))
        box = page.locator(FRAME).bounding_box()
        pixel = page.screenshot(
            clip={
                "x": box["x"] + box["width"] - 40,
                "y": box["y"] + box["height"] - 8,
                "width": 1,
                "height": 1,
            }
        )
        assert rgb_of(page, pixel) == ground


def rgb_of(page: Page, png: bytes) -> str:
    blank = page.context.new_page()
    found = blank.evaluate(
        """async data => { const i = new Image(); i.src = 'data:image/png;base64,' + data; await i.decode();
        const c = new OffscreenCanvas(1, 1).getContext('2d'); c.drawImage(i, 0, 0); return `rgb(${[...c.getImageData(0, 0, 1, 1).data].slice(0, 3).join(', ')})`; }""",
        base64.b64encode(png).decode(),
    )
    blank.close()
    return str(found)


LONGER = """() => { const walk = document.createTreeWalker(document.getElementById('checkout'), NodeFilter.SHOW_TEXT), found = [];
  while (walk.nextNode()) found.push(walk.currentNode);
  const words = found.filter(n => n.nodeValue.trim() && !n.parentElement.closest('bdi, iframe'));
  for (const n of words) n.nodeValue = n.nodeValue.replace(/\\p{L}+/gu, w => w + 'ӱ'.repeat(Math.ceil(w.length * .4)));
  return words.length; }"""
ENDS = "() => ['left', 'right'].filter(side => { const at = e => Math.round(e.getBoundingClientRect()[side]); const bar = document.getElementById('bar'); return at(bar) === at(bar.parentNode); })"


@pytest.mark.parametrize("state", STATES)
def test_right_to_left__words_longer_by_two_fifths__nothing_is_cut(
    state: str, stage: Stage, new_context: Callable[..., BrowserContext]
) -> None:
    """A language that there is not: from right to left, and every word of ours longer. The page's time stands still, so nothing is rewritten."""
    page = new_context(viewport={"width": 320, "height": 900}).new_page()
    page.clock.install()
    show(stage, page, state, attributes='dir="rtl"')
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 10)
    assert frame_of(page).evaluate(LONGER) > 3
    assert (
        frame_of(page).evaluate("getComputedStyle(document.getElementById('checkout')).direction")
        == "rtl"
    )
    assert frame_of(page).evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert frame_of(page).evaluate(CUT) == []


@pytest.mark.parametrize(("direction", "side"), [("ltr", "left"), ("rtl", "right")])
def test_right_to_left__bar__runs_the_other_way(
    direction: str, side: str, stage: Stage, page: Page
) -> None:
    page.clock.install()
    show(stage, page, "awaiting", attributes=f'dir="{direction}"')
    page.clock.run_for(20_000)
    until(page, lambda: frame_of(page).evaluate(ENDS) == [side])


def test_print__shops_page_and_ours__have_amount_and_outcome(stage: Stage, page: Page) -> None:
    show(stage, page, "succeeded")
    hosted = page.context.new_page()
    pretend(hosted, **states(stage)["succeeded"])
    hosted.goto(f"{stage.pay}/checkout/{stage.token()}?locale=en")
    hosted.get_by_role("heading", name="Payment successful").wait_for()
    for printed in (page, hosted):
        text = text_of(printed.pdf())
        assert "Payment successful" in text and "€49.99" in text and "W-" in text
        assert "Continue to" not in text  # nobody can press paper
    hosted.close()


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
def test_tokens__good_and_hostile__only_what_can_be_read_is_worn(
    tokens: dict[str, str], colors: list[str], stage: Stage, page: Page
) -> None:
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
    assert frame_of(page).evaluate(
        "parseFloat(getComputedStyle(document.getElementById('wallet_username')).fontSize) >= 16"
    )


DIFFERENT = """async ([one, other]) => {
  const pixels = async png => { const i = new Image(); i.src = 'data:image/png;base64,' + png; await i.decode();
    const c = new OffscreenCanvas(i.width, i.height).getContext('2d'); c.drawImage(i, 0, 0); return [i.width, i.height, c.getImageData(0, 0, i.width, i.height).data]; };
  const [[w, h, a], [v, g, b]] = await Promise.all([pixels(one), pixels(other)]);
  if (w !== v || h !== g) return 1;
  let bad = 0;
  for (let at = 0; at < a.length; at += 4) bad += [0, 1, 2].some(k => Math.abs(a[at + k] - b[at + k]) > 8);
  return bad / (w * h); }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["ready", "card", "waiting", "succeeded", "declined", "gone"])
def test_picture__state_shown_twice__differs_by_less_than_a_thousandth(
    state: str, scheme: str, stage: Stage, new_context: Callable[..., BrowserContext]
) -> None:
    """In a second browser context, and after a while: nothing is left to chance, and nothing moves by itself on a page at rest."""
    pictures = []
    for wait in (0, 1500):
        page = new_context(color_scheme=scheme).new_page()
        show(stage, page, state)
        until(page, lambda: is_at_rest(page))  # noqa: B023
        page.wait_for_timeout(wait)
        pictures.append(base64.b64encode(picture_at_rest(page)).decode())
    assert page.evaluate(DIFFERENT, pictures) <= 0.001
