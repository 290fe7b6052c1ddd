"""Whatever a platform allows as an order number is taken as it is, or refused with a reason, and nothing is stored."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from api_house import Api, api, new_key, running  # noqa: F401
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LONGEST = 64
"""Characters of an order reference."""

PRINTABLE = st.characters(exclude_categories=("Cc", "Cs"))
NUMBERS = st.text(PRINTABLE, min_size=1, max_size=255)


SPECIAL = [
    "A B",
    "Bestellung Ä 7",
    '"7"',
    "a\\b",
    "№ 7",
    " 7 ",
    "9" * LONGEST,
    "№" * LONGEST,
    "100000123~0a1b2c3d",
    "<b>7</b>",
    "漢字 🛒",
]


@pytest.mark.invariant("I24")
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(number=NUMBERS)
def test_create__any_printable_order_number__is_taken_as_it_is_or_refused_with_a_reason(
    api: Api, number: str
) -> None:
    answer = api.create(order_reference=number)
    if len(number) > LONGEST:
        assert (answer.status_code, answer.json["code"], answer.json["errors"][0]["pointer"]) == (
            422,
            "validation_failed",
            "/order_reference",
        )
        return
    assert (answer.status_code, answer.json["order_reference"]) == (201, number), answer.text
    found = api.send("GET", f"/v1/payments?{urlencode({'order_reference': number})}").json["data"]
    assert answer.json["id"] in [payment["id"] for payment in found]
    canceled = api.send("POST", f"/v1/payments/{answer.json['id']}/cancel", {}, key=new_key())
    assert (canceled.status_code, canceled.json["status"]) == (200, "canceled"), canceled.text


@pytest.mark.invariant("I24")
@pytest.mark.parametrize("number", SPECIAL, ids=ascii)
def test_payment__special_order_number__is_paid_and_refunded(api: Api, number: str) -> None:
    payment = api.paid(order_reference=number)
    refund = api.send(
        "POST",
        f"/v1/payments/{payment['id']}/refunds",
        {"amount": 1500, "refund_reference": number},
        key=new_key(),
    )
    assert (payment["order_reference"], refund.status_code, refund.json["status"]) == (
        number,
        201,
        "pending",
    ), refund.text
    assert refund.json["outcome_known"], "the wallet's owner has still to take it"
