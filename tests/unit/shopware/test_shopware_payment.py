"""Pay and finalize: what Shopware sends, in all its shapes, and what it may rely on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shopware_scene import Scene

from adapters.shopware.tests.fake_shop import FakeShop, Order, Untrusted, php_json, sign


def pay_reply(shop: FakeShop, order: Order, /, **more: Any) -> dict[str, Any]:
    """What the app answers to pay."""
    return shop.ask(
        "pay",
        {
            **shop.payment_body(order, order.last),
            "returnUrl": f"{shop.url}/payment/finalize-transaction?_sw_payment_token=t",
            **more,
        },
    )


def finalize_reply(shop: FakeShop, order: Order, /, **more: Any) -> dict[str, Any]:
    """What the app answers to finalize."""
    return shop.ask(
        "finalize",
        {
            "source": shop._source(),
            "orderTransaction": shop._transaction(order, order.last),
            **more,
        },
    )


def test_pay__twice_for_one_transaction__is_one_payment_and_returns_by_the_newest_token(
    scene: Scene,
) -> None:
    shop = scene.shop()
    order = shop.place()
    first, second = (
        pay_reply(shop, order),
        pay_reply(
            shop, order, returnUrl=f"{shop.url}/payment/finalize-transaction?_sw_payment_token=new"
        ),
    )
    assert first == second and len(scene.payments(order)) == 1
    assert scene.payment(shop, order)["return_url"].endswith("_sw_payment_token=new")


@pytest.mark.parametrize(
    "address", ["https://[shop.example/x", "https://elsewhere.example/x", "no address"]
)
def test_pay__returns_to_an_address_that_is_not_the_shops__is_refused_and_later_left_out(
    scene: Scene, address: str
) -> None:
    shop = scene.shop()
    order = shop.place()
    assert pay_reply(shop, order, returnUrl=address)["status"] == "fail"
    first = pay_reply(shop, order)
    assert pay_reply(shop, order, returnUrl=address) == first
    assert scene.payment(shop, order)["return_url"].startswith(f"{shop.url}/")


def test_pay__six_calls_at_once__make_one_payment(
    new_scene: Callable[..., Scene], database_url: str
) -> None:
    """I1: a customer who clicks twice, or a shop that repeats, gets one payment, on either database."""
    scene = new_scene(database=database_url)
    shop = scene.shop()
    order = shop.place()
    back = f"{shop.url}/payment/finalize-transaction?_sw_payment_token="
    with ThreadPoolExecutor(6) as room:
        replies = list(
            room.map(lambda number: pay_reply(shop, order, returnUrl=f"{back}{number}"), range(6))
        )
    assert (
        len({reply.get("redirectUrl") for reply in replies}) == 1
        and len(scene.payments(order)) == 1
    )


def test_pay__no_provider_is_asked__so_a_dead_one_delays_nobody(scene: Scene) -> None:
    shop = scene.shop()
    before = len(scene.stage.transcripts)
    assert pay_reply(shop, shop.place())["status"] == "process_unconfirmed"
    assert len(scene.stage.transcripts) == before


def test_pay__new_transaction_of_the_same_order__gives_the_old_session_up(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    old = scene.payment(shop, order)
    shop.another(order)
    assert shop.pay(order) and order.last.state == "unconfirmed"
    assert [one["status"] for one in scene.payments(order)] == [
        "created",
        "canceled",
    ] and scene.payments(order)[1]["id"] == old["id"]


def test_pay__order_that_is_paid_already__is_not_asked_for_twice(scene: Scene) -> None:
    """I1: one order is never paid twice, whatever the customer's browser does."""
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order)
    first = order.last
    shop.another(order)
    assert (
        shop.pay(order) is None and order.last.state == "failed" and len(scene.payments(order)) == 1
    )
    scene.tell()
    assert first.state == "paid"


