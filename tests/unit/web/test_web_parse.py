"""Reading requests: strict JSON, one mistake after another, languages and tags."""

from __future__ import annotations

import json

import pytest
from falcon import Request
from falcon.testing import create_environ
from hypothesis import given
from hypothesis import strategies as st
from web_stand_in import a_client

from bridge.domain.money import exponents
from bridge.domain.payment import Payer
from bridge.errors import BridgeError, IdempotencyKeyRequired, MalformedBody, ValidationFailed
from bridge.ports import Reply
from bridge.web import answers, parse
from bridge.web.bodies import ConfirmBody, PaymentBody, PaymentsQuery
from bridge.web.language import language_for

ORDER = {"order_reference": "1", "amount": 4999, "currency": "EUR", "method": "wallet"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)


def a_request(**headers):
    return Request(
        create_environ(headers={name.replace("_", "-"): value for name, value in headers.items()})
    )


@given(st.binary())
def test_read_object__any_bytes__is_an_object_or_a_malformed_body(raw):
    try:
        assert isinstance(parse.read_object(raw), dict)
    except MalformedBody as error:
        assert error.detail


@given(
    st.dictionaries(st.text() | st.sampled_from(sorted(PaymentBody.model_fields)), JSON, max_size=4)
)
def test_validated__any_object__is_a_wish_or_mistakes_that_can_be_written(found):
    try:
        parse.validated(PaymentBody, ORDER | found).wish()
    except ValidationFailed as error:
        assert error.errors and answers.to_bytes([one.detail for one in error.errors])
        assert all(one.pointer.startswith("/") or one.pointer == "" for one in error.errors)


@given(st.text())
def test_query__any_text__is_parameters_or_a_refusal(text):
    try:
        parse.validated(PaymentsQuery, parse.read_query(text)).wanted()
    except BridgeError as error:
        assert isinstance(error, ValidationFailed)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=255))
def test_key__any_visible_ascii__is_the_same_quoted_and_bare(key):
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    quoted = parse.idempotency_key(a_request(Idempotency_Key=f'"{escaped}"'))
    assert quoted == key
    if not (len(key) >= 2 and key[0] == key[-1] == '"'):
        assert key == '"' * len(key) or parse.idempotency_key(a_request(Idempotency_Key=key)) == key


@pytest.mark.parametrize("given", ["", '""', "  "])
def test_key__empty__is_missing(given):
    with pytest.raises(IdempotencyKeyRequired):
        parse.idempotency_key(a_request(Idempotency_Key=given))


@pytest.mark.parametrize("amount", [1, 10**12])
@pytest.mark.parametrize("currency", sorted(exponents()))
def test_payment__amounts_at_the_limits_in_every_currency__are_read_unchanged(amount, currency):
    wish = parse.validated(PaymentBody, ORDER | {"amount": amount, "currency": currency}).wish()
    assert (wish.amount, wish.currency) == (amount, currency) and type(wish.amount) is int


def test_payment__everything_given__reaches_the_use_case():
    more = {
        "channel": "pos",
        "payer": {"wallet_username": "a b", "email": "a@b", "locale": "de_AT"},
        "description": "Größe 43 – rot",
        "expires_in": 60,
        "return_url": "https://shop.example:8443/x?a=1&b=%20#c",
        "cancel_url": "http://[::1]/",
        "capture": "manual",
        "metadata": {"a": ""},
        "reason": "12",
        "pay_currency": "CCR",
    }
    wish = parse.validated(PaymentBody, ORDER | more).wish()
    assert wish.payer == Payer("a b", "a@b", "de-AT") and {
        name: getattr(wish, name) for name in more if name != "payer"
    } == {name: value for name, value in more.items() if name != "payer"}


@pytest.mark.parametrize(
    ("locale", "read"),
    [
        ("de-DE", "de-DE"),
        ("de_DE_formal", "de-DE"),
        ("de_DE.UTF-8@euro", "de-DE"),
        ("de-CH-1996", "de-CH"),
        ("deu", "de"),
        (" fr ", "fr"),
        ("zh-Hans-CN", "zh-Hans-CN"),
        ("", None),
        ("german", None),
        ("..%2F", None),
        ("\x00", None),
        ("\ud800", None),
        ("🇩🇪", None),
        ("x" * 9999, None),
    ],
)
def test_payment__locale_in_any_spelling__is_read_or_left_out_and_never_a_mistake(locale, read):
    assert (
        parse.validated(PaymentBody, ORDER | {"payer": {"locale": locale}}).wish().payer.locale
        == read
    )


UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff\u00ad\u061c\u180e"


