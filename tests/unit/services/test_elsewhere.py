"""Money that others moved directly at the provider: noticed at the next inquiry, booked once, told to the shop."""

from __future__ import annotations

import pytest

from bridge.domain.operation import OperationStatus, Origin
from bridge.errors import RefundableMismatch
from factories import FIFTY, a_key


def refunded_at_the_portal(stage, payment, amount=None):
    """The merchant gives money back by hand, and the payer takes it."""
    reference = stage.sandbox.portal(stage.payment(payment).provider_reference, "refund", amount)
    assert stage.sandbox.payer(reference, "accept")
    return reference


def sync(stage, payment):
    return stage.services.sync_payment(stage.shop(), payment["id"])


@pytest.mark.invariant("I25", "I31")
@pytest.mark.parametrize("amount", [1500, None])
def test_refund__at_the_portal__is_noticed_once_and_told_as_an_operation_of_its_own(stage, amount):
    """Sums are right, the shop hears of it, and what is left to refund is true again (I25, I31)."""
    payment, given = stage.paid(), amount or FIFTY
    reference = refunded_at_the_portal(stage, payment, amount)
    stage.outside.callbacks.clear()
    known = sync(stage, payment)
    assert (known["amount_refunded"], known["amount_refundable"], known["status"]) == (
        given,
        FIFTY - given,
        "paid",
    )
    for _ in range(3):
        sync(stage, payment)
    stage.work()
    [refund] = stage.operations(payment)
    assert (refund.source, refund.status, refund.amount, refund.provider_reference) == (
        Origin.PROVIDER,
        OperationStatus.SUCCEEDED,
        given,
        reference,
    )
    assert [kind for kind in stage.outside.told(payment["id"]) if kind.startswith("refund")] == [
        "refund.succeeded"
    ]
    [told] = [
        one.body["data"]
        for one in stage.outside.notifications
        if one.body["type"] == "refund.succeeded"
    ]
    assert (
        told["refund"]["source"],
        told["refund"]["amount"],
        told["payment"]["amount_refunded"],
    ) == ("provider", given, given)
    assert stage.types(payment).count("note.refunded_elsewhere") == 1


@pytest.mark.invariant("I25", "I31")
@pytest.mark.parametrize("told", ["named", "as a sum"])
def test_refund__of_all_at_the_portal_before_the_payment_was_known_to_be_paid__is_booked_once(
    stage, told
):
    """The state of the payment tells that all went back, the list by which refunds: it is the same money (I25, I31)."""
    payment = stage.create()
    assert stage.pay(payment)
    references = [refunded_at_the_portal(stage, payment, amount) for amount in (700, None)]
    stage.outside.callbacks.clear()
    if told == "as a sum":
        stage.sandbox.fault("transactions", "delay", ms=0)
        stage.sandbox.fault("transactions", "garbage")
    for _ in range(3):
        assert sync(stage, payment)["amount_refunded"] == FIFTY
    names = [one.provider_reference for one in stage.operations(payment)]
    assert (
        set(names) == (set(references) if told == "named" else {None})
        and stage.payment(payment).review is None
    )


@pytest.mark.invariant("I25")
def test_refund__at_the_portal__is_noticed_by_its_callback(stage):
    """Its callback names a transaction that is none of ours, which names the payment (I25)."""
    payment = stage.paid()
    refunded_at_the_portal(stage, payment, 700)
    assert stage.hear(times=2) and stage.work()
    assert stage.payment(payment).amount_refunded == 700 and len(stage.operations(payment)) == 1


@pytest.mark.invariant("I25")
def test_refund__at_the_portal__is_noticed_by_its_callback_though_the_provider_cannot_be_asked_at_first(
    stage,
):
    """Which payment it belongs to is told by the provider alone: its silence is no "unknown reference" (I25)."""
    payment = stage.paid()
    stage.outside.callbacks.clear()
    refunded_at_the_portal(stage, payment, 700)
    stage.sandbox.fault("transactions", "drop_before", times=2)
    assert stage.hear() and stage.work()
    stage.advance(2)
    assert stage.payment(payment).amount_refunded == 700


