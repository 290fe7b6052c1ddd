"""Everything that `ports/store.py` promises, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import re
import threading
import uuid
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, delete, event, insert, text
from sqlalchemy.exc import IntegrityError

from bridge.domain.attempt import Attempt, AttemptState
from bridge.domain.operation import Kind, OperationStatus, Origin
from bridge.domain.payment import Failure, Payer, Payment, Status
from bridge.domain.reasons import Reason
from bridge.errors import IdempotencyRunning, LeaseLost, NotFound, PaymentExists
from bridge.ports import (
    AccountSigns,
    Job,
    JobKind,
    KeptAnswer,
    PaymentFilter,
    RawCallback,
    Room,
    Share,
    StoredCallback,
)
from bridge.store import schema
from bridge.store.dialects import dialect_of
from bridge.store.unit import SqlUnits
from factories import FIFTY, NOON, a_payment, an_event, an_operation, at_once, migrated

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def migrated_engine(request, tmp_path_factory):
    file = f"sqlite:///{tmp_path_factory.mktemp('store')}/bridge.db"
    engine = migrated(
        file if request.param == "sqlite" else a_database(request.getfixturevalue("postgres"))
    )
    yield engine
    engine.dispose()


def a_database(postgres):
    name = f"store_{uuid.uuid4().hex[:8]}"
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
    admin.dispose()
    return postgres.replace("/postgres?", f"/{name}?")


@pytest.fixture
def engine(migrated_engine):
    """A database with empty tables."""
    with migrated_engine.begin() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(delete(table))
    return migrated_engine


@pytest.fixture
def units(engine):
    return SqlUnits(engine)


def added(units, *payments):
    with units() as unit:
        for payment in payments:
            unit.payments.add(payment)
    return payments[0] if len(payments) == 1 else payments


def paid(**changes):
    return a_payment(
        **{"status": Status.PAID, "amount_authorized": FIFTY, "amount_captured": FIFTY, **changes}
    )


# --- units -----------------------------------------------------------------------------------------------------------


def test_unit__an_exception__rolls_everything_back(units):
    payment = a_payment()
    with pytest.raises(RuntimeError), units() as unit:
        unit.payments.add(payment)
        unit.events.add(an_event(payment))
        unit.outbox.put(JobKind.PAYMENT, payment.id, "lane", NOON)
        raise RuntimeError
    with units.read() as unit:
        assert unit.events.of_payment(payment.id) == [] and unit.outbox.depth() == {}


def test_unit__now__is_the_time_in_utc(units):
    with units.read() as unit:
        assert abs(unit.now() - datetime.now(UTC)) < MINUTE


def test_unit__not_yet_committed__is_seen_by_nobody_else(units):
    payment = a_payment()
    with units() as unit:
        unit.payments.add(payment)
        with units.read() as other, pytest.raises(NotFound):
            other.payments.get(payment.id)


# --- payments --------------------------------------------------------------------------------------------------------


def a_full_payment() -> Payment:
    """A payment with something in every field."""
    return a_payment(
        status=Status.PAID,
        attempt=Attempt(AttemptState.ACCEPTED, 2, NOON),
        tries=1,
        next_check_at=NOON + MINUTE,
        amount_authorized=4000,
        amount_captured=3000,
        amount_capture_pending=500,
        amount_refunded=200,
        amount_refund_pending=100,
        fee_estimate=65,
        capture="manual",
        failure=Failure(Reason.OPERATOR, "code-1"),
        provider_reference="hash",
        pay_currency="CCR",
        reason_id="314",
        page_url="https://x.example",
        review="look",
        operations_doubtful_since=NOON,
        giving_up="payer",
        provider_ended=True,
        duplicate_of="pay_other",
        sequence=7,
        cancel_url="https://shop.example/no",
        payer=Payer(None, "a@b.example", "de-DE"),
        channel="mobile",
        metadata={"cart": "77", "note": "ä€😀"},
    )


def test_payments__every_field__is_read_back_as_it_was_written(units):
    payment = added(units, a_full_payment())
    defaults = {f.name: f.default for f in fields(Payment)}
    assert not [
        name
        for name, default in defaults.items()
        if name != "version" and getattr(payment, name) == default
    ]
    with units.read() as unit:
        assert (
            unit.payments.get(payment.id)
            == unit.payments.by_token(payment.checkout_token)
            == payment
        )


def test_payments__saved_with_every_field_changed__is_read_back(units):
    payment = added(units, a_payment())
    changed = replace(a_full_payment(), id=payment.id, checkout_token=payment.checkout_token)
    with units() as unit:
        saved = unit.payments.save(changed)
    with units.read() as unit:
        assert unit.payments.get(payment.id) == changed and saved.version == 1


def test_payments__of_another_shop_or_unknown__is_not_found(units):
    payment = added(units, a_payment())
    with units.read() as unit:
        assert unit.payments.of_shop("acme-one", payment.id) == payment
        for look in (
            lambda: unit.payments.of_shop("acme-two", payment.id),
            lambda: unit.payments.get("pay_x"),
            lambda: unit.payments.by_token("chk_x"),
        ):
            with pytest.raises(NotFound):
                look()


def test_payments__by_provider_reference__only_of_that_merchant_and_provider(units):
    """A reference belongs to one account (lessons 58 to 60)."""
    mine = added(units, a_payment(provider_reference="hash"))
    added(units, a_payment(merchant="globex", provider_reference="hash"))
    with units.read() as unit:
        assert unit.payments.by_provider_reference("acme", "cashcloud", "hash") == mine
        assert unit.payments.by_provider_reference("acme", "other", "hash") is None


def test_payments__provider_reference_twice_at_one_account__is_refused(units):
    added(units, a_payment(provider_reference="hash"))
    with pytest.raises(IntegrityError):
        added(units, a_payment(provider_reference="hash"))


def test_save__somebody_was_faster__is_refused(units):
    """Compare and set on the version (lesson 11)."""
    payment = added(units, a_payment())
    with units() as unit:
        unit.payments.save(replace(payment, status=Status.PENDING))
    with pytest.raises(LeaseLost), units() as unit:
        unit.payments.save(replace(payment, status=Status.FAILED))
    with units.read() as unit:
        assert unit.payments.get(payment.id).status is Status.PENDING


def test_save__many_writers_without_a_lock__only_one_of_each_version_wins(units):
    payment = added(units, a_payment())

    def write(n):
        with units() as unit:
            return unit.payments.save(replace(payment, description=f"writer {n}"))

    results = at_once(8, write)
    assert [type(result) for result in results].count(Payment) == 1
    assert {type(result) for result in results} == {Payment, LeaseLost}


def test_lock__read_change_write_by_many__loses_no_update(units):
    """The row is held from the locked read to the commit (lessons 7 and 11)."""
    payment = added(units, a_payment())

    def count_up(_):
        with units() as unit:
            current = unit.payments.get(payment.id, lock=True)
            unit.payments.save(replace(current, tries=current.tries + 1))

    assert at_once(8, count_up) == [None] * 8
    with units.read() as unit:
        assert unit.payments.get(payment.id).tries == 8


@pytest.mark.parametrize("status", Status)
def test_add__order_has_a_payment__is_refused_while_that_one_is_open(units, status):
    """One open payment per order (lesson 17)."""
    first = paid() if status is Status.PAID else a_payment(status=status)
    added(units, first)
    second = a_payment(order_reference=first.order_reference)
    if first.is_open:
        with pytest.raises(PaymentExists) as refused:
            added(units, second)
        assert refused.value.members == {"payment_id": first.id}
    else:
        added(units, second)


def test_add__the_same_order_at_another_shop__is_welcome(units):
    first = added(units, a_payment())
    added(units, a_payment(shop="acme-two", order_reference=first.order_reference))


def test_add__many_payments_for_one_order_at_once__one_wins(units):
    payments = [a_payment(order_reference="the-order") for _ in range(8)]
    results = at_once(8, lambda n: added(units, payments[n]))
    winners = [result for result in results if isinstance(result, Payment)]
    assert len(winners) == 1 and {type(result) for result in results} == {Payment, PaymentExists}
    assert {
        result.members["payment_id"] for result in results if isinstance(result, PaymentExists)
    } == {winners[0].id}


def test_save__given_up_then_paid_late__leaves_its_order_to_the_next_payment(units):
    first = added(units, a_payment())
    with units() as unit:
        canceled = unit.payments.save(replace(first, status=Status.CANCELED))
    second = added(units, a_payment(order_reference=first.order_reference))
    with units() as unit:
        unit.payments.save(
            replace(canceled, status=Status.PAID, amount_authorized=FIFTY, amount_captured=FIFTY)
        )
    with units.read() as unit:
        assert unit.payments.get(second.id).is_open and unit.payments.get(first.id).is_open


# --- constraints, written around the domain --------------------------------------------------------------------------

BAD = [
    "amount = 0",
    "amount = -1",
    "amount_authorized = -1",
    "amount_authorized = amount + 1",
    "amount_captured = -1",
    "amount_captured = amount_authorized + 1",
    "amount_capture_pending = -1",
    "amount_capture_pending = amount_authorized - amount_captured + 1",
    "amount_refunded = -1",
    "amount_refunded = amount_captured + 1",
    "amount_refund_pending = -1",
    "amount_refund_pending = amount_captured - amount_refunded + 1",
    "status = 'refunded'",
    "asking = 'perhaps'",
    "status = 'canceled'",
    "amount_captured = 0, amount_refunded = 0",
    "version = null",
    "checkout_token = null",
]


@pytest.mark.invariant("I2")
@pytest.mark.parametrize("bad", BAD)
def test_constraints__wrong_sums_or_words__are_refused_by_the_database_itself(units, engine, bad):
    """0 ≤ refunded + pending ≤ captured ≤ authorised ≤ requested at every commit (I2)."""
    added(units, paid(amount_authorized=4000, amount_captured=3000, amount_refunded=500))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(f"update payments set {bad}"))


@pytest.mark.invariant("I2")
@pytest.mark.parametrize(
    "bad",
    [
        "amount = 0",
        "kind = 'gift'",
        "status = 'done'",
        "payment_id = 'pay_none'",
        "asking = 'perhaps'",
    ],
)
def test_constraints__wrong_operations__are_refused_by_the_database_itself(units, engine, bad):
    """The same for refunds, captures and cancels (I2)."""
    payment = added(units, paid())
    with units() as unit:
        unit.operations.add(an_operation(payment))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(f"update operations set {bad}"))


def test_constraints__an_event_of_no_payment_or_a_number_given_twice__is_refused(units):
    payment = added(units, a_payment())
    with units() as unit:
        unit.events.add(an_event(payment, 1))
    for bad in (an_event(payment, 1), an_event(a_payment(), 1)):
        with pytest.raises(IntegrityError), units() as unit:
            unit.events.add(bad)


def test_times__without_a_zone__are_a_programming_error(units):
    with pytest.raises(Exception, match="zone"):
        added(units, a_payment(expires_at=NOON.replace(tzinfo=None)))


@pytest.mark.invariant("I21")
def test_times__of_another_zone__are_read_back_as_utc(units):
    """Stored as UTC whatever the writer's zone (I21; lesson 66)."""
    from zoneinfo import ZoneInfo

    payment = added(units, a_payment(expires_at=NOON.astimezone(ZoneInfo("Asia/Tokyo"))))
    with units.read() as unit:
        stored = unit.payments.get(payment.id).expires_at
    assert stored == NOON and stored.utcoffset() == timedelta(0)


