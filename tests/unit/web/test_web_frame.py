"""The checkout page: its policy, its data block, and what stands there when there is nothing to see."""

from __future__ import annotations

import json
import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_stand_in import TOKEN, a_client, a_view, an_address, raising, show_checkout

from bridge.errors import CheckoutGone, Unavailable
from bridge.services.show_checkout import Ended, Shown
from bridge.web.frame import for_script, headers, origin_of

PAGE = f"/checkout/{TOKEN}"
SPECIFIED = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-src {inner}; "
    "form-action {inner}; base-uri 'none'; frame-ancestors 'self' https://shop.example https://www.shop.example; require-trusted-types-for 'script'"
)


def data_of(answer):
    return json.loads(
        re.search(
            r'<script type="application/json" id="checkout-data">(.*?)</script>', answer.text, re.S
        )[1]
    )


@pytest.mark.invariant("I22")
def test_page__without_a_providers_page__may_be_framed_by_the_shop_only():
    """I22: the frame's ancestors are the shop's origins."""
    answer = a_client().simulate_get(PAGE)
    assert answer.headers["content-security-policy"] == SPECIFIED.format(inner="'self'")
    assert not {"x-frame-options", "set-cookie"} & set(answer.headers)
    expected = {
        "referrer-policy": "origin",
        "cross-origin-resource-policy": "cross-origin",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-type": "text/html; charset=utf-8",
        "strict-transport-security": "max-age=31536000",
    }
    assert {name: answer.headers[name] for name in expected} == expected


def test_page__with_a_providers_page__lets_that_origin_in_and_no_other():
    page = {"url": "https://psp.example:8443/pay?x=1; script-src *", "embed": True}
    answer = a_client(show_checkout=partial(show_checkout, page=page)).simulate_get(PAGE)
    assert answer.headers["content-security-policy"] == SPECIFIED.format(
        inner="'self' https://psp.example:8443"
    )
    assert 'payment=(self "https://psp.example:8443")' in answer.headers["permissions-policy"]


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "https://",
        "//psp.example",
        "https://a b/",
        "https://user@psp.example/",
        "https://*.example/",
        "https://psp.example;script-src *",
        "https://psp.example\n/",
        "https://[zz]/",
        "data:text/html,x",
        "https://psp'example/",
    ],
)
def test_origin__what_cannot_stand_in_a_policy__is_left_out(url):
    assert origin_of(url) is None


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https:",
        "https://shop.example; script-src *",
        "'unsafe-inline'",
        "https://shop.example evil.example",
    ],
)
def test_headers__odd_origin__is_left_out(origin):
    assert "frame-ancestors 'self';" in headers([origin], None)["Content-Security-Policy"]


@given(
    st.dictionaries(
        st.text(),
        st.text() | st.sampled_from(["</script>", "<!--", "]]>", "\u2028", "&lt;", "\ud800"]),
    )
)
def test_data__any_text__cannot_end_the_block_and_reads_back_the_same(data):
    written = for_script(data)
    assert not set(written) & set("<>&\u2028\u2029") and json.loads(written) == data
    written.encode()


def test_page__texts_of_a_merchant__stay_texts():
    name = '</title><script>alert(1)</script>"'
    view = a_view(merchant={"name": name}, description="</script><script>alert(2)</script>")
    answer = a_client(show_checkout=lambda *_: Shown(view, "1", ())).simulate_get(PAGE)
    assert "<script>alert" not in answer.text and data_of(answer)["view"] == {
        name: value for name, value in view.items() if value is not None
    }


@pytest.mark.parametrize(
    ("query", "header", "lang", "locale"),
    [
        ("", "de-AT", "de", "de-AT"),
        ("locale=en-GB", "de", "en", "en-GB"),
        ("locale=..%2F", "", "en", "en"),
        ("utm_source=x&locale=de", "", "de", "de"),
    ],
)
def test_page__language__is_the_addresss_then_the_browsers(query, header, lang, locale):
    answer = a_client().simulate_get(PAGE, query_string=query, headers={"Accept-Language": header})
    assert f'<html lang="{lang}" dir="ltr">' in answer.text and data_of(answer)["locale"] == locale


