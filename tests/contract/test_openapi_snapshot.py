"""The API changes only as the snapshot in the tree says, and nothing breaks for callers unless it says so."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from openapi_snapshot import agreed, breaking, promised


def changed(path: str, value: Any) -> dict[str, Any]:
    """The agreed document with another value at a path of keys; None takes the key away."""
    doc = copy.deepcopy(agreed())
    *way, last = path.split(" ")
    place = doc
    for key in way:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return doc


def test_api__as_the_code_promises_it__is_the_one_in_the_snapshot():
    assert promised() == agreed(), (
        "the API has changed: run `make openapi` and look at the difference"
    )


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("paths /v1/payments post", None, "POST /v1/payments is gone"),
        (
            "paths /v1/payments post responses 201",
            None,
            "POST /v1/payments: the answer 201 is gone",
        ),
        ("components schemas Payment properties amount", None, "Payment.amount is gone"),
        (
            "components schemas Payment properties amount type",
            "string",
            "Payment.amount has another type",
        ),
        (
            "components schemas PaymentBody required",
            ["order_reference", "amount", "currency", "method", "channel"],
            "PaymentBody.channel is required",
        ),
        (
            "components schemas PaymentBody properties amount maximum",
            10,
            "PaymentBody.amount: maximum is tighter",
        ),
        ("components schemas Payment required", ["id"], "Payment.amount may be missing"),
    ],
)
def test_breaking__change_that_callers_feel__is_named(path, value, expected):
    assert expected in breaking(agreed(), changed(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("components schemas Payment properties new", {"type": "string"}),
        ("components schemas PaymentBody properties new", {"type": "string"}),
        ("paths /v1/new", {"get": {"responses": {}}}),
        ("components schemas PaymentBody properties amount maximum", 10**15),
    ],
)
def test_breaking__something_more__breaks_nobody(path, value):
    assert breaking(agreed(), changed(path, value)) == []