# --- lists -----------------------------------------------------------------------------------------------------------


def test_list__pages_by_id__show_everything_once_newest_first(units):
    payments = added(units, *(a_payment(NOON + n * SECOND) for n in range(7)))
    added(units, a_payment(NOON, shop="acme-two"))
    seen, before = [], None
    with units.read() as unit:
        while page := unit.payments.list("acme-one", PaymentFilter(), 3, before):
            seen += page
            before = page[-1].id
    assert seen == list(reversed(payments))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "abcd"),
        ({"order_reference": "o-b"}, "b"),
        ({"status": "paid"}, "c"),
        ({"method": "card"}, "d"),
        ({"provider_reference": "hash-a"}, "a"),
        ({"created_from": NOON + 2 * MINUTE}, "cd"),
        ({"created_to": NOON + 2 * MINUTE}, "ab"),
        ({"updated_from": NOON + 3 * MINUTE}, "d"),
        ({"needs_review": True}, "b"),
        (
            {"created_from": NOON + MINUTE, "created_to": NOON + 3 * MINUTE, "method": "wallet"},
            "bc",
        ),
        ({"order_reference": "o-b", "status": "paid"}, ""),
    ],
)
def test_list__filters__show_what_fits_all_of_them(units, wanted, found):
    added(
        units,
        a_payment(NOON, order_reference="o-a", provider_reference="hash-a"),
        a_payment(NOON + MINUTE, order_reference="o-b", review="look"),
        paid(at=NOON + 2 * MINUTE, order_reference="o-c"),
        a_payment(NOON + 3 * MINUTE, order_reference="o-d", method="card"),
    )
    with units.read() as unit:
        listed = unit.payments.list("acme-one", PaymentFilter(**wanted), 10, None)
    assert "".join(payment.order_reference[-1] for payment in reversed(listed)) == found


