"""The transition table of a request to a provider, cell by cell: what may be sent, and what never again."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from bridge.domain.attempt import TRANSITIONS, Attempt, AttemptState, Progress
from bridge.errors import IllegalTransition
from factories import NOON, a_payment, an_operation

LATER = NOON + timedelta(minutes=5)

# What each progress makes of each state: the state afterwards, "!" for an illegal pair.
TABLE = """
            intended  held_back  not_executed  lost      known
not_sent    sending   !          not_sent      in_doubt  accepted
sending     !         not_sent   not_sent      in_doubt  accepted
accepted    !         !          !             !         accepted
in_doubt    !         !          not_sent      in_doubt  accepted
"""


def cells():
    """The table above as (state, progress, what is written)."""
    head, *lines = (line.split() for line in TABLE.strip().splitlines())
    return [
        (AttemptState(line[0]), Progress(progress), written)
        for line in lines
        for progress, written in zip(head, line[1:], strict=True)
    ]


def test_table__every_pair__is_written_once():
    assert sorted((state, progress) for state, progress, _ in cells()) == sorted(
        product(AttemptState, Progress)
    )


@pytest.mark.invariant("I1", "I5")
@pytest.mark.parametrize(("state", "progress", "written"), cells())
def test_after__every_pair__does_what_is_written_or_raises(state, progress, written):
    before = Attempt(state, 3, NOON)
    if written == "!":
        with pytest.raises(IllegalTransition, match=f"{state.value} cannot be {progress.value}"):
            before.after(progress, LATER)
    else:
        assert before.after(progress, LATER).state is AttemptState(written)


@pytest.mark.invariant("I1")
def test_after__intended__is_possible_only_while_nothing_was_sent():
    """I1: what may have left is never sent again."""
    assert [state for state, progress in TRANSITIONS if progress is Progress.INTENDED] == [
        AttemptState.NOT_SENT
    ]


@pytest.mark.parametrize(("state", "progress", "number", "sent_at"), [
    (AttemptState.NOT_SENT, Progress.INTENDED, 4, LATER),  # a new name at the provider
    (AttemptState.SENDING, Progress.HELD_BACK, 2, NOON),  # the try does not count: its name was never used
    (AttemptState.SENDING, Progress.NOT_EXECUTED, 3, NOON),
    (AttemptState.SENDING, Progress.LOST, 3, NOON),
    (AttemptState.IN_DOUBT, Progress.KNOWN, 3, NOON),
])  # fmt: skip
def test_after__progress__counts_tries_and_keeps_when_it_was_sent(state, progress, number, sent_at):
    after = Attempt(state, 3, NOON).after(progress, LATER)
    assert (after.number, after.sent_at) == (number, sent_at)


def test_attempted__payment_and_operation__share_the_table_and_are_named_by_the_number():
    payment = a_payment().attempted(Progress.INTENDED, NOON)
    operation = an_operation(payment).attempted(Progress.INTENDED, NOON)
    assert payment.attempt == operation.attempt == Attempt(AttemptState.SENDING, 1, NOON)
    assert (payment.reference, operation.reference) == (f"{payment.id}-1", f"{operation.id}-1")


@pytest.mark.parametrize(("attempt", "expected"), [
    (Attempt(), False), (Attempt(AttemptState.NOT_SENT, 1, NOON), False), (Attempt(AttemptState.SENDING, 1, NOON), True),
    (Attempt(AttemptState.IN_DOUBT, 1, NOON), True), (Attempt(AttemptState.ACCEPTED, 1, NOON), True), (Attempt(AttemptState.ACCEPTED), False),
])  # fmt: skip
def test_may_be_known__only_what_was_sent__is_worth_an_inquiry(attempt, expected):
    assert attempt.may_be_known is expected
