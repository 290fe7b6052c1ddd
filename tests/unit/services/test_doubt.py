"""The provider was asked and its answer was lost: what the bridge may believe then, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.attempt import Attempt, AttemptState
from bridge.domain.events import Source
from bridge.domain.operation import OperationStatus
from bridge.domain.outcome import Outcome
from bridge.domain.payment import Status
from bridge.domain.reasons import Reason
from bridge.ports import JobKind, PaymentFilter
from bridge.services.schedule import DAY, INQUIRY_OFFSETS
from factories import FIFTY, NOON, a_payment, an_answer
from stage import PowerCut

LOST = [
    ("drop_before", {}),
    ("drop_after", {}),
    ("garbage", {}),
    ("truncate", {}),
    ("status", {"code": 500}),
    ("status", {"code": 302}),
]
EXECUTED = {"drop_after", "garbage", "truncate"}
DOWN = {"times": 100_000}


def down(stage):
    """From now on the provider cannot be asked."""
    stage.sandbox.fault("transactions", "drop_before", **DOWN)


@pytest.mark.invariant("I4", "I5")
@pytest.mark.parametrize(("fault", "options"), LOST)
def test_create__answer_lost__is_pending_and_says_that_nobody_knows(stage, fault, options):
    """Nothing but unknown/pending is said unless the provider answered definitively (I4)."""
    stage.sandbox.fault("request", fault, **options)
    payment = stage.create()
    assert (payment["status"], payment["outcome_known"], payment["failure"]) == (
        "pending",
        False,
        None,
    )
    assert payment["next_check_at"] == "2026-03-01T12:00:00.000Z"


def silent_for(stage, path, seconds):
    """Let so much time pass in every call of `path`, as when its answer is waited for until the deadline."""
    inner = stage.transport.inner

    def call(lane, method, url, **more):
        try:
            return inner(lane, method, url, **more)
        finally:
            stage.clock.advance(seconds if url.endswith(path) else 0)

    stage.transport.inner = call


@pytest.mark.invariant("I19")
def test_create__answer_lost_after_20_s__is_inquired_about_at_once_and_then_on_the_ladder(stage):
    """The inquiry begins with the doubt; the ladder's next step after 20 s is at 50 s, counted from the asking."""
    silent_for(stage, "/request", 20)
    stage.sandbox.fault("request", "drop_after")
    payment = stage.create()
    stage.sandbox.fault("transactions", "drop_before")
    stage.work()
    assert stage.sandbox.calls("transactions") == 1
    assert (
        stage.payment(payment).next_check_at == NOON + timedelta(seconds=50)
        and not stage.payment(payment).outcome_known
    )
    stage.work()
    assert stage.sandbox.calls("transactions") == 1
    stage.advance(30)
    assert stage.payment(payment).outcome_known


@pytest.mark.invariant("I19")
def test_refund__answer_lost_after_20_s__is_inquired_about_at_once(stage):
    """The same for what is asked about a payment."""
    payment = stage.paid()
    silent_for(stage, "/refund", 20)
    stage.sandbox.fault("refund", "drop_after")
    refund = stage.refund(payment, amount=1000)
    assert not stage.operation(refund).outcome_known
    stage.work()
    assert (
        stage.operation(refund).outcome_known and len(stage.sandbox.refunds_of(refund["id"])) == 1
    )


@pytest.mark.invariant("I5", "I19")
@pytest.mark.parametrize(("fault", "options"), LOST)
def test_doubt__provider_reachable__ends_with_one_request_in_the_ledger(stage, fault, options):
    """The inquiry tells; what never arrived is asked again, what did arrive is not (I5, I19)."""
    stage.sandbox.fault("request", fault, **options)
    payment = stage.create()
    for seconds in (5, 20, 40, 60, 60, 60):
        stage.advance(seconds)
    assert (
        stage.payment(payment).outcome_known and len(stage.sandbox.requests_of(payment["id"])) == 1
    )
    assert ("note.asked_again" in stage.types(payment)) is (fault not in EXECUTED)