def test_list__for_operators__shows_all_shops(units):
    added(units, a_payment(), a_payment(shop="globex-shop", merchant="globex"))
    with units.read() as unit:
        assert len(unit.payments.list(None, PaymentFilter(), 10, None)) == 2


# --- operations ------------------------------------------------------------------------------------------------------


def test_operations__every_field__is_read_back_as_it_was_written(units):
    payment = added(units, paid())
    refund = an_operation(
        payment,
        status=OperationStatus.FAILED,
        attempt=Attempt(AttemptState.IN_DOUBT, 3, NOON),
        reason="broken ä",
        refund_reference="memo-1",
        provider_reference="hash-r",
        failure=Failure(Reason.REFUND_NOT_TAKEN, "4"),
        review="look",
        source=Origin.PROVIDER,
    )
    with units() as unit:
        unit.operations.add(refund)
    with units.read() as unit:
        assert (
            unit.operations.get(refund.id)
            == unit.operations.by_provider_reference("acme", "cashcloud", "hash-r")
            == refund
        )
        assert unit.operations.by_provider_reference("globex", "cashcloud", "hash-r") is None


def test_operations__of_a_shop_and_kind__only_those(units):
    payment = added(units, paid())
    refund, capture = an_operation(payment), an_operation(payment, Kind.CAPTURE, NOON + SECOND)
    with units() as unit:
        unit.operations.add(refund), unit.operations.add(capture)
    with units.read() as unit:
        assert unit.operations.of_payment(payment.id) == [
            refund,
            capture,
        ] and unit.operations.of_payment(payment.id, "capture") == [capture]
        assert unit.operations.of_shop("acme-one", "refund", refund.id) == refund
        for shop, kind, wanted in (
            ("acme-two", "refund", refund.id),
            ("acme-one", "capture", refund.id),
            ("acme-one", "refund", "ref_x"),
        ):
            with pytest.raises(NotFound):
                unit.operations.of_shop(shop, kind, wanted)


def test_operations__two_of_equal_amount__are_two_rows(units):
    """Nothing is ever taken for the same by its amount (lessons 3, 4 and 46)."""
    payment = added(units, paid())
    with units() as unit:
        for number in range(2):
            unit.operations.add(
                an_operation(
                    payment, at=NOON + number * SECOND, provider_reference=f"hash-{number}"
                )
            )
    with units.read() as unit:
        assert len(unit.operations.of_payment(payment.id)) == 2
    with pytest.raises(IntegrityError), units() as unit:
        unit.operations.add(an_operation(payment, provider_reference="hash-1"))


def test_operations__somebody_was_faster__is_refused(units):
    payment = added(units, paid())
    refund = an_operation(payment)
    with units() as unit:
        unit.operations.add(refund)
        unit.operations.save(replace(refund, attempt=Attempt(number=1)))
    with pytest.raises(LeaseLost), units() as unit:
        unit.operations.save(replace(refund, attempt=Attempt(number=2)))


# --- events ----------------------------------------------------------------------------------------------------------


def test_events__of_a_payment__in_the_order_of_writing_with_notes(units):
    payment = added(units, a_payment())
    written = [
        an_event(payment, 1),
        an_event(payment, None, type="note.resolved", detail="why"),
        an_event(payment, 2),
    ]
    with units() as unit:
        for event in written:
            unit.events.add(event)
    with units.read() as unit:
        assert (
            unit.events.of_payment(payment.id) == written
            and unit.events.get(written[1].id) == written[1]
        )
        assert unit.events.after("acme-one", None, 10) == [written[0], written[2]]


def test_events__after_a_cursor__only_of_that_shop_and_only_later_ones(units):
    mine, other = added(units, a_payment(), a_payment(shop="acme-two"))
    with units() as unit:
        for number in (1, 2, 3):
            unit.events.add(an_event(mine, number)), unit.events.add(an_event(other, number))
    with units.read() as unit:
        every = unit.events.after("acme-one", None, 10)
        assert (
            unit.events.after("acme-one", every[0].id, 1) == every[1:2]
            and unit.events.after("acme-one", every[2].id, 10) == []
        )
        for foreign in (unit.events.after("acme-two", None, 10)[0].id, "evt_x"):
            with pytest.raises(NotFound):
                unit.events.after("acme-one", foreign, 10)


