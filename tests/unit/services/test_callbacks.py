"""What a callback can do: have the provider asked. What it says changes nothing by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from sqlalchemy import select

from bridge.domain.attempt import Attempt
from bridge.domain.operation import OperationStatus
from bridge.domain.payment import Status
from bridge.errors import NotFound
from bridge.ports import JobKind, RawCallback
from bridge.services.receive_callback import REJECTED_A_MINUTE
from bridge.services.schedule import INQUIRY_OFFSETS
from bridge.store.schema import callbacks
from factories import FIFTY

NOTHING_NEW = ["payment.created", "payment.pending"]


def callback_rows(stage):
    """All callbacks kept."""
    with stage.house.engine.connect() as connection:
        return list(connection.execute(select(callbacks).order_by(callbacks.c.id)))


def states(stage):
    """The states of all callbacks kept."""
    return [row.state for row in callback_rows(stage)]


def changed(heard, **fields):
    """The same callback with other fields, signature kept."""
    pairs = dict(parse_qsl(heard.raw.body.decode()))
    return replace(heard, raw=replace(heard.raw, body=urlencode({**pairs, **fields}).encode()))


def test_callback__of_a_paid_payment__has_the_provider_asked_and_the_payment_paid(stage):
    payment = stage.create()
    stage.pay(payment)
    assert (
        stage.hear() == 1 and stage.payment(payment).status is Status.PENDING
    )  # stored and answered; nothing believed yet
    stage.work()
    assert stage.payment(payment).status is Status.PAID and states(stage) == ["applied"]
    assert [event.source for event in stage.history(payment)][-1] == "callback"


@pytest.mark.invariant("I7")
@pytest.mark.parametrize("times", [2, 5])
def test_callback__repeated__is_one_transition_and_one_event(stage, times):
    """Deduplicated at apply, not at receive (I7; lessons 5 and 10)."""
    payment = stage.create()
    stage.pay(payment)
    stage.hear(times), stage.work()
    assert stage.types(payment) == [*NOTHING_NEW, "payment.paid"] and stage.outside.told(
        payment["id"]
    ) == stage.types(payment)


@pytest.mark.invariant("I7")
def test_fact__learned_by_callback_sync_and_look_after__is_one_transition(stage):
    """Whoever learns it first; the others repeat it (I7; lessons 9 and 21)."""
    payment = stage.create()
    stage.pay(payment), stage.hear()
    stage.services.sync_payment(stage.shop(), payment["id"])
    stage.advance(5)
    assert stage.types(payment).count("payment.paid") == 1


@pytest.mark.invariant("I7")
def test_callback__before_the_response__is_applied_and_the_response_repeats_it(stage):
    """The payer was faster than the provider's answer (I7; lesson 1)."""

    def at_once(heard):
        stage.services.receive_callback(heard.provider, heard.merchant, heard.raw)
        stage.work()

    stage.outside.on_callback = at_once
    stage.sandbox.fault("callback", "before_response")
    payment = stage.create()
    assert (payment["status"], payment["amount_captured"]) == ("paid", FIFTY)
    stage.work()
    assert (
        stage.types(payment).count("payment.paid") == 1
        and len(stage.sandbox.requests_of(payment["id"])) == 1
    )


@pytest.mark.invariant("I7")
def test_callback__when_the_answer_was_lost__finds_the_payment_by_asking(stage):
    """An unmatched reference is asked about, not thrown away (lesson 15)."""
    stage.sandbox.fault("request", "drop_after")
    payment = stage.create()
    stage.pay(payment)
    stage.hear(), stage.work()
    assert stage.payment(payment).status is Status.PAID and stage.payment(payment).outcome_known


