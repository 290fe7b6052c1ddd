"""Whose payment: only a payment that was made for this very order is its own. And what the merchant reads on the order about its payments."""

from __future__ import annotations

import copy
import logging
import secrets
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shopware_scene import Scene
from test_shopware_pages import send, ticket_of

from adapters.shopware.tests.fake_shop import FakeShop, Order, Untrusted
from bridge.ports import PaymentFilter
from factories import PAYER


def again(shop: FakeShop, order: Order) -> Order:
    """Another order under the same number, as a shop makes that was restored, cloned or renumbered."""
    twin = shop.place(order.last.amount)
    twin.number = order.number
    return twin


def payments(scene: Scene, reference: str) -> list[dict[str, Any]]:
    return scene.stage.services.list_payments(
        scene.stage.shop("acme-one"), PaymentFilter(order_reference=reference), 100, None
    ).data


def all_payments(scene: Scene, order: Order) -> list[dict[str, Any]]:
    """The payments made for this order, newest first."""
    found = scene.stage.services.list_payments(
        scene.stage.shop("acme-one"), PaymentFilter(), 100, None
    ).data
    return [view for view in found if view["metadata"].get("shopware_order") == order.id]


def accept(scene: Scene, view: dict[str, Any]) -> None:
    scene.stage.services.confirm_checkout(view["checkout"]["token"], PAYER, None, None, "en")
    assert scene.stage.pay(view)
    scene.stage.hear()
    scene.stage.work()


@pytest.mark.invariant("I23")
@pytest.mark.parametrize("how", ["restored", "cloned", "cloned_with_its_id", "renumbered"])
@pytest.mark.parametrize("state", ["paid", "waiting"])
def test_number__of_another_order__its_payment_is_not_adopted_and_the_new_order_is_payable(
    scene: Scene, how: str, state: str
) -> None:
    """I23: neither the paid one's money, nor the open one's page, and what the other customer is paying is not ended."""
    shop = scene.shop()
    if how == "renumbered":
        shop.place()
    old = shop.place()
    shop.pay(old)
    if state == "paid":
        scene.wallet(shop, old)
        scene.tell()
    if how == "restored":
        shop.orders.clear()
    if how == "cloned_with_its_id":
        shop = copy.copy(shop)
        shop.orders, shop.finalize_tokens = [], {}
        scene.shops["acme-one"].orders = shop.orders  # both answer at one address
    if how == "cloned":
        shop.shop_id = secrets.token_hex(8)
        shop.secret = ""
        shop.install()
    new = again(shop, old)
    where = shop.pay(new)
    [own] = all_payments(scene, new)
    [other] = all_payments(scene, old)
    assert (
        own["checkout"]["token"] in where
        and own["status"] == "created"
        and own["order_reference"].startswith(f"{old.number}~")
    )
    assert (
        other["status"] == ("paid" if state == "paid" else "created") and new.last.state != "paid"
    )
    scene.come_back(shop)
    scene.tell()
    assert new.last.state == "unconfirmed"
    accept(scene, own)
    scene.tell()
    assert (
        new.last.state == "paid"
        and f"The order number {new.number} was already used" in new.fields["bridge_note"]
    )


@pytest.mark.invariant("I23")
def test_number__of_another_order__customer_who_chooses_anew_stays_under_the_orders_own_reference(
    scene: Scene,
) -> None:
    """I23: and never has two open checkouts."""
    shop = scene.shop()
    old = shop.place()
    shop.pay(old)
    new = again(shop, old)
    shop.pay(new)
    scene.stage.services.cancel_payment(
        scene.stage.shop("acme-one"), all_payments(scene, old)[0]["id"], "freed"
    )
    shop.another(new)
    shop.pay(new)
    assert [view["status"] for view in all_payments(scene, new)] == ["created", "canceled"]
    assert len({view["order_reference"] for view in all_payments(scene, new)}) == 1


@pytest.mark.invariant("I23")
def test_order_cancelled__number_of_another_order__ends_this_orders_payment_only(
    scene: Scene,
) -> None:
    """I23: the event of a restored shop's new order does not end what the old order's customer pays."""
    shop = scene.shop()
    old = shop.place()
    shop.pay(old)
    new = again(shop, old)
    shop.hook("state_enter.order.state.cancelled", {"order": shop._order(new)})
    assert all_payments(scene, old)[0]["status"] == "created"
    shop.hook("state_enter.order.state.cancelled", {"order": shop._order(old)})
    assert all_payments(scene, old)[0]["status"] == "canceled"


