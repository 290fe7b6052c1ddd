"""Security: who may speak, who may frame, what is served, and that nothing of the payer leaves our page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect
from support import Http
from widget_acts import (
    FRAME,
    ask_for_money,
    frame_of,
    heard,
    inside,
    is_at_rest,
    open_ready,
    poll,
    type_card,
    until,
    wait_for,
)
from widget_stage import PAYER, Stage


def get(url: str, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers={"Accept-Encoding": "identity", **headers}, timeout=10)


SPY = """<script>window.said = []; addEventListener('message', e => said.push(e.data), true);
const post = MessagePort.prototype.postMessage; MessagePort.prototype.postMessage = function (m) { said.push(m); return post.apply(this, arguments); };
const on = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage');
Object.defineProperty(MessagePort.prototype, 'onmessage', { ...on, set(f) { window.port = this; on.set.call(this, e => { said.push(e.data); return f.call(this, e); }); } });
</script>"""


def forge(page: Page, messages: list[dict[str, Any]]) -> None:
    """Have our own frame speak on its port as if it had been taken over."""
    page.evaluate(
        "messages => messages.forEach(data => port.onmessage ? port.dispatchEvent(new MessageEvent('message', {data})) : 0)",
        messages,
    )


def message(kind: str, seq: int, data: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "ns": "bridge.checkout",
        "v": 1,
        "id": "x",
        "seq": seq,
        "type": kind,
        "data": data or {},
        **more,
    }


LISTEN = "window.got = []; addEventListener('message', e => got.push(e.data));"


def test_messages__from_strangers__are_ignored(stage: Stage, page: Page) -> None:
    """A foreign origin, another frame of ours, the page itself: none of them is the frame that the widget made."""
    hello = json.dumps(message("frame.hello", 1, {"nonce": "1,2", "versions": [1]}))
    evil = stage.pages.put(
        "evil.test",
        "/speak",
        f"<script>{LISTEN}for (let i = 0; i < 5; i++) parent.postMessage({hello}, '*')</script>",
    )
    sibling = f"<iframe src='{stage.pay}/checkout/{stage.token()}' name=sibling></iframe><iframe src='{evil}' name=evil></iframe>"
    open_ready(page, stage.page(SPY + stage.element(stage.token()) + sibling, "/protocol"))
    page.evaluate(f"{LISTEN}postMessage({hello}, '*')")
    # The sibling has said its own hello several times, to this very page and from our origin.
    poll(page, "said.filter(m => m?.type === 'frame.hello' && m.seq > 1).length > 2")
    assert next(frame for frame in page.frames if frame.name == "evil").evaluate("got") == []
    assert not [entry for entry in page.evaluate("got") if entry["type"] != "frame.hello"]
    assert (
        page.frame_locator("[name=sibling]").locator("html[data-theme]").count() == 0
    )  # a welcome brings a theme
    assert inside(page).locator("html[data-theme]").count() == 1
    assert len(heard(page, "ready")) == 1
    ask_for_money(page)
    wait_for(page, "submit")


def test_messages__malformed_replayed_oversized_and_hostile__change_nothing(
    stage: Stage, page: Page
) -> None:
    open_ready(page, stage.page(SPY + stage.element(stage.token()), "/protocol"))
    until(page, lambda: is_at_rest(page))
    height = page.locator(FRAME).bounding_box()["height"]
    before = page.url
    forge(page, [
        message("frame.state", 1, {"state": "succeeded"}),
        message("frame.state", 1000, {"state": "succeeded"}, v=2),
        message("frame.state", 1001, {"state": "succeeded", "x": "y" * 1_000_000}),
        message("frame.state", 1002.5, {"state": "succeeded"}),
        message("constructor", 1003),
        message("frame.navigate", 1004, {"url": "javascript:alert(1)", "reason": "x"}),
        message("frame.navigate", 1005, {"url": "data:text/html,x", "reason": "x"}),
        message("frame.resize", 1006, {"height": "1e9px"}),
    ])  # fmt: skip
    page.wait_for_timeout(200)
    assert heard(page, "success") == [] and heard(page, "navigate") == [] and page.url == before
    assert page.locator(FRAME).bounding_box()["height"] == height


def test_messages__monstrous_height__is_clamped(stage: Stage, page: Page) -> None:
    open_ready(page, stage.page(SPY + stage.element(stage.token()), "/protocol"))
    forge(
        page,
        [
            message("frame.resize", 1000, {"height": 1e9}),
            message("frame.resize", 1001, {"height": -5}),
        ],
    )
    assert page.locator(FRAME).bounding_box()["height"] == 2400


def test_handshake__welcome_with_a_wrong_nonce__opens_nothing(stage: Stage, page: Page) -> None:
    page.goto(
        stage.page(
            f"<iframe name=bridge-checkout-x src='{stage.pay}/checkout/{stage.token()}' style='height:600px;width:100%'></iframe>",
            "/protocol",
        )
    )
    wrong = message("host.welcome", 0, {"theme": "dark"}, re="1,2")
    inside(page).get_by_role("button", name="Send request").wait_for()
    page.evaluate("m => { const c = new MessageChannel(); window.got = []; c.port1.onmessage = e => got.push(e.data);"
                  "frames[0].postMessage(m, '*', [c.port2]); }", wrong)  # fmt: skip
    page.wait_for_timeout(500)
    assert page.evaluate("got") == []
    assert frame_of(page).evaluate("document.documentElement.dataset.theme") is None


def test_handshake__several_hellos_wait_for_a_slow_page__first_port_stays_open(
    stage: Stage, page: Page
) -> None:
    """The frame takes the first welcome; a second one for the same hello must not close what the first has opened."""
    twice = """window.nonces = []; addEventListener('message', ({data, origin, source, isTrusted}) => {
      if (data?.type !== 'frame.hello') return; nonces.push(data.data.nonce);
      if (isTrusted) dispatchEvent(new MessageEvent('message', {data: {...data, seq: data.seq + 1}, origin, source})); });"""
    open_ready(
        page, stage.page(f"<script>{twice}</script>" + stage.element(stage.token()), "/protocol")
    )
    nonces = page.evaluate("nonces")
    assert len(nonces) >= 2 and len(set(nonces)) == 1


def test_handshake__another_version__is_told(stage: Stage, page: Page) -> None:
    """The frame's own hello, from its own window and origin, as a later release would say it."""
    later = "addEventListener('message', ({data}) => { if (data?.type === 'frame.hello') { data.v = 2; data.data.versions = [2]; } }, true);"
    page.goto(stage.page(f"<script>{later}</script>" + stage.element(stage.token()), "/protocol"))
    assert wait_for(page, "error")["code"] == "version_mismatch"
    expect(page.get_by_role("link", name="Continue on the payment page")).to_be_visible()


