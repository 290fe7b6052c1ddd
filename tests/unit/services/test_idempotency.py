"""One key, one intent: what a repeat is answered, on every use case that can move money."""

from __future__ import annotations

import json

import pytest

from bridge.domain.payment import Payer, Status
from bridge.errors import (
    AmountTooSmall,
    CurrencyNotSupported,
    ForeignUrl,
    IdempotencyMismatch,
    IdempotencyRunning,
    MethodNotAvailable,
    NotFound,
    PaymentExists,
    ValidationFailed,
)
from bridge.services import housekeeping
from bridge.services.refund_payment import RefundWish
from factories import FIFTY, a_key, a_wish, at_once


@pytest.fixture
def real_stage(new_stage, database_url):
    """A stage on a database on disk, one kind after the other."""
    return new_stage(database=database_url)


def answers(results, allowed):
    """The answers among the results; every exception must be of the allowed kind."""
    errors = [result for result in results if isinstance(result, Exception)]
    assert {type(error) for error in errors} <= {allowed}, errors
    return [result for result in results if not isinstance(result, Exception)]


# --- create ----------------------------------------------------------------------------------------------------------


@pytest.mark.invariant("I3")
def test_create__same_key_and_body__is_the_stored_answer_and_asks_nobody(stage):
    """The first result again, even when more is known by now (I3)."""
    wish, key = a_wish(), a_key()
    first = stage.services.create_payment(stage.shop(), key, wish)
    stage.pay(json.loads(first.body)), stage.hear(), stage.work()
    again = stage.services.create_payment(stage.shop(), key, wish)
    assert (again.body, again.replayed, again.done) == (
        first.body,
        True,
        True,
    ) and not first.replayed
    assert stage.sandbox.calls("request") == 1


@pytest.mark.invariant("I3")
@pytest.mark.parametrize(
    "change",
    [
        {"amount": 5000},
        {"order_reference": "other"},
        {"payer": Payer("poor@example.com")},
        {"metadata": {"a": "b"}},
    ],
)
def test_create__same_key_other_body__is_refused(stage, change):
    """Same key + other body ⇒ 422 (I3)."""
    wish, key = a_wish(), a_key()
    stage.services.create_payment(stage.shop(), key, wish)
    with pytest.raises(IdempotencyMismatch):
        stage.services.create_payment(
            stage.shop(), key, a_wish(**{"order_reference": wish.order_reference, **change})
        )


def test_create__key_of_another_use_case__is_refused(stage):
    payment, key = stage.paid(), a_key()
    stage.refund(payment, key, amount=1000)
    with pytest.raises(IdempotencyMismatch):
        stage.create(key)
    with pytest.raises(IdempotencyMismatch):
        stage.services.cancel_payment(stage.shop(), payment["id"], key)


def test_create__the_same_key_at_two_shops__is_two_intents(stage):
    key = a_key()
    assert stage.create(key)["id"] != stage.create(key, "acme-two")["id"]


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"amount": 19}, AmountTooSmall),
        ({"currency": "USD"}, CurrencyNotSupported),
        ({"method": "card"}, MethodNotAvailable),
        ({"return_url": "https://evil.example/"}, ForeignUrl),
        ({"return_url": "https://shop.example.evil.example/"}, ForeignUrl),
        ({"cancel_url": "http://shop.example/"}, ForeignUrl),
        ({"channel": "pos", "payer": Payer()}, ValidationFailed),
    ],
)
def test_create__a_mistake__is_refused_and_the_key_is_free_for_the_right_wish(
    stage, change, refused
):
    """A validation error is not stored."""
    key = a_key()
    with pytest.raises(refused):
        stage.create(key, **change)
    assert stage.rows("payments") == 0 and stage.create(key)["status"] == "pending"


def test_create__answer_unknown__is_not_frozen(stage):
    """The replay shows what is known by then (lesson 48)."""
    wish, key = a_wish(), a_key()
    stage.sandbox.fault("request", "drop_after")
    first = stage.services.create_payment(stage.shop(), key, wish)
    assert json.loads(first.body)["outcome_known"] is False
    stage.advance(5)
    stage.pay(json.loads(first.body)), stage.hear(), stage.work()
    again = stage.services.create_payment(stage.shop(), key, wish)
    assert (
        again.replayed
        and json.loads(again.body)["status"] == "paid"
        and stage.sandbox.calls("request") == 1
    )


def test_create__first_one_died_in_the_middle__is_running_for_a_moment_and_then_told(stage):
    wish, key = a_wish(), a_key()
    stage.transport.cut = ("before", "/request")
    stage.services.create_payment(stage.shop(), key, wish)
    with pytest.raises(IdempotencyRunning):
        stage.services.create_payment(stage.shop(), key, wish)
    stage.clock.advance(11)
    again = stage.services.create_payment(stage.shop(), key, wish)
    assert again.replayed and not again.done and stage.sandbox.calls("request") == 0


def test_create__second_payment_for_an_order__is_refused_while_the_first_is_open(stage):
    first = stage.create(order_reference="o-1")
    for _ in range(2):
        with pytest.raises(PaymentExists) as refused:
            stage.create(order_reference="o-1")
        assert refused.value.members["payment_id"] == first["id"]
        stage.pay(first), stage.hear(), stage.work()


