"""What a provider's statement makes of a payment: its books against ours, amount by amount."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.attempt import Attempt, AttemptState
from bridge.domain.events import NoteType, Source
from bridge.domain.operation import Kind, OperationStatus, Origin
from bridge.domain.outcome import Outcome, Statement
from bridge.domain.payment import Status
from bridge.domain.reasons import Reason
from bridge.services.record import Record
from bridge.services.schedule import OPERATION_RETRIES, PAYMENT_RETRIES, Patience, Schedule
from bridge.services.settle import Settle
from factories import FIFTY, NOON, a_payment, an_answer, an_operation

PAST_DOUBT = NOON - timedelta(minutes=5)


def a_settle(house):
    return Settle(Schedule(house.accounts, Patience()), house.profiles)


def settled(stage, beat, payment, answer, *before):
    """Apply an answer to a payment with operations; return the payment's row and its operations afterwards."""
    house = stage.house
    with house.units() as unit:
        unit.payments.add(payment)
        for operation in before:
            unit.operations.add(operation)
        record = Record(unit, payment, Source.INQUIRY, stage.clock(), house.represent)
        getattr(a_settle(house), beat)(record, answer)
        record.save()
        return unit.payments.get(payment.id), unit.operations.of_payment(payment.id)


def refund_settled(stage, beat, answer, attempt):
    """Apply an answer to a refund of 15.00 in doubt; return refund and payment afterwards."""
    paid = a_payment(
        status=Status.PAID,
        amount_authorized=FIFTY,
        amount_captured=FIFTY,
        amount_refund_pending=1500,
    )
    return operation_settled(
        stage,
        beat,
        answer,
        paid,
        an_operation(paid, attempt=Attempt(AttemptState.IN_DOUBT, attempt, PAST_DOUBT)),
    )


def operation_settled(stage, beat, answer, payment, operation):
    """Apply an answer to an operation; return it and its payment afterwards."""
    with stage.house.units() as unit:
        unit.payments.add(payment)
        unit.operations.add(operation)
        record = Record(unit, payment, Source.INQUIRY, stage.clock(), stage.house.represent)
        return getattr(a_settle(stage.house), beat)(record, operation, answer), record.payment


def found(payment, authorized, captured):
    """An inquiry's answer with the sums in the provider's books."""
    return an_answer(
        Outcome.SUCCEEDED,
        statement=Statement(
            payment.reference, payment.currency, payment.amount, authorized, captured
        ),
    )


def a_card(**changes):
    return a_payment(
        **{
            "method": "card",
            "provider": "onecs",
            "status": Status.PENDING,
            "attempt": Attempt(AttemptState.ACCEPTED, 1, NOON),
            **changes,
        }
    )


@pytest.mark.invariant("I3")
@pytest.mark.parametrize(("capture", "authorized", "captured", "status", "has_review"), [
    ("automatic", FIFTY, FIFTY, Status.PAID, False),
    ("automatic", FIFTY, FIFTY - 1, Status.PENDING, True),
    ("automatic", FIFTY, FIFTY + 1, Status.PENDING, True),
    ("automatic", FIFTY, 0, Status.AUTHORIZED, False),
    ("manual", FIFTY, 0, Status.AUTHORIZED, False),
    ("manual", FIFTY, 3000, Status.PAID, False),
    ("manual", FIFTY, FIFTY + 1, Status.PENDING, True),
    ("manual", FIFTY + 1, 0, Status.PENDING, True),
])  # fmt: skip
def test_inquired__sums_of_the_provider__are_believed_where_they_can_be_ours(
    stage, capture, authorized, captured, status, has_review
):
    """A part is taken only where the shop captures by itself; elsewhere it is looked at by people (I3)."""
    card = a_card(capture=capture)
    row, operations = settled(stage, "inquired", card, found(card, authorized, captured))
    assert (row.status, row.amount_captured, bool(row.review)) == (
        status,
        0 if has_review else captured,
        has_review,
    )
    taken_elsewhere = (
        [(Kind.CAPTURE, captured, Origin.PROVIDER)]
        if capture == "manual" and row.amount_captured
        else []
    )
    assert [(one.kind, one.amount, one.source) for one in operations] == taken_elsewhere


