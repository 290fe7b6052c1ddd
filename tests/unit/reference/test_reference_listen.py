"""What was told is applied once, only forward, and never lost."""

from __future__ import annotations

import itertools
import threading

import pytest
from reference_builders import REF, a_body, a_paid_payment, a_payment, a_refund, an_event, an_order

from adapters.reference.listen import pull, read, take
from adapters.reference.shop import Shop
from adapters.reference.signature import Refused

HISTORY = (
    an_event(1, a_payment(status="created")),
    an_event(2, a_paid_payment()),
    an_event(3, a_paid_payment(amount_refund_pending=1500, amount_refundable=3499), a_refund()),
    an_event(
        4,
        a_paid_payment(amount_refunded=1500, amount_refundable=3499),
        a_refund(status="succeeded"),
    ),
)


@pytest.mark.invariant("I6")
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_take__any_order_of_arrival__ends_in_the_same_state(
    shop: Shop, order: tuple[int, ...]
) -> None:
    """I6: sequence decides, not arrival."""
    an_order(shop)
    for index in (*order, *order):
        take(shop.store, HISTORY[index], "notified")
    seen = shop.view(REF)
    assert (seen["status"], seen["amounts"]["refunded"]) == ("partly_refunded", 1500)
    assert [refund["status"] for refund in seen["refunds"]] == ["succeeded"]


@pytest.mark.invariant("I7")
def test_take__same_event_from_many_threads__is_applied_once(shop: Shop) -> None:
    """I7: notified and fetched at the same moment."""
    an_order(shop)
    outcomes: list[str] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(take(shop.store, HISTORY[1], "notified")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["applied"] + ["repeated"] * 7


def test_take__older_than_what_is_known__changes_nothing(shop: Shop) -> None:
    an_order(shop)
    take(shop.store, HISTORY[1], "notified")
    assert take(shop.store, HISTORY[0], "notified") == "older"
    assert shop.view(REF)["status"] == "paid"


@pytest.mark.parametrize("wrong", [{"amount": 1}, {"currency": "CHF"}])
def test_take__other_amount_than_ordered__is_kept_but_not_applied(shop: Shop, wrong: dict) -> None:
    """I12: a payment of another amount pays for nothing."""
    an_order(shop)
    assert take(shop.store, an_event(1, a_paid_payment(**wrong)), "notified") == "mismatch"
    seen = shop.view(REF)
    assert (seen["status"], seen["notifications"][0]["outcome"]) == ("pending", "mismatch")


def test_take__order_comes_later__is_applied_when_it_comes(shop: Shop) -> None:
    for event in HISTORY[:2]:
        assert take(shop.store, event, "notified") == "unmatched"
    an_order(shop)
    assert shop.view(REF)["status"] == "paid"
    assert take(shop.store, HISTORY[1], "notified") == "repeated"


def test_take__failed_attempt_after_a_paid_one__leaves_the_order_paid(shop: Shop) -> None:
    an_order(shop)
    take(shop.store, an_event(1, a_paid_payment(id="pay_1")), "notified")
    take(shop.store, an_event(1, a_payment(id="pay_2", status="failed")), "notified")
    assert shop.view(REF)["status"] == "paid"


def test_take__test_or_unknown_type__is_noted(shop: Shop) -> None:
    for type in ("shop.test", "something.from.tomorrow"):
        assert take(shop.store, read(a_body(f"evt_{type}", type, 0)), "notified") == "noted"


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"null", b"1", b'{"id": "evt_1"}', a_body("", "x", 1), a_body("evt_1", "x", 1, payment={"id": "pay_1"}),
     a_body("evt_1", "x", 1, payment=a_payment(amount_captured="1")), a_body("evt_1", "x", 1, refund=a_refund()), a_body("evt_1", "x", 1, payment=[1])],
)  # fmt: skip
def test_read__not_a_notification__is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        read(body)


@pytest.mark.invariant("I8")
def test_pull__events_were_missed__are_applied_and_not_fetched_again(shop: Shop, bridge) -> None:
    """I8: a shop that was down heals itself."""
    an_order(shop)
    page = [
        {"id": f"evt_{n}", "type": "payment.any", "sequence": n, "data": {"payment": payment}}
        for n, payment in ((1, a_payment()), (2, a_paid_payment()))
    ]
    bridge.answers = [
        (200, {"data": page, "next_cursor": None}),
        (200, {"data": [], "next_cursor": None}),
    ]
    assert (pull(shop.store, shop.client), pull(shop.store, shop.client)) == (2, 0)
    assert shop.view(REF)["status"] == "paid"
    assert [call["path"] for call in bridge.heard] == [
        "/v1/events",
        "/v1/events?after=evt_2",
        "/v1/events?after=evt_2",
    ]
