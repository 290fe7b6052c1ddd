"""Refunds from Shopware, from elsewhere, and those turned down; the shop's books follow ours."""

from __future__ import annotations

import pytest
from shopware_scene import Scene

from adapters.shopware.tests.fake_shop import FakeShop, Order


def paid(scene: Scene, shop: FakeShop, amount: object = 49.99) -> Order:
    """An order that is paid, and of which the shop knows."""
    order = shop.place(amount)
    shop.pay(order)
    scene.wallet(shop, order)
    assert scene.come_back(shop) == (200, "finish")
    scene.tell()
    return order


def confirm_refund(scene: Scene, order: Order, action: str = "accept") -> None:
    """The provider ends the refund; the bridge hears of it and tells the shop."""
    [pending] = [one for one in scene.stage.sandbox.ledger("refund") if one["state"] == "pending"]
    assert scene.stage.sandbox.payer(pending["reference"], action)
    scene.stage.hear()
    scene.tell()


@pytest.mark.parametrize("version", ["6.5.8.14", "6.6.7.1", "6.7.1.0"])
def test_refund__entity_of_the_shop_in_parts__ends_refunded_everywhere(
    scene: Scene, version: str
) -> None:
    """I2: what went back is what the shop's books say."""
    shop = scene.shop(version=version)
    order = paid(scene, shop)
    for amount, state, sum_back in ((15, "refunded_partially", 1500), (34.99, "refunded", 4999)):
        refund = shop.refund(order, amount)
        if refund.state == "in_progress":
            confirm_refund(scene, order)
        scene.tell()
        assert (refund.state, order.last.state, order.last.fields["bridge_refunded"]) == (
            "completed",
            state,
            sum_back,
        )
    assert (
        sum(
            entry["amount"]
            for entry in scene.stage.sandbox.ledger("refund")
            if entry["state"] == "succeeded"
        )
        == 4999
    )


def test_refund__same_entity_again__gives_back_once(scene: Scene) -> None:
    """I2: a repeat is not a second refund."""
    shop = scene.shop()
    order = paid(scene, shop)
    refund = shop.refund(order, 10)
    refund.state = "open"
    shop.refund_again(refund)
    assert len(scene.stage.sandbox.ledger("refund")) == 1


@pytest.mark.parametrize("amount", [50, 49.991, 0, -1, "10"])
def test_refund__amount_that_cannot_go_back__fails_in_the_shop(
    scene: Scene, amount: object
) -> None:
    shop = scene.shop()
    order = paid(scene, shop)
    assert (
        shop.refund(order, amount).state == "failed" and scene.stage.sandbox.ledger("refund") == []
    )


def test_refund__of_what_was_never_paid__fails_in_the_shop(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    assert shop.refund(order, 10).state == "failed"


def test_refund__provider_cannot_be_reached__is_under_way_and_ends_later(scene: Scene) -> None:
    shop = scene.shop()
    order = paid(scene, shop)
    scene.stage.sandbox.fault("refund", "drop_after")
    refund = shop.refund(order, 10)
    assert refund.state == "in_progress"
    scene.stage.sandbox.no_faults()
    confirm_refund(scene, order)
    scene.stage.drain(days=3)
    assert refund.state == "completed" and len(scene.stage.sandbox.ledger("refund")) == 1


def test_refund__turned_down_later__is_told_to_shop_and_merchant_and_may_be_tried_again(
    scene: Scene,
) -> None:
    shop = scene.shop()
    order = paid(scene, shop)
    refund = shop.refund(order, 10)
    assert refund.state == "in_progress"
    confirm_refund(scene, order, "decline")
    assert (
        refund.state == "failed" and order.last.state == "paid" and "turned down" in shop.notices[0]
    )
    refund.state = "open"
    assert (
        shop.refund_again(refund).state == "in_progress"
        and len(scene.stage.sandbox.ledger("refund")) == 2
    )


def test_refund__made_elsewhere__is_mirrored_into_the_shop(scene: Scene) -> None:
    shop = scene.shop()
    order = paid(scene, shop)
    refund = scene.stage.refund(
        scene.payment(shop, order), amount=2000, refund_reference="by-the-operator"
    )
    if refund["status"] == "pending":
        confirm_refund(scene, order)
    scene.tell()
    assert order.last.state == "refunded_partially" and order.last.fields["bridge_refunded"] == 2000