def test_framing__foreign_page_without_our_script__sees_nothing(stage: Stage, page: Page) -> None:
    url = stage.pages.put(
        "evil.test",
        "/bare",
        f"<!doctype html><iframe src='{stage.pay}/checkout/{stage.token()}'></iframe>",
    )
    refused: list[str] = []
    page.on(
        "console",
        lambda said: refused.append(said.text) if "frame-ancestors" in said.text else None,
    )
    page.goto(url)
    until(page, lambda: refused and page.frames[1].url == "chrome-error://chromewebdata/")


def test_framing__foreign_page__is_refused(stage: Stage, page: Page) -> None:
    url = stage.page(stage.element(stage.token(), 'timeout-ms="6000"'), "/frames", host="evil.test")
    page.goto(url)
    assert wait_for(page, "error")["code"] == "frame_refused"


def test_framing__shop_inside_a_foreign_page__is_refused(stage: Stage, page: Page) -> None:
    shop = stage.page(stage.element(stage.token(), 'timeout-ms="6000"'), "/framed-shop")
    page.goto(
        stage.page(
            f"<iframe src='{shop}' id=shop style='width:100%;height:700px'></iframe>",
            "/around",
            host="evil.test",
        )
    )
    page.frame_locator("#shop").get_by_text("The payment form could not be loaded").wait_for()


def test_framing__second_origin_of_the_shop__is_welcome(stage: Stage, page: Page) -> None:
    path = stage.page(stage.element(stage.token()), "/second").removeprefix(stage.shop)
    open_ready(page, stage.second_shop + path)


def is_told(secret: str, text: str) -> bool:
    """Tell whether a text tells a secret. A number inside a longer one (a time, a version) is another number."""
    whole = rf"(?<![\d.]){secret}(?!\d)" if secret.isdigit() else re.escape(secret)
    return re.search(whole, text) is not None


def secrets_of(stage: Stage, payment: dict[str, Any]) -> list[str]:
    """Return what of a payment is nobody's business but the payer's, the bridge's and the shop server's."""
    known = stage.api.get(f"/v1/payments/{payment['id']}")
    mine = [
        PAYER,
        PAYER.split("@")[0],
        "nobody",
        "Erika",
        "411111",
        "401288",
        "VISA",
        "49,99",
        "49.99",
        "4999",
        "EUR",
        "Acme",
    ]
    return [
        *mine,
        payment["id"],
        payment["order_reference"],
        payment["description"],
        known["provider"]["reference"],
    ]


