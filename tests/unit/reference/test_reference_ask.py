"""Money is asked for once per intent, however often the answer is lost."""

from __future__ import annotations

import pytest
from reference_builders import REF, a_paid_payment, a_payment, an_event, an_order
from told_bridge import LOST

from adapters.reference import catalogue, create, listen, refund
from adapters.reference.client import NoAnswer
from adapters.reference.create import Wish
from adapters.reference.refund import Refund
from adapters.reference.shop import Shop

HOME = "http://shop.example"


def pay(shop: Shop):
    return create.pay(shop.store, shop.client, HOME, shop.order(REF))


@pytest.mark.invariant("I3")
def test_pay__answers_are_lost__same_key_and_body_every_time(shop: Shop, bridge) -> None:
    """I3: within one call, and in a later one."""
    an_order(shop)
    bridge.answers = [LOST, (503, {}), LOST, (201, a_payment())]
    with pytest.raises(NoAnswer):
        pay(shop)
    assert pay(shop).status == 201
    assert {call["key"] for call in bridge.heard} == {f"order-{REF}-1"}
    assert all(call["body"] == bridge.heard[0]["body"] for call in bridge.heard)


@pytest.mark.parametrize("word", ["declined", "failed", "canceled", "expired"])
def test_pay__payment_before_has_failed__is_a_new_intent(shop: Shop, bridge, word: str) -> None:
    an_order(shop)
    bridge.answers = [(201, a_payment())]
    pay(shop)
    listen.take(shop.store, an_event(1, a_payment(status=word)), "notified")
    pay(shop)
    assert bridge.keys() == [f"order-{REF}-1", f"order-{REF}-2"]


@pytest.mark.parametrize("payment", [a_payment(status="created"), a_payment(), a_paid_payment()])
def test_pay__payment_before_may_still_be_paid__is_the_same_intent(
    shop: Shop, bridge, payment: dict
) -> None:
    an_order(shop)
    bridge.answers = [(201, a_payment())]
    listen.take(shop.store, an_event(1, payment), "notified")
    pay(shop)
    assert bridge.keys() == [f"order-{REF}-1"]


def test_pay__bridge_knows_a_payment_of_the_order__goes_on_with_that_one(
    shop: Shop, bridge
) -> None:
    an_order(shop)
    bridge.answers = [
        (409, {"code": "payment_exists", "payment_id": "pay_7"}),
        (200, a_payment(id="pay_7")),
    ]
    assert pay(shop).body["id"] == "pay_7"
    assert bridge.heard[-1]["path"] == "/v1/payments/pay_7"


def test_pay__same_key_still_runs__waits_and_asks_again(shop: Shop, bridge) -> None:
    an_order(shop)
    bridge.answers = [
        (409, {"code": "idempotency_in_progress"}, ("Retry-After", "1")),
        (201, a_payment()),
    ]
    assert pay(shop).status == 201


def test_pay__paid_in_the_answer_only__leaves_the_order_pending(shop: Shop, bridge) -> None:
    """An answer is no notification; the order waits for one."""
    an_order(shop)
    bridge.answers = [(201, a_paid_payment())]
    pay(shop)
    assert shop.view(REF)["status"] == "pending"


def test_place_order__form_sent_twice__is_one_order(shop: Shop) -> None:
    first = an_order(shop)
    second = create.place_order(shop.store, Wish(REF, {"mug": 3}))
    assert second == first


@pytest.mark.parametrize("cart", [{}, {"unknown": 1}, {"lamp": 0}, {"lamp": -1}, {"lamp": 21}])
def test_total__cart_that_cannot_be_ordered__is_refused(cart: dict) -> None:
    with pytest.raises(ValueError):
        catalogue.total(cart)


@pytest.mark.invariant("I1")
def test_refund__answer_is_lost_and_amount_is_changed__the_first_intent_is_sent_again(
    shop: Shop, bridge
) -> None:
    """I1: one number is one refund."""
    order = an_order(shop)
    bridge.answers = [LOST, LOST, (201, {"id": "ref_1"})]
    with pytest.raises(NoAnswer):
        refund.refund(shop.store, shop.client, order, Refund("RF-1", "pay_1", 1500, "", 4999))
    refund.refund(shop.store, shop.client, order, Refund("RF-1", "pay_1", 9999, "", 4999))
    assert [(call["key"], call["body"]["amount"]) for call in bridge.heard] == [("RF-1", 1500)] * 3


def test_refund__refused__the_number_may_be_used_with_another_amount(shop: Shop, bridge) -> None:
    order = an_order(shop)
    bridge.answers = [(422, {"code": "amount_too_large"}), (201, {"id": "ref_1"})]
    for amount in (9999, 4999):
        answer = refund.refund(shop.store, shop.client, order, Refund("RF-1", "pay_1", amount, ""))
    assert (answer.status, bridge.heard[-1]["body"]["amount"]) == (201, 4999)


def test_refund__number_of_another_order__is_refused_before_it_is_sent(shop: Shop, bridge) -> None:
    bridge.answers = [(201, {"id": "ref_1"})]
    refund.refund(shop.store, shop.client, an_order(shop), Refund("RF-1", "pay_1", 1, ""))
    with pytest.raises(ValueError, match="another order"):
        refund.refund(
            shop.store, shop.client, an_order(shop, "R-BBBBB-BBBBB"), Refund("RF-1", "pay_2", 1, "")
        )
    assert len(bridge.heard) == 1
