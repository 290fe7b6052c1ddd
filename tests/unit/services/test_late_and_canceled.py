"""Giving up, expiring, and money that comes all the same."""

from __future__ import annotations

import json

import pytest

from bridge.domain.operation import OperationStatus
from bridge.domain.payment import Payer, Status
from bridge.errors import CheckoutClosed, NotCancelable, OutcomeUnknown
from factories import FIFTY, a_key

HALF_AN_HOUR = 1800


def cancel(stage, payment):
    return json.loads(stage.services.cancel_payment(stage.shop(), payment["id"], a_key()).body)


def paid_after_cancel(stage):
    payment = stage.create()
    assert cancel(stage, payment)["status"] == "canceled"
    stage.pay(payment), stage.hear(), stage.work()
    return payment


def paid_after_expiry(stage):
    payment = stage.create()
    stage.clock.advance(HALF_AN_HOUR), stage.work()
    assert stage.payment(payment).status is Status.EXPIRED
    stage.pay(payment), stage.hear(), stage.work()
    return payment


@pytest.mark.parametrize("given_up", [paid_after_cancel, paid_after_expiry])
def test_late__policy_accept__is_paid_late_and_nothing_more(new_stage, given_up):
    """Money wins (lesson 43)."""
    stage = new_stage(shop={"late_payment": "accept"})
    payment = given_up(stage)
    row = stage.payment(payment)
    assert (row.status, row.amount_captured, row.review, row.failure) == (
        Status.PAID,
        FIFTY,
        None,
        None,
    )
    assert stage.types(payment)[-1] == "payment.paid_late" and not stage.operations(payment)


@pytest.mark.parametrize("given_up", [paid_after_cancel, paid_after_expiry])
def test_late__policy_hold__asks_for_an_operator(stage, given_up):
    payment = given_up(stage)
    assert stage.payment(payment).status is Status.PAID and "hold" in stage.payment(payment).review
    assert stage.types(payment)[-2:] == [
        "payment.paid_late",
        "note.needs_review",
    ] and not stage.operations(payment)
    assert stage.services.measure()["needs_review"] == 1


@pytest.mark.invariant("I1")
@pytest.mark.parametrize("given_up", [paid_after_cancel, paid_after_expiry])
def test_late__policy_refund__gives_all_of_it_back_once(new_stage, given_up):
    """One refund, written with the fact that makes it necessary (I1; lesson 43)."""
    stage = new_stage(shop={"late_payment": "refund"})
    payment = given_up(stage)
    stage.services.sync_payment(stage.shop(), payment["id"]), stage.work()
    (refund,) = stage.sandbox.ledger("refund")
    stage.sandbox.payer(refund["reference"], "accept"), stage.hear(), stage.work()
    (operation,) = stage.operations(payment)
    assert (operation.status, operation.amount, stage.payment(payment).amount_refunded) == (
        OperationStatus.SUCCEEDED,
        FIFTY,
        FIFTY,
    )
    assert stage.types(payment)[-3:] == ["payment.paid_late", "refund.pending", "refund.succeeded"]


@pytest.mark.parametrize("action", ["decline", "fail"])
def test_late__policy_refund_that_fails__is_put_before_an_operator(new_stage, action):
    """Money that was to go back and did not is never kept silently (lesson 43)."""
    stage = new_stage(shop={"late_payment": "refund"})
    payment = paid_after_cancel(stage)
    (refund,) = stage.sandbox.ledger("refund")
    stage.sandbox.payer(refund["reference"], action), stage.hear(), stage.work()
    (operation,) = stage.operations(payment)
    row = stage.payment(payment)
    assert (row.status, row.amount_refundable) == (
        Status.PAID,
        FIFTY,
    ) and operation.id in row.review
    assert stage.services.measure()["needs_review"] == 1


def test_late__order_has_a_new_payment_by_then__both_are_kept(stage):
    """A refund of the one never touches the other (lesson 6)."""
    first = stage.create(order_reference="o-1")
    cancel(stage, first)
    second = stage.create(order_reference="o-1")
    for payment in (second, first):
        stage.pay(payment), stage.hear(), stage.work()
    stage.refund(first)
    assert [stage.payment(p).status for p in (first, second)] == [
        Status.PAID
    ] * 2 and stage.payment(second).amount_refund_pending == 0


# --- expiry ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("callback", [True, False])
def test_expiry__paid_in_the_last_moment__the_provider_is_asked_before_it_is_closed(
    stage, callback
):
    """Our clock proposes, the provider decides (lesson 41)."""
    payment = stage.create()
    stage.clock.advance(HALF_AN_HOUR)
    stage.pay(payment)
    stage.hear() if callback else stage.outside.callbacks.clear()
    stage.work()
    assert stage.types(payment)[2:] == ["payment.paid"]