@pytest.mark.parametrize(
    ("action", "event"), [("accept", "success"), ("decline", "decline"), ("expire", "expire")]
)
def test_privacy__whole_purchase__tells_the_shops_page_nothing_personal(
    action: str, event: str, stage: Stage, page: Page
) -> None:
    """Every message of a purchase with a mistake, a refused user name, an answer and an end, both ways, and every event."""
    payment = stage.payment()
    open_ready(page, stage.page(SPY + stage.element(payment["checkout"]["token"]), "/protocol"))
    for username in ("no address", "nobody@example.com", PAYER):
        ask_for_money(page, username)
        if username != PAYER:
            inside(page).locator("#wallet_username[aria-invalid=true]").wait_for()
    wait_for(page, "statechange", state="awaiting")
    stage.payer(payment, action)
    wait_for(page, event)
    recorded = page.evaluate("said")
    assert {"frame.hello", "frame.ready", "frame.submit", "frame.state", "frame.resize"} <= {
        entry["type"] for entry in recorded if entry
    }
    everything = json.dumps([recorded, heard(page)])
    assert not [secret for secret in secrets_of(stage, payment) if is_told(secret, everything)]


@pytest.mark.parametrize(("card", "event"), [("pays", "success"), ("is declined", "decline")])
def test_privacy__card__tells_the_shops_page_nothing_of_it(
    card: str, event: str, stage: Stage, page: Page
) -> None:
    payment = stage.payment(method="card")
    open_ready(page, stage.page(SPY + stage.element(payment["checkout"]["token"]), "/protocol"))
    type_card(inside(page).frame_locator("#page iframe"), card)
    wait_for(page, event)
    everything = json.dumps([page.evaluate("said"), heard(page)])
    assert not [secret for secret in secrets_of(stage, payment) if is_told(secret, everything)]


KEPT = """async () => {
  const count = async look => { try { return await look(); } catch { return 0; /* closed to us, and we live */ } };
  return [document.cookie, await count(() => localStorage.length), await count(() => sessionStorage.length),
    await count(async () => (await indexedDB.databases()).length), await count(async () => (await caches.keys()).length),
    await count(async () => (await navigator.serviceWorker.getRegistrations()).length)]; }"""


def test_privacy__purchase_without_third_party_cookies__needs_no_cookie_and_no_storage(
    stage: Stage, launch: Callable[..., Browser]
) -> None:
    browser = launch("--test-third-party-cookie-phaseout")
    try:
        page = browser.new_context(locale="en-GB").new_page()
        payment = stage.payment()
        open_ready(page, stage.page(stage.element(payment["checkout"]["token"]), "/protocol"))
        ask_for_money(page)
        wait_for(page, "statechange", state="awaiting")
        stage.payer(payment, "decline")
        wait_for(page, "decline")
        for where in (page, frame_of(page)):
            assert where.evaluate(KEPT) == ["", 0, 0, 0, 0, 0]
        assert page.context.cookies() == [] and page.context.storage_state() == {
            "cookies": [],
            "origins": [],
        }
    finally:
        browser.close()


