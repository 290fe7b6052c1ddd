"""The transition table of a payment, cell by cell, and what follows from it for any order of facts."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import permutations, product

import pytest

from bridge.domain.attempt import Attempt, AttemptState
from bridge.domain.payment import ECHOES, EFFECTS, OPEN, TRANSITIONS, Change, Fact, Failure, Status
from bridge.domain.reasons import Effect, Reason
from factories import FIFTY, NOON, a_payment

LATER = NOON + timedelta(minutes=5)
PAIRS = list(product(Status, Fact))

# What each fact makes of each status: the status afterwards, "=" for nothing new, "!" for a contradiction.
TABLE = """
            asked    authorized  paid  declined  failed  canceled  expired  taken_back
created     pending  authorized  paid  declined  failed  canceled  expired !
pending     =        authorized  paid  declined  failed  canceled  expired !
authorized  =        =           paid  !         failed  canceled  expired !
paid        =        =           =     !         !       !         !       !
declined    =        !           !     =         =       =         =       !
failed      =        !           !     =         =       =         =       paid
canceled    =        !           paid  =         =       =         =       !
expired     =        !           paid  =         =       =         =       !
"""


def cells():
    """The table above as (status, fact, what is written)."""
    head, *lines = (line.split() for line in TABLE.strip().splitlines())
    return [
        (Status(line[0]), Fact(fact), written)
        for line in lines
        for fact, written in zip(head, line[1:], strict=True)
    ]


def applied(payment, *facts):
    """The payment after facts, with the whole amount where money is spoken of."""
    for fact in facts:
        sums = {
            Fact.PAID: {"authorized": FIFTY, "captured": FIFTY},
            Fact.AUTHORIZED: {"authorized": FIFTY},
        }.get(fact, {})
        payment, _ = payment.apply(fact, LATER, **sums)
    return payment


def test_table__every_pair__is_written_once():
    assert sorted((status.value, fact.value) for status, fact, _ in cells()) == sorted(
        (s.value, f.value) for s, f in PAIRS
    )


@pytest.mark.parametrize(("status", "fact", "written"), cells())
def test_apply__every_pair__does_what_is_written(status, fact, written):
    before = a_payment(status=status, failure=Failure(Reason.OPERATOR))
    after, change = before.apply(fact, LATER, authorized=FIFTY, captured=FIFTY)
    assert change is {"=": Change.REPEATED, "!": Change.CONTRADICTED}.get(written, Change.APPLIED)
    assert after.status is (status if written in "=!" else Status(written))


@pytest.mark.parametrize(("status", "fact"), sorted(set(PAIRS) - set(TRANSITIONS), key=str))
def test_apply__pair_not_in_the_table__gives_the_same_payment_back(status, fact):
    before = a_payment(status=status, amount_authorized=FIFTY)
    after, _ = before.apply(
        fact, LATER, authorized=FIFTY, captured=FIFTY, failure=Failure(Reason.OPERATOR)
    )
    assert after is before


@pytest.mark.invariant("I6")
@pytest.mark.parametrize(
    "failure", [None, *(Failure(reason) for reason in Reason if reason is not Reason.OPERATOR)]
)
def test_apply__taken_back__only_what_an_operator_declared_as_failed(failure):
    """The provider's `failed` has no way out (I6)."""
    failed = a_payment(status=Status.FAILED, failure=failure)
    assert failed.apply(Fact.TAKEN_BACK, LATER, captured=FIFTY) == (failed, Change.CONTRADICTED)


def test_table__transitions_and_echoes__do_not_overlap():
    assert not set(TRANSITIONS) & ECHOES


@pytest.mark.parametrize(("status", "fact"), sorted(TRANSITIONS, key=str))
def test_apply__the_same_fact_again__is_a_repeat(status, fact):
    """A repeat is not an error (lesson 18)."""
    once = applied(a_payment(status=status, failure=Failure(Reason.OPERATOR)), fact)
    again, change = once.apply(fact, LATER, authorized=FIFTY, captured=FIFTY)
    assert again == once and (change is Change.REPEATED or fact is Fact.TAKEN_BACK)


