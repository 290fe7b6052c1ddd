"""From order to refund, as the shop sees it, in every version; news by finalize and by the courier, in both orders."""

from __future__ import annotations

import pytest
from shopware_scene import Scene

VERSIONS = ("6.5.8.14", "6.6.3.0", "6.6.7.1", "6.7.1.0")


@pytest.mark.parametrize("version", VERSIONS)
def test_payment__customer_returns_first__is_paid_and_the_courier_finds_nothing_to_do(
    scene: Scene, version: str
) -> None:
    shop = scene.shop(version=version)
    order = shop.place(49.99)
    assert "/checkout/chk_" in shop.pay(order) and order.last.state == "unconfirmed"
    scene.wallet(shop, order)
    assert scene.come_back(shop) == (200, "finish") and order.last.state == "paid"
    past = list(order.last.past)
    scene.tell()
    assert order.last.past == past and order.last.fields["bridge_captured"] == 4999


@pytest.mark.parametrize("version", VERSIONS)
def test_payment__courier_is_first__is_paid_once_and_finalize_agrees(
    scene: Scene, version: str
) -> None:
    shop = scene.shop(version=version)
    order = shop.place(49.99)
    shop.pay(order)
    scene.wallet(shop, order)
    scene.tell()
    assert order.last.state == "paid"
    past = list(order.last.past)
    assert (
        scene.come_back(shop) == scene.come_back(shop) == (200, "finish")
        and order.last.past == past
    )