def test_events__next_undelivered__is_the_head_until_it_is_delivered_or_given_up(units):
    payment = added(units, a_payment())
    first, second, third = (an_event(payment, number) for number in (1, 2, 3))
    with units() as unit:
        for event in (first, second, third):
            unit.events.add(event)
        assert unit.events.next_undelivered(payment.id).id == first.id
        unit.events.mark(first.id, result="HTTP 500")
        assert unit.events.next_undelivered(payment.id).attempts == 1
        unit.events.mark(first.id, result="HTTP 200", delivered_at=NOON)
        unit.events.mark(second.id, result="no", undeliverable_at=NOON)
        assert unit.events.next_undelivered(payment.id).id == third.id
        assert [event.id for event in unit.events.undeliverable("acme-one", 10)] == [
            second.id
        ] and not unit.events.undeliverable("acme-two", 10)
        unit.events.reopen(second.id)
        assert (
            unit.events.next_undelivered(payment.id).id == second.id
            and unit.events.undeliverable(None, 10) == []
        )


def test_events__marked_after_delivery__stay_delivered(units):
    payment = added(units, a_payment())
    event = an_event(payment)
    with units() as unit:
        unit.events.add(event)
        unit.events.mark(event.id, result="HTTP 200", delivered_at=NOON)
        unit.events.mark(event.id, result="HTTP 500")
        assert unit.events.get(event.id).delivered_at == NOON


@pytest.mark.invariant("I8")
def test_events__one_that_commits_late__is_never_before_a_cursor(units, engine):
    """A reader between two commits of crossing transactions misses nothing (I8). SQLite lets no two writers cross."""
    early, late = added(units, a_payment(), a_payment())
    if engine.dialect.name == "sqlite":
        return assert_writers_take_turns(units, early, late)
    with units() as slow:
        slow.events.add(an_event(early, 1))
        with units() as fast:
            fast.events.add(an_event(late, 1))
        with units.read() as reader:
            seen = list(reader.events.after("acme-one", None, 10))
        assert seen == []  # the later one waits until nothing can come before it
    with units.read() as reader:
        seen = list(reader.events.after("acme-one", seen[-1].id if seen else None, 10))
    assert [event.payment_id for event in seen] == [early.id, late.id]


def assert_writers_take_turns(units, early, late):
    order = []

    def write(payment):
        with units() as unit:
            order.append(payment.id)
            unit.events.add(an_event(payment, 1))
            threading.Event().wait(0.05)
            order.append(payment.id)

    at_once(2, lambda n: write((early, late)[n]))
    with units.read() as reader:
        seen = [event.payment_id for event in reader.events.after("acme-one", None, 10)]
    assert order[0] == order[1] and order[2] == order[3] and seen == [order[0], order[2]]


@pytest.mark.invariant("I30")
def test_events__a_long_transaction_elsewhere__hides_none(units, engine, request):
    """In another database of the server, or one of this database that writes no events: neither is waited for (I30)."""
    if engine.dialect.name == "sqlite":
        return  # a database is a file, and has one writer
    payment, other = added(units, a_payment(), a_payment())
    foreign = create_engine(request.getfixturevalue("postgres"))
    with foreign.begin() as away, units() as busy:
        assert away.execute(text("select pg_current_xact_id()")).scalar()
        busy.payments.save(replace(other, description="busy"))
        with units() as unit:
            unit.events.add(an_event(payment, 1))
        with units.read() as unit:
            assert [event.payment_id for event in unit.events.after("acme-one", None, 10)] == [
                payment.id
            ]
    foreign.dispose()


@pytest.mark.invariant("I8", "I30")
def test_events__a_writer_begins_before_and_commits_after_many__holds_up_what_follows_and_loses_nothing(
    units, engine
):
    """Whatever the order of the commits, a reader that asks all the time sees each event once (I8, I30)."""
    if engine.dialect.name == "sqlite":
        return  # see assert_writers_take_turns
    payments = added(units, *(a_payment() for _ in range(6)))
    seen = []

    def write(payment):
        with units() as unit:
            unit.events.add(an_event(payment, 1))

    def read():
        with units.read() as unit:
            found = unit.events.after("acme-one", seen[-1] if seen else None, 10)
        seen.extend(event.id for event in found)
        return [event.payment_id for event in found]

    write(payments[0])
    with units() as slow:
        slow.events.add(an_event(payments[1], 1))
        write(payments[2])
        assert read() == [payments[0].id] and read() == []
        with units() as slower:
            slower.events.add(an_event(payments[3], 1))
            write(payments[4])
            slow.events.add(an_event(payments[1], 2))
        assert read() == []
    write(payments[5])
    assert read() == [payments[n].id for n in (1, 2, 3, 4, 1, 5)]


@pytest.mark.invariant("I30")
def test_events__many_to_read_on_from__are_read_by_the_index(units, engine):
    """A shop that has heard everything does not read everything again (I30)."""
    payment = added(units, a_payment())
    rows = [
        {
            "xact": 0,
            "id": f"evt_{n:05}",
            "type": "payment.paid",
            "payment_id": payment.id,
            "merchant": "acme",
            "shop": "acme-one",
            "source": "shop",
            "at": NOON,
            "sequence": n + 1,
            "attempts": 0,
        }
        for n in range(3_000)
    ]
    with engine.begin() as connection:
        connection.execute(insert(schema.events), rows)
    seen = []

    def note(_connection, _cursor, statement, parameters, *_):
        if "ORDER BY events.xact" in statement:
            seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    with units.read() as unit:
        assert unit.events.after("acme-one", "evt_02998", 10)[0].id == "evt_02999"
    event.remove(engine, "before_cursor_execute", note)
    assert any("ix_events_shop_xact_position" in line for line in plan_of(engine, *seen[0]))
    bounds = re.findall(
        r"xact[^)]*position|xact=\? AND position>\?", " ".join(plan_of(engine, *seen[0]))
    )
    assert bounds


