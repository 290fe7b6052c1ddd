"""Money that others moved at the gateway, which tells sums only: credits, captures and releases made elsewhere."""

from __future__ import annotations

import pytest
from onecs_stage import card_stage

from bridge.domain.operation import Kind, OperationStatus, Origin

each = pytest.mark.parametrize


def sync(cards, payment):
    return cards.services.sync_payment(cards.shop(), payment["id"])


def made_elsewhere(cards, payment):
    return [
        (one.kind, one.amount, one.status)
        for one in cards.operations(payment)
        if one.source is Origin.PROVIDER
    ]


@pytest.mark.invariant("I25", "I31")
@each("amount", [700, 4999])
def test_credit__made_elsewhere__is_a_refund_of_its_own(cards, amount):
    """Noticed at the next inquiry, and never twice (I25, I31)."""
    payment = cards.card_paid()
    cards.sandbox.portal(cards.entry(payment)["reference"], "refund", amount)
    for _ in range(3):
        sync(cards, payment)
    cards.work()
    assert made_elsewhere(cards, payment) == [
        (Kind.REFUND, amount, OperationStatus.SUCCEEDED)
    ] and cards.books_agree(payment)
    assert cards.outside.told(payment["id"]).count("refund.succeeded") == 1
    cards.sandbox.portal(
        cards.entry(payment)["reference"], "refund", 299
    ) if amount == 700 else None
    assert sync(cards, payment)["amount_refunded"] == (999 if amount == 700 else amount)


@pytest.mark.invariant("I25", "I31")
def test_capture__made_elsewhere__is_a_capture_of_its_own_and_pays(cards):
    """The first part pays the payment, a second one is noticed as well (I25, I31)."""
    payment = cards.card_paid(capture="manual")
    for part in (1000, 500):
        cards.sandbox.portal(cards.entry(payment)["reference"], "capture", part)
        sync(cards, payment), sync(cards, payment)
    cards.work()
    assert made_elsewhere(cards, payment) == [
        (Kind.CAPTURE, 1000, OperationStatus.SUCCEEDED),
        (Kind.CAPTURE, 500, OperationStatus.SUCCEEDED),
    ]
    assert cards.books_agree(payment) and cards.payment(payment).amount_captured == 1500
    assert [
        cards.outside.told(payment["id"]).count(kind)
        for kind in ("capture.succeeded", "payment.paid")
    ] == [2, 1]
    assert cards.capture(payment)["amount"] == 3499 and cards.books_agree(payment)


@pytest.mark.invariant("I25")
def test_capture__made_elsewhere__is_noticed_on_the_ladder_of_the_authorization(cards):
    """An authorization is looked at for a month, whoever acts on it (I25)."""
    payment = cards.card_paid(capture="manual")
    cards.sandbox.portal(cards.entry(payment)["reference"], "capture", 1000)
    cards.advance(3600)
    assert cards.status(payment) == "paid" and cards.books_agree(payment)


@pytest.mark.invariant("I25")
def test_release__made_elsewhere__is_a_cancel_of_its_own(cards):
    """The payment is canceled once, and who did it is kept (I25)."""
    payment = cards.card_paid(capture="manual")
    cards.sandbox.portal(cards.entry(payment)["reference"], "cancel")
    sync(cards, payment), sync(cards, payment), cards.work()
    assert (
        made_elsewhere(cards, payment) == [(Kind.CANCEL, 4999, OperationStatus.SUCCEEDED)]
        and cards.status(payment) == "canceled"
    )
    assert cards.outside.told(payment["id"]).count("payment.canceled") == 1


@pytest.mark.invariant("I1", "I25")
def test_cancel__of_ours_whose_answer_was_lost__is_not_taken_for_anothers(cards):
    """What the payment's own inquiry shows is the work of the cancel in doubt, and ends it (I1, I25)."""
    payment = cards.card_paid(capture="manual")
    cards.card_fault("reverse", "drop_after")
    assert cards.cancel(payment)["outcome_known"] is False
    known = sync(cards, payment)
    assert (known["status"], known["outcome_known"]) == ("canceled", True) and made_elsewhere(
        cards, payment
    ) == []
    assert [one.status for one in cards.operations(payment)] == [OperationStatus.SUCCEEDED]


@pytest.mark.invariant("I1", "I25")
@each("verb", ["capture", "credit"])
@each(("fault", "foreign"), [("drop_after", 700), ("drop_before", 700), ("drop_after", 1500)])
def test_operation__in_doubt_beside_one_made_elsewhere__is_never_taken_for_it(
    cards, verb, fault, foreign
):
    """The gateway tells sums only: what they cannot tell apart stays in doubt, before an operator, and moves nothing again (I1, I25)."""
    payment = cards.card_paid(capture="manual" if verb == "capture" else "automatic")
    cards.card_fault(verb, fault)
    ours = cards.capture(payment, 1000) if verb == "capture" else cards.refund(payment, amount=1000)
    cards.sandbox.portal(
        cards.entry(payment)["reference"], {"capture": "capture", "credit": "refund"}[verb], foreign
    )
    for seconds in (5, 60, 120, 600, 3000):
        cards.advance(seconds), sync(cards, payment)
    assert made_elsewhere(cards, payment) == [] and cards.operation(ours).in_doubt
    assert cards.booked(payment)[verb] == foreign + (1000 if fault == "drop_after" else 0)
    cards.services.resolve.operation(
        ours["id"],
        OperationStatus.SUCCEEDED if fault == "drop_after" else OperationStatus.FAILED,
        "looked it up",
    )
    sync(cards, payment)
    kind = Kind.CAPTURE if verb == "capture" else Kind.REFUND
    assert made_elsewhere(cards, payment) == [
        (kind, foreign, OperationStatus.SUCCEEDED)
    ] and cards.books_agree(payment)


@pytest.mark.invariant("I25")
def test_refund__of_which_nothing_is_left_there__is_refused_and_the_reason_is_noticed(cards):
    """A refusal is a reason to look at the gateway's sums (I25)."""
    payment = cards.card_paid()
    cards.sandbox.portal(cards.entry(payment)["reference"], "refund")
    assert cards.refund(payment, amount=1000)["status"] == "failed"
    cards.work()
    assert cards.books_agree(payment) and cards.payment(payment).amount_refundable == 0


@pytest.mark.invariant("I1", "I25")
def test_credit__made_elsewhere_before_late_money_is_noticed__the_policy_gives_back_the_rest(
    tmp_path, onecs_sandbox, onecs_outside
):
    """The policy gives back what is left, so that nothing is credited twice and nothing stays (I1, I25)."""
    with card_stage(
        tmp_path, onecs_sandbox, onecs_outside, shop={"late_payment": "refund"}
    ) as cards:
        payment = cards.card()
        cards.cancel(payment)
        cards.fill(payment)
        cards.sandbox.portal(cards.entry(payment)["reference"], "refund", 700)
        sync(cards, payment), cards.work()
        assert sorted(
            (one.source, one.amount, one.status) for one in cards.operations(payment)
        ) == [
            (Origin.BRIDGE, 4299, OperationStatus.SUCCEEDED),
            (Origin.PROVIDER, 700, OperationStatus.SUCCEEDED),
        ]
        assert cards.payment(payment).amount_refundable == 0 and cards.books_agree(payment)