def test_callback__of_a_refund_whose_answer_was_lost__finds_the_refund(stage):
    payment = stage.paid()
    stage.outside.callbacks.clear()
    stage.sandbox.fault("refund", "drop_after")
    refund = stage.refund(payment, amount=1000)
    stage.sandbox.payer(stage.sandbox.refunds_of(refund["id"])[0]["reference"], "accept")
    stage.hear(), stage.work()
    assert (
        stage.operation(refund).status is OperationStatus.SUCCEEDED
        and stage.payment(payment).amount_refunded == 1000
    )


# --- the same once more -----------------------------------------------------------------------------------------------


@pytest.mark.invariant("I27")
def test_callback__replayed_two_hundred_times__is_one_row_one_inquiry_and_one_transition(stage):
    """Before it was looked into, and after (I27; lesson 86)."""
    payment = stage.create()
    stage.pay(payment)
    kept = list(stage.outside.callbacks)
    stage.hear(100), stage.work()
    stage.outside.callbacks[:] = kept
    stage.hear(100)
    assert not stage.has_job(JobKind.CALLBACK, callback_rows(stage)[0].id)
    stage.work()
    assert [(row.state, row.repeats) for row in callback_rows(stage)] == [("applied", 199)]
    assert stage.sandbox.calls("transactions") == 1 and stage.types(payment) == [
        *NOTHING_NEW,
        "payment.paid",
    ]


@pytest.mark.invariant("I27")
def test_callback__replayed_with_other_bytes__is_the_same(stage):
    """Fields that nobody signed and another order make no new callback of it (I27)."""
    payment = stage.create()
    stage.pay(payment)
    (heard,) = stage.outside.callbacks
    for number in range(20):
        pairs = [("junk", str(number)), *reversed(parse_qsl(heard.raw.body.decode()))]
        stage.services.receive_callback(
            heard.provider, heard.merchant, replace(heard.raw, body=urlencode(pairs).encode())
        )
    stage.work()
    assert len(callback_rows(stage)) == 1 and stage.sandbox.calls("transactions") == 1


@pytest.mark.invariant("I27")
def test_callback__of_a_later_moment__is_another(stage):
    """What says something new is looked into (I27)."""
    payment = stage.paid()
    stage.hear(), stage.work()
    refund = stage.refund(payment, amount=1000)
    stage.sandbox.payer(stage.sandbox.refunds_of(refund["id"])[0]["reference"], "accept")
    stage.hear(), stage.work()
    assert [row.repeats for row in callback_rows(stage)] == [0, 0] and stage.payment(
        payment
    ).amount_refunded == 1000


@pytest.mark.invariant("I26", "I27")
def test_return_address__hit_four_thousand_times__has_the_provider_asked_once_more_than_the_ladder_would(
    stage,
):
    """No payer can have the provider asked as often as he likes, nor fill the outbox with it (I26, I27; lesson 86)."""
    payment = stage.create()
    for _ in range(100):
        for _ in range(40):
            stage.services.receive_return(
                payment["checkout"]["token"], RawCallback("GET", "", "a=b", b"")
            )
        stage.advance(1)
    planned = sum(offset <= 100 for offset in INQUIRY_OFFSETS)
    assert planned < stage.sandbox.calls("transactions") <= 2 * planned + 1
    assert not callback_rows(stage) and len(stage.jobs()) == 1


# --- what must change nothing -----------------------------------------------------------------------------------------


@pytest.mark.invariant("I12")
def test_callback__forged__is_kept_and_changes_nothing(stage):
    """A wrong signature has not even the provider asked (I12)."""
    payment = stage.create()
    stage.sandbox.fault("callback", "forged")
    stage.pay(payment)
    before = stage.sandbox.calls("transactions")
    stage.hear(), stage.work()
    assert (
        stage.types(payment) == NOTHING_NEW
        and states(stage) == ["rejected"]
        and stage.sandbox.calls("transactions") == before
    )