@pytest.mark.invariant("I8")
def test_events__read_while_many_write__every_one_is_seen_once_and_in_order_per_payment(units):
    """A cursor that runs beside the writers sees all, each once, a payment's own in order (I8)."""
    payments, seen, done = added(units, *(a_payment() for _ in range(4))), [], threading.Event()

    def write(n):
        for number in range(1, 11):
            with units() as unit:
                unit.payments.get(payments[n].id, lock=True)
                unit.events.add(an_event(payments[n], number))

    def read():
        while True:
            last = done.is_set()
            with units.read() as unit:
                seen.extend(unit.events.after("acme-one", seen[-1].id if seen else None, 3))
                if last and not unit.events.after("acme-one", seen[-1].id, 1):
                    return

    reader = threading.Thread(target=read)
    reader.start()
    assert at_once(4, write) == [None] * 4
    done.set()
    reader.join(30)
    assert len(seen) == len({event.id for event in seen}) == 40
    assert all(
        [event.sequence for event in seen if event.payment_id == payment.id] == list(range(1, 11))
        for payment in payments
    )


# --- outbox ----------------------------------------------------------------------------------------------------------


def put(units, subject="s", lane="lane", due_at=NOON, kind=JobKind.PAYMENT, **more):
    with units() as unit:
        unit.outbox.put(kind, subject, lane, due_at, **more)


def claim(units, now=NOON, most=10, lease=MINUTE, rooms=tuple(Room), **wanted):
    """Claim as a worker does that has room for all."""
    with units() as unit:
        return [
            job
            for room in rooms
            for job in unit.outbox.claim(
                room,
                [Share(lane, most) for lane in unit.outbox.lanes_due(room, now, **wanted)],
                now,
                now + lease,
            )
        ]


def lanes_due(units, room=Room.MONEY, now=NOON, **wanted):
    with units.read() as unit:
        return list(unit.outbox.lanes_due(room, now, **wanted))


def held(units, job):
    try:
        with units() as unit:
            unit.outbox.hold(job)
        return True
    except LeaseLost:
        return False


def act(units, verb, job, *arguments):
    with units() as unit:
        getattr(unit.outbox, verb)(job, *arguments)


def test_claim__due_jobs__of_a_room_oldest_or_newest_first_up_to_the_lanes_share(units):
    for n, (lane, kind) in enumerate(
        [
            ("a", JobKind.PAYMENT),
            ("b", JobKind.NOTIFY),
            ("a", JobKind.OPERATION),
            ("a", JobKind.CALLBACK),
        ]
    ):
        put(units, f"s{n}", lane, NOON - n * SECOND, kind)
    put(units, "later", "a", due_at=NOON + SECOND)

    def taken(room, *shares):
        with units() as unit:
            return [job.subject for job in unit.outbox.claim(room, shares, NOON, NOON + MINUTE)]

    assert taken(Room.NOTIFICATIONS, Share("a", 5)) == []
    assert taken(Room.MONEY, Share("b", 5), Share("a", 1)) == ["s3"]
    assert taken(Room.MONEY, Share("a", 1, newest=True)) == ["s0"]
    assert [job.subject for job in claim(units)] == ["s2", "s1"] and claim(units) == []


def test_lanes_due__some_lanes__are_named_in_turn_and_round(units):
    for lane in "abcde":
        put(units, f"money-{lane}", lane), put(units, f"told-{lane}", lane, kind=JobKind.NOTIFY)
    put(units, "later", "later", NOON + SECOND)
    assert lanes_due(units) == list("abcde") and lanes_due(units, after="c") == list("deabc")
    assert lanes_due(units, after="bb", left_out=["c", "e"], most=2) == ["d", "a"]
    assert lanes_due(units, after="e", most=1) == ["a"] and lanes_due(
        units, after="zz", most=1
    ) == ["a"]
    claim(units, rooms=[Room.MONEY], left_out=["b"])
    assert lanes_due(units) == ["b"] and lanes_due(units, Room.NOTIFICATIONS) == list("abcde")
    assert lanes_due(units, now=NOON + MINUTE + SECOND) == ["a", "b", "c", "d", "e", "later"]


def test_lanes_due__nothing_is_due__are_none(units):
    assert lanes_due(units) == []
    put(units, due_at=NOON + SECOND), put(units, "t", kind=JobKind.NOTIFY)
    assert lanes_due(units) == []


def plan_of(engine, statement, parameters):
    """How the database carries a statement out, in its own words."""
    how = "explain" if engine.dialect.name == "postgresql" else "explain query plan"
    with engine.connect() as connection:
        if "FOR UPDATE" in statement:
            dialect_of(connection).in_index_order(connection)
        return [
            str(row[-1]) for row in connection.exec_driver_sql(f"{how} {statement}", parameters)
        ]


@pytest.mark.invariant("I26")
@pytest.mark.parametrize("counted", [False, True], ids=["without statistics", "with statistics"])
def test_claim__ten_thousand_jobs_of_one_lane__reads_by_the_rooms_index_alone(
    units, engine, counted
):
    """What one lane has waiting costs the others nothing (I26)."""
    rows = [
        {
            "kind": kind,
            "subject": f"s{n}",
            "lane": "full" if n else "other",
            "due_at": NOON,
            "attempts": 0,
            "fence": 0,
            "revision": 0,
        }
        for kind in ("notify", "payment")
        for n in range(10_000)
    ]
    with engine.begin() as connection:
        connection.execute(insert(schema.outbox), rows)
    if counted:
        with engine.begin() as connection:
            connection.execute(text("analyze"))
    seen = []

    def note(_connection, _cursor, statement, parameters, *_):
        if "FROM outbox" in statement:
            seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    assert lanes_due(units, Room.NOTIFICATIONS, left_out=["full"], after="x") == ["other"]
    with units() as unit:
        shares = [Share("full", 2), Share("other", 2, newest=True)]
        assert [job.subject for job in unit.outbox.claim(Room.MONEY, shares, NOON, NOON + MINUTE)][
            -1
        ] == "s0"
    event.remove(engine, "before_cursor_execute", note)
    plans = [
        line
        for statement, parameters in seen
        for line in plan_of(engine, statement, parameters)
        if re.search(r"\boutbox\b", line)
    ]
    assert len(seen) == 3 and {
        match
        for line in plans
        for match in re.findall(r"ix_\w+|\w+_autoindex\w+|pk_\w+|Seq Scan", line)
    } == {"ix_outbox_money", "ix_outbox_notifications", "ix_outbox_due_at"}
    assert all("ix_" in line for line in plans)


