"""Errors become problem documents, and nothing of what went wrong inside gets out."""

from __future__ import annotations

import inspect
import logging

import pytest
from falcon.testing import StartResponseMock, create_environ
from web_stand_in import a_client, raising, shop_call

from bridge import errors
from bridge.errors import BridgeError, FieldError, LeaseLost
from bridge.web.problems import status_of

PAYMENT = "/v1/payments/pay_1"
ERRORS = [
    one
    for _, one in inspect.getmembers(errors, inspect.isclass)
    if issubclass(one, BridgeError) and one is not BridgeError
]
CANARY = "postgresql://user:canary-password@db"


@pytest.mark.parametrize("error", ERRORS)
def test_problem__every_error_of_ours__has_a_status_and_a_whole_document(error):
    answer = shop_call(a_client(read_payment=raising(error())), "GET", PAYMENT)
    problem = answer.json
    assert (
        answer.status_code == problem["status"] == status_of(error)
        and 400 <= answer.status_code < 600
    )
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["title"], problem["retryable"], problem["instance"]) == (
        error.code,
        error.title(),
        error.retryable,
        PAYMENT,
    )
    assert problem["type"] == f"https://bridge.example/docs#problem-{error.code}"


@pytest.mark.parametrize(
    ("error", "status", "header", "value"),
    [
        (errors.Unavailable(), 503, "retry-after", "5"),
        (errors.IdempotencyRunning(), 409, "retry-after", "1"),
        (LeaseLost(), 503, "retry-after", "5"),
        (errors.TooManyTries(), 429, "cache-control", "no-store"),
        (errors.PaymentNotAuthorized(), 409, "x-content-type-options", "nosniff"),
    ],
)
def test_problem__error_that_passes__says_when_to_try_again(error, status, header, value):
    answer = shop_call(a_client(read_payment=raising(error)), "GET", PAYMENT)
    assert (answer.status_code, answer.headers[header]) == (status, value)


def test_problem__members_and_mistakes__are_shown_and_cannot_replace_the_standard_ones():
    error = errors.AmountTooLarge(
        "49.99 EUR is left.",
        errors=(FieldError("/amount", "too_large", "at most 4999"),),
        amount_refundable=4999,
        status=200,
    )
    problem = shop_call(a_client(read_payment=raising(error)), "GET", PAYMENT).json
    assert problem["errors"] == [
        {"pointer": "/amount", "code": "too_large", "detail": "at most 4999"}
    ]
    assert (problem["detail"], problem["amount_refundable"], problem["status"]) == (
        "49.99 EUR is left.",
        4999,
        422,
    )


@pytest.mark.invariant("I16")
@pytest.mark.parametrize(
    "error", [RuntimeError(CANARY), KeyError(CANARY), AssertionError(CANARY), OSError(5, CANARY)]
)
def test_problem__whatever_nobody_foresaw__is_logged_and_told_by_its_request_id_only(error, caplog):
    """I16: no secret in an error body."""
    with caplog.at_level(logging.ERROR, "bridge.web"):
        answer = shop_call(
            a_client(read_payment=raising(error)),
            "GET",
            PAYMENT,
            headers={"X-Request-Id": "req-77"},
        )
    assert (answer.status_code, answer.json["code"], answer.json["request_id"]) == (
        500,
        "internal_error",
        "req-77",
    )
    assert CANARY not in answer.text and caplog.records[0].exc_info[1] is error


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/payments/pay_1/nowhere", 404, "not_found"),
        ("DELETE", PAYMENT, 405, "method_not_allowed"),
        ("BREW", PAYMENT, 400, "bad_request"),
        ("WEBSOCKET", PAYMENT, 400, "bad_request"),
    ],
)
def test_problem__what_http_refuses__is_a_problem_too(method, path, status, code):
    answer = shop_call(a_client(), method, path)
    assert (answer.status_code, answer.json["code"], answer.headers["content-type"]) == (
        status,
        code,
        "application/problem+json",
    )
    assert answer.json["request_id"] == answer.headers["x-request-id"]


def test_problem__method_not_allowed__says_which_are():
    assert set(shop_call(a_client(), "PUT", "/v1/payments").headers["allow"].split(", ")) == {
        "GET",
        "HEAD",
        "OPTIONS",
        "POST",
    }


@pytest.mark.parametrize("length", ["-1", "many", "1.5"])
def test_problem__length_that_is_no_number__is_a_bad_request(length):
    environ = create_environ(
        "/v1/payments",
        method="POST",
        headers={"Authorization": "Bearer sk_unit", "Idempotency-Key": "1"},
    )
    answer = StartResponseMock()
    body = b"".join(a_client().app({**environ, "CONTENT_LENGTH": length}, answer))
    assert answer.status.startswith("400") and b'"code":"bad_request"' in body


def test_problem__path_of_any_bytes__is_written_safely():
    answer = shop_call(a_client(), "GET", "/v1/payments/pay_<script>\xff")
    assert answer.status_code == 404 and "<script>" not in answer.text
