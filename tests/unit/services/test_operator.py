"""The last word: what an operator may decide, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bridge.domain.attempt import Attempt, AttemptState
from bridge.domain.events import Source
from bridge.domain.operation import Kind, OperationStatus
from bridge.domain.payment import Status
from bridge.errors import Conflict, NotFound
from bridge.ports import JobKind
from bridge.services.housekeeping import CheckHealth
from bridge.services.record import Record
from bridge.store.engine import open_engine
from bridge.store.unit import SqlUnits
from factories import FIFTY, a_payment, an_operation


def in_doubt(stage):
    stage.sandbox.fault("request", "drop_before")
    payment = stage.create(order_reference="o-1")
    stage.sandbox.fault("transactions", "drop_before", times=1000)
    stage.drain()
    return payment


def test_resolve__payment_in_doubt__fails_by_the_operators_word_with_its_reason_kept(stage):
    """No way but this ends a doubt without the provider (lesson 34)."""
    payment = in_doubt(stage)
    row = stage.services.resolve.payment_failed(
        payment["id"], "asked them on the phone: never arrived"
    )
    assert (row.status, row.review, row.outcome_known, row.failure.reason.value) == (
        Status.FAILED,
        None,
        True,
        "operator",
    )
    told = stage.history(payment)[-2:]
    assert [event.type for event in told] == ["payment.failed", "note.resolved"] and {
        event.source for event in told
    } == {"operator"}
    assert (
        told[1].detail == "asked them on the phone: never arrived"
        and stage.create(order_reference="o-1")["status"] == "pending"
    )


def test_resolve__payment_not_in_doubt__is_refused(stage):
    payment = stage.create()
    with pytest.raises(Conflict):
        stage.services.resolve.payment_failed(payment["id"], "why not")
    with pytest.raises(NotFound):
        stage.services.resolve.payment_failed("pay_x", "why not")


def test_resolve__paid_after_an_operator_said_failed__is_a_contradiction_kept_for_review(stage):
    stage.sandbox.fault("request", "drop_after")
    payment = stage.create()
    stage.services.resolve.payment_failed(payment["id"], "wrongly")
    stage.pay(payment), stage.hear(), stage.work()
    row = stage.payment(payment)
    assert (
        row.status is Status.FAILED
        and "paid was reported" in row.review
        and stage.types(payment)[-1] == "note.contradiction"
    )


@pytest.mark.invariant("I2")
@pytest.mark.parametrize(
    ("ended", "sums"), [("succeeded", (1000, 0)), ("failed", (0, 0)), ("canceled", (0, 0))]
)
def test_resolve__pending_refund__ends_as_said_and_the_sums_follow(stage, ended, sums):
    """The amounts move with the operator's word as with the provider's (I2)."""
    payment = stage.paid()
    refund = stage.refund(payment, amount=1000)
    stage.services.resolve.operation(refund["id"], OperationStatus(ended), "seen on the statement")
    row = stage.payment(payment)
    assert (row.amount_refunded, row.amount_refund_pending) == sums and not stage.has_job(
        JobKind.OPERATION, refund["id"]
    )
    assert stage.types(payment)[-2:] == [f"refund.{ended}", "note.resolved"]
    with pytest.raises(Conflict):
        stage.services.resolve.operation(refund["id"], OperationStatus.FAILED, "again")


def wrongly_failed(stage):
    """A payment that an operator declared as failed, and whose payer has paid all the same."""
    stage.sandbox.fault("request", "drop_after")
    payment = stage.create(order_reference="o-1")
    stage.services.resolve.payment_failed(payment["id"], "wrongly")
    stage.pay(payment), stage.hear(), stage.work()
    return payment


@pytest.mark.invariant("I6")
@pytest.mark.parametrize("books", ["read", "silent"])
def test_take_back__paid_after_an_operator_said_failed__is_paid_told_and_refundable(stage, books):
    """The one way out of `failed`, by the operator who went in; the provider's books are read where they can be (I6)."""
    payment = wrongly_failed(stage)
    if books == "silent":
        stage.sandbox.fault("transactions", "drop_before")
    row = stage.services.resolve.payment_paid(payment["id"], "the payer showed it", "Ada")
    assert (row.status, row.amount_captured, row.failure, row.review) == (
        Status.PAID,
        FIFTY,
        None,
        None,
    )
    notes = [event.detail for event in stage.history(payment) if event.type == "note.resolved"]
    assert notes == ["wrongly", "succeeded, by Ada: the payer showed it"]
    stage.work()
    assert stage.outside.told(payment["id"])[-2:] == ["payment.failed", "payment.paid_late"]
    assert (
        stage.refund(payment, amount=1000)["status"] == "pending"
        and len(stage.sandbox.refunds_of(stage.operations(payment)[0].id)) == 1
    )


def test_take_back__provider_says_that_it_is_not_paid__is_refused(stage):
    stage.sandbox.fault("request", "drop_after")
    payment = stage.create()
    stage.services.resolve.payment_failed(payment["id"], "given up")
    with pytest.raises(Conflict, match="pending"):
        stage.services.resolve.payment_paid(payment["id"], "surely", "Ada")
    assert stage.payment(payment).status is Status.FAILED