def test_pay__same_transaction_after_a_decline__is_a_new_payment(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    assert scene.wallet(shop, order, "decline")["status"] == "declined"
    assert scene.come_back(shop) == (200, "edit") and order.last.state == "failed"
    shop._move(order.last, "reopen")
    assert "/checkout/" in shop.pay(order) and [one["status"] for one in scene.payments(order)] == [
        "created",
        "declined",
    ]
    scene.wallet(shop, order)
    assert scene.come_back(shop) == (200, "finish") and order.last.state == "paid"


def test_pay__amount_changed_before_anything_was_paid__is_asked_for_anew(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place(10)
    shop.pay(order)
    order.last.amount, order.last.state = 12.5, "open"
    assert "/checkout/" in shop.pay(order)
    assert [(one["status"], one["amount"]) for one in scene.payments(order)] == [
        ("created", 1250),
        ("canceled", 1000),
    ]


@pytest.mark.parametrize("version", ["6.5.8.14", "6.7.1.0"])
def test_pay__nothing_to_pay__is_paid_without_a_payment(scene: Scene, version: str) -> None:
    shop = scene.shop(version=version)
    order = shop.place(0)
    where = shop.pay(order)
    assert scene.payments(order) == []
    if "finalize" in (where or ""):
        assert scene.come_back(shop) == (200, "finish")
    assert order.last.state == "paid"


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (1000.5, "JPY"),
        (12.345, "KWD"),
        (9.999, "EUR"),
        (12.35, "CHF"),
        (-1, "EUR"),
        ("5", "EUR"),
        (None, "EUR"),
        (5, "???"),
    ],
)
def test_pay__amount_or_currency_that_cannot_be_paid__is_a_signed_refusal(
    scene: Scene, amount: Any, currency: str
) -> None:
    shop = scene.shop()
    order = shop.place(amount, currency)
    reply = pay_reply(shop, order)
    assert reply["status"] == "fail" and reply["message"] and scene.payments(order) == []