@pytest.mark.parametrize(
    ("path", "use_cases", "status", "code"),
    [
        ("/checkout/chk_other", {}, 404, "not_found"),
        ("/checkout/rubbish'", {}, 404, "not_found"),
        (PAGE, {"show_checkout": raising(Unavailable())}, 503, "unavailable"),
        (PAGE, {"show_checkout": raising(RuntimeError("database"))}, 500, "internal_error"),
    ],
)
def test_page__nothing_to_see__is_still_a_page_and_as_guarded(path, use_cases, status, code):
    answer = a_client(**use_cases).simulate_get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "text/html; charset=utf-8",
    )
    assert "frame-ancestors 'self';" in answer.headers["content-security-policy"]
    expected = {"locale": "en", "origins": [], "view": {}, "digits": {}, "code": code}
    assert {
        name: value for name, value in data_of(answer).items() if name not in ("api", "texts")
    } == expected


@pytest.mark.invariant("I22")
def test_page__checkout_that_is_over__may_be_framed_by_its_shop_and_tells_no_more_than_the_way_back():
    """I22: the frame's ancestors are the shop's origins, afterwards too."""
    ways = {"merchant": {"name": "Acme"}, "return_url": "https://shop.example/done"}
    over = Ended(
        Shown(
            {**ways, "cancel_url": None}, "", ("https://shop.example", "https://www.shop.example")
        )
    )
    answer = a_client(show_checkout=raising(over)).simulate_get(
        PAGE, headers={"Referer": "https://shop.example/"}
    )
    assert (answer.status_code, answer.headers["content-security-policy"]) == (
        410,
        SPECIFIED.format(inner="'self'"),
    )
    told = data_of(answer)
    assert (told["view"], told["code"], told["origins"]) == (
        ways,
        "checkout_gone",
        ["https://shop.example"],
    )
    assert (
        answer.headers["cache-control"] == "no-store"
        and '<bdi id="merchant">Acme</bdi>' in answer.text
        and 'id="amount"' not in answer.text
    )


@pytest.mark.parametrize(
    ("currency", "others", "digits"),
    [
        ("EUR", None, {}),
        ("JPY", None, {"JPY": 0}),
        ("EUR", ["KWD", "CCR"], {"KWD": 3, "CCR": 0}),
        (None, None, {}),
    ],
)
def test_page__currencies_without_two_decimals__are_told(currency, others, digits):
    currencies = others and [{"code": code, "amount": 1} for code in others]
    answer = a_client(
        show_checkout=partial(show_checkout, currency=currency, currencies=currencies)
    ).simulate_get(PAGE)
    assert data_of(answer)["digits"] == digits


def test_page__bridge_without_tls__promises_none():
    assert (
        "strict-transport-security"
        not in a_client(an_address(public_url="http://127.0.0.1:8080")).simulate_get(PAGE).headers
    )


@pytest.mark.parametrize("error", [None, CheckoutGone(), RuntimeError("database")])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_return__whatever_becomes_of_it__leads_to_the_checkout(method, error):
    received = []
    client = a_client(
        receive_return=raising(error)
        if error
        else lambda token, raw: received.append((token, raw.method, raw.query, raw.body))
    )
    answer = client.simulate_request(
        method, f"{PAGE}/return", query_string="Data=1", body=b"x=1" if method == "POST" else b""
    )
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        PAGE,
    ) and "set-cookie" not in answer.headers
    assert received == (
        [] if error else [(TOKEN, method, "Data=1", b"x=1" if method == "POST" else b"")]
    )


def test_return__odd_token__asks_nobody():
    answer = a_client(receive_return=None).simulate_get("/checkout/evil%0d%0aSet-Cookie:x/return")
    assert (
        answer.status_code == 303
        and "set-cookie" not in answer.headers
        and "\r" not in answer.headers["location"]
    )