@pytest.mark.parametrize("policy", [
    "default-src 'none'; script-src {pay}; style-src 'self'; frame-src {pay}",
    "default-src 'none'; script-src 'nonce-abc'; style-src 'nonce-abc'; frame-src {pay}",
    "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; frame-src {pay}; require-trusted-types-for 'script'",
])  # fmt: skip
def test_csp__strict_shops__have_no_violation(
    policy: str, stage: Stage, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context().new_page()
    page.add_init_script("window.violations = []; addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI));"
                         "addEventListener('cc-ready', () => { window.isReady = true; });")  # fmt: skip
    tag = f'<script nonce=abc async src="{stage.pay}/widget/v1/checkout.js" data-checkout="{stage.token()}"></script>'
    url = stage.pages.put(
        "localhost",
        "/csp",
        f"<!doctype html><title>s</title><body>{tag}",
        Content_Security_Policy=policy.format(pay=stage.pay),
    )
    page.goto(url)
    inside(page).get_by_role("button", name="Send request").wait_for()
    poll(page, "window.isReady")
    assert page.evaluate("violations") == []
    assert frame_of(page).evaluate("violations") == []


def test_sri__served_bytes__are_what_integrity_json_says(stage: Stage) -> None:
    listed = get(f"{stage.pay}/widget/v1/integrity.json").json()
    assert {"checkout.js", "checkout.mjs"} <= listed["files"].keys()
    for name, entry in listed["files"].items():
        pinned, newest = get(stage.pay + entry["url"]), get(f"{stage.pay}/widget/v1/{name}")
        digest = base64.b64encode(hashlib.sha384(pinned.content).digest()).decode()
        assert entry["integrity"] == f"sha384-{digest}"
        assert newest.content == pinned.content
        assert (
            "immutable" in pinned.headers["Cache-Control"]
            and "max-age=31536000" in pinned.headers["Cache-Control"]
        )
        assert (
            newest.headers["Cache-Control"]
            == "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"
        )
    assert get(f"{stage.pay}/widget/v9.9.9/checkout.mjs").status_code == 404


@pytest.mark.parametrize("is_good", [True, False])
def test_sri__pinned_module_with_a_hash__runs_only_with_the_right_one(
    is_good: bool, stage: Stage, page: Page
) -> None:
    entry = get(f"{stage.pay}/widget/v1/integrity.json").json()["files"]["checkout.mjs"]
    integrity = entry["integrity"] if is_good else "sha384-" + base64.b64encode(bytes(48)).decode()
    tag = f'<script type=module src="{stage.pay}{entry["url"]}" integrity="{integrity}" crossorigin></script>'
    token = stage.token()
    page.goto(
        stage.page(
            f'{tag}<bridge-checkout checkout="{token}" locale="en"><a href="{stage.pay}/checkout/{token}">Pay safely</a></bridge-checkout>',
            "/sri",
        )
    )
    if is_good:
        wait_for(page, "ready")
    else:
        page.wait_for_load_state("networkidle")
        assert (
            page.get_by_role("link", name="Pay safely").is_visible() and heard(page, "ready") == []
        )


@pytest.mark.parametrize("embedder", ["require-corp", "credentialless"])
def test_coep__isolated_shop__can_embed(embedder: str, stage: Stage, page: Page) -> None:
    script = f'<script type=module crossorigin src="{stage.pay}/widget/v1/checkout.mjs"></script>'
    body = f'{script}<bridge-checkout checkout="{stage.token()}"></bridge-checkout>'
    open_ready(
        page,
        stage.page(
            body,
            "/coep",
            Cross_Origin_Embedder_Policy=embedder,
            Cross_Origin_Opener_Policy="same-origin",
        ),
    )
    assert page.evaluate("crossOriginIsolated") is True


FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self' {shop} {second}; require-trusted-types-for 'script'"
)


