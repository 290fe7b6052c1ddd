"""What a refund, capture or cancel does to its own status and to the payment's amounts."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.attempt import Attempt, AttemptState
from bridge.domain.operation import ENDS, FINAL, MOVES, PREFIXES, Kind, OperationStatus, move
from bridge.domain.payment import Change, Failure
from bridge.domain.reasons import Effect, Reason
from factories import NOON, a_payment, an_operation

O = OperationStatus  # noqa: E741, the table below is easier to read with one letter

# What entering a status does to (captured, capture pending, refunded, refund pending), in units of the operation's amount.
TABLE = {
    (Kind.REFUND, O.PENDING): (0, 0, 0, +1),
    (Kind.REFUND, O.SUCCEEDED): (0, 0, +1, -1),
    (Kind.REFUND, O.FAILED): (0, 0, 0, -1),
    (Kind.REFUND, O.CANCELED): (0, 0, 0, -1),
    (Kind.CAPTURE, O.PENDING): (0, +1, 0, 0),
    (Kind.CAPTURE, O.SUCCEEDED): (+1, -1, 0, 0),
    (Kind.CAPTURE, O.FAILED): (0, -1, 0, 0),
    (Kind.CAPTURE, O.CANCELED): (0, -1, 0, 0),
    (Kind.CANCEL, O.PENDING): (0, 0, 0, 0),
    (Kind.CANCEL, O.SUCCEEDED): (0, 0, 0, 0),
    (Kind.CANCEL, O.FAILED): (0, 0, 0, 0),
    (Kind.CANCEL, O.CANCELED): (0, 0, 0, 0),
}


def sums(payment):
    return (
        payment.amount_captured,
        payment.amount_capture_pending,
        payment.amount_refunded,
        payment.amount_refund_pending,
    )


def test_moves__every_kind_and_status__has_one():
    assert set(MOVES) == set(TABLE) == set(product(Kind, O))


@pytest.mark.invariant("I2")
@pytest.mark.parametrize(("kind", "status"), TABLE)
def test_move__entering_a_status__moves_exactly_these_amounts(kind, status):
    """The four sums move as the table says, and nothing else of the payment does (I2)."""
    before = a_payment(
        amount_authorized=4999,
        amount_captured=3000,
        amount_capture_pending=1500,
        amount_refunded=100,
        amount_refund_pending=1500,
    )
    operation = an_operation(before, kind, status=status)
    after = move(before, operation)
    assert [b - a for a, b in zip(sums(before), sums(after), strict=True)] == [
        n * operation.amount for n in TABLE[kind, status]
    ]
    unmoved = dict(
        zip(
            (
                "amount_captured",
                "amount_capture_pending",
                "amount_refunded",
                "amount_refund_pending",
            ),
            sums(before),
            strict=True,
        )
    )
    assert replace(after, **unmoved) == before


@pytest.mark.parametrize(("status", "end"), list(product(O, sorted(FINAL))))
def test_end__every_pair__is_applied_repeated_or_kept_as_a_contradiction(status, end):
    operation = an_operation(a_payment(), status=status)
    ended, change = operation.end(end, NOON, Failure(Reason.OPERATOR))
    expected = (
        Change.APPLIED
        if status is O.PENDING
        else Change.REPEATED
        if status is end
        else Change.CONTRADICTED
    )
    assert change is expected and ended.status is (end if status is O.PENDING else status)
    assert (ended is operation) is (change is not Change.APPLIED)


def test_ends__every_effect__ends_an_operation():
    assert set(ENDS) == set(Effect) and set(ENDS.values()) <= FINAL - {O.SUCCEEDED}


@pytest.mark.parametrize("kind", Kind)
def test_reference__of_a_try__begins_with_its_kind_and_counts(kind):
    operation = an_operation(a_payment(), kind, attempt=Attempt(number=3))
    assert operation.reference == f"{operation.id}-3" and operation.id.startswith(
        f"{PREFIXES[kind]}_"
    )


def test_outcome_known__only_doubt__is_not_knowing():
    payment = a_payment()
    assert [
        state
        for state in AttemptState
        if not an_operation(payment, attempt=Attempt(state)).outcome_known
    ] == [AttemptState.IN_DOUBT]


@pytest.mark.invariant("I2")
@given(
    st.lists(st.tuples(st.integers(1, 5000), st.sampled_from([*sorted(FINAL), None])), max_size=12)
)
def test_move__any_lives_of_refunds_that_fit__keep_the_sums_in_order(lives):
    """0 ≤ refunded + pending ≤ captured after every step, when a refund is opened only if it fits (I2)."""
    payment = a_payment(amount=5000, amount_authorized=5000, amount_captured=5000)
    for amount, end in lives:
        refund = an_operation(payment, amount=amount)
        if amount > payment.amount_refundable:
            continue
        payment = move(payment, refund)
        assert (
            0 <= payment.amount_refunded + payment.amount_refund_pending <= payment.amount_captured
        )
        payment = move(payment, refund.end(end, NOON)[0]) if end else payment
        assert payment.amount_refund_pending >= 0 <= payment.amount_refundable


@pytest.mark.invariant("I6")
@pytest.mark.parametrize("status", OperationStatus)
@pytest.mark.parametrize("reason", [None, Reason.OPERATOR, Reason.REFUND_NOT_TAKEN])
def test_take_back__every_status_and_reason__only_an_operators_own_end_without_success(
    status, reason
):
    """What the provider has ended stays so (I6)."""
    operation = an_operation(a_payment(), status=status, failure=reason and Failure(reason))
    taken, change = operation.take_back(NOON)
    may = status in (OperationStatus.FAILED, OperationStatus.CANCELED) and reason is Reason.OPERATOR
    assert change is (Change.APPLIED if may else Change.CONTRADICTED)
    assert (taken.status, taken.failure) == (
        (OperationStatus.SUCCEEDED, None) if may else (status, operation.failure)
    )