def test_put__twice__is_one_job_whose_due_time_is_the_last_given(units):
    put(units, due_at=NOON + 2 * MINUTE)
    put(units, due_at=NOON + MINUTE)
    with units.read() as unit:
        assert unit.outbox.depth() == {"payment": 1}
    (job,) = claim(units, NOON + MINUTE)
    assert job.due_at == NOON + MINUTE


def test_put__of_two_kinds__is_two_jobs(units):
    put(units), put(units, kind=JobKind.NOTIFY)
    assert {job.kind for job in claim(units)} == {JobKind.PAYMENT, JobKind.NOTIFY}


def test_put__after_tries__starts_the_ladder_anew(units):
    put(units)
    act(units, "postpone", claim(units)[0], NOON + MINUTE)
    put(units)
    assert [job.attempts for job in claim(units)] == [0]


def test_put__told_to_keep_what_is_due__leaves_a_waiting_job_as_it_is(units):
    """A new event does not bring a lane forward that backs off (I9)."""
    put(units, keep_due=True)
    act(units, "postpone", claim(units)[0], NOON + MINUTE)
    put(units, keep_due=True)
    assert claim(units) == [] and [job.attempts for job in claim(units, NOON + MINUTE)] == [1]


def test_nudge__existing_job__comes_earlier_never_later_and_never_new(units):
    put(units, due_at=NOON + MINUTE)
    with units() as unit:
        unit.outbox.nudge(JobKind.PAYMENT, "s", NOON)
        unit.outbox.nudge(JobKind.PAYMENT, "s", NOON + 5 * MINUTE)
        unit.outbox.nudge(JobKind.PAYMENT, "nobody", NOON)
    assert [(job.subject, job.due_at) for job in claim(units)] == [("s", NOON)]


@pytest.mark.invariant("I27")
def test_bring_forward__a_hundred_times__is_once_before_the_time_it_was_planned_for(units):
    """A payer who comes back again and again has the provider asked once more than the ladder would (I27)."""
    put(units, due_at=NOON + MINUTE)
    for second in range(100):
        at = NOON + second * SECOND
        with units() as unit:
            unit.outbox.bring_forward(JobKind.PAYMENT, "s", at)
            unit.outbox.bring_forward(JobKind.PAYMENT, "nobody", at)
        for job in claim(units, at):
            put(units, due_at=NOON + (MINUTE if at < NOON + MINUTE else 5 * MINUTE))
            act(units, "done", job)
            assert second in (0, 60, 61)


def test_done__held_job__is_gone(units):
    put(units)
    act(units, "done", claim(units)[0])
    assert claim(units, NOON + timedelta(days=1)) == []


@pytest.mark.invariant("I8")
def test_done__put_anew_meanwhile__is_released_instead(units):
    """What the holder has not seen is not thrown away (I8; lesson 29)."""
    put(units)
    (job,) = claim(units)
    put(units, due_at=NOON + SECOND)
    act(units, "done", job)
    assert [again.subject for again in claim(units, NOON + SECOND)] == ["s"]


def test_postpone__held_job__comes_back_when_due_with_one_more_attempt(units):
    put(units)
    act(units, "postpone", claim(units)[0], NOON + MINUTE)
    assert claim(units, NOON + MINUTE - SECOND) == []
    assert [job.attempts for job in claim(units, NOON + MINUTE)] == [1]


@pytest.mark.parametrize(
    ("anew", "due"), [(NOON + SECOND, NOON + SECOND), (NOON + 2 * MINUTE, NOON + MINUTE)]
)
def test_postpone__put_anew_meanwhile__the_earlier_time_holds(units, anew, due):
    put(units)
    (job,) = claim(units)
    put(units, due_at=anew)
    act(units, "postpone", job, NOON + MINUTE)
    assert [again.due_at for again in claim(units, NOON + MINUTE)] == [due]


def test_postpone_then_done__as_the_worker_does__keeps_the_job(units):
    put(units)
    (job,) = claim(units)
    act(units, "postpone", job, NOON + MINUTE)
    act(units, "done", job)
    assert len(claim(units, NOON + MINUTE)) == 1


@pytest.mark.invariant("I11")
def test_lease__run_out__the_job_is_taken_over_and_the_old_holder_can_write_nothing(units):
    """A dead worker's job is retaken; one that only slept is fenced off (I11; lesson 32)."""
    put(units)
    (old,) = claim(units)
    assert claim(units, NOON + MINUTE) == []
    (new,) = claim(units, NOON + MINUTE + SECOND)
    assert new.fence > old.fence and held(units, new) and not held(units, old)
    act(units, "done", old)
    act(units, "postpone", old, NOON + timedelta(days=9))
    assert held(units, new)
    act(units, "done", new)
    with units.read() as unit:
        assert unit.outbox.depth() == {}


def test_hold__job_removed__is_lost(units):
    put(units)
    (job,) = claim(units)
    with units() as unit:
        unit.outbox.remove(JobKind.PAYMENT, "s")
    assert not held(units, job)


@pytest.mark.invariant("I11")
def test_hold__until_the_unit_ends__keeps_a_take_over_waiting(units):
    """Between hold and commit nobody else can claim (I11)."""
    put(units)
    (job,) = claim(units)
    taken = []
    with units() as unit:
        unit.outbox.hold(job)
        thief = threading.Thread(target=lambda: taken.extend(claim(units, NOON + 2 * MINUTE)))
        thief.start()
        thief.join(0.3)
        assert taken == []
        unit.outbox.done(job)
    thief.join(20)
    assert taken == []