@pytest.mark.invariant("I12")
def test_callback__genuine_but_about_another_payment__has_only_the_truth_looked_up(stage):
    """The signature covers no hash: a replay under another's hash proves nothing (I12)."""
    paid, pending = stage.create(), stage.create()
    stage.pay(paid)
    (heard,) = stage.outside.callbacks
    stage.outside.callbacks[:] = [changed(heard, hash=stage.payment(pending).provider_reference)]
    stage.hear(), stage.work()
    assert (
        stage.types(pending) == NOTHING_NEW
        and stage.types(paid) == NOTHING_NEW
        and states(stage) == ["applied"]
    )


@pytest.mark.invariant("I12", "I13")
def test_callback__at_another_merchants_address__changes_nothing(stage):
    """Verified with the secrets of the merchant in the address (I12, I13; lessons 58 and 59)."""
    payment = stage.create()
    stage.pay(payment)
    stage.outside.callbacks[:] = [
        replace(heard, merchant="globex") for heard in stage.outside.callbacks
    ]
    stage.hear(), stage.work()
    assert stage.types(payment) == NOTHING_NEW and states(stage) == ["rejected"]


@pytest.mark.invariant("I12")
def test_callback__under_a_reference_nobody_knows__is_kept_as_unmatched(stage):
    """Kept and politely answered, so that the provider does not repeat it for ever (I12; lessons 24 and 28)."""
    payment = stage.create()
    stage.pay(payment)
    stage.outside.callbacks[:] = [
        changed(heard, hash="0" * 40) for heard in stage.outside.callbacks
    ]
    stage.hear(), stage.work()
    assert stage.types(payment) == NOTHING_NEW and states(stage) == ["unmatched"]


@pytest.mark.invariant("I12")
def test_callback__stale_replay_after_a_refund__changes_nothing(stage):
    """An old truth is a repeat (I12)."""
    payment = stage.create()
    stage.pay(payment)
    kept = list(stage.outside.callbacks)
    stage.hear(), stage.work()
    refund = stage.refund(payment, amount=FIFTY)
    stage.sandbox.payer(stage.sandbox.refunds_of(refund["id"])[0]["reference"], "accept")
    stage.hear(), stage.work()
    before = stage.types(payment)
    stage.outside.callbacks[:] = kept
    stage.hear(), stage.work()
    assert stage.types(payment) == before and stage.payment(payment).amount_refunded == FIFTY


@pytest.mark.invariant("I12", "I17")
@pytest.mark.parametrize(
    "raw",
    [
        RawCallback("POST", "", "", b""),
        RawCallback("POST", "application/json", "", b"{"),
        RawCallback("GET", "", "hash=1", b""),
        RawCallback("POST", "application/x-www-form-urlencoded", "", b"\xff\x00" * 4000),
        RawCallback("POST", "x" * 400, "y" * 4000, b"a=b"),
    ],
)
def test_callback__rubbish__is_kept_and_answered(stage, raw):
    """Whatever comes is stored before it is understood (I12)."""
    reply = stage.services.receive_callback("cashcloud", "acme", raw)
    stage.work()
    assert reply.body == b"OK" and states(stage) == ["rejected"]


@pytest.mark.parametrize(("provider", "merchant"), [("cashcloud", "nobody"), ("nothing", "acme")])
def test_callback__for_an_account_that_does_not_exist__is_not_found(stage, provider, merchant):
    with pytest.raises(NotFound):
        stage.services.receive_callback(provider, merchant, RawCallback("POST", "", "", b""))


# --- integrity --------------------------------------------------------------------------------------------------------


@pytest.mark.invariant("I12")
@pytest.mark.parametrize("fault", ["other_amount", "other_currency", "other_reference"])
def test_books__differ_from_our_row__nothing_is_called_paid_and_an_operator_is_asked(stage, fault):
    """Good signature, wrong amount, currency or reference: integrity failure, no money state changes (I12)."""
    payment = stage.create()
    stage.sandbox.fault("callback", fault)
    stage.pay(payment)
    stage.hear(), stage.work()
    row = stage.payment(payment)
    assert (row.status, row.amount_captured) == (Status.PENDING, 0) and "books differ" in row.review
    assert stage.types(payment) == [*NOTHING_NEW, "note.integrity_failure"]
    stage.sandbox.no_faults()
    stage.services.sync_payment(stage.shop(), payment["id"])
    assert stage.payment(payment).status is Status.PAID