@pytest.mark.invariant("I24")
@pytest.mark.parametrize(
    "number",
    ["A 1", "№ 7", "größe", '"q"', "back\\slash", "x" * 64, "a/b?c=d&e#f", "日本", "'; drop"],
)
def test_number__of_any_printable_kind__is_paid_refunded_and_cancelled(
    scene: Scene, number: str
) -> None:
    """I24: up to 64 characters."""
    shop = scene.shop()
    order = shop.place()
    order.number = number
    assert shop.pay(order)
    scene.wallet(shop, order)
    scene.tell()
    assert order.last.state == "paid" and shop.refund(order, 10).state in (
        "completed",
        "in_progress",
    )
    other = shop.place()
    other.number = number[:60] + "-2"
    shop.pay(other)
    shop.hook("state_enter.order.state.cancelled", {"order": shop._order(other)})
    assert all_payments(scene, other)[0]["status"] == "canceled"


@pytest.mark.invariant("I24")
@pytest.mark.parametrize("number", ["x" * 65, "a\tb", "a\nb", "   ", "x" * 300])
def test_number__that_cannot_be_paid_under__is_refused_before_the_customer_pays(
    scene: Scene, number: str
) -> None:
    """I24: clearly, and nothing is made."""
    shop = scene.shop()
    order = shop.place()
    order.number = number
    assert shop.pay(order) is None and all_payments(scene, order) == []


@pytest.mark.invariant("I24")
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(number=st.text(min_size=1, max_size=70))
def test_number__whatever_it_is__is_paid_under_or_refused_and_never_a_crash(
    scene: Scene, number: str
) -> None:
    """I24: any text."""
    shop = scene.shops["acme-one"]
    if not shop.secret:
        shop.install()
    order = shop.place()
    order.number = number
    reply = shop.ask("pay", {**shop.payment_body(order, order.last), "returnUrl": f"{shop.url}/p"})
    assert reply["status"] in ("process_unconfirmed", "fail")


def second_payment(scene: Scene, shop: FakeShop) -> Order:
    """The wallet was asked, the customer changed the method and paid, and the first request is accepted all the same."""
    order = shop.place()
    shop.pay(order)
    first = scene.ask_wallet(shop, order)
    shop.another(order)
    shop.pay(order)
    accept(scene, all_payments(scene, order)[0])
    assert scene.stage.pay(first)
    scene.stage.hear()
    scene.tell()
    return order


def test_second_payment__wallet_accepted_after_another_method__is_told_on_the_order_and_to_the_merchant(
    scene: Scene,
) -> None:
    shop = scene.shop()
    order = second_payment(scene, shop)
    newer, older = all_payments(scene, order)
    assert (newer["status"], older["status"], older["duplicate_of"]) == (
        "paid",
        "paid",
        newer["id"],
    )
    assert f"by payment {older['id']}" in order.fields["bridge_note"]
    assert sum("The order was paid twice" in notice for notice in shop.notices) == 1


def test_other_method__provider_takes_a_second_for_the_older_request__customer_can_pay_anew(
    scene: Scene,
) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    scene.ask_wallet(shop, order)
    shop.another(order)
    scene.stage.sandbox.fault("transactions", "delay", ms=1000)
    assert shop.pay(order) is not None
    newer, older = all_payments(scene, order)
    assert (newer["status"], older["status"]) == ("created", "canceled")


@pytest.mark.invariant("I1")
def test_second_payment__held_by_the_bridge__pays_no_transaction_of_the_shop(scene: Scene) -> None:
    """The order has its money once; a second "paid" would send the customer a second mail."""
    shop = scene.shop()
    order = second_payment(scene, shop)
    assert [one.state for one in order.transactions] == ["cancelled", "paid"]
    token = next(iter(shop.finalize_tokens))
    shop.finalize(token, {})
    assert [one.state for one in order.transactions] == ["cancelled", "paid"]


@pytest.mark.invariant("I2")
def test_second_payment__of_the_same_transaction_given_back__leaves_it_paid(scene: Scene) -> None:
    """The amount changed while the wallet was asked, and both requests are accepted: the order's own money stays."""
    shop = scene.shop()
    order = shop.place(10)
    shop.pay(order)
    first = scene.ask_wallet(shop, order)
    order.last.amount, order.last.state = 12.5, "open"
    shop.pay(order)
    accept(scene, all_payments(scene, order)[0])
    scene.tell()
    assert scene.stage.pay(first)
    scene.stage.hear()
    scene.tell()
    assert scene.stage.refund(first, amount=1000)["status"] == "pending"
    [entry] = [one for one in scene.stage.sandbox.ledger("refund") if one["state"] == "pending"]
    scene.stage.sandbox.payer(entry["reference"], "accept")
    scene.stage.hear()
    scene.tell()
    assert (
        all_payments(scene, order)[1]["amount_refunded"] == 1000
        and order.last.state == "paid"
        and order.last.fields["bridge_captured"] == 1250
    )