def test_expiry__provider_still_waits__expires_by_our_clock_and_goes_on_asking(stage):
    payment = stage.create()
    stage.advance(HALF_AN_HOUR)
    assert (
        stage.history(payment)[-1].source == "clock"
        and stage.payment(payment).failure.reason.value == "expired"
    )
    stage.pay(payment), stage.outside.callbacks.clear()
    stage.drain()
    assert stage.payment(payment).status is Status.PAID and not stage.jobs()


def test_expiry__payer_never_named_a_wallet__expires_without_asking_anybody(stage):
    payment = stage.create(payer=Payer())
    stage.drain()
    assert (
        stage.payment(payment).status is Status.EXPIRED and stage.sandbox.calls("transactions") == 0
    )
    with pytest.raises(CheckoutClosed):
        stage.services.confirm_checkout(
            payment["checkout"]["token"], "customer@example.com", None, None, "en"
        )


def test_expires_in__asked_for_too_long__is_capped_by_the_profile(stage):
    assert stage.create(expires_in=60)["expires_at"] == "2026-03-01T12:01:00.000Z"
    assert stage.create(expires_in=10**6)["expires_at"] == "2026-03-02T12:00:00.000Z"


# --- cancel ----------------------------------------------------------------------------------------------------------


def test_cancel__not_asked_yet__is_given_up_at_once(stage):
    payment = stage.create(payer=Payer())
    answer = cancel(stage, payment)
    assert (answer["status"], answer["failure"]["code"]) == (
        "canceled",
        "given_up",
    ) and not stage.jobs()[1:]


def test_cancel__just_paid__is_refused_since_the_provider_is_asked_first(stage):
    payment = stage.create()
    stage.pay(payment)
    with pytest.raises(NotCancelable, match="paid"):
        cancel(stage, payment)
    assert stage.payment(payment).status is Status.PAID


@pytest.mark.parametrize("action", ["decline", "fail", "expire"])
def test_cancel__ended_otherwise__is_refused(stage, action):
    payment = stage.create()
    stage.pay(payment, action), stage.hear(), stage.work()
    with pytest.raises(NotCancelable):
        cancel(stage, payment)


def test_cancel__twice_under_two_keys__is_canceled_once(stage):
    payment = stage.create()
    assert cancel(stage, payment)["status"] == cancel(stage, payment)["status"] == "canceled"
    assert stage.types(payment).count("payment.canceled") == 1


@pytest.mark.invariant("I5")
def test_cancel__outcome_unknown__waits_for_the_providers_word(stage):
    """Nothing in doubt is given up (I5)."""
    (
        stage.sandbox.fault("request", "drop_after"),
        stage.sandbox.fault("transactions", "drop_before", times=1),
    )
    payment = stage.create()
    with pytest.raises(OutcomeUnknown):
        cancel(stage, payment)
    assert (
        cancel(stage, payment)["status"] == "canceled"
    )  # the second inquiry is answered: nobody has paid


@pytest.mark.invariant("I4", "I35")
@pytest.mark.parametrize("given_up", ["canceled", "expired"])
def test_given_up__payer_has_accepted_and_the_money_is_on_its_way__waits_for_the_end(
    stage, given_up
):
    """Cashcloud's state 2 is no word that nobody pays: neither a cancel nor our clock ends the payment (I4, I35)."""
    payment = stage.create()
    ledger = stage.sandbox._app.desk.ledger
    entry = ledger.get("cashcloud", stage.payment(payment).provider_reference)
    ledger.change(entry, details={"state": 2})
    if given_up == "canceled":
        with pytest.raises(OutcomeUnknown):
            cancel(stage, payment)
    else:
        stage.clock.advance(HALF_AN_HOUR), stage.work()
    assert stage.payment(payment).status is Status.PENDING
    assert stage.pay(payment)
    stage.hear(), stage.work()
    assert (
        stage.types(payment) == ["payment.created", "payment.pending", "payment.paid"]
        and stage.payment(payment).outcome_known
    )


def test_cancel__by_the_payer__is_told_as_theirs(stage):
    payment = stage.create()
    shown = stage.services.cancel_checkout(payment["checkout"]["token"], "de")
    assert shown.view["status"] == "canceled" and stage.history(payment)[-1].source == "payer"
    assert stage.payment(payment).failure.reason.value == "payer_canceled"


def test_cancel__payer_declines_afterwards__is_a_repeat(stage):
    payment = stage.create()
    cancel(stage, payment)
    stage.pay(payment, "decline"), stage.hear(), stage.work()
    assert stage.types(payment)[2:] == ["payment.canceled"] and not stage.jobs()
