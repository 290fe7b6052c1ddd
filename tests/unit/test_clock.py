"""The database's time, carried on between measurements: what is a jump, and what is not done after one."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bridge.clock import MEASURE_SECONDS, DatabaseClock
from bridge.domain.attempt import AttemptState
from bridge.domain.payment import Status
from factories import NOON

HOUR = timedelta(hours=1)


@dataclass
class World:
    """Three clocks that a test sets: the database's, the machine's, and the one that nobody sets."""

    database: datetime = NOON
    machine: datetime = NOON
    carried: float = 1000.0
    slow: float = 0.0

    def pass_by(self, seconds: float) -> None:
        """Let time pass for all of them."""
        self.database += timedelta(seconds=seconds)
        self.machine += timedelta(seconds=seconds)
        self.carried += seconds

    def now(self) -> datetime:
        self.carried += self.slow
        return self.database

    @contextmanager
    def read(self):
        yield self


def a_clock(world: World) -> DatabaseClock:
    clock = DatabaseClock(world, lambda: world.machine, lambda: world.carried)
    clock.measure()
    return clock


@pytest.mark.invariant("I32")
def test_time__machine_that_is_hours_off_or_set__is_the_databases(caplog):
    """Nothing that happens to the machine's clock moves the time (I32)."""
    world = World(machine=NOON + 3 * HOUR)
    clock = a_clock(world)
    assert clock() == NOON and clock.tell() == {"clock_ahead_seconds": 10_800.0, "clock_jumps": 0}
    world.pass_by(4)
    world.machine -= 6 * HOUR
    assert clock() == NOON + timedelta(seconds=4)
    clock.measure()
    assert clock.tell() == {"clock_ahead_seconds": -10_800.0, "clock_jumps": 0}


@pytest.mark.invariant("I32")
@pytest.mark.parametrize("machine", [NOON + timedelta(seconds=11), NOON - HOUR])
def test_start__beside_a_database_that_tells_another_time__counts_what_was_stamped_before_from_now_on(
    machine,
):
    """Which of the two has just been set is not known (I32)."""
    clock = a_clock(World(machine=machine))
    assert clock.steady_since() == NOON + timedelta(seconds=2 * MEASURE_SECONDS)
    assert a_clock(World(machine=NOON + timedelta(seconds=9))).steady_since() is None


@pytest.mark.invariant("I32")
@pytest.mark.parametrize("seconds", [300, -300, 3])
def test_database__its_clock_is_set__is_a_jump_that_is_counted(seconds):
    """Deadlines stamped before the jump are not older than the jump (I32)."""
    world = World()
    clock = a_clock(world)
    world.pass_by(5)
    world.database += timedelta(seconds=seconds)
    clock.measure()
    assert clock() == world.database and clock.tell()["clock_jumps"] == 1
    assert clock.steady_since() == world.database + timedelta(seconds=2 * MEASURE_SECONDS)


@pytest.mark.invariant("I32")
def test_database__drifts_a_little__is_followed_without_a_jump():
    world = World()
    clock = a_clock(world)
    for _ in range(10):
        world.pass_by(5)
        world.database += timedelta(milliseconds=500)
        clock.measure()
    assert clock() == world.database and clock.steady_since() is None


@pytest.mark.invariant("I32")
def test_process__was_suspended_with_its_clocks__is_a_jump():
    """A virtual machine that stood still wakes in the past (I32)."""
    world = World()
    clock = a_clock(world)
    world.database += HOUR
    clock.measure()
    assert clock() == NOON + HOUR and clock.tell()["clock_jumps"] == 1


def test_measurement__that_took_long__is_not_used():
    """The answer was of some moment within it."""
    world = World()
    clock = a_clock(world)
    world.slow, world.database = 60, NOON + HOUR
    clock.measure()
    assert clock() == NOON + timedelta(seconds=60) and clock.steady_since() is None


def jump(stage, monkeypatch, seconds):
    """Let the time jump, as the clock tells it."""
    stage.clock.advance(seconds)
    jumped_at = stage.clock()
    monkeypatch.setattr(
        stage.services.look_after_payment._schedule, "_steady_since", lambda: jumped_at
    )


@pytest.mark.invariant("I5", "I32")
def test_jump__request_in_doubt__its_absence_is_believed_only_when_it_could_be_over_since_then(
    stage, monkeypatch
):
    """Five minutes that nobody waited for prove nothing (I5, I32)."""
    stage.sandbox.fault("request", "drop_before")
    payment = stage.create()
    jump(stage, monkeypatch, 300)
    stage.work(), stage.advance(60)
    assert (stage.payment(payment).attempt.number, stage.payment(payment).attempt.state) == (
        1,
        AttemptState.IN_DOUBT,
    )
    stage.advance(300), stage.advance(5)
    assert stage.payment(payment).attempt.number == 2 and stage.payment(payment).outcome_known


@pytest.mark.invariant("I32")
def test_jump__new_payment_and_refund__wait_until_nothing_of_before_can_be_under_way(
    stage, monkeypatch
):
    """No money moves by a time that nobody agrees on; it moves later, once (I32)."""
    paid = stage.paid()
    jump(stage, monkeypatch, 300)
    payment, refund = stage.create(), stage.refund(paid, amount=1000)
    stage.advance(10)
    assert (
        stage.payment(payment).status is Status.CREATED
        and stage.sandbox.requests_of(payment["id"]) == []
    )
    assert stage.operation(refund).attempt.not_sent and stage.sandbox.refunds_of(refund["id"]) == []
    stage.advance(10)
    assert (
        stage.payment(payment).status is Status.PENDING
        and len(stage.sandbox.requests_of(payment["id"])) == 1
    )
    assert len(stage.sandbox.refunds_of(refund["id"])) == 1