def test_second_payment__refund_form__offers_both_and_says_which_is_the_second(
    scene: Scene,
) -> None:
    shop = scene.shop()
    order = second_payment(scene, shop)
    newer, older = all_payments(scene, order)
    page = shop.http("GET", shop.link("refund-page", order=order.id)).text
    assert (
        page.index("zweimal bezahlt") < page.index(older["id"]) < page.index(newer["id"])
        and page.count("zweimal bezahlt") == 1
    )


@pytest.mark.invariant("I23")
def test_news__of_another_installations_payment__changes_nothing_in_this_one(scene: Scene) -> None:
    """A copy of a shop has the same order and transaction ids; only the installation that asked for a payment hears of it."""
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    made = scene.payment(shop, order)["id"]
    with scene.stage.house.units() as unit:
        payment = unit.payments.get(made)
        unit.payments.save(
            replace(payment, metadata={**payment.metadata, "shopware_shop": "the-original"})
        )
    scene.wallet(shop, order)
    scene.tell()
    assert order.last.state == "unconfirmed"
    with pytest.raises(Untrusted, match="401"):
        shop.ask(
            "finalize",
            {"source": shop._source(), "orderTransaction": shop._transaction(order, order.last)},
        )


def test_late_money__on_a_cancelled_order__is_given_back_by_the_button(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    view = scene.ask_wallet(shop, order)
    order.state = "cancelled"
    shop.hook("state_enter.order.state.cancelled", {"order": shop._order(order)})
    assert scene.stage.pay(view)
    scene.stage.hear()
    scene.tell()
    assert (
        "49,99"
        in send(
            scene, shop, {"ticket": ticket_of(shop, order), "amount": "49,99", "language": "de"}
        ).text
    )
    assert [entry["amount"] for entry in scene.stage.sandbox.ledger("refund")] == [4999]


def test_second_payment__button_refund__gives_the_second_back_first(scene: Scene) -> None:
    shop = scene.shop()
    order = second_payment(scene, shop)
    _, older = all_payments(scene, order)
    assert (
        "49"
        in send(
            scene, shop, {"ticket": ticket_of(shop, order), "amount": "49,99", "language": "de"}
        ).text
    )
    scene.tell()
    assert (
        scene.stage.services.read_payment(scene.stage.shop("acme-one"), older["id"])[0][
            "amount_refundable"
        ]
        == 0
    )


def test_given_up__still_open_at_the_provider__is_told_on_the_order(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    view = scene.ask_wallet(shop, order)
    shop.hook("state_enter.order.state.cancelled", {"order": shop._order(order)})
    scene.tell()
    assert f"Payment {view['id']} (49.99 EUR) was given up here" in order.fields["bridge_note"]


def test_refused__by_the_wallet_or_before__is_logged_and_noted_on_the_order(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order, "decline")
    scene.tell()
    assert (
        "was not made: payer_declined" in order.fields["bridge_note"]
        and "a payment was not made: payer_declined" in caplog.text
    )
    other = shop.place(9.999)
    shop.pay(other)
    scene.stage.house.calls.errands.close()
    assert (
        "more places than EUR has" in other.fields["bridge_note"]
        and "Shopware's payment is refused: 9.999 has more places" in caplog.text
    )


def test_refund__turned_down_later__is_noted_and_the_rest_can_be_given_back(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order)
    scene.tell()
    shop.refund(order, 10)
    [entry] = scene.stage.sandbox.ledger("refund")
    assert entry["state"] == "pending" and scene.stage.sandbox.payer(entry["reference"], "decline")
    for _ in range(4):
        scene.tell(60)
    assert (
        "was turned down: no money went back" in order.fields["bridge_note"]
        and order.last.state == "paid"
    )
    assert all_payments(scene, order)[0]["amount_refundable"] == 4999


def test_refund__booked_as_completed_by_the_shop_and_turned_down__is_failed_again(
    scene: Scene,
) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order)
    scene.tell()
    refund = shop.refund(order, 10)
    refund.state = "completed"
    [entry] = scene.stage.sandbox.ledger("refund")
    assert scene.stage.sandbox.payer(entry["reference"], "decline")
    for _ in range(4):
        scene.tell(60)
    assert refund.state == "failed"


def test_note__older_zip_without_the_permission__stops_nothing_else(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    shop = scene.shop(may_update_orders=False)
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order, "decline")
    with caplog.at_level(logging.WARNING):
        scene.tell()
    assert (
        order.last.state == "failed"
        and "the order's note could not be written" in caplog.text
        and scene.stage.undeliverable() == []
    )


def test_note__nothing_to_tell__is_not_written(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order)
    scene.tell()
    assert order.last.state == "paid" and "bridge_note" not in order.fields
