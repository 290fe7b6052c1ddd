"""News through the Admin API: tokens, the notification ladder, and shops that cannot follow."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from shopware_scene import Scene

from adapters.shopware.endpoints.admin_api import AdminApi, ApiFailed
from adapters.shopware.endpoints.shops import Registration
from adapters.shopware.tests.fake_shop import FakeShop, Order
from bridge.transport import HttpTransport


def news(scene: Scene, shop: FakeShop, action: str = "accept") -> Order:
    """An order whose payment was answered, and of which the shop has not heard yet."""
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order, action)
    return order


def test_courier__customer_may_still_return__waits_ten_seconds(scene: Scene) -> None:
    shop = scene.shop()
    order = news(scene, shop)
    scene.stage.advance(9)
    assert order.last.state == "unconfirmed" and shop.api_calls == []
    scene.stage.advance(6)
    assert order.last.state == "paid"


def test_courier__token__is_fetched_once_and_anew_when_it_is_refused(scene: Scene) -> None:
    shop = scene.shop()
    for _ in range(2):
        news(scene, shop)
        scene.tell()
    assert shop.api_calls.count("POST /api/oauth/token") == 1
    shop.tokens.clear()
    order = news(scene, shop)
    scene.tell()
    assert shop.api_calls.count("POST /api/oauth/token") == 2 and order.last.state == "paid"


@pytest.mark.parametrize("status", [0, 401, 403, 410, 429, 500, 503])
def test_courier__shop_cannot_take_it__tries_again_until_it_can(scene: Scene, status: int) -> None:
    """I8: news are told at least once; the ladder is that of any notification."""
    shop = scene.shop()
    order = news(scene, shop)
    shop.api_answers = [(status, {})] * (3 if status else 0)
    if not status:
        scene.stage.transport.inner, real = _silent, scene.stage.transport.inner
    scene.tell()
    assert order.last.state == "unconfirmed"
    if not status:
        scene.stage.transport.inner = real
    shop.api_answers = []
    scene.tell(7200)
    assert order.last.state == "paid"


def _silent(*_: object, **__: object) -> None:
    from bridge.errors import NotSent

    raise NotSent("nobody is there")


def test_courier__retry_after__is_obeyed(scene: Scene) -> None:
    shop = scene.shop()
    order = news(scene, shop)
    shop.api_answers = [(429, {"Retry-After": "600"})]
    scene.tell()
    calls = len(shop.api_calls)
    scene.tell(590)
    assert len(shop.api_calls) == calls
    scene.tell(100)
    assert order.last.state == "paid"


def test_courier__order_deleted_in_the_shop__is_dropped(scene: Scene) -> None:
    shop = scene.shop()
    news(scene, shop)
    shop.orders.clear()
    scene.tell()
    calls = len(shop.api_calls)
    scene.tell(86_400)
    assert len(shop.api_calls) == calls


def test_courier__state_that_cannot_follow__is_told_to_the_merchant_and_not_tried_again(
    scene: Scene,
) -> None:
    shop = scene.shop()
    order = news(scene, shop, "decline")
    order.last.state = "paid"
    scene.tell()
    assert order.last.state == "paid" and order.number in shop.notices[0]
    scene.tell(86_400)
    assert len(shop.notices) == 1


def test_courier__app_removed__tells_nobody_and_the_news_stay_visible(scene: Scene) -> None:
    shop = scene.shop()
    order = news(scene, shop)
    shop.hook("app.deleted", [])
    scene.stage.drain()
    assert shop.api_calls == [] and order.last.state == "unconfirmed"
    with scene.stage.house.units.read() as unit:
        assert [event.last_result for event in unit.events.undeliverable("acme-one", 10)][-1:] == [
            "no Shopware is registered for this shop"
        ]


def test_courier__payment_expires_unanswered__fails_in_the_shop(scene: Scene) -> None:
    shop = scene.shop(version="6.6.7.1")
    order = shop.place()
    shop.pay(order)
    scene.tell(1900)
    scene.tell(60)
    assert scene.payment(shop, order)["status"] == "expired" and order.last.state == "failed"


def test_courier__several_orders__one_stuck_shop_delays_no_other(scene: Scene) -> None:
    stuck, other = scene.shop(), scene.shop("acme-two")
    stuck.api_answers = [(500, {})] * 50
    first, second = stuck.place(), other.place()
    stuck.pay(first), other.pay(second)
    scene.wallet(stuck, first), scene.wallet(other, second, name="acme-two")
    scene.tell()
    assert (first.last.state, second.last.state) == ("unconfirmed", "paid")


@pytest.mark.invariant("I26")
def test_breaker__of_a_shop__is_not_that_of_another_on_the_same_host(scene: Scene) -> None:
    """I26: two merchants at one hoster do not stop each other."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    bench = replace(
        scene.stage.house.adapters["shopware"]._bench,
        transport=HttpTransport(failures=1, seconds=600),
    )
    told = []
    for merchant, shop in (("acme", "acme-one"), ("acme", "acme-one"), ("globex", "globex-shop")):
        with pytest.raises(ApiFailed) as failed:
            AdminApi(bench).notify(
                Registration(merchant, "an-id", shop, f"http://127.0.0.1:{port}"), "hello"
            )
        told.append(str(failed.value))
    assert "not asked" in told[1] and "Connection refused" in told[2]
