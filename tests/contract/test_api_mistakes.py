"""Every mistake that a caller can make: named by the documented problem, and nothing is changed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from api_house import BODY_LIMIT, KEYS, NOWHERE, api, is_problem, new_key, running, wish

from bridge.web.app import ROUTES
from bridge.web.openapi import operations_of

# --- every mistake in a new payment -----------------------------------------------------------------------------------


MISTAKES: dict[str, tuple[dict[str, Any], int, str, str | None, str | None]] = {
    "float amount": ({"amount": 49.99}, 422, "validation_failed", "/amount", "not_an_integer"),
    "whole float amount": (
        {"amount": 4999.0},
        422,
        "validation_failed",
        "/amount",
        "not_an_integer",
    ),
    "boolean amount": ({"amount": True}, 422, "validation_failed", "/amount", "not_an_integer"),
    "amount as text": ({"amount": "4999"}, 422, "validation_failed", "/amount", "not_an_integer"),
    "null amount": ({"amount": None}, 422, "validation_failed", "/amount", "not_an_integer"),
    "no amount": ({"amount": ...}, 422, "validation_failed", "/amount", "required"),
    "negative amount": ({"amount": -1}, 422, "validation_failed", "/amount", "too_small"),
    "zero amount": ({"amount": 0}, 422, "validation_failed", "/amount", "too_small"),
    "amount over all limits": (
        {"amount": 10**12 + 1},
        422,
        "validation_failed",
        "/amount",
        "too_large",
    ),
    "amount of a hundred digits": (
        {"amount": 10**100},
        422,
        "validation_failed",
        "/amount",
        "too_large",
    ),
    "amount under the provider's minimum": (
        {"amount": 1},
        422,
        "amount_too_small",
        "/amount",
        "too_small",
    ),
    "unknown currency": (
        {"currency": "EUX"},
        422,
        "validation_failed",
        "/currency",
        "unknown_currency",
    ),
    "currency in small letters": (
        {"currency": "eur"},
        422,
        "validation_failed",
        "/currency",
        "unknown_currency",
    ),
    "currency without minor units": (
        {"currency": "XAU"},
        422,
        "validation_failed",
        "/currency",
        "unknown_currency",
    ),
    "currency not accepted here": (
        {"currency": "JPY"},
        422,
        "currency_not_supported",
        "/currency",
        "not_supported",
    ),
    "unknown field": ({"amout": 1}, 422, "validation_failed", "/amout", "unknown_field"),
    "unknown field inside": (
        {"payer": {"phone": "1"}},
        422,
        "validation_failed",
        "/payer/phone",
        "unknown_field",
    ),
    "field name with a slash": (
        {"a/b~c": 1},
        422,
        "validation_failed",
        "/a~1b~0c",
        "unknown_field",
    ),
    "half a surrogate pair": (
        {"description": "\ud800"},
        422,
        "validation_failed",
        "/description",
        "invalid_characters",
    ),
    "half a surrogate pair as a name": (
        {"\ud800": 1},
        422,
        "validation_failed",
        "",
        "invalid_characters",
    ),
    "zero byte": (
        {"order_reference": "1\x00"},
        422,
        "validation_failed",
        "/order_reference",
        "invalid_format",
    ),
    "line break": (
        {"order_reference": "1\n"},
        422,
        "validation_failed",
        "/order_reference",
        "invalid_format",
    ),
    "empty text": (
        {"order_reference": ""},
        422,
        "validation_failed",
        "/order_reference",
        "too_short",
    ),
    "long text": (
        {"order_reference": "1" * 65},
        422,
        "validation_failed",
        "/order_reference",
        "too_long",
    ),
    "unknown method": ({"method": "cash"}, 422, "method_not_available", "/method", "not_available"),
    "unknown channel": ({"channel": "fax"}, 422, "validation_failed", "/channel", "not_allowed"),
    "payer as a list": ({"payer": []}, 422, "validation_failed", "/payer", "not_an_object"),
    "no address": (
        {"payer": {"email": "nobody"}},
        422,
        "validation_failed",
        "/payer/email",
        "invalid_format",
    ),
    "locale as a number": (
        {"payer": {"locale": 7}},
        422,
        "validation_failed",
        "/payer/locale",
        "not_a_string",
    ),
    "locale as a list": (
        {"payer": {"locale": ["de"]}},
        422,
        "validation_failed",
        "/payer/locale",
        "not_a_string",
    ),
    "wallet name of unseen characters": (
        {"payer": {"wallet_username": "\u200b\ufeff"}},
        422,
        "validation_failed",
        "/payer/wallet_username",
        "too_short",
    ),
    "till without a wallet": (
        {"channel": "pos"},
        422,
        "validation_failed",
        "/payer/wallet_username",
        "required",
    ),
    "metadata of numbers": (
        {"metadata": {"cart": 77}},
        422,
        "validation_failed",
        "/metadata/cart",
        "not_a_string",
    ),
    "metadata of many": (
        {"metadata": {str(n): "" for n in range(51)}},
        422,
        "validation_failed",
        "/metadata",
        "too_long",
    ),
    "metadata with a zero byte as name": (
        {"metadata": {"\0": ""}},
        422,
        "validation_failed",
        "/metadata/\0",
        "invalid_format",
    ),
    "expiry of nothing": ({"expires_in": 0}, 422, "validation_failed", "/expires_in", "too_small"),
    "later capture of a wallet": ({"capture": "manual"}, 409, "not_supported", None, None),
    "foreign return_url": (
        {"return_url": "https://evil.example/"},
        422,
        "foreign_url",
        "/return_url",
        "foreign_origin",
    ),
    "foreign cancel_url": (
        {"cancel_url": "https://evil.example/"},
        422,
        "foreign_url",
        "/cancel_url",
        "foreign_origin",
    ),
    "shop as a user name": (
        {"return_url": "https://shop.example@evil.example/"},
        422,
        "validation_failed",
        "/return_url",
        "invalid_format",
    ),
    "host that two programs read differently": (
        {"return_url": "https://evil.example\\@shop.example/"},
        422,
        "validation_failed",
        "/return_url",
        "invalid_format",
    ),
    "script as an address": (
        {"return_url": "javascript:alert(1)"},
        422,
        "validation_failed",
        "/return_url",
        "invalid_format",
    ),
    "address relative to nothing": (
        {"return_url": "//shop.example/"},
        422,
        "validation_failed",
        "/return_url",
        "invalid_format",
    ),
    "shop without encryption": (
        {"return_url": "http://shop.example/"},
        422,
        "foreign_url",
        "/return_url",
        "foreign_origin",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_create__mistake_in_a_field__is_named_and_changes_nothing(api, mistake):
    changes, status, code, pointer, field_code = MISTAKES[mistake]
    before = api.rows()
    answer = api.create(**changes)
    assert is_problem(answer, status, code) and api.rows() == before
    named = [(error["pointer"], error["code"]) for error in answer.json.get("errors", [])]
    assert field_code is None or any(
        field_code == found and pointer in (None, where) for where, found in named
    ), named


def test_create__many_mistakes__are_all_named_at_once(api):
    answer = api.create(amount="1", currency="EUX", method=..., channel="fax", surprise=1)
    assert {error["pointer"] for error in answer.json["errors"]} == {
        "/amount",
        "/currency",
        "/method",
        "/channel",
        "/surprise",
    }


UNREADABLE = {
    "empty": b"",
    "no JSON": b"amount=1",
    "half an object": b'{"amount": 1',
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "Latin-1": '{"description": "Müller"}'.encode("latin-1"),
    "UTF-16": '{"amount": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "a field twice": b'{"amount": 1, "amount": 2}',
    "a field twice inside": b'{"payer": {"email": "a@b", "email": "c@d"}}',
    "NaN": b'{"amount": NaN}',
    "Infinity": b'{"amount": -Infinity}',
    "deep": b"[" * 60_000,
    "deep object": b'{"a":' * 12_000,
    "a number of 5,000 digits": b'{"amount": ' + b"9" * 5_000 + b"}",
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_create__unreadable_body__is_refused_and_changes_nothing(api, kind):
    before = api.rows()
    assert is_problem(
        api.send("POST", "/v1/payments", UNREADABLE[kind], key=new_key()), 400, "malformed_body"
    )
    assert api.rows() == before


def test_create__body_at_the_limit__is_read_and_one_byte_more_is_not(api):
    body = json.dumps(wish(amount=1)).encode()
    assert is_problem(
        api.send("POST", "/v1/payments", body.ljust(BODY_LIMIT), key=new_key()),
        422,
        "amount_too_small",
    )
    assert is_problem(
        api.send("POST", "/v1/payments", body.ljust(BODY_LIMIT + 1), key=new_key()),
        413,
        "body_too_large",
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/jsonp"},
        {"Content-Encoding": "gzip"},
    ],
)
def test_create__other_media_type__is_refused(api, headers):
    assert is_problem(
        api.send("POST", "/v1/payments", wish(), key=new_key(), **headers),
        415,
        "unsupported_media_type",
    )


# --- idempotency keys -------------------------------------------------------------------------------------------------


MOVES_MONEY = [
    (path, declared)
    for path, resource in ROUTES
    for method, declared in operations_of(resource)
    if declared.key
]


def test_key__every_operation_that_moves_money__wants_one():
    assert {path for path, _ in MOVES_MONEY} == {
        "/v1/payments",
        *(f"/v1/payments/{{payment_id}}/{verb}" for verb in ("refunds", "captures", "cancel")),
    }


@pytest.mark.parametrize("path", [path for path, _ in MOVES_MONEY])
@pytest.mark.parametrize("given", [None, " ", '""'])
def test_key__missing__is_refused_before_anything_else(api, path, given):
    answer = api.send("POST", path.format(**NOWHERE), b"rubbish", key=given)
    assert is_problem(answer, 400, "idempotency_key_required")


@pytest.mark.parametrize("given", ["x" * 256, "two words", "a,b c", "sch\xf6n", "tab\tbed"])
def test_key__not_visible_ascii_or_long__is_refused(api, given):
    answer = api.send("POST", "/v1/payments", wish(), key=given)
    assert (
        is_problem(answer, 422, "validation_failed")
        and answer.json["errors"][0]["pointer"] == "/headers/Idempotency-Key"
    )


@pytest.mark.invariant("I3")
def test_key__same_request_quoted_and_bare__is_one_payment(api):
    """I3: same key and same body give the same result."""
    key, body = new_key(), wish()
    first = api.send("POST", "/v1/payments", body, key=key)
    again = api.send("POST", "/v1/payments", body, key=f'"{key}"')
    assert (first.status_code, again.status_code) == (201, 201) and first.json == again.json
    assert (
        "idempotent-replayed" not in first.headers
        and again.headers["idempotent-replayed"] == "true"
    )
    assert (
        first.headers["location"] == again.headers["location"] == f"/v1/payments/{first.json['id']}"
    )


@pytest.mark.invariant("I3")
@pytest.mark.parametrize(
    "changes", [{"amount": 5000}, {"metadata": {"cart": "78"}}, {"order_reference": "another"}]
)
def test_key__other_request__is_refused_and_changes_nothing(api, changes):
    """I3: same key and another body give 422."""
    key, body = new_key(), wish()
    api.send("POST", "/v1/payments", body, key=key)
    before = api.rows()
    assert (
        is_problem(
            api.send("POST", "/v1/payments", body | changes, key=key), 422, "idempotency_mismatch"
        )
        and api.rows() == before
    )


def test_key__of_another_shop__is_another_key(api):
    key, body = new_key(), wish()
    ours, theirs = (
        api.send("POST", "/v1/payments", body, key=key, merchant=merchant) for merchant in KEYS
    )
    assert ours.status_code == theirs.status_code == 201 and ours.json["id"] != theirs.json["id"]


def test_key__after_a_validation_error__is_still_free(api):
    key = new_key()
    assert api.send("POST", "/v1/payments", wish(amount=0), key=key).status_code == 422
    assert api.send("POST", "/v1/payments", wish(), key=key).status_code == 201


# --- paths, queries, methods ------------------------------------------------------------------------------------------


BAD_QUERIES = {
    "/v1/payments?limit=0": "/limit",
    "/v1/payments?limit=101": "/limit",
    "/v1/payments?limit=ten": "/limit",
    "/v1/payments?limit=1.0": "/limit",
    "/v1/payments?limit=": "/limit",
    "/v1/payments?limit=1&limit=2": "/limit",
    "/v1/payments?limit=%D9%A1": "/limit",
    "/v1/payments?status=done": "/status",
    "/v1/payments?colour=red": "/colour",
    "/v1/payments?method=": "/method",
    "/v1/payments?order_reference=%00": "/order_reference",
    "/v1/payments?order_reference=%FF": "",
    "/v1/payments?created_from=yesterday": "/created_from",
    "/v1/payments?created_from=2026-05-01": "/created_from",
    "/v1/payments?created_from=2026-05-01T12:00:00": "/created_from",
    "/v1/payments?created_to=2026-02-30T12:00:00Z": "/created_to",
    "/v1/payments?updated_from=2026-05-01T12:00:00+02:00": "/updated_from",
    "/v1/payments?created_from=0001-01-01T00:00:00%2B09:00": "/created_from",
    "/v1/methods?amount=1.5&currency=EUR": "/amount",
    "/v1/methods?amount=-1": "/amount",
    "/v1/methods?currency=EUX": "/currency",
    "/v1/events?after=evt_%00": "/after",
    "/v1/shop?verbose=1": "/verbose",
}


@pytest.mark.parametrize("address", BAD_QUERIES)
def test_query__mistake_in_a_parameter__is_named(api, address):
    answer = api.send("GET", address)
    assert (
        is_problem(answer, 422, "validation_failed")
        and answer.json["errors"][0]["pointer"] == BAD_QUERIES[address]
    )


@pytest.mark.parametrize(
    "address",
    [
        "/v1/payments?cursor=x",
        "/v1/payments?cursor=ref_01JZ3X4Y5Z6A7B8C9D0E1F2G3H",
        "/v1/payments?cursor=pay_'--",
        "/v1/events?after=evt_01JZ3X4Y5Z6A7B8C9D0E1F2G3H",
    ],
)
def test_query__cursor_that_we_never_gave__is_refused(api, address):
    assert is_problem(api.send("GET", address), 422, "validation_failed")


def test_query__time_with_an_offset__is_the_same_moment(api):
    payment = api.created()
    for moment in (
        "2000-01-01T00:00:00Z",
        "2000-01-01T09:00:00%2B09:00",
        "2000-01-01t00:00:00.000z",
    ):
        found = api.send(
            "GET",
            f"/v1/payments?order_reference={payment['order_reference']}&created_from={moment}",
        ).json["data"]
        assert [one["id"] for one in found] == [payment["id"]]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/payments/pay_x'--",
        "/v1/payments/pay_%00",
        "/v1/payments/ref_1",
        "/v1/payments/pay_" + "1" * 999,
        "/v1/payments/",
        "/v1/refunds/pay_1",
        "/v1/checkout/chk_unknown",
        "/v1/checkout/../payments",
        "/v1",
        "/",
        "/v2/payments",
        "/v1/payments/pay_\xff",
    ],
)
def test_path__names_nothing__is_not_found(api, path):
    assert is_problem(api.send("GET", path), 404, "not_found")


@pytest.mark.parametrize("path", [path for path, _ in ROUTES])
@pytest.mark.parametrize(
    "method", ["PUT", "PATCH", "DELETE", "TRACE", "FOO", "HEAD", "OPTIONS", "WEBSOCKET"]
)
@pytest.mark.invariant("I17")
def test_method__unknown_to_a_route__is_never_a_server_error(api, path, method):
    """I17: unknown verbs never give 5xx."""
    filled = re.sub(r"{.*?}", "x", path)
    answer = api.send(method, filled)
    assert answer.status_code < 500
    assert answer.status_code != 405 or answer.headers["allow"]
    assert method == "HEAD" or answer.status_code < 400 or answer.json["code"]