@pytest.mark.parametrize(
    ("captured", "pending", "opened"), [(0, 0, [Kind.CANCEL]), (3000, 3000, [])]
)
def test_inquired__reserved_for_a_payment_that_is_over__is_released_unless_it_is_being_captured(
    stage, captured, pending, opened
):
    """What was taken while its capture is in doubt is no reservation any more; the capture's own inquiry counts it."""
    over = a_card(
        capture="manual",
        status=Status.EXPIRED,
        amount_authorized=FIFTY,
        amount_capture_pending=pending,
    )
    row, operations = settled(stage, "inquired", over, found(over, FIFTY, captured))
    assert (row.status, row.amount_captured, [one.kind for one in operations]) == (
        Status.EXPIRED,
        0,
        opened,
    )


@pytest.mark.parametrize(("before", "minutes", "cancels"), [
    (OperationStatus.PENDING, 60, 1), (OperationStatus.SUCCEEDED, 60, 1), (OperationStatus.FAILED, 59, 1), (OperationStatus.FAILED, 60, 2),
])  # fmt: skip
def test_inquired__reserved_for_a_payment_that_is_over__is_released_once_and_again_an_hour_after_a_failure(
    stage, before, minutes, cancels
):
    over, ended_at = (
        a_card(status=Status.EXPIRED, amount_authorized=FIFTY),
        NOON - timedelta(minutes=minutes),
    )
    cancel = an_operation(over, Kind.CANCEL, at=ended_at, amount=FIFTY, status=before)
    _, operations = settled(stage, "inquired", over, found(over, FIFTY, 0), cancel)
    assert len(operations) == cancels


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.NOT_EXECUTED])
def test_started__answer_lost_after_a_callback_was_faster__unsettles_nothing(stage, outcome):
    """The callback's double check knows more than a request whose answer never came."""
    known = a_payment(
        status=Status.PENDING,
        attempt=Attempt(AttemptState.ACCEPTED, 1, NOON),
        provider_reference="hash-1",
    )
    row, _ = settled(stage, "started", known, an_answer(outcome, provider_reference=None))
    assert (row.status, row.attempt.state, row.provider_reference) == (
        Status.PENDING,
        AttemptState.ACCEPTED,
        "hash-1",
    )


def test_started__answer_comes_after_the_callback__is_believed_as_if_it_had_been_first(stage):
    known = a_payment(status=Status.PENDING, attempt=Attempt(AttemptState.ACCEPTED, 1, NOON))
    row, _ = settled(stage, "started", known, an_answer(Outcome.SUCCEEDED, of=known))
    assert (row.status, row.amount_captured, row.provider_reference) == (
        Status.PAID,
        FIFTY,
        "hash-1",
    )


@pytest.mark.parametrize(("number", "expires_in", "status", "state", "is_told"), [
    (1, 30, Status.PENDING, AttemptState.NOT_SENT, True),
    (len(PAYMENT_RETRIES), 30, Status.PENDING, AttemptState.NOT_SENT, True),
    (len(PAYMENT_RETRIES) + 1, 30, Status.FAILED, AttemptState.NOT_SENT, True),
    (1, -1, Status.EXPIRED, AttemptState.NOT_SENT, False),
])  # fmt: skip
def test_inquired__provider_surely_does_not_know_it__is_asked_again_a_few_times_while_there_is_time(
    stage, number, expires_in, status, state, is_told
):
    lost = a_payment(
        status=Status.PENDING,
        attempt=Attempt(AttemptState.IN_DOUBT, number, PAST_DOUBT),
        expires_at=NOON + timedelta(minutes=expires_in),
    )
    row, _ = settled(
        stage, "inquired", lost, an_answer(Outcome.NOT_EXECUTED, provider_reference=None)
    )
    with stage.house.units.read() as unit:
        notes = [event.type for event in unit.events.of_payment(lost.id)]
    assert (row.status, row.attempt.state, NoteType.ASKED_AGAIN.value in notes) == (
        status,
        state,
        is_told,
    )


@pytest.mark.parametrize("beat", ["operation_started", "operation_inquired"])
@pytest.mark.parametrize(("attempt", "status"), [
    (1, OperationStatus.PENDING), (len(OPERATION_RETRIES), OperationStatus.PENDING), (len(OPERATION_RETRIES) + 1, OperationStatus.FAILED),
])  # fmt: skip
def test_operation__that_surely_never_arrived__is_asked_for_again_so_many_times(
    stage, beat, attempt, status
):
    after, payment = refund_settled(
        stage, beat, an_answer(Outcome.NOT_EXECUTED, provider_reference=None), attempt
    )
    assert (after.status, after.attempt.state) == (status, AttemptState.NOT_SENT)
    assert payment.amount_refund_pending == (1500 if status is OperationStatus.PENDING else 0)