@pytest.mark.invariant("I5")
def test_doubt__the_provider_knows_nothing__is_believed_only_when_nothing_can_be_on_its_way(stage):
    """A request may still arrive after the inquiry; only after deadline and grace does absence count (I5)."""
    stage.sandbox.fault("request", "drop_before")
    payment = stage.create()
    for seconds in (5, 15, 30):
        stage.advance(seconds)
    assert (stage.payment(payment).attempt.number, stage.payment(payment).attempt.state) == (
        1,
        AttemptState.IN_DOUBT,
    )
    stage.advance(60), stage.advance(5)
    assert stage.payment(payment).attempt.number == 2 and stage.payment(payment).outcome_known


@pytest.mark.invariant("I5")
def test_doubt__provider_silent_through_the_whole_ladder__needs_review_and_never_failed(stage):
    """Time is no evidence (I5; lesson 30)."""
    stage.sandbox.fault("request", "drop_after")
    payment = stage.create()
    down(stage)
    stage.drain()
    row = stage.payment(payment)
    assert (row.status, row.outcome_known, row.next_check_at) == (
        Status.PENDING,
        False,
        None,
    ) and "unknown" in row.review
    assert stage.types(payment).count(
        "note.needs_review"
    ) == 1 and stage.clock() >= NOON + timedelta(seconds=INQUIRY_OFFSETS[-1])
    assert (
        stage.sandbox.calls("transactions") <= len(INQUIRY_OFFSETS) + 2
    )  # at once, the steps, the expiry


@pytest.mark.invariant("I5", "I19")
def test_pending__provider_silent_past_the_expiry__is_not_expired_by_the_clock_and_ends_with_a_review(
    stage,
):
    """The provider is asked before the clock decides; when it never can be, an operator looks (I5, I19; lesson 41)."""
    payment = stage.create()
    down(stage)
    stage.drain()
    row = stage.payment(payment)
    assert row.status is Status.PENDING and row.next_check_at is None and row.review


@pytest.mark.invariant("I19")
def test_pending__expiry_longer_than_the_ladder__is_still_looked_at_when_it_expires(new_stage):
    """Eight days, the most a profile allows, outlast the last rung (I19)."""
    stage = new_stage(shop={"expires_in": {"default": 8 * DAY, "max": 8 * DAY}})
    payment = stage.create()
    stage.drain(days=7.9)
    assert stage.payment(payment).status is Status.PENDING
    stage.sandbox.advance(8 * DAY + 1)
    stage.drain()
    assert stage.payment(payment).status is Status.EXPIRED and not stage.jobs()


@pytest.mark.invariant("I19")
def test_pending__left_alone__is_asked_about_a_bounded_number_of_times(stage):
    """No storm: the ladder's rungs, and one look at the expiry (I19)."""
    payment = stage.create()
    stage.drain()
    assert stage.payment(payment).status is Status.EXPIRED
    assert stage.sandbox.calls("transactions") <= len(INQUIRY_OFFSETS) + 1


@pytest.mark.parametrize("times", [1, 2, 3])
def test_create__never_sent__is_sent_again_and_comes_through(stage, times):
    stage.sandbox.fault("request", "status", code=423, times=times)
    payment = stage.create()
    assert (payment["status"], payment["outcome_known"]) == ("created", True)
    for _ in range(4):
        stage.advance(15)
    assert (
        stage.payment(payment).status is Status.PENDING
        and len(stage.sandbox.requests_of(payment["id"])) == 1
    )


def test_create__never_sent_four_times__failed_and_the_order_is_free_again(stage):
    """Surely not executed is the one thing that may fail without the provider's word."""
    stage.sandbox.fault("request", "status", code=423, times=4)
    payment = stage.create(order_reference="o-1")
    for _ in range(4):
        stage.advance(15)
    row = stage.payment(payment)
    assert (row.status, row.failure.reason.value) == (Status.FAILED, "provider_unavailable")
    assert (
        stage.create(order_reference="o-1")["status"] == "pending"
        and stage.sandbox.requests_of(payment["id"]) == []
    )