@pytest.mark.invariant("I11")
def test_claim__many_workers_at_once__each_job_has_one_holder(units):
    """Nothing is claimed twice, nothing is forgotten (I11)."""
    for number in range(40):
        put(units, f"s{number:02}", f"lane-{number % 3}")

    def work(_):
        mine = []
        while jobs := claim(units, most=1):
            mine += jobs
            for job in jobs:
                act(units, "done", job)
        return mine

    shares = at_once(6, work)
    assert not [share for share in shares if isinstance(share, Exception)]
    claimed = [job.subject for share in shares for job in share]
    rest = [job.subject for job in claim(units)]
    assert sorted(claimed + rest) == [f"s{number:02}" for number in range(40)]


def test_claim__a_row_locked_by_another__is_left_out_not_waited_for(units, engine):
    if engine.dialect.name == "sqlite":  # one writer at a time: there is never a locked row to meet
        put(units)
        assert (len(claim(units)), claim(units)) == (1, [])
        return
    put(units, "busy"), put(units, "free", due_at=NOON + SECOND)
    with units() as other:
        other.outbox.claim(Room.MONEY, [Share("lane", 1)], NOON, NOON + MINUTE)
        assert [job.subject for job in claim(units, NOON + SECOND)] == ["free"]


def test_job__what_was_claimed__says_all_that_a_holder_needs(units):
    put(units, "pay_1", "acme:cashcloud")
    assert claim(units) == [
        Job(JobKind.PAYMENT, "pay_1", "acme:cashcloud", NOON, attempts=0, fence=1, revision=0)
    ]


# --- signs of the accounts ------------------------------------------------------------------------------------------


ACCOUNT = ("acme", "cashcloud")


@pytest.mark.invariant("I28")
def test_signs__of_one_account__count_since_the_last_genuine_callback_and_accepted_login(units):
    with units() as unit:
        unit.signs.login_accepted(*ACCOUNT)
        assert unit.signs.all() == []
        for minute in range(2):
            unit.signs.rejected(*ACCOUNT, NOON + minute * MINUTE, "the control value is wrong")
            unit.signs.unheard(*ACCOUNT, NOON + minute * MINUTE)
            unit.signs.login_refused(*ACCOUNT, NOON + minute * MINUTE)
        unit.signs.heard("globex", "cashcloud", NOON)
    with units() as unit:
        mine, theirs = unit.signs.all()
        assert mine == AccountSigns(
            *ACCOUNT, None, 2, NOON + MINUTE, "the control value is wrong", 2, NOON, 2, NOON
        )
        assert theirs == AccountSigns("globex", "cashcloud", NOON)
        unit.signs.login_accepted(*ACCOUNT), unit.signs.heard(*ACCOUNT, NOON + MINUTE)
        assert unit.signs.all()[0] == AccountSigns(*ACCOUNT, NOON + MINUTE)
        unit.signs.heard(*ACCOUNT, NOON + MINUTE + SECOND)
        assert unit.signs.all()[0].heard_at == NOON + MINUTE
        unit.signs.heard(*ACCOUNT, NOON + 2 * MINUTE)
        assert unit.signs.all()[0].heard_at == NOON + 2 * MINUTE


@pytest.mark.invariant("I28")
def test_signs__counted_by_many_at_once__lose_none_and_stop_at_a_thousand(units, engine):
    def count(number):
        with units() as unit:
            unit.signs.unheard(*ACCOUNT, NOON)

    assert at_once(8, count) == [None] * 8
    with units() as unit:
        assert unit.signs.all()[0].unheard == 8
    with engine.begin() as connection:
        connection.execute(
            text("update account_signs set unheard = 1000, rejected = 1000, refused = 1000")
        )
    with units() as unit:
        (
            unit.signs.unheard(*ACCOUNT, NOON),
            unit.signs.rejected(*ACCOUNT, NOON, ""),
            unit.signs.login_refused(*ACCOUNT, NOON),
        )
        assert (
            unit.signs.all()[0].unheard,
            unit.signs.all()[0].rejected,
            unit.signs.all()[0].refused,
        ) == (1000, 1000, 1000)


# --- callbacks, keys, documents --------------------------------------------------------------------------------------


def a_callback(n=1, at=NOON):
    raw = RawCallback(
        "POST", "application/x-www-form-urlencoded; charset=utf-8", "a=1", b"hash=\x00\xff&\x80"
    )
    return StoredCallback(f"cb_{n}", "cashcloud", "acme", raw, at, "received")


def test_callbacks__raw_bytes__are_kept_as_they_came(units):
    """Byte for byte (lesson 62)."""
    with units() as unit:
        unit.callbacks.add(a_callback())
        unit.callbacks.mark("cb_1", "applied", "the note", "pay_1")
    with units.read() as unit:
        assert unit.callbacks.get("cb_1") == replace(
            a_callback(), state="applied", note="the note", payment_id="pay_1"
        )
        with pytest.raises(NotFound):
            unit.callbacks.get("cb_2")


@pytest.mark.invariant("I27")
def test_callbacks__the_same_again__is_counted_and_not_stored(units):
    """By what it says, of one account only (I27)."""

    def add(n, **changes):
        with units() as unit:
            return unit.callbacks.add(
                replace(a_callback(n, NOON + n * SECOND), **{"digest": "d" * 64, **changes})
            )

    assert [
        add(1),
        add(2),
        add(3, raw=RawCallback("GET", "", "b=2", b"")),
        add(4, digest="e" * 64),
    ] == [True, False, False, True]
    assert [
        add(5, merchant="globex"),
        add(6, provider="onecs"),
        add(7, digest=None),
        add(8, digest=None),
    ] == [True] * 4
    with units.read() as unit:
        assert unit.callbacks.get("cb_1") == replace(
            a_callback(1, NOON + SECOND), digest="d" * 64, repeats=2
        )
        with pytest.raises(NotFound):
            unit.callbacks.get("cb_2")