@pytest.mark.invariant("I12", "I19")
@pytest.mark.parametrize("fault", ["other_amount", "other_currency", "other_reference"])
def test_books__differ_and_say_no__are_not_believed_and_asked_again(stage, fault):
    """A refusal with other books is no last word: the ladder goes on (I12, I19)."""
    payment = stage.create()
    stage.sandbox.fault("callback", fault)
    stage.pay(payment, "decline")
    stage.hear(), stage.work()
    assert stage.payment(payment).status is Status.PENDING and stage.has_job(
        JobKind.PAYMENT, payment["id"]
    )
    stage.sandbox.no_faults()
    stage.advance(5)
    assert stage.payment(payment).status is Status.DECLINED


@pytest.mark.invariant("I12")
@pytest.mark.parametrize("fault", ["other_amount", "other_currency", "other_reference"])
@pytest.mark.parametrize("action", ["accept", "decline"])
def test_books_of_a_refund__differ__nothing_is_booked_or_released(stage, fault, action):
    """A refund that may be another one neither succeeds nor sets its amount free (I12)."""
    payment = stage.paid()
    stage.outside.callbacks.clear()
    refund = stage.refund(payment, amount=1000)
    stage.sandbox.fault("callback", fault)
    stage.sandbox.payer(stage.sandbox.refunds_of(refund["id"])[0]["reference"], action)
    stage.hear(), stage.work()
    row = stage.payment(payment)
    assert (row.amount_refunded, row.amount_refund_pending) == (
        0,
        1000,
    ) and "books differ" in stage.operation(refund).review
    stage.sandbox.no_faults()
    stage.services.sync_payment(stage.shop(), payment["id"])
    assert stage.operation(refund).status is (
        OperationStatus.SUCCEEDED if action == "accept" else OperationStatus.CANCELED
    )


def give_out_again(stage, reference):
    """Have the provider answer every request and refund from now on with a reference that it has given out before."""
    real = stage.transport.inner

    def ask(*call, **more):
        answer = real(*call, **more)
        return replace(
            answer,
            body=re.sub(rb'^{"hash": "\w+"', b'{"hash": "%s"' % reference.encode(), answer.body),
        )

    stage.transport.inner = ask


@pytest.mark.invariant("I12", "I19")
def test_reference__given_out_twice__stays_with_the_first_and_an_operator_is_told(stage):
    """Two payments under one name would be one to us; that the answer cannot be stored must not leave the second in doubt for ever (I12, I19)."""
    first = stage.create()
    give_out_again(stage, first["provider"]["reference"])
    row = stage.payment(stage.create())
    assert (row.status, row.outcome_known, row.provider_reference) == (
        Status.PENDING,
        True,
        None,
    ) and first["id"] in row.review


@pytest.mark.invariant("I12", "I19")
def test_reference_of_a_refund__given_out_twice__stays_with_the_first_and_an_operator_is_told(
    stage,
):
    payment = stage.paid()
    first = stage.refund(payment, amount=1000)
    give_out_again(stage, stage.operation(first).provider_reference)
    row = stage.operation(stage.refund(payment, amount=500))
    assert (row.outcome_known, row.provider_reference) == (True, None) and first[
        "id"
    ] in stage.payment(payment).review


@pytest.mark.invariant("I4")
def test_status__that_the_sheet_does_not_know__is_neither_success_nor_failure(stage):
    """An unknown word teaches nothing (I4)."""
    payment = stage.create()
    stage.sandbox.fault("callback", "unknown_status")
    stage.pay(payment)
    stage.hear(), stage.work()
    assert stage.types(payment) == NOTHING_NEW
    stage.sandbox.no_faults()
    stage.advance(5)
    assert stage.payment(payment).status is Status.PAID