@pytest.mark.invariant("I1")
@pytest.mark.parametrize(("fault", "options"), LOST)
def test_refund__answer_lost__counts_as_given_until_known_and_is_never_given_twice(
    stage, fault, options
):
    """One refund intent, at most one refund in the ledger (I1; lessons 1 and 47)."""
    payment = stage.paid()
    stage.sandbox.fault("refund", fault, **options)
    refund = stage.refund(payment, amount=4000)
    assert (refund["status"], refund["outcome_known"]) == ("pending", False) and stage.payment(
        payment
    ).amount_refundable == FIFTY - 4000
    for seconds in (5, 20, 40, 60, 60, 60):
        stage.advance(seconds)
    assert (
        stage.operation(refund).outcome_known and len(stage.sandbox.refunds_of(refund["id"])) == 1
    )


@pytest.mark.invariant("I5")
def test_refund__provider_silent_through_the_whole_ladder__stays_pending_and_needs_review(stage):
    """Time is no evidence for refunds either (I5)."""
    payment = stage.paid()
    stage.sandbox.fault("refund", "drop_after")
    refund = stage.refund(payment, amount=1000)
    down(stage)
    stage.drain()
    row = stage.operation(refund)
    assert (
        (row.status, row.outcome_known) == (OperationStatus.PENDING, False)
        and row.review
        and stage.payment(payment).review
    )
    assert stage.payment(payment).amount_refund_pending == 1000


def test_refund__in_doubt__shows_in_the_payment_until_the_provider_has_spoken(stage):
    """Whoever reads the payment sees that part of it is not known; the payer's page tells of the payment alone."""
    payment = stage.paid()
    stage.sandbox.fault("refund", "drop_after")
    refund = stage.refund(payment, amount=1000)
    shown, tag = stage.services.read_payment(stage.shop(), payment["id"])
    assert (shown["status"], shown["outcome_known"], shown["amount_capture_pending"]) == (
        "paid",
        False,
        0,
    )
    assert stage.services.show_checkout(payment["checkout"]["token"], "en").view["outcome_known"]
    stage.work()
    known, later = stage.services.read_payment(stage.shop(), payment["id"])
    assert known["outcome_known"] and tag != later
    assert stage.sandbox.payer(stage.sandbox.refunds_of(refund["id"])[0]["reference"], "accept")
    stage.hear(), stage.work()
    told = [
        one.body["data"]["payment"]["outcome_known"]
        for one in stage.outside.notifications
        if one.body["type"] == "refund.succeeded"
    ]
    assert told == [True]


@pytest.mark.invariant("I19")
@pytest.mark.parametrize("what", ["payment", "refund"])
def test_doubt__for_an_hour__is_listed_for_the_operator_while_the_inquiries_go_on(stage, what):
    """A week is too long to wait for a person's eye; a doubt that ends leaves the list by itself (I19)."""
    if what == "payment":
        stage.sandbox.fault("request", "drop_after")
        payment = stage.create()
    else:
        payment = stage.paid()
        stage.sandbox.fault("refund", "drop_after")
        stage.refund(payment, amount=1000)
    down(stage)
    stage.advance(3_600)
    assert (
        stage.services.list_reviews(PaymentFilter(), 10) == []
        and stage.services.measure()["needs_review"] == 0
    )
    stage.advance(1)
    assert [row.id for row in stage.services.list_reviews(PaymentFilter(), 10)] == [payment["id"]]
    assert stage.services.measure()["needs_review"] == 1 and stage.payment(payment).review is None
    stage.sandbox.no_faults()
    stage.advance(1_500)
    assert (
        stage.payment(payment).outcome_known
        and stage.services.list_reviews(PaymentFilter(), 10) == []
    )


# --- a process that dies between two beats -----------------------------------------------------------------------------


@pytest.mark.invariant("I1", "I10")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_create__process_dies_around_the_call__the_worker_finds_out(stage, moment):
    """The intent is stored, so another process goes on where this one ended (I10)."""
    stage.transport.cut = (moment, "/request")
    payment = stage.create()
    assert stage.payment(payment).attempt.sending and payment["status"] in ("created", "pending")
    for seconds in (20, 20, 40, 60, 60, 60):
        stage.advance(seconds)
    assert (stage.payment(payment).status, stage.payment(payment).attempt.state) == (
        Status.PENDING,
        AttemptState.ACCEPTED,
    )
    assert len(stage.sandbox.requests_of(payment["id"])) == 1