def test_callbacks__about_a_payment__are_its_own_and_those_that_nobody_could_place(units):
    payment = a_payment()
    kept = [
        ("cb_own", NOON, "applied", payment.id, "acme"),
        ("cb_rejected", NOON + SECOND, "rejected", None, "acme"),
        ("cb_unmatched", NOON + 2 * SECOND, "unmatched", None, "acme"),
        ("cb_of_another", NOON + SECOND, "applied", "pay_other", "acme"),
        ("cb_of_before", NOON - SECOND, "rejected", None, "acme"),
        ("cb_elsewhere", NOON + SECOND, "rejected", None, "globex"),
    ]
    with units() as unit:
        unit.payments.add(payment)
        for name, at, state, owner, merchant in kept:
            unit.callbacks.add(replace(a_callback(at=at), id=name, merchant=merchant, digest=name))
            unit.callbacks.mark(name, state, None, owner)
    with units.read() as unit:
        assert [one.id for one in unit.callbacks.about(payment, 10)] == [
            "cb_own",
            "cb_unmatched",
            "cb_rejected",
        ]
        assert [one.id for one in unit.callbacks.about(payment, 1)] == ["cb_own"]


def test_outbox__open_jobs_of_subjects__are_read_with_who_holds_them(units):
    with units() as unit:
        unit.outbox.put(JobKind.PAYMENT, "pay_1", "acme:cashcloud", NOON + MINUTE)
        unit.outbox.put(JobKind.NOTIFY, "pay_1", "acme-one", NOON)
        unit.outbox.put(JobKind.PAYMENT, "pay_2", "acme:cashcloud", NOON)
    with units.read() as unit:
        found = unit.outbox.open(["pay_1"])
        assert [(one.kind, one.due_at, one.leased_until) for one in found] == [
            (JobKind.NOTIFY, NOON, None),
            (JobKind.PAYMENT, NOON + MINUTE, None),
        ]
        assert unit.outbox.open([]) == []


def test_callbacks__a_state_nobody_knows__is_refused(units):
    with units() as unit:
        unit.callbacks.add(a_callback())
    with pytest.raises(IntegrityError), units() as unit:
        unit.callbacks.mark("cb_1", "believed")


def test_prune__older_ones__go_and_younger_stay(units):
    with units() as unit:
        unit.callbacks.add(a_callback(1, NOON - MINUTE)), unit.callbacks.add(a_callback(2, NOON))
        (
            unit.keys.add("acme-one", "old", KeptAnswer("f", "pay_1", NOON - MINUTE)),
            unit.keys.add("acme-one", "new", KeptAnswer("f", "pay_1", NOON)),
        )
        assert (unit.callbacks.prune(NOON, 10), unit.keys.prune(NOON, 10)) == (1, 1)
        assert (
            unit.callbacks.get("cb_2")
            and unit.keys.get("acme-one", "new")
            and unit.keys.get("acme-one", "old") is None
        )


def test_prune__rejected_callbacks__go_by_themselves(units):
    with units() as unit:
        (
            unit.callbacks.add(replace(a_callback(1, NOON - MINUTE), state="rejected")),
            unit.callbacks.add(a_callback(2, NOON - MINUTE)),
        )
        assert unit.callbacks.prune(NOON, 10, state="rejected") == 1 and unit.callbacks.get("cb_2")


def test_prune__more_than_is_wanted_at_once__takes_the_oldest(units):
    with units() as unit:
        for number in (2, 1, 3):
            unit.callbacks.add(a_callback(number, NOON + number * SECOND))
            unit.keys.add(
                "acme-one", f"key-{number}", KeptAnswer("f", "pay_1", NOON + number * SECOND)
            )
        assert (unit.callbacks.prune(NOON + MINUTE, 2), unit.keys.prune(NOON + MINUTE, 2)) == (2, 2)
        assert unit.callbacks.get("cb_3") and unit.keys.get("acme-one", "key-3")


def test_keys__belong_to_a_shop__and_keep_their_first_answer(units):
    kept = KeptAnswer("fingerprint", "pay_1", NOON)
    with units() as unit:
        unit.keys.add("acme-one", "k", kept)
        unit.keys.add("acme-two", "k", replace(kept, resource="pay_2"))
        unit.keys.finish("acme-one", "k", '{"ä": 1}')
    with units.read() as unit:
        assert (
            unit.keys.get("acme-one", "k") == replace(kept, body='{"ä": 1}')
            and unit.keys.get("acme-two", "k").body is None
        )
        assert unit.keys.get("globex-shop", "k") is None


def test_keys__claimed_twice__second_is_told_and_its_unit_can_go_on(units):
    with units() as unit:
        unit.keys.add("acme-one", "k", KeptAnswer("f", "pay_1", NOON))
    with units() as unit:
        with pytest.raises(IdempotencyRunning):
            unit.keys.add("acme-one", "k", KeptAnswer("f", "pay_2", NOON))
        unit.documents.put("house", "still", "here")
    with units.read() as unit:
        assert (
            unit.documents.get("house", "still") == "here"
            and unit.keys.get("acme-one", "k").resource == "pay_1"
        )


@pytest.mark.invariant("I3")
def test_keys__claimed_by_many_at_once__one_wins(units):
    """Unique index, not a query (I3; lesson 8)."""

    def claim_key(n):
        with units() as unit:
            unit.keys.add("acme-one", "k", KeptAnswer("f", f"pay_{n}", NOON))
            return n

    results = at_once(8, claim_key)
    winners = [result for result in results if isinstance(result, int)]
    assert len(winners) == 1 and {type(result) for result in results} == {int, IdempotencyRunning}
    with units.read() as unit:
        assert unit.keys.get("acme-one", "k").resource == f"pay_{winners[0]}"


def test_documents__put_twice_and_deleted__hold_the_last_value_then_none(units):
    with units() as unit:
        unit.documents.put("house", "n", {"a": [1, None]})
        unit.documents.put("house", "n", {"b": "ä"})
        unit.documents.put("other", "n", 1)
        assert unit.documents.get("house", "n") == {"b": "ä"}
        unit.documents.delete("house", "n")
        assert unit.documents.get("house", "n") is None and unit.documents.get("other", "n") == 1