@pytest.mark.invariant("I6")
def test_table__every_transition__goes_forward():
    """No chain of transitions leads back to where it began (I6)."""
    reach = {
        status: {after for (before, _), after in TRANSITIONS.items() if before is status}
        for status in Status
    }
    for _ in Status:
        reach = {
            status: found.union(*(reach[next_] for next_ in found))
            for status, found in reach.items()
        }
    assert not [status for status, found in reach.items() if status in found]


@pytest.mark.parametrize("given_up", [Fact.CANCELED, Fact.EXPIRED])
def test_apply__paid_after_giving_up__money_wins(given_up):
    payment = applied(a_payment(status=Status.PENDING), given_up, Fact.PAID)
    assert (payment.status, payment.amount_captured, payment.failure) == (Status.PAID, FIFTY, None)


@pytest.mark.parametrize("end", [Fact.DECLINED, Fact.FAILED, Fact.CANCELED, Fact.EXPIRED])
def test_apply__an_end__keeps_its_failure_and_moves_no_money(end):
    failure = Failure(Reason.PAYER_DECLINED, "state.4")
    payment, _ = a_payment(status=Status.PENDING).apply(end, LATER, failure=failure)
    assert (payment.failure, payment.updated_at, payment.amount_captured) == (failure, LATER, 0)


def test_apply__an_end_without_a_reason__keeps_the_reason_of_before_and_a_success_none():
    failure = Failure(Reason.PAYER_UNKNOWN, "validation")
    refused = a_payment(status=Status.PENDING, failure=failure)
    assert refused.apply(Fact.EXPIRED, LATER)[0].failure == failure
    assert refused.apply(Fact.PAID, LATER, captured=FIFTY)[0].failure is None


def test_apply__authorized_then_paid_in_part__amounts_never_go_down():
    authorized = applied(a_payment(), Fact.AUTHORIZED)
    paid, _ = authorized.apply(Fact.PAID, LATER, captured=1000)
    assert (paid.amount_authorized, paid.amount_captured, paid.amount_capturable) == (
        FIFTY,
        1000,
        FIFTY - 1000,
    )


def test_apply__an_old_failure_after_success__changes_nothing():
    """A late failure is stored by the caller, never applied (lessons 22 and 23)."""
    paid = applied(a_payment(), Fact.PAID)
    assert paid.apply(Fact.FAILED, LATER) == (paid, Change.CONTRADICTED)


# --- confluence ------------------------------------------------------------------------------------------------------

# What the provider can truthfully say of one payment, with what shop and clock may add: any order ends the same way.
TRUTHS = [
    ({Fact.ASKED, Fact.PAID}, Status.PAID),
    ({Fact.ASKED, Fact.AUTHORIZED, Fact.PAID}, Status.PAID),
    ({Fact.ASKED, Fact.PAID, Fact.CANCELED}, Status.PAID),
    ({Fact.ASKED, Fact.PAID, Fact.EXPIRED}, Status.PAID),
    ({Fact.ASKED, Fact.PAID, Fact.EXPIRED, Fact.CANCELED}, Status.PAID),
    ({Fact.ASKED, Fact.AUTHORIZED, Fact.CANCELED}, Status.CANCELED),
    ({Fact.ASKED, Fact.AUTHORIZED, Fact.EXPIRED}, Status.EXPIRED),
    ({Fact.ASKED, Fact.AUTHORIZED, Fact.FAILED}, Status.FAILED),
    ({Fact.ASKED, Fact.AUTHORIZED}, Status.AUTHORIZED),
    ({Fact.ASKED, Fact.DECLINED}, Status.DECLINED),
    ({Fact.ASKED, Fact.FAILED}, Status.FAILED),
    ({Fact.ASKED, Fact.CANCELED}, Status.CANCELED),
    ({Fact.ASKED, Fact.EXPIRED}, Status.EXPIRED),
]