@pytest.mark.invariant("I1", "I10")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_refund__process_dies_around_the_call__is_refunded_once(stage, moment):
    """The same for money that goes back (I1, I10)."""
    payment = stage.paid()
    stage.transport.cut = (moment, "/refund")
    refund = stage.refund(payment)
    for seconds in (20, 20, 40, 60, 60, 60):
        stage.advance(seconds)
    assert (
        stage.operation(refund).outcome_known and len(stage.sandbox.refunds_of(refund["id"])) == 1
    )


@pytest.mark.invariant("I11")
def test_look_after__worker_dies_with_a_job__another_takes_it_when_the_lease_has_run_out(stage):
    """Leases end (I11; lesson 32)."""
    payment = stage.create()
    stage.transport.cut = ("before", "/transactions")
    stage.clock.advance(5)
    with pytest.raises(PowerCut):
        stage.work()
    stage.pay(payment), stage.outside.callbacks.clear()
    stage.advance(30)
    assert stage.payment(payment).status is Status.PENDING
    stage.advance(31)
    assert stage.payment(payment).status is Status.PAID


def look_early(stage, kind, subject):
    """Let a worker look now at what is to be looked at later."""
    with stage.house.units() as unit:
        unit.outbox.nudge(kind, subject, stage.clock())
    assert stage.work()


@pytest.mark.invariant("I11")
def test_look_after__before_the_answer_must_have_come__doubts_nothing_and_looks_again(stage):
    """A job that comes early, by another node's clock perhaps, does not end the watch over what is under way (I11)."""
    stage.transport.cut = ("before", "/request")
    payment = stage.create()
    look_early(stage, JobKind.PAYMENT, payment["id"])
    assert stage.payment(payment).attempt.sending and stage.has_job(JobKind.PAYMENT, payment["id"])
    stage.drain(days=0.01)
    assert len(stage.sandbox.requests_of(payment["id"])) == 1


@pytest.mark.invariant("I11")
def test_look_after__before_a_refunds_answer_must_have_come__doubts_nothing_and_looks_again(stage):
    """The same for a refund (I11)."""
    payment = stage.paid()
    stage.transport.cut = ("before", "/refund")
    refund = stage.refund(payment, amount=1000)
    look_early(stage, JobKind.OPERATION, refund["id"])
    assert stage.operation(refund).attempt.sending and stage.has_job(
        JobKind.OPERATION, refund["id"]
    )
    stage.drain(days=0.01)
    assert len(stage.sandbox.refunds_of(refund["id"])) == 1


def test_wake_up__too_late__the_call_is_not_made_any_more(stage):
    """A thread that slept past its time must not send what others have begun to look for."""
    stage.transport.cut = ("before", "/request")
    payment = stage.payment(stage.create())
    stage.clock.advance(11)
    stage.services.create_payment._ask.send(payment)
    assert stage.sandbox.ledger() == [] and stage.has_job(JobKind.PAYMENT, payment.id)


@pytest.mark.invariant("I1")
@pytest.mark.parametrize(
    ("number", "state"), [(1, AttemptState.SENDING), (2, AttemptState.NOT_SENT)]
)
def test_inquired__earlier_try_was_refused_while_the_next_is_under_way__leaves_that_alone(
    stage, monkeypatch, number, state
):
    """I1: the wallet's name was corrected and asked again; the refusal of before must not have a third request sent."""
    payment = a_payment(attempt=Attempt(AttemptState.SENDING, 2, NOON), tries=2)
    with stage.house.units() as unit:
        unit.payments.add(payment)
    account = stage.house.accounts.get(payment.merchant, payment.provider)
    refused = an_answer(Outcome.DECLINED, reason=Reason.PAYER_UNKNOWN)
    monkeypatch.setattr(account, "inquire", lambda _: refused)
    asked = replace(payment, attempt=Attempt(AttemptState.IN_DOUBT, number, NOON))
    stage.services.sync_payment._inquire(asked, Source.INQUIRY)
    assert stage.payment({"id": payment.id}).attempt.state is state