@pytest.mark.parametrize("mark", UNSEEN)
def test_wallet_name__characters_that_nobody_sees__are_left_out_before_it_is_judged(mark):
    """They come along when an address is copied from a chat or a mail (lesson 78)."""
    pasted = f"{mark}cust{mark}omer@example.com{mark}"
    assert (
        parse.validated(PaymentBody, ORDER | {"payer": {"wallet_username": pasted}})
        .wish()
        .payer.wallet_username
        == "customer@example.com"
    )
    assert (
        parse.validated(ConfirmBody, {"wallet_username": pasted}).wallet_username
        == "customer@example.com"
    )
    assert (
        len(
            parse.validated(
                ConfirmBody, {"wallet_username": mark * 900 + "a" * 254}
            ).wallet_username
        )
        == 254
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example/a?b=c&d[]=e;f,g#h",
        "http://127.0.0.1:8083/done",
        "https://xn--bcher-kva.example/",
    ],
)
def test_payment__web_address__is_accepted(url):
    assert parse.validated(PaymentBody, ORDER | {"return_url": url}).return_url == url


@pytest.mark.parametrize(
    "url",
    [
        "https://user@shop.example/",
        "https://shop.example\\.evil.example/",
        "https://shop.example/\\@evil",
        "https:///shop.example",
        "https:shop.example",
        "//shop.example",
        "/done",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://shop.example/<b>",
        "https://shop.example/ä",
        "https://shop.example/ x",
        "https://shop.example\t/",
        " https://shop.example/",
        "https://shop.example/\n",
        "HTTPS://SHOP.EXAMPLE/",
        "https://shop.example:123456/",
        "https://shop.example:99999/",
        "https://[1.2.3.4]/",
        "https://[::::]/",
        "",
    ],
)
def test_payment__address_that_could_be_read_in_two_ways__is_refused(url):
    with pytest.raises(ValidationFailed) as refused:
        parse.validated(PaymentBody, ORDER | {"return_url": url})
    assert [mistake.pointer for mistake in refused.value.errors] == ["/return_url"]


def test_validated__thousand_mistakes__tells_of_fifty():
    with pytest.raises(ValidationFailed) as refused:
        parse.validated(ConfirmBody, {"x" * 200 + str(number): 1 for number in range(1000)})
    assert (
        len(refused.value.errors) == 50
        and max(len(one.pointer) for one in refused.value.errors) <= 101
    )


def test_to_bytes__half_a_surrogate_pair__is_json_all_the_same():
    assert json.loads(answers.to_bytes({"a": "\ud83d", "b": "ü"})) == {"a": "\ud83d", "b": "ü"}


@pytest.mark.parametrize(
    ("asked", "header", "language", "locale"),
    [
        (None, "", "en", "en"),
        (None, "de-AT,de;q=0.9,en;q=0.1", "de", "de-AT"),
        (None, "fr, de;q=0.2", "de", "de"),
        (None, "en;q=0.1, de;q=0.2", "de", "de"),
        (None, "de;q=0, en", "en", "en"),
        (None, "*", "en", "en"),
        (None, "de;q=rubbish", "de", "de"),
        (None, "de-x-<script>, de", "de", "de"),
        ("de_CH", "en", "de", "de-CH"),
        ("xx", "de", "de", "de"),
        ("de-DE-x", "en", "de", "de-DE"),
        ("de_DE_formal", "en", "de", "de-DE"),
        ("deutsch", "en", "en", "en"),
        ("deu", "en", "de", "de"),
        ("zh-Hans-CN", "de", "de", "de"),
        (None, "DE-de", "de", "DE-de"),
        (None, "x" * 10_000 + ",de", "en", "en"),
    ],
)
def test_language__asked_or_preferred__is_one_that_we_have(asked, header, language, locale):
    reader = language_for(a_request(Accept_Language=header), asked)
    assert (reader.language, reader.locale) == (language, locale)


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ('W/"7"', True),
        ('"7"', True),
        ('"6", W/"7"', True),
        ("*", True),
        ('"77"', False),
        ("7", False),
        ('w/"7"', False),
        ("", False),
    ],
)
def test_knows__if_none_match__compares_weakly(header, known):
    assert answers.knows(a_request(If_None_Match=header), "7") is known


@pytest.mark.invariant("I27")
@pytest.mark.parametrize(
    ("path", "options", "status", "taken"),
    [
        ("/v1/callbacks/onecs/acme", {"body": "x" * 16_384}, 200, True),
        ("/v1/callbacks/onecs/acme", {"body": "x" * 16_385}, 413, False),
        (
            "/v1/callbacks/onecs/acme",
            {"body": "x" * 10_000, "query_string": "y" * 6_385},
            413,
            False,
        ),
        ("/v1/callbacks/onecs/acme", {"query_string": "y" * 20_000}, 413, False),
        ("/checkout/chk_unit/return", {"body": "x" * 16_384}, 303, True),
        ("/checkout/chk_unit/return", {"body": "x" * 16_385}, 303, False),
        ("/checkout/chk_unit/return", {"query_string": "y" * 20_000}, 303, False),
    ],
)
def test_raw_callback__of_more_than_sixteen_kibibytes__is_not_taken(path, options, status, taken):
    """What a stranger can have kept is bounded; a payer is led to the checkout all the same (I27)."""
    heard = []

    def receive(*call):
        heard.append(call)
        return Reply()

    client = a_client(receive_callback=receive, receive_return=receive)
    assert client.simulate_post(path, **options).status_code == status and bool(heard) is taken