def test_take_back__what_no_operator_declared__is_refused(stage):
    payment = stage.create()
    with pytest.raises(Conflict):
        stage.services.resolve.payment_paid(payment["id"], "why not", "Ada")
    stage.pay(payment, "fail"), stage.hear(), stage.work()
    with pytest.raises(Conflict):
        stage.services.resolve.payment_paid(payment["id"], "why not", "Ada")


def test_take_back__order_is_paid_by_then__is_a_second_payment_before_a_person(stage):
    payment = wrongly_failed(stage)
    second = stage.create(order_reference="o-1")
    stage.pay(second), stage.hear(), stage.work()
    row = stage.services.resolve.payment_paid(payment["id"], "seen in the books", "Ada")
    assert row.duplicate_of == second["id"] and second["id"] in row.review


@pytest.mark.invariant("I2")
@pytest.mark.parametrize("declared", ["failed", "canceled"])
def test_take_back__refund_that_was_carried_out__is_booked_after_all(stage, declared):
    """The sums follow, and leave no room for more than was captured (I2)."""
    payment = stage.paid()
    refund = stage.refund(payment, amount=1000)
    stage.services.resolve.operation(refund["id"], OperationStatus(declared), "wrongly")
    with pytest.raises(Conflict, match="pending"):
        stage.services.resolve.operation_done(refund["id"], "not yet", "Ada")
    stage.sandbox.payer(stage.sandbox.refunds_of(refund["id"])[0]["reference"], "accept")
    ended = stage.services.resolve.operation_done(refund["id"], "seen on the statement", "Ada")
    row = stage.payment(payment)
    assert (ended.status, row.amount_refunded, row.amount_refund_pending) == (
        OperationStatus.SUCCEEDED,
        1000,
        0,
    )
    assert stage.types(payment)[-2:] == ["refund.succeeded", "note.resolved"]
    with pytest.raises(Conflict):
        stage.services.resolve.operation_done(refund["id"], "again", "Ada")


def test_take_back__sums_leave_no_room__is_refused(stage):
    payment = stage.paid()
    refund = stage.refund(payment, amount=FIFTY)
    stage.services.resolve.operation(refund["id"], OperationStatus.FAILED, "wrongly")
    stage.sandbox.fault("refund", "drop_after")
    assert stage.refund(payment, amount=1)["outcome_known"] is False
    with pytest.raises(Conflict, match="room"):
        stage.services.resolve.operation_done(refund["id"], "seen on the statement", "Ada")


@pytest.mark.parametrize(
    ("kind", "status", "captured"),
    [(Kind.CAPTURE, Status.PAID, 1500), (Kind.CANCEL, Status.CANCELED, 0)],
)
def test_resolve__capture_or_cancel_that_succeeded__moves_the_payment_as_the_providers_word_would(
    stage, kind, status, captured
):
    payment = a_payment(
        status=Status.AUTHORIZED,
        method="card",
        capture="manual",
        amount_authorized=FIFTY,
        attempt=Attempt(AttemptState.ACCEPTED, 1),
    )
    operation = an_operation(payment, kind, attempt=Attempt(AttemptState.IN_DOUBT, 1))
    with stage.house.units() as unit:
        unit.payments.add(payment)
        record = Record(unit, payment, Source.SHOP, stage.clock(), stage.house.represent)
        record.open(operation)
        record.save()
    stage.services.resolve.operation(
        operation.id, OperationStatus.SUCCEEDED, "seen on the statement"
    )
    with stage.house.units.read() as unit:
        row = unit.payments.get(payment.id)
    assert (row.status, row.amount_captured, row.amount_capture_pending) == (status, captured, 0)


def test_reviewed__after_a_look__the_payment_leaves_the_list(stage):
    payment = in_doubt(stage)
    assert stage.services.measure()["needs_review"] == 1
    stage.services.resolve.reviewed(payment["id"], "will be looked at by somebody else")
    assert (
        stage.services.measure()["needs_review"] == 0
        and stage.payment(payment).status is Status.PENDING
    )


@pytest.mark.parametrize(("apart", "agree"), [(0, True), (60, False), (-3600, False)])
def test_health__migrated_database__is_well_and_clocks_are_compared(stage, apart, agree):
    stage.clock.at = datetime.now(UTC) + timedelta(seconds=apart)
    assert stage.services.check_health() == {
        "database": True,
        "writable": True,
        "clock": agree,
        "migrations": True,
        "accounts": True,
        "sessions": True,
        "disk": True,
        "profiles": True,
        "notifications": True,
    }


def test_health__no_database__is_all_bad_and_nothing_else_is_waited_for():
    asked = []
    nowhere = SqlUnits(open_engine("postgresql+psycopg://nobody@127.0.0.1:9/none"))
    check = CheckHealth(
        nowhere,
        lambda: asked.append("clock"),
        {"profiles": lambda: True},
        {"migrations": lambda: asked.append("tables")},
    )
    assert (
        check()
        == {
            "database": False,
            "writable": False,
            "clock": False,
            "notifications": False,
            "migrations": False,
            "profiles": True,
        }
        and asked == []
    )
