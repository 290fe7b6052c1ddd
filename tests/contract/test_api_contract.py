"""The API against its own contract: every documented problem, and every route against OpenAPI."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from api_house import (
    BODY_LIMIT,
    KEYS,
    NOWHERE,
    PAYER,
    STATIC,
    Api,
    api,
    checkout_of,
    confirm,
    is_problem,
    listening,
    new_key,
    running,
    wish,
)
from falcon.testing import Result
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from bridge.web.app import ROUTES
from bridge.web.openapi import document, operations_of
from bridge.web.settings import WebSettings

PROMISED = document(ROUTES, WebSettings("http://127.0.0.1:8080", STATIC))

# --- every documented problem -----------------------------------------------------------------------------------------


def _payment_exists(api: Api) -> Result:
    return api.create(order_reference=api.created()["order_reference"])


def _checkout_gone(api: Api) -> Result:
    checkout = checkout_of(api)
    api.clock.ahead = timedelta(days=40)
    return api.send("GET", checkout, merchant=None)


def _checkout_closed(api: Api) -> Result:
    checkout = checkout_of(api)
    assert confirm(api, checkout).status_code == 200
    return confirm(api, checkout)


def _outcome_unknown(api: Api) -> Result:
    api.sandbox.fault("cashcloud", "request", "drop_after")
    payment = api.create(payer={"wallet_username": PAYER}).json
    assert payment["outcome_known"] is False
    api.sandbox.fault("cashcloud", "transactions", "status", code=500, times=5)
    return api.send("POST", f"/v1/payments/{payment['id']}/cancel", key=new_key())


def _refund(api: Api, payment: dict[str, Any], **body: Any) -> Result:
    return api.send("POST", f"/v1/payments/{payment['id']}/refunds", body, key=new_key())


def _mismatch(api: Api) -> Result:
    key = new_key()
    api.send("POST", "/v1/payments", wish(), key=key)
    return api.send("POST", "/v1/payments", wish(), key=key)


def _running(api: Api) -> Result:
    key, body = new_key(), wish(payer={"wallet_username": PAYER})
    api.sandbox.fault(
        "cashcloud", "request", "delay", ms=2500
    )  # longer than the shop's respond_within
    assert api.send("POST", "/v1/payments", body, key=key).status_code == 202
    return api.send("POST", "/v1/payments", body, key=key)


PROBLEMS: dict[str, tuple[int, Callable[[Api], Result]]] = {
    "malformed_body": (400, lambda api: api.send("POST", "/v1/payments", b"{", key=new_key())),
    "idempotency_key_required": (400, lambda api: api.send("POST", "/v1/payments", wish())),
    "unauthorized": (401, lambda api: api.send("GET", "/v1/payments", merchant=None)),
    "forbidden": (403, lambda api: api.client.simulate_get("/readyz", remote_addr="192.0.2.1")),
    "not_found": (404, lambda api: api.send("GET", "/v1/payments/{payment_id}".format(**NOWHERE))),
    "payment_exists": (409, _payment_exists),
    "payment_not_paid": (409, lambda api: _refund(api, api.created(), amount=1)),
    "not_cancelable": (
        409,
        lambda api: api.send("POST", f"/v1/payments/{api.paid()['id']}/cancel", key=new_key()),
    ),
    "not_supported": (
        409,
        lambda api: api.send(
            "POST", f"/v1/payments/{api.paid()['id']}/captures", {}, key=new_key()
        ),
    ),
    "checkout_closed": (409, _checkout_closed),
    "outcome_unknown": (409, _outcome_unknown),
    "idempotency_running": (409, _running),
    "checkout_gone": (410, _checkout_gone),
    "refundable_mismatch": (412, lambda api: _refund(api, api.paid(), expected_refundable=1)),
    "body_too_large": (
        413,
        lambda api: api.send("POST", "/v1/payments", b" " * (BODY_LIMIT + 1), key=new_key()),
    ),
    "unsupported_media_type": (
        415,
        lambda api: api.send(
            "POST", "/v1/payments", b"{}", key=new_key(), **{"Content-Type": "text/xml"}
        ),
    ),
    "validation_failed": (422, lambda api: api.create(amount=0)),
    "amount_too_large": (422, lambda api: _refund(api, api.paid(), amount=5000)),
    "amount_too_small": (422, lambda api: api.create(amount=1)),
    "currency_not_supported": (422, lambda api: api.create(currency="JPY")),
    "method_not_available": (422, lambda api: api.create(method="cash")),
    "foreign_url": (422, lambda api: api.create(return_url="https://evil.example/")),
    "wallet_username_refused": (
        422,
        lambda api: confirm(api, checkout_of(api), "nobody@example.com"),
    ),
    "idempotency_mismatch": (422, _mismatch),
}
"""How each documented problem comes about."""

SHOWN_ELSEWHERE = {
    "bad_request",
    "internal_error",
    "unavailable",
    "payment_not_authorized",
    "too_many_tries",
    "provider_unreachable",
}
"""These need a server that passes on broken HTTP, a broken house, a card, or a provider in doubt: tests/unit/web/test_web_problems.py."""


def test_problems__documented_ones__are_all_shown_by_a_test():
    documented = {
        code
        for item in PROMISED["paths"].values()
        for call in item.values()
        for answer in call["responses"].values()
        for code in re.findall(r"^- `(\w+)`:", answer["description"], re.M)
    }
    assert documented == set(PROBLEMS) | SHOWN_ELSEWHERE


@pytest.mark.parametrize("code", PROBLEMS)
def test_problem__each_documented_code__comes_about_as_documented(api, code):
    status, bring_about = PROBLEMS[code]
    answer = bring_about(api)
    assert is_problem(answer, status, code)
    assert answer.json["retryable"] is (code in ("outcome_unknown", "idempotency_running"))


def test_problem__payment_exists__names_the_payment(api):
    payment = api.created()
    assert (
        api.create(order_reference=payment["order_reference"]).json["payment_id"] == payment["id"]
    )


def test_problem__too_much_to_refund__tells_what_is_left_and_changes_nothing(api):
    payment = api.paid()
    before = api.rows()
    answers = [
        _refund(api, payment, amount=5000),
        _refund(api, payment, amount=5000, expected_refundable=4999),
    ]
    assert all(
        is_problem(answer, 422, "amount_too_large") and answer.json["amount_refundable"] == 4999
        for answer in answers
    )
    assert (
        is_problem(_refund(api, payment, expected_refundable=1), 412, "refundable_mismatch")
        and api.rows() == before
    )


# --- the document itself ----------------------------------------------------------------------------------------------


def test_openapi__every_route__is_in_it_and_nothing_else():
    declared = {
        (path, method)
        for path, resource in ROUTES
        if "{file" not in path
        for method, _ in operations_of(resource)
    }
    assert {
        (path, method) for path, item in PROMISED["paths"].items() for method in item
    } == declared


def test_openapi__every_handler__is_declared():
    handlers = {
        (path, verb)
        for path, resource in ROUTES
        for verb in ("get", "post", "put", "patch", "delete")
        if hasattr(resource, f"on_{verb}")
    }
    assert handlers == {
        (path, verb) for path, resource in ROUTES for verb, _ in operations_of(resource)
    }


@pytest.fixture(scope="module")
def address(running):
    with listening(running.app) as url:
        yield url


SCHEMA = schemathesis.openapi.from_dict(PROMISED)
REFUSES_WITH_REASON = [positive_data_acceptance]
"""Well-formed is not acceptable: a foreign address or an unknown method is 422 by design, shown above."""


@pytest.mark.invariant("I17")
@SCHEMA.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_fuzz__any_request__is_answered_as_documented(case, address):
    """I17: no 5xx; every status, media type, header and body is in the document. Over real HTTP."""
    secured = case.operation.definition.raw.get("security")
    headers = {"Authorization": f"Bearer {KEYS['acme']}"} if secured else {}
    case.call_and_validate(base_url=address, headers=headers, excluded_checks=REFUSES_WITH_REASON)
