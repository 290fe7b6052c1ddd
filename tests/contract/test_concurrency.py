"""Many threads at once on one payment, on SQLite and on PostgreSQL: each is allowed alone, together they must not be too much."""

from __future__ import annotations

import pytest

from bridge.domain.payment import Status
from bridge.errors import AmountTooLarge, LeaseLost
from bridge.ports import Room, Share
from bridge.store.schema import callbacks
from factories import FIFTY, at_once


@pytest.fixture
def stage(new_stage, database_url):
    """A stage on a database on disk."""
    return new_stage(database=database_url)


@pytest.mark.invariant("I2")
@pytest.mark.parametrize(("amount", "fit"), [(FIFTY, 1), (2000, 2), (700, 7)])
def test_refunds__each_legal_alone__together_never_exceed_what_was_captured(stage, amount, fit):
    """Reserved under the payment's lock (I2; lessons 2, 7 and 47)."""
    payment = stage.paid()
    results = at_once(10, lambda _: stage.refund(payment, amount=amount))
    given = [result for result in results if isinstance(result, dict)]
    assert len(given) == fit and {type(result) for result in results} == {dict, AmountTooLarge}
    assert (
        stage.payment(payment).amount_refund_pending
        == fit * amount
        == sum(entry["amount"] for entry in stage.sandbox.ledger("refund"))
    )


@pytest.mark.invariant("I7", "I27")
def test_callbacks__fifty_at_once__are_one_transition(stage):
    """Repeats are told apart by the database, not by a query before (I7, I27; lessons 8, 9 and 11)."""
    payment = stage.create()
    stage.pay(payment)
    (heard,) = stage.outside.callbacks
    assert not [
        r
        for r in at_once(
            50, lambda _: stage.services.receive_callback(heard.provider, heard.merchant, heard.raw)
        )
        if isinstance(r, Exception)
    ]
    at_once(6, lambda _: stage.work())
    with stage.house.engine.connect() as connection:
        assert [row.repeats for row in connection.execute(callbacks.select())] == [49]
    assert stage.sandbox.calls("transactions") == 1
    assert (
        stage.types(payment).count("payment.paid") == 1
        and stage.payment(payment).status is Status.PAID
    )


@pytest.mark.invariant("I7")
def test_fact__by_sync_callback_and_worker_at_once__is_one_transition(stage):
    """Browser, callback and poll race; nobody's failure is anybody's error (I7; lessons 11 to 14)."""
    payment = stage.create()
    stage.pay(payment), stage.hear(3)
    stage.clock.advance(5)
    results = at_once(
        8,
        lambda n: (
            stage.work() if n % 2 else stage.services.sync_payment(stage.shop(), payment["id"])
        ),
    )
    assert {type(r) for r in results} <= {int, dict} and stage.types(payment).count(
        "payment.paid"
    ) == 1


@pytest.mark.invariant("I2", "I7")
def test_cancel_against_paid__at_once__one_of_them_holds_and_money_wins(stage):
    payment = stage.create()
    stage.pay(payment), stage.hear()
    at_once(
        2,
        lambda n: (
            stage.work() if n else stage.services.cancel_payment(stage.shop(), payment["id"], "k")
        ),
    )
    stage.work()
    assert stage.payment(payment).status is Status.PAID
    assert [type_ for type_ in stage.types(payment) if type_.startswith("payment.paid")] in (
        ["payment.paid"],
        ["payment.paid_late"],
    )


@pytest.mark.invariant("I8", "I9")
def test_workers__many_on_one_outbox__deliver_every_event_once_and_in_order(stage):
    """No two workers hold one payment's lane (I8, I9)."""
    payments = [stage.paid() for _ in range(6)]
    ran = at_once(6, lambda _: stage.work())
    assert not [r for r in ran if isinstance(r, Exception)]
    for payment in payments:
        assert stage.outside.told(payment["id"]) == [
            "payment.created",
            "payment.pending",
            "payment.paid",
        ]


@pytest.mark.invariant("I11")
def test_worker__that_slept_through_its_lease__writes_nothing(stage):
    """Its fence is old; the one who took over has the word (I11)."""
    payment = stage.create()
    stage.clock.advance(5)
    with stage.house.units() as unit:
        (lane,) = unit.outbox.lanes_due(Room.MONEY, stage.clock())
        (old,) = unit.outbox.claim(Room.MONEY, [Share(lane, 10)], stage.clock(), stage.clock())
    stage.clock.advance(1)
    stage.work()
    before = stage.payment(payment)
    stage.clock.advance(60)
    stage.pay(payment), stage.outside.callbacks.clear()
    with pytest.raises(LeaseLost):
        stage.services.look_after_payment(old)
    assert stage.payment(payment) == before


@pytest.mark.invariant("I8")
def test_events__read_by_cursor_after_a_rush__are_in_order_per_payment(stage):
    """The second leg tells the same story (I8)."""
    payments = at_once(6, lambda _: stage.create())
    for payment in payments:
        stage.pay(payment)
    stage.hear(), at_once(4, lambda _: stage.work())
    events, after = [], None
    while page := stage.services.list_events(stage.shop(), after, 4).data:
        events, after = events + page, page[-1]["id"]
    assert len(events) == len({event["id"] for event in events}) == 18
    for payment in payments:
        assert [
            event["sequence"] for event in events if event["data"]["payment"]["id"] == payment["id"]
        ] == [1, 2, 3]