@pytest.mark.invariant("I6")
@pytest.mark.parametrize(("facts", "end"), TRUTHS)
def test_apply__truthful_facts_in_any_order__end_in_the_same_state(facts, end):
    """Every permutation, and every permutation with everything said twice (I6)."""
    for order in permutations(sorted(facts)):
        assert applied(a_payment(), *order).status is end
        assert applied(a_payment(), *order, *reversed(order)).status is end


@pytest.mark.invariant("I6")
def test_apply__ten_thousand_random_histories__end_in_the_same_state():
    """Permuted and repeated at random; status, amounts and openness are those of the shortest history (I6)."""
    dice, start = random.Random(20260301), a_payment()
    for _ in range(10_000):
        facts, end = dice.choice(TRUTHS)
        history = dice.choices(sorted(facts), k=dice.randint(0, 6)) + sorted(facts)
        dice.shuffle(history)
        after = applied(start, *history)
        money = FIFTY if end is Status.PAID else 0
        assert (after.status, after.amount_captured, after.is_open) == (end, money, end in OPEN), (
            history
        )


@pytest.mark.invariant("I6")
def test_apply__random_histories_of_anything__never_go_back_and_never_lose_money():
    """Not even untruthful facts bring a paid payment down, or an amount (I6)."""
    dice = random.Random(7)
    for _ in range(2_000):
        payment = a_payment()
        for fact in dice.choices(list(Fact), k=8):
            after = applied(payment, fact)
            assert after.status is payment.status or (payment.status, fact) in TRANSITIONS
            assert (
                after.amount_captured >= payment.amount_captured
                and after.amount_authorized >= payment.amount_authorized
            )
            payment = after


# --- what is derived -------------------------------------------------------------------------------------------------


def test_effects__every_reason_effect__is_a_fact():
    assert {EFFECTS[effect].value for effect in Effect} == {effect.value for effect in Effect}


def test_reference__attempt_counts_up__gives_every_try_a_name_of_its_own():
    first, second = a_payment(attempt=Attempt(number=1)), a_payment(attempt=Attempt(number=2))
    assert (
        first.reference == f"{first.id}-1"
        and second.reference.endswith("-2")
        and len(first.reference) <= 40
    )


@pytest.mark.parametrize(
    ("changes", "ready"),
    [
        ({}, True),
        ({"status": Status.PENDING}, True),
        ({"attempt": Attempt(AttemptState.SENDING)}, False),
        ({"attempt": Attempt(AttemptState.IN_DOUBT)}, False),
        ({"attempt": Attempt(AttemptState.ACCEPTED)}, False),
        ({"status": Status.PAID}, False),
        ({"status": Status.EXPIRED}, False),
    ],
)
def test_ready_to_ask__only_when__nothing_was_asked_and_nothing_has_ended(changes, ready):
    assert a_payment(**changes).ready_to_ask is ready


def test_ready_to_ask__wallet_without_a_user_name__waits_for_the_payer():
    payment = a_payment()
    assert (
        not a_payment(payer=type(payment.payer)()).ready_to_ask
        and a_payment(method="card", payer=type(payment.payer)()).ready_to_ask
    )


def test_outcome_known__only_doubt__is_not_knowing():
    assert [
        state for state in AttemptState if not a_payment(attempt=Attempt(state)).outcome_known
    ] == [AttemptState.IN_DOUBT]


@pytest.mark.invariant("I2")
def test_amount_refundable__pending_refunds__count_as_gone():
    payment = a_payment(
        amount_authorized=5000,
        amount_captured=4000,
        amount_refunded=500,
        amount_refund_pending=1500,
        amount_capture_pending=300,
    )
    assert (payment.amount_refundable, payment.amount_capturable) == (2000, 700)


def test_doubt__wish_to_give_up_left_on_a_payment_that_is_paid__is_none():
    """A node of an earlier version does not know the wish, and leaves it beside the proof of payment."""
    assert a_payment(
        status=Status.PENDING, attempt=Attempt(AttemptState.ACCEPTED), giving_up="shop"
    ).in_doubt
    assert not a_payment(
        status=Status.PAID, attempt=Attempt(AttemptState.ACCEPTED), giving_up="shop"
    ).in_doubt
