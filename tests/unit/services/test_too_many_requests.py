"""A provider that says 429 with Retry-After is left alone for as long as it says, by every call of that account."""

from __future__ import annotations

import pytest

from bridge.domain.operation import OperationStatus
from bridge.domain.payment import Status


def received(stage):
    """How many calls the provider has got."""
    return sum(
        line["direction"] == "received" for line in stage.sandbox.control("GET", "journal")["calls"]
    )


@pytest.mark.invariant("I1", "I4")
def test_refund__answered_429__is_in_doubt_and_no_call_of_the_account_is_made_before_the_time(
    stage,
):
    """Whether it was carried out is not known; the ladder goes on, and its looks are not sent (I1, I4)."""
    payment = stage.paid()
    stage.sandbox.fault("refund", "status", code=429, retry_after=120)
    refund = stage.refund(payment, amount=1000)
    assert refund["outcome_known"] is False
    calls = received(stage)
    stage.advance(60), stage.services.sync_payment(stage.shop(), payment["id"]), stage.advance(55)
    assert received(stage) == calls
    stage.advance(3600), stage.advance(30)
    assert received(stage) > calls and len(stage.sandbox.refunds_of(refund["id"])) == 1
    assert (
        stage.operation(refund).status is OperationStatus.PENDING
        and stage.operation(refund).outcome_known
    )


def test_payment__while_the_account_is_left_alone__is_not_sent_and_another_accounts_is(stage):
    stage.sandbox.fault("transactions", "status", code=429, retry_after=3600)
    stage.services.sync_payment(stage.shop(), stage.create()["id"])
    calls = received(stage)
    waiting, other = stage.create(), stage.create(shop="globex-shop")
    assert (
        stage.payment(waiting).provider_reference is None
        and stage.payment(other).provider_reference
    )
    assert (
        len(stage.sandbox.requests_of(other["id"])) == 1 and received(stage) <= calls + 2
    )  # the other merchant's login and request


@pytest.mark.parametrize(
    ("code", "retry_after", "more"), [(429, 0, True), (503, 60, True), (429, 60, False)]
)
def test_inquiry__refused__is_put_off_by_a_429_with_a_time_alone(stage, code, retry_after, more):
    payment = stage.create()
    stage.sandbox.fault("transactions", "status", code=code, retry_after=retry_after)
    stage.advance(5)
    before = received(stage)
    stage.advance(20)
    assert (received(stage) > before) is more and stage.payment(payment).status is Status.PENDING


def test_login__answered_429__is_no_refused_login(stage):
    """The request was not sent, and is sent when the time has come."""
    stage.house.accounts.get("acme", "cashcloud")._tokens._token = None
    stage.sandbox.fault("salt", "status", code=429, retry_after=4)
    payment = stage.create()
    assert payment["outcome_known"] and stage.payment(payment).provider_reference is None
    stage.advance(2), stage.advance(3), stage.advance(10)
    assert (
        stage.payment(payment).provider_reference
        and len(stage.sandbox.requests_of(payment["id"])) == 1
    )