@pytest.mark.invariant("I25", "I27")
def test_refund__at_the_portal__is_noticed_by_a_repeat_of_a_callback_that_nobody_could_look_into(
    stage,
):
    """What was never answered is not known: the same callback once more is looked into anew (I25, I27)."""
    payment = stage.paid()
    stage.outside.callbacks.clear()
    refunded_at_the_portal(stage, payment, 700)
    heard = list(stage.outside.callbacks)
    stage.sandbox.fault("transactions", "drop_before", times=50)
    stage.hear(), stage.drain()
    stage.sandbox.no_faults()
    assert stage.payment(payment).amount_refunded == 0
    stage.outside.callbacks[:] = heard
    stage.hear(), stage.work()
    assert stage.payment(payment).amount_refunded == 700 and len(stage.operations(payment)) == 1


@pytest.mark.invariant("I25")
def test_refund__of_which_the_portal_has_left_nothing__is_refused_and_the_reason_is_noticed(stage):
    """A refusal is a reason to look what the provider's books have (I25)."""
    payment = stage.paid()
    refunded_at_the_portal(stage, payment)
    stage.outside.callbacks.clear()
    refund = stage.refund(payment, amount=1000, expected_refundable=FIFTY)
    assert refund["status"] == "failed"
    stage.work()
    assert stage.payment(payment).amount_refunded == FIFTY and not stage.has_job(
        "payment", payment["id"]
    )
    with pytest.raises(RefundableMismatch) as caught:
        stage.refund(payment, expected_refundable=FIFTY)
    assert caught.value.members["amount_refundable"] == 0


@pytest.mark.invariant("I1", "I25")
@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_refund__in_doubt_beside_one_of_the_portal__neither_is_taken_for_the_other(stage, fault):
    """Equal in amount, and told apart by their names (I1, I25)."""
    payment = stage.paid()
    stage.sandbox.fault("refund", fault)
    refund = stage.refund(payment, amount=1000)
    refunded_at_the_portal(stage, payment, 1000)
    sync(stage, payment)
    for seconds in (5, 20, 40, 60, 60, 60):
        stage.advance(seconds)
    [entry] = stage.sandbox.refunds_of(refund["id"])
    assert stage.sandbox.payer(entry["reference"], "accept")
    stage.hear(), stage.work(), sync(stage, payment)
    assert sorted((one.source, one.status) for one in stage.operations(payment)) == [
        (Origin.PROVIDER, OperationStatus.SUCCEEDED),
        (Origin.SHOP, OperationStatus.SUCCEEDED),
    ]
    assert stage.payment(payment).amount_refunded == 2000 and stage.payment(payment).review is None


@pytest.mark.invariant("I25")
def test_refund__of_all_at_the_portal_while_one_of_ours_waits__is_noticed_when_ours_has_ended(
    stage,
):
    """What ours holds is not booked a second time (I25, I2)."""
    payment = stage.paid()
    stage.sandbox.fault(
        "refund", "portal", reference=stage.payment(payment).provider_reference, action="refund"
    )
    refund = stage.refund(payment)
    assert refund["status"] == "failed"
    [entry] = stage.sandbox.ledger("refund")
    assert stage.sandbox.payer(entry["reference"], "accept")
    stage.work()
    assert (
        stage.payment(payment).amount_refunded == FIFTY
        and stage.payment(payment).amount_refund_pending == 0
    )


def test_refund__list_that_is_not_filtered__tells_nothing_and_the_inquiry_is_as_good(stage):
    """Whether Cashcloud filters the list is not known: a list with anything else in it is no list of this payment's refunds."""
    payment = stage.paid()
    stage.sandbox.fault("transactions", "delay", ms=0)
    stage.sandbox.fault("transactions", "garbage")
    refunded_at_the_portal(stage, payment, 700)
    stage.outside.callbacks.clear()
    assert sync(stage, payment)["amount_refunded"] == 0
    assert sync(stage, payment)["amount_refunded"] == 700


@pytest.mark.invariant("I1", "I25")
def test_refund__at_the_portal_before_late_money_is_noticed__leaves_the_policy_nothing_to_give_back(
    new_stage,
):
    """What others have given back already is not given back again by the shop's policy (I1, I25)."""
    stage = new_stage(shop={"late_payment": "refund"})
    payment = stage.create()
    stage.services.cancel_payment(stage.shop(), payment["id"], a_key())
    assert stage.pay(payment)
    refunded_at_the_portal(stage, payment)
    stage.outside.callbacks.clear()
    assert sync(stage, payment)["amount_refunded"] == FIFTY
    stage.drain()
    assert [(one.source, one.status) for one in stage.operations(payment)] == [
        (Origin.PROVIDER, OperationStatus.SUCCEEDED)
    ]
    assert stage.sandbox.calls("refund") == 0 and stage.payment(payment).review is None