@pytest.mark.parametrize("fault", ["lost", "late"])
def test_callback__lost__the_ladder_learns_the_same(stage, fault):
    """Polling is a duty, not an option (lessons 29, 37 to 40)."""
    payment = stage.create()
    stage.sandbox.fault("callback", fault, **({"ms": 3_600_000} if fault == "late" else {}))
    stage.pay(payment)
    assert stage.hear() == 0
    stage.advance(5)
    assert stage.payment(payment).status is Status.PAID
    if fault == "late":
        stage.sandbox.advance(3_600)
        stage.hear(), stage.work()
    assert stage.types(payment).count("payment.paid") == 1


def test_callback__while_the_provider_cannot_be_asked__is_tried_again(stage):
    payment = stage.create()
    stage.pay(payment), stage.hear()
    stage.sandbox.fault("transactions", "drop_before", times=2)
    stage.work()
    assert states(stage) == ["received"]
    stage.advance(2), stage.advance(5)
    assert stage.payment(payment).status is Status.PAID and states(stage) == ["applied"]


@pytest.mark.invariant("I12")
@pytest.mark.parametrize("action", ["accept", "decline"])
def test_callback__of_a_try_that_was_given_up_for_lost__calls_an_operator_if_money_moved(
    stage, action
):
    """An earlier request arrived after all: the payer may have paid twice, and nobody must overlook it (I12)."""
    stage.sandbox.fault("request", "drop_before")
    payment = stage.create()
    for seconds in (5, 20, 40, 60, 5):
        stage.advance(seconds)
    assert stage.payment(payment).attempt.number == 2
    late = stage.services.create_payment._ask._request_from(
        replace(stage.payment(payment), attempt=Attempt(number=1))
    )
    stage.house.accounts.get("acme", "cashcloud").start(late)
    stage.sandbox.payer(stage.sandbox.requests_of(payment["id"])[-1]["reference"], action)
    stage.hear(), stage.work()
    row = stage.payment(payment)
    assert row.status is Status.PENDING and bool(row.review) is (action == "accept")
    if action == "accept":
        assert (
            f"{payment['id']}-1" in row.review and stage.types(payment)[-1] == "note.contradiction"
        )


def test_callback__forged_and_huge__is_kept_shortened_and_for_thirty_days(stage):
    """An anonymous sender must not be able to fill the disk."""
    raw = RawCallback("POST", "text/plain", "q" * 50_000, b"x" * 50_000)
    stage.services.receive_callback("cashcloud", "acme", raw)
    (kept,) = callback_rows(stage)
    assert (kept.state, len(kept.query), len(kept.body)) == ("rejected", 4096, 4096)
    stage.clock.advance(29.9 * 86_400), stage.services.prune()
    assert callback_rows(stage)
    stage.clock.advance(0.2 * 86_400), stage.services.prune()
    assert not callback_rows(stage)


def test_callbacks__forged_by_the_thousand__are_kept_in_part_and_genuine_ones_all(stage):
    """An anonymous sender must not be able to fill the disk with many small ones either."""
    for _ in range(REJECTED_A_MINUTE + 5):
        stage.services.receive_callback(
            "cashcloud", "acme", RawCallback("POST", "text/plain", "", b"rubbish")
        )
    payment = stage.create()
    assert stage.pay(payment) and stage.hear() == 1
    assert (
        states(stage).count("rejected") == REJECTED_A_MINUTE
        and states(stage).count("received") == 1
    )
    stage.clock.advance(61)
    stage.services.receive_callback(
        "cashcloud", "acme", RawCallback("POST", "text/plain", "", b"rubbish")
    )
    assert states(stage).count("rejected") == REJECTED_A_MINUTE + 1