@pytest.mark.parametrize("action", ["decline", "fail", "expire"])
def test_create__after_an_end_without_money__a_new_attempt_is_welcome(stage, action):
    """A failed attempt never stands in the way of the next, nor speaks for it (lessons 23 and 25)."""
    first = stage.create(order_reference="o-1")
    stage.pay(first, action), stage.hear(), stage.work()
    second = stage.create(order_reference="o-1")
    stage.pay(second), stage.hear(), stage.work()
    assert (
        stage.payment(first).status.value in ("declined", "failed", "expired")
        and stage.payment(second).status is Status.PAID
    )


@pytest.mark.invariant("I3")
def test_create__same_key_by_many_at_once__asks_the_provider_once(real_stage):
    """Concurrent ⇒ the answer, or 409 to be repeated; never two calls, never another error (I3)."""
    wish, key = a_wish(), a_key()
    results = at_once(8, lambda _: real_stage.services.create_payment(real_stage.shop(), key, wish))
    assert len({answer.resource for answer in answers(results, IdempotencyRunning)}) == 1
    assert real_stage.sandbox.calls("request") == 1 and real_stage.rows("payments") == 1


def test_create__one_order_by_many_keys_at_once__is_asked_for_once(real_stage):
    """Two tabs, one payment (lesson 17)."""
    results = at_once(8, lambda n: real_stage.create(order_reference="o-1"))
    assert len(answers(results, PaymentExists)) == 1
    assert real_stage.sandbox.calls("request") == 1 and real_stage.rows("payments") == 1


# --- refund and cancel -----------------------------------------------------------------------------------------------


@pytest.mark.invariant("I1", "I3")
def test_refund__same_key_and_body__is_one_refund(stage):
    """A client that repeats gets the first answer (I1, I3; lesson 47)."""
    payment, key = stage.paid(), a_key()
    first = stage.refund(payment, key, amount=1000)
    assert [stage.refund(payment, key, amount=1000) for _ in range(3)] == [first] * 3
    assert (
        len(stage.sandbox.ledger("refund")) == 1
        and stage.payment(payment).amount_refund_pending == 1000
    )


@pytest.mark.invariant("I3")
def test_refund__same_key_other_amount_or_payment__is_refused(stage):
    """The fingerprint holds payment and body (I3)."""
    payment, other, key = stage.paid(), stage.paid(), a_key()
    stage.refund(payment, key, amount=1000)
    for wish in ((payment, {"amount": 1001}), (other, {"amount": 1000}), (payment, {})):
        with pytest.raises(IdempotencyMismatch):
            stage.refund(wish[0], key, **wish[1])


def test_refund__refused_once__may_be_tried_again_under_the_same_key(stage):
    payment, key = stage.create(), a_key()
    with pytest.raises(Exception, match="only a paid payment"):
        stage.refund(payment, key)
    stage.pay(payment), stage.hear(), stage.work()
    assert stage.refund(payment, key)["amount"] == FIFTY


@pytest.mark.invariant("I13")
def test_refund__of_another_shops_payment__is_not_found(stage):
    """Not even within one merchant (I13)."""
    payment = stage.paid()
    for shop in ("acme-two", "globex-shop"):
        with pytest.raises(NotFound):
            stage.services.refund_payment(stage.shop(shop), payment["id"], a_key(), RefundWish())


@pytest.mark.invariant("I1", "I3")
@pytest.mark.parametrize("amount", [None, 1000])
def test_refund__same_key_by_many_at_once__is_one_refund(real_stage, amount):
    """Whether there is enough for a second one or not, the others hear that it is running, or its answer (I1, I3)."""
    payment, key = real_stage.paid(), a_key()
    results = at_once(8, lambda _: real_stage.refund(payment, key, amount=amount))
    assert len({answer["id"] for answer in answers(results, IdempotencyRunning)}) == 1
    assert len(real_stage.sandbox.ledger("refund")) == 1


def test_cancel__same_key__is_the_same_answer(stage):
    payment, key = stage.create(payer=Payer()), a_key()
    first = stage.services.cancel_payment(stage.shop(), payment["id"], key)
    again = stage.services.cancel_payment(stage.shop(), payment["id"], key)
    assert json.loads(first.body)["status"] == "canceled" and (again.body, again.replayed) == (
        first.body,
        True,
    )


def test_cancel__same_key_by_many_at_once__is_one_event(real_stage):
    payment, key = real_stage.create(), a_key()
    results = at_once(
        6, lambda _: real_stage.services.cancel_payment(real_stage.shop(), payment["id"], key)
    )
    assert (
        answers(results, IdempotencyRunning)
        and real_stage.types(payment).count("payment.canceled") == 1
    )


def test_prune__after_thirty_days__the_key_is_forgotten_and_the_payment_still_guards_its_order(
    stage,
):
    wish, key = a_wish(), a_key()
    stage.services.create_payment(stage.shop(), key, wish)
    stage.clock.advance(29.9 * 86_400)
    stage.services.prune()
    assert stage.services.create_payment(stage.shop(), key, wish).replayed
    stage.clock.advance(0.2 * 86_400)
    stage.services.prune()
    with pytest.raises(PaymentExists):
        stage.services.create_payment(stage.shop(), key, wish)


def test_prune__more_than_one_unit_takes__goes_on_until_nothing_old_is_left(stage, monkeypatch):
    """In small steps: one great one would hold up everybody else, or run into its time limit and never come to an end."""
    monkeypatch.setattr(housekeeping, "AT_ONCE", 2)
    for _ in range(5):
        stage.create()
    stage.clock.advance(31 * 86_400)
    assert stage.services.prune() == 5 and stage.rows("idempotency") == 0