def test_pay__float_noise__is_rounded_away(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place(0.1 + 0.2)
    assert (
        pay_reply(shop, order)["status"] == "process_unconfirmed"
        and scene.payment(shop, order)["amount"] == 30
    )


def test_pay__two_megabytes_with_empty_objects_as_lists__is_read(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    body = shop.payment_body(order, order.last)
    body["order"] |= {
        "lineItems": [
            {"id": str(number), "payload": [], "label": "x" * 80} for number in range(18_000)
        ],
        "extensions": [],
    }
    assert pay_reply(shop, order, **body)["status"] == "process_unconfirmed"


def test_pay__body_over_the_limit__is_413(scene: Scene) -> None:
    shop = scene.shop()
    assert shop.http("POST", f"{shop.bridge}/pay", b" " * (8 * 1024 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize("part", ["orderTransaction", "order", "requestData", "source"])
def test_pay__empty_list_for_any_object__is_answered(scene: Scene, part: str) -> None:
    shop = scene.shop()
    order = shop.place()
    if part == "source":
        with pytest.raises(Untrusted, match="401"):
            pay_reply(shop, order, source=[])
    else:
        assert pay_reply(shop, order, **{part: []})["status"] == (
            "process_unconfirmed" if part == "requestData" else "fail"
        )


def test_pay__return_address_in_no_profile__is_refused_with_what_to_do(scene: Scene) -> None:
    shop = scene.shop()
    reply = pay_reply(shop, shop.place(), returnUrl="https://evil.example/payment")
    assert reply["status"] == "fail" and "origins" in reply["message"]


def test_pay__method_that_the_shop_does_not_offer__is_refused(scene: Scene) -> None:
    shop = scene.shop()
    assert pay_reply(shop, shop.place(method="card"))["status"] == "fail"


def test_pay__customers_language__is_the_pages(scene: Scene) -> None:
    shop = scene.shop()
    assert pay_reply(shop, shop.place())["redirectUrl"].endswith("?locale=de-DE")


def test_pay__version_not_said__is_taken_from_the_last_time(scene: Scene) -> None:
    shop = scene.shop(version="6.6.7.1")
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order)
    order.last.state = "paid_partially"
    shop.http, known = (
        (lambda method, url, body=b"", **headers: scene.send(method, url, body, headers)),
        shop.http,
    )
    assert finalize_reply(shop, order) == {"status": "pay"}
    shop.http = known


@pytest.mark.parametrize(
    "body",
    [
        {"queryParameters": {"a": "1"}},
        {"requestData": {"a": "1"}},
        {"queryParameters": [], "requestData": []},
        {},
    ],
)
def test_finalize__every_variant_of_the_body__is_answered_from_the_ledger(
    scene: Scene, body: dict[str, Any]
) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    assert finalize_reply(shop, order, **body) == {}
    scene.wallet(shop, order)
    assert (
        finalize_reply(shop, order, **body)
        == finalize_reply(shop, order, **body)
        == {"status": "paid"}
    )


def test_finalize__return_typed_by_hand__pays_nothing(scene: Scene) -> None:
    shop = scene.shop(version="6.6.7.1")
    order = shop.place()
    shop.pay(order)
    assert (
        scene.come_back(shop, status="paid", success="1") == (200, "finish")
        and order.last.state == "unconfirmed"
    )


def test_finalize__unknown_transaction__hears_401(scene: Scene) -> None:
    shop = scene.shop()
    with pytest.raises(Untrusted, match="401"):
        finalize_reply(shop, shop.place())


@pytest.mark.parametrize("version", ["6.5.8.14", "6.6.7.1", "6.7.1.0"])
@pytest.mark.parametrize(
    "state",
    [
        "open",
        "unconfirmed",
        "paid",
        "authorized",
        "refunded",
        "refunded_partially",
        "cancelled",
        "failed",
    ],
)
def test_finalize__whatever_the_state__never_breaks_the_page(
    scene: Scene, version: str, state: str
) -> None:
    shop = scene.shop(version=version)
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order)
    order.last.state = state
    status, page = scene.come_back(shop)
    assert (status, page) == (200, "finish") and order.last.state in (
        "paid",
        "refunded",
        "refunded_partially",
    )


def test_finalize__customer_gave_up__is_cancelled(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    scene.stage.services.cancel_checkout(scene.payment(shop, order)["checkout"]["token"], "en")
    assert scene.come_back(shop) == (200, "edit") and order.last.state == "cancelled"


def test_secret_rotated_during_checkout__old_signature__is_answered_with_the_old(
    scene: Scene,
) -> None:
    shop = scene.shop()
    order = shop.place()
    old = shop.secret
    shop.install()
    scene.clock.advance(30)
    body = {**shop.payment_body(order, order.last), "returnUrl": f"{shop.url}/payment"}
    assert shop.ask("pay", body, secret=old) == shop.ask("pay", body)


@pytest.mark.parametrize("version", ["6.5.8.14", "6.7.1.0"])
def test_payment__slow_approval_after_the_page_said_failed__money_wins(
    scene: Scene, version: str
) -> None:
    """I5: the shop gave up, the payer approved: the shop hears that it is paid."""
    shop = scene.shop(version=version)
    order = shop.place()
    shop.pay(order)
    shop._move(order.last, "fail")
    scene.wallet(shop, order)
    scene.tell()
    assert order.last.state == "paid"


def test_transaction_cancelled__customer_chose_another_method__ends_the_session(
    scene: Scene,
) -> None:
    shop = scene.shop(hooks=True)
    order = shop.place()
    shop.pay(order)
    shop.another(order, "invoice")
    assert scene.payment(shop, order)["status"] == "canceled"
    scene.tell()
    assert order.transactions[0].state == "cancelled"


def test_order_cancelled__event_twice__gives_up_once_and_is_204_both_times(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    said = [
        shop.hook(
            "state_enter.order.state.cancelled", {"order": shop._order(order)}, event_id="same"
        )
        for _ in range(2)
    ]
    payment = scene.payment(shop, order)
    assert (
        said == [204, 204]
        and payment["status"] == "canceled"
        and scene.stage.types(payment).count("payment.canceled") == 1
    )


def test_order_cancelled__after_it_was_paid__gives_no_money_back(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order)
    assert shop.hook("state_enter.order.state.cancelled", {"order": shop._order(order)}) == 204
    assert (
        scene.payment(shop, order)["amount_refunded"] == 0
        and scene.payment(shop, order)["status"] == "paid"
    )


@pytest.mark.parametrize(
    "payload", [[], {}, {"order": []}, {"order": {"orderNumber": 7}}, "x", None]
)
def test_event__any_payload__is_204(scene: Scene, payload: Any) -> None:
    shop = scene.shop()
    for event in (
        "state_enter.order.state.cancelled",
        "state_enter.order_transaction.state.cancelled",
        "app.activated",
        "some.other",
    ):
        assert shop.hook(event, payload) == 204


def test_event__unknown_shop_or_too_old__is_401(scene: Scene) -> None:
    shop = scene.shop()
    assert shop.hook("app.activated", [], shopId="nobody") == 401
    shop.now = lambda: scene.clock().timestamp() - 601
    assert shop.hook("app.activated", []) == 401


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
PLACES = st.sampled_from(
    [
        "id",
        "orderNumber",
        "totalPrice",
        "isoCode",
        "identifier",
        "returnUrl",
        "orderTransactionId",
        "technicalName",
        "orderTransaction",
        "order",
        "amount",
        "currency",
        "refund",
        "transactionCapture",
        "paymentMethod",
        "data",
        "ids",
        "reason",
        "stateMachineState",
    ]
)


def _put(body: Any, place: str, value: Any) -> Any:
    """Return the body with a value at every place of that name."""
    if isinstance(body, dict):
        return {
            key: value if key == place else _put(inner, place, value) for key, inner in body.items()
        }
    return body


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    place=PLACES,
    value=JSON,
    path=st.sampled_from(["pay", "finalize", "refund", "refund-button", "hook"]),
)
def test_doors__signed_rubbish_anywhere__is_answered_and_never_a_crash(
    scene: Scene, place: str, value: Any, path: str
) -> None:
    shop = scene.shops["acme-one"]
    if not shop.secret:
        shop.install()
    order = shop.place()
    refund = {
        "id": "a" * 32,
        "reason": "x",
        "amount": {"totalPrice": 1},
        "transactionCapture": {"orderTransactionId": order.last.id},
    }
    body = _put(
        {
            **shop.payment_body(order, order.last),
            "returnUrl": f"{shop.url}/p",
            "refund": refund,
            "timestamp": int(shop.now()),
            "data": {
                "ids": [order.id],
                "event": "state_enter.order.state.cancelled",
                "payload": {"order": shop._order(order)},
            },
        },
        place,
        value,
    )
    raw = php_json(body)
    assert shop.http(
        "POST", f"{shop.bridge}/{path}", raw, **{"shopware-shop-signature": sign(shop.secret, raw)}
    ).status_code in (200, 204, 401)


def test_payments_of_two_shops__same_order_number__stay_apart(scene: Scene) -> None:
    one, two = scene.shop(), scene.shop("acme-two")
    first, second = one.place(10), two.place(20)
    one.pay(first), two.pay(second)
    assert first.number == second.number
    assert (
        scene.payment(one, first)["amount"],
        scene.payment(two, second, "acme-two")["amount"],
    ) == (1000, 2000)


def test_return_grace__switched_off__the_shop_is_told_at_once(
    new_scene: Callable[..., Scene],
) -> None:
    scene = new_scene(return_grace=0)
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order)
    assert order.last.state == "paid"
