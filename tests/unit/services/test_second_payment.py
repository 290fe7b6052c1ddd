"""One order, two payments: the second one is never kept silently, and what is still open of a paid order is ended."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bridge.domain.events import Source
from bridge.domain.payment import Fact, Payer, Status
from bridge.errors import CheckoutClosed, PaymentExists
from bridge.services.record import Record
from factories import FIFTY, a_key, a_payment, at_once

ORDER = "o-1"


def cancel(stage, payment):
    return json.loads(
        stage.services.cancel_payment(stage.shop(payment["shop"]), payment["id"], a_key()).body
    )


def paid(stage, payment):
    """The payer accepts, and the bridge hears of it."""
    assert stage.pay(payment)
    stage.hear(), stage.work()
    return stage.payment(payment)


def two_requests(stage):
    """A wallet request that was given up and can still be accepted, and the payment that the payer began instead."""
    first = stage.create(order_reference=ORDER)
    assert cancel(stage, first)["status"] == "canceled"
    return first, stage.create(order_reference=ORDER)


def told(stage, payment, event_type):
    (body,) = [
        one.body
        for one in stage.outside.notifications
        if one.body["type"] == event_type and one.body["data"]["payment"]["id"] == payment["id"]
    ]
    return body["data"]["payment"]


@pytest.mark.parametrize("late_payment", ["accept", "hold"])
def test_second__late_beside_a_paid_one__is_held_whatever_the_policy_for_late_money(
    new_stage, late_payment
):
    """The wallet request is accepted after the customer has paid in another way (lesson 83)."""
    stage = new_stage(shop={"late_payment": late_payment})
    first, second = two_requests(stage)
    assert paid(stage, second).duplicate_of is None
    row = paid(stage, first)
    assert (row.status, row.duplicate_of, row.amount_captured) == (Status.PAID, second["id"], FIFTY)
    assert second["id"] in row.review and not stage.operations(first)
    assert told(stage, first, "payment.paid_late")["duplicate_of"] == second["id"]
    assert (
        stage.services.measure()["needs_review"] == 1 and stage.payment(second).duplicate_of is None
    )


@pytest.mark.parametrize(
    ("late_payment", "duplicate_payment"),
    [("accept", "refund"), ("hold", "refund"), ("refund", "hold")],
)
def test_second__policy_refund__is_given_back_once(new_stage, late_payment, duplicate_payment):
    stage = new_stage(shop={"late_payment": late_payment, "duplicate_payment": duplicate_payment})
    first, second = two_requests(stage)
    paid(stage, second), paid(stage, first)
    stage.services.sync_payment(stage.shop(), first["id"]), stage.work()
    (refund,) = stage.sandbox.ledger("refund")
    stage.sandbox.payer(refund["reference"], "accept"), stage.hear(), stage.work()
    assert (stage.payment(first).amount_refunded, stage.payment(second).amount_refunded) == (
        FIFTY,
        0,
    )
    assert stage.types(first)[-3:] == ["payment.paid_late", "refund.pending", "refund.succeeded"]
    assert stage.services.sync_payment(stage.shop(), first["id"])["duplicate_of"] == second["id"]


def test_second__in_time_and_after_a_late_one__is_the_duplicate(new_stage):
    """Which of the two is late does not matter: the order had its money when this one came."""
    stage = new_stage(shop={"late_payment": "accept"})
    first, second = two_requests(stage)
    stage.pay(first), stage.pay(second)
    stage.services.sync_payment(stage.shop(), first["id"])
    assert stage.payment(first).duplicate_of is None and stage.payment(first).review is None
    stage.services.sync_payment(stage.shop(), second["id"]), stage.work()
    assert (stage.payment(second).duplicate_of, stage.payment(second).status) == (
        first["id"],
        Status.PAID,
    ) and stage.payment(second).review
    assert told(stage, second, "payment.paid")["duplicate_of"] == first["id"]


def test_second__looked_at_again__is_judged_once(stage):
    first, second = two_requests(stage)
    paid(stage, second), paid(stage, first)
    stage.services.resolve.reviewed(first["id"], "the customer wants it so")
    stage.services.sync_payment(stage.shop(), first["id"]), stage.drain()
    assert (
        stage.payment(first).review is None and stage.types(first).count("note.needs_review") == 1
    )


def test_second__of_an_order_whose_money_went_back__is_the_first(new_stage):
    """A refund under way counts as given back, or both payments would be returned."""
    stage = new_stage(shop={"late_payment": "refund"})
    first, second = two_requests(stage)
    assert paid(stage, first).amount_refundable == 0
    assert paid(stage, second).duplicate_of is None and stage.payment(second).review is None


def test_second__two_are_paid_beside_a_reserved_one__its_capture_makes_it_no_duplicate(stage):
    """The order belongs to the reserved one; both wallet requests from before are held."""
    late = [a_payment(order_reference=ORDER, status=Status.CANCELED) for _ in range(2)]
    reserved = a_payment(
        order_reference=ORDER, method="card", status=Status.AUTHORIZED, amount_authorized=FIFTY
    )
    with stage.house.units() as unit:
        for payment in (*late, reserved):
            unit.payments.add(payment)

    def pay(payment):
        with stage.house.units() as unit:
            record = Record(
                unit,
                unit.payments.get(payment.id, lock=True),
                Source.INQUIRY,
                stage.clock(),
                stage.house.represent,
            )
            record.apply(Fact.PAID, captured=FIFTY)
            return record.save().duplicate_of

    assert [pay(payment) for payment in (*late, reserved)] == [reserved.id, reserved.id, None]


@pytest.mark.invariant("I7")
def test_second__both_learned_at_the_same_time__exactly_one_is_the_duplicate(
    new_stage, database_url
):
    """Two units that see neither payment paid would keep both (I7)."""
    stage = new_stage(database=database_url, shop={"late_payment": "accept"})
    for number in range(8):
        order = f"o-{number}"
        first = stage.create(order_reference=order)
        cancel(stage, first)
        second = stage.create(order_reference=order)
        third = stage.create(order_reference=f"other-{number}")
        for payment in (first, second, third):
            stage.pay(payment)
        at_once(
            3,
            lambda n, all=(first, second, third): stage.services.sync_payment(
                stage.shop(), all[n]["id"]
            ),
        )
        rows = [stage.payment(payment) for payment in (first, second)]
        assert [row.status for row in rows] == [Status.PAID] * 2
        assert sorted(row.duplicate_of or "" for row in rows) in (
            ["", first["id"]],
            ["", second["id"]],
        )
        assert stage.payment(third).duplicate_of is None


# --- what is still open is ended -------------------------------------------------------------------------------------


def test_order_paid__another_payment_waits_for_its_payer__is_ended_at_once(new_stage):
    stage = new_stage(shop={"late_payment": "accept"})
    first = stage.create(order_reference=ORDER)
    cancel(stage, first)
    second = stage.create(order_reference=ORDER, payer=Payer())
    paid(stage, first)
    row = stage.payment(second)
    assert (row.status, row.failure.reason.value, row.provider_open) == (
        Status.CANCELED,
        "given_up",
        False,
    )
    assert set(stage.types(second)[-2:]) == {"note.order_paid", "payment.canceled"}
    assert (
        stage.history(second)[-1].source == "policy"
        and stage.outside.told(second["id"])[-1] == "payment.canceled"
    )
    with pytest.raises(CheckoutClosed):
        stage.services.confirm_checkout(
            second["checkout"]["token"], "customer@example.com", None, None, "en"
        )
    assert stage.sandbox.requests_of(second["id"]) == []


def test_order_paid__another_payment_is_asked_for__the_provider_is_asked_before_it_is_ended(
    new_stage,
):
    stage = new_stage(shop={"late_payment": "accept"})
    first, second = two_requests(stage)
    paid(stage, first), stage.work()
    row = stage.payment(second)
    assert (row.status, row.outcome_known, row.provider_open) == (Status.CANCELED, True, True)
    stage.pay(second), stage.hear(), stage.work()
    row = stage.payment(second)
    assert (row.status, row.duplicate_of) == (Status.PAID, first["id"]) and row.review


def test_order_paid__provider_does_not_answer_about_the_other__it_stays_in_doubt_until_it_does(
    new_stage,
):
    stage = new_stage(shop={"late_payment": "accept"})
    first, second = two_requests(stage)
    stage.pay(first), stage.services.sync_payment(stage.shop(), first["id"])
    stage.sandbox.fault("transactions", "drop_before", times=2)
    stage.work()
    row = stage.payment(second)
    assert (row.status, row.outcome_known) == (Status.PENDING, False)
    stage.advance(10), stage.advance(60)
    assert stage.payment(second).status is Status.CANCELED


def test_order_paid__but_given_back_by_policy__the_other_payment_goes_on(new_stage):
    stage = new_stage(shop={"late_payment": "refund"})
    first, second = two_requests(stage)
    paid(stage, first), stage.work()
    assert stage.payment(second).status is Status.PENDING


def test_create__of_an_order_that_is_paid_late__is_refused_and_names_the_payment(stage):
    first = stage.create(order_reference=ORDER)
    cancel(stage, first)
    paid(stage, first)
    with pytest.raises(PaymentExists) as refused:
        stage.create(order_reference=ORDER)
    assert refused.value.members["payment_id"] == first["id"]
    stage.refund(first)
    assert stage.create(order_reference=ORDER)["status"] == "pending"


def test_order__of_another_shop__is_another_order(new_stage):
    stage = new_stage(shop={"late_payment": "accept"})
    first = stage.create(order_reference=ORDER)
    cancel(stage, first)
    other = stage.create(order_reference=ORDER, shop="acme-two")
    paid(stage, other)
    assert paid(stage, first).duplicate_of is None and stage.clock() < stage.payment(
        first
    ).created_at + timedelta(days=1)
