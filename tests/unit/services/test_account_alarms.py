"""An account whose callbacks are rejected or do not come, or whose login is refused, raises an alarm on every node."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.ports import AccountSigns
from bridge.services.watch_accounts import Alarm, alarms_of
from factories import NOON, PASSWORDS

MINUTES = 60


def alarms(stage, merchant="acme"):
    (watched,) = [one for one in stage.services.watch_accounts() if one.signs.merchant == merchant]
    return list(watched.alarms)


def signed_with(stage, password):
    """From now on the provider knows the merchant by another password; the token that the bridge has still serves for a while."""
    stage.sandbox.control(
        "POST",
        "merchants",
        provider="cashcloud",
        username="acme@merchant.example",
        password=password,
    )


@pytest.fixture
def stage(new_stage):
    made = new_stage()
    yield made
    signed_with(made, PASSWORDS["acme"])


def learned_by_inquiry(stage, **wish):
    """A payment that gets paid while its callback is lost."""
    stage.sandbox.fault("callback", "lost")
    payment = stage.paid(**wish)
    assert payment["status"] == "paid" and stage.hear() == 0
    return payment


def forged_bytes(stage):
    """A callback as anybody can post it."""
    stage.sandbox.fault("callback", "forged")
    stage.pay(stage.create())
    return stage.hear()


@pytest.mark.invariant("I28")
def test_alarm__callbacks_of_paid_payments_are_all_rejected__is_raised_within_minutes(stage):
    """What a wrong password, or a wrong control value, looks like: payments are learned by inquiry alone (I28)."""
    for number in range(2):
        stage.sandbox.fault("callback", "forged")
        payment = stage.create(order_reference=f"o-{number}")
        stage.pay(payment)
        assert stage.hear() == 1
        stage.services.sync_payment(stage.shop(), payment["id"])
    assert alarms(stage) == []
    stage.clock.advance(2 * MINUTES)
    assert alarms(stage) == [Alarm.CALLBACKS_REJECTED] and alarms(stage, "globex") == []
    assert stage.services.check_health()["accounts"] is False
    assert stage.services.measure()["account_alarms"] == {
        "callbacks_rejected": 1,
        "callbacks_missing": 0,
        "login_refused": 0,
    }


@pytest.mark.invariant("I28")
def test_alarm__payments_get_paid_and_no_callback_comes__is_raised_after_three(stage):
    """A second bridge on the account, or a firewall, takes them silently (I28, lesson 92)."""
    learned_by_inquiry(stage), learned_by_inquiry(stage)
    stage.clock.advance(10 * MINUTES)
    assert alarms(stage) == []
    learned_by_inquiry(stage)
    assert (
        alarms(stage) == [Alarm.CALLBACKS_MISSING]
        and stage.services.measure()["account_alarms"]["callbacks_missing"] == 1
    )


@pytest.mark.invariant("I28")
def test_alarm__a_genuine_callback_arrives__is_over(stage):
    for _ in range(3):
        learned_by_inquiry(stage)
    stage.clock.advance(10 * MINUTES)
    assert alarms(stage)
    stage.pay(stage.create())
    assert (
        stage.hear() == 1
        and alarms(stage) == []
        and stage.services.check_health()["accounts"] is True
    )


@pytest.mark.invariant("I28")
def test_alarm__forged_callbacks_alone__raise_none(stage):
    """Anybody can post them: an alarm that anybody can raise is heard by nobody."""
    for _ in range(5):
        assert forged_bytes(stage) == 1
    stage.clock.advance(60 * MINUTES)
    assert alarms(stage) == []


@pytest.mark.invariant("I28")
def test_alarm__inquiry_is_a_moment_faster_than_the_callback__raises_none(stage):
    for number in range(4):
        payment = stage.create(order_reference=f"o-{number}")
        stage.pay(payment)
        stage.services.sync_payment(stage.shop(), payment["id"])
        stage.hear(), stage.clock.advance(10 * MINUTES)
    assert alarms(stage) == []


@pytest.mark.invariant("I28")
def test_alarm__login_is_refused__is_raised_at_once_and_ends_with_the_next_call_that_is_accepted(
    stage,
):
    stage.paid()
    signed_with(stage, "changed-elsewhere")
    stage.create()
    assert (
        alarms(stage) == [Alarm.LOGIN_REFUSED]
        and stage.services.check_health()["accounts"] is False
    )
    signed_with(stage, PASSWORDS["acme"])
    stage.create()
    assert alarms(stage) == []


@pytest.mark.invariant("I28")
def test_alarm__of_a_refund_or_an_inquiry_whose_login_is_refused__is_raised_too(stage):
    payment = stage.paid()
    signed_with(stage, "changed-elsewhere")
    stage.refund(payment, amount=100)
    assert alarms(stage) == [Alarm.LOGIN_REFUSED]
    signed_with(stage, PASSWORDS["acme"])
    waiting = stage.create()
    signed_with(stage, "changed-again")
    stage.services.sync_payment(stage.shop(), waiting["id"])
    assert alarms(stage) == [Alarm.LOGIN_REFUSED]


@pytest.mark.invariant("I28")
def test_alarm__seen_by_one_node__is_told_by_the_other(new_stage, database_url):
    """What is counted stands in the database (I28)."""
    one, other = new_stage(database=database_url), new_stage(database=database_url)
    learned_by_inquiry(one), learned_by_inquiry(other), learned_by_inquiry(one)
    for stage in (one, other):
        stage.clock.advance(10 * MINUTES)
        assert alarms(stage) == [Alarm.CALLBACKS_MISSING]
    other.pay(other.create())
    assert other.hear() == 1 and alarms(one) == []


def test_alarm__merchant_who_has_gone__has_none(stage):
    with stage.house.units() as unit:
        unit.signs.login_refused("gone", "cashcloud", stage.clock())
    assert stage.services.check_health()["accounts"] is True


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ({}, ()),
        ({"rejected": 5}, ()),
        ({"rejected": 5, "unheard": 2, "unheard_since": NOON}, (Alarm.CALLBACKS_REJECTED,)),
        ({"rejected": 1, "unheard": 2, "unheard_since": NOON}, ()),
        ({"rejected": 1, "unheard": 3, "unheard_since": NOON}, (Alarm.CALLBACKS_MISSING,)),
        ({"rejected": 5, "unheard": 2, "unheard_since": NOON + timedelta(minutes=4)}, ()),
        ({"unheard": 3, "unheard_since": NOON + timedelta(minutes=1)}, ()),
        (
            {"refused": 1, "refused_since": NOON, "unheard": 9, "unheard_since": NOON},
            (Alarm.CALLBACKS_MISSING, Alarm.LOGIN_REFUSED),
        ),
    ],
)
def test_alarms_of__signs_five_minutes_later__are_judged_by_the_rule(signs, expected):
    assert (
        alarms_of(AccountSigns("acme", "cashcloud", **signs), NOON + timedelta(minutes=5))
        == expected
    )