@pytest.mark.invariant("I3")
@pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.DECLINED])
@pytest.mark.parametrize(
    "other", [{"our_reference": "ref_2-1"}, {"currency": "USD"}, {"amount": 1501}]
)
def test_operation__answer_about_something_else__is_kept_for_review_and_moves_nothing(
    stage, outcome, other
):
    """Neither a success nor a refusal is believed that is not about our refund (I3)."""
    statement = replace(Statement(None, "EUR", 1500), **other)
    after, payment = refund_settled(
        stage,
        "operation_inquired",
        an_answer(outcome, statement=statement, reason=Reason.REQUEST_REFUSED),
        1,
    )
    assert (
        after.status is OperationStatus.PENDING
        and "books differ" in after.review
        and payment.review == after.review
    )
    assert (payment.amount_refunded, payment.amount_refund_pending) == (0, 1500)


@pytest.mark.invariant("I2")
@pytest.mark.parametrize(("kind", "outcome", "ended", "status", "captured"), [
    (Kind.CAPTURE, Outcome.SUCCEEDED, OperationStatus.SUCCEEDED, Status.PAID, 1500),
    (Kind.CAPTURE, Outcome.DECLINED, OperationStatus.FAILED, Status.AUTHORIZED, 0),
    (Kind.CAPTURE, Outcome.UNKNOWN, OperationStatus.PENDING, Status.AUTHORIZED, 0),
    (Kind.CANCEL, Outcome.SUCCEEDED, OperationStatus.SUCCEEDED, Status.CANCELED, 0),
    (Kind.CANCEL, Outcome.DECLINED, OperationStatus.FAILED, Status.AUTHORIZED, 0),
    (Kind.CANCEL, Outcome.UNKNOWN, OperationStatus.PENDING, Status.AUTHORIZED, 0),
])  # fmt: skip
def test_operation__capture_or_cancel__moves_the_payment_only_when_it_is_done(
    stage, kind, outcome, ended, status, captured
):
    """A release that was refused cancels nothing, and a capture that was refused takes nothing (I2)."""
    reserved = a_card(
        capture="manual",
        status=Status.AUTHORIZED,
        amount_authorized=FIFTY,
        amount_capture_pending=1500 if kind is Kind.CAPTURE else 0,
    )
    wanted = an_operation(reserved, kind, attempt=Attempt(AttemptState.SENDING, 1, NOON))
    after, payment = operation_settled(
        stage,
        "operation_started",
        an_answer(outcome, reason=Reason.REQUEST_REFUSED),
        reserved,
        wanted,
    )
    assert (after.status, payment.status, payment.amount_captured) == (ended, status, captured)


@pytest.mark.invariant("I1")
def test_inquired__provider_forgot_what_it_had_accepted__is_looked_at_by_people_and_never_asked_again(
    stage,
):
    """Asked again, the payer could pay twice (I1)."""
    accepted = a_payment(
        status=Status.PENDING,
        attempt=Attempt(AttemptState.ACCEPTED, 1, PAST_DOUBT),
        provider_reference="hash-1",
    )
    row, _ = settled(
        stage, "inquired", accepted, an_answer(Outcome.NOT_EXECUTED, provider_reference=None)
    )
    assert (row.status, row.attempt.state) == (
        Status.PENDING,
        AttemptState.ACCEPTED,
    ) and "does not know it any more" in row.review


def test_inquired__provider_does_not_know_it_while_it_may_be_on_its_way__nothing_is_believed(stage):
    doubtful = a_payment(status=Status.PENDING, attempt=Attempt(AttemptState.IN_DOUBT, 1, NOON))
    row, _ = settled(
        stage, "inquired", doubtful, an_answer(Outcome.NOT_EXECUTED, provider_reference=None)
    )
    assert (row.status, row.attempt.state, row.review) == (
        Status.PENDING,
        AttemptState.IN_DOUBT,
        None,
    )


@pytest.mark.parametrize(
    ("status", "after"), [(Status.PENDING, Status.EXPIRED), (Status.AUTHORIZED, Status.AUTHORIZED)]
)
def test_inquired__past_the_expiry__ends_what_waits_for_its_payer_and_no_reservation(
    stage, status, after
):
    late = a_card(
        status=status,
        attempt=Attempt(AttemptState.ACCEPTED, 1, PAST_DOUBT),
        expires_at=NOON - timedelta(minutes=1),
        amount_authorized=FIFTY if status is Status.AUTHORIZED else 0,
    )
    row, _ = settled(stage, "inquired", late, an_answer(Outcome.PENDING))
    assert row.status is after