def test_headers__framed_page__are_exactly_these(stage: Stage) -> None:
    answer = get(f"{stage.pay}/checkout/{stage.token()}")
    assert answer.headers["Content-Security-Policy"] == FRAME_POLICY.format(
        shop=stage.shop, second=stage.second_shop
    )
    assert answer.headers["Permissions-Policy"] == (
        "unload=(), camera=(), microphone=(), geolocation=(), payment=(self), publickey-credentials-get=(self)"
    )
    wanted = {
        "Referrer-Policy": "origin",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    assert {name: answer.headers.get(name) for name in wanted} == wanted
    assert "Set-Cookie" not in answer.headers and "X-Frame-Options" not in answer.headers
    assert not re.search(
        r"<style|\sstyle=|\son\w+=|<script(?![^>]*(src=|application/json))", answer.text
    )


@pytest.mark.parametrize(
    "path",
    ["/frame/frame.mjs", "/frame/frame.css", "/widget/v1/checkout.js", "/widget/v1/checkout.mjs"],
)
def test_headers__files__are_public_compressed_and_asked_for_once(path: str, stage: Stage) -> None:
    answer = get(stage.pay + path, **{"Accept-Encoding": "gzip"})
    assert (
        answer.headers["Content-Encoding"] == "gzip" and answer.headers["Vary"] == "Accept-Encoding"
    )
    assert (
        answer.headers["Access-Control-Allow-Origin"] == "*"
        and answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    )
    assert (
        answer.headers["X-Content-Type-Options"] == "nosniff" and "Set-Cookie" not in answer.headers
    )
    assert get(stage.pay + path, **{"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_status__asked_again__is_a_304_without_a_body(stage: Stage) -> None:
    url = f"{stage.pay}/v1/checkout/{stage.token()}"
    again = get(url, **{"If-None-Match": get(url).headers["ETag"]})
    assert again.status_code == 304 and again.content == b""
    assert len(str(dict(again.headers))) < 700


LOCKED = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
EVERGREEN = {
    "Cache-Control": "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"
}
PUBLIC = {
    **LOCKED,
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
ROUTES = {
    "/widget/v1/checkout.js": (200, "text/javascript; charset=utf-8", PUBLIC | EVERGREEN),
    "/widget/v1/checkout.mjs": (200, "text/javascript; charset=utf-8", PUBLIC | EVERGREEN),
    "/widget/v1/integrity.json": (200, "application/json", PUBLIC | EVERGREEN),
    "/widget/v0.1.0/checkout.mjs": (
        200,
        "text/javascript; charset=utf-8",
        PUBLIC | {"Cache-Control": "public, max-age=31536000, immutable"},
    ),
    "/frame/frame.mjs": (
        200,
        "text/javascript; charset=utf-8",
        PUBLIC | {"Cache-Control": "no-cache"},
    ),
    "/frame/frame.css": (200, "text/css; charset=utf-8", PUBLIC | {"Cache-Control": "no-cache"}),
    "/v1/checkout/{token}": (200, "application/json", LOCKED),
    "/v1/checkout/chk_nobody": (404, "application/problem+json", LOCKED),
    "/widget/v1/nothing.mjs": (404, "application/problem+json", LOCKED),
    "/frame/../../bridge.yaml": (404, "application/problem+json", LOCKED),
}
NEVER = (
    "Set-Cookie",
    "X-Frame-Options",
    "X-Powered-By",
    "Access-Control-Allow-Credentials",
    "Refresh",
)


@pytest.mark.parametrize("path", ROUTES)
def test_headers__each_route__are_exactly_these(path: str, stage: Stage) -> None:
    status, kind, wanted = ROUTES[path]
    answer = get(stage.pay + path.format(token=stage.token()))
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)
    assert {name: answer.headers.get(name) for name in wanted} == wanted
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert ("Access-Control-Allow-Origin" in answer.headers) == (
        wanted.get("Access-Control-Allow-Origin") == "*"
    )
    assert not [name for name in NEVER if name in answer.headers]


def test_headers__page_of_an_unknown_token__shows_nothing_to_a_stranger(stage: Stage) -> None:
    answer = get(f"{stage.pay}/checkout/chk_{'n' * 43}", Referer="http://evil.test/")
    assert answer.status_code == 404
    assert (
        "frame-ancestors 'self';" in answer.headers["Content-Security-Policy"]
        and "evil.test" not in answer.text
    )
    assert not [name for name in NEVER if name in answer.headers]


def test_headers__with_a_card__open_the_page_to_that_provider_alone(stage: Stage) -> None:
    answer = get(f"{stage.pay}/checkout/{stage.token(method='card')}")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy["frame-src"] == policy["form-action"] == f"'self' {stage.psp}"
    assert (
        policy["default-src"] == "'none'"
        and policy["script-src"] == policy["connect-src"] == "'self'"
    )
    assert (
        f'payment=(self "{stage.psp}"), publickey-credentials-get=(self "{stage.psp}")'
        in answer.headers["Permissions-Policy"]
    )


def test_trusted_types__in_the_frame__refuse_markup(stage: Stage, page: Page) -> None:
    open_ready(page, stage.page(stage.element(stage.token()), "/protocol"))
    refused = frame_of(page).evaluate(
        "(() => { try { document.body.innerHTML = '<b>x'; return false; } catch { return true; } })()"
    )
    assert refused is True


def test_limits__six_user_names__are_five_questions(stage: Stage, page: Page) -> None:
    """Neither a new page nor a call without one gets a sixth."""
    token = stage.token()
    open_ready(page, stage.page(stage.element(token), "/protocol"))
    for number in range(5):
        ask_for_money(page, f"nobody{number}@example.com")
        poll(page, "n => heard.filter(([t]) => t === 'submit').length === n", number + 1)
        inside(page).locator(
            "[data-state=ready] #wallet_username-error:visible, [data-state=blocked]"
        ).first.wait_for()
    inside(page).get_by_role("heading", name="Too many tries").wait_for()
    assert not inside(page).locator("#send").is_visible()
    page.reload()
    assert wait_for(page, "ready")["state"] == "blocked"
    door = Http(f"{stage.pay}/v1/checkout/{token}", {})
    assert door.send("POST", "/confirm", json={"wallet_username": PAYER}).status_code == 429
