"""Which lane may have a thread: nobody who hangs delays the others. Time is the test's."""

from __future__ import annotations

import pytest

from bridge.worker.lanes import HANGS, RESTS, SLOW, SLOW_PER_PLACE, Lanes

PLACES = 8
HANGING = [f"hanging-{number}" for number in range(20)]


class Room:
    """A room whose time a test moves; jobs begin and end by name."""

    def __init__(self, places: int = PLACES) -> None:
        self.now = 0.0
        self.lanes = Lanes(places, lambda: self.now)
        self.running: dict[str, list[float]] = {}

    def begin(self, name: str, count: int = 1) -> None:
        for _ in range(count):
            self.running.setdefault(name, []).append(self.lanes.begin(name))

    def end(self, name: str) -> float | None:
        return self.lanes.end(name, self.running[name].pop(0))

    def hang(self, name: str) -> float | None:
        """One job of a lane that takes until nobody waits any more."""
        self.begin(name)
        self.now += HANGS + 5
        return self.end(name)

    def prove(self, name: str) -> None:
        self.begin(name), self.end(name)


def test_room_for__a_lane_that_ends_its_jobs__grows_from_one_to_half_of_the_places():
    room = Room()
    assert room.lanes.room_for("shop") == 1
    room.begin("shop")
    assert room.lanes.room_for("shop") == 0 and room.lanes.left_out() == ["shop"]
    room.end("shop")
    assert room.lanes.room_for("shop") == PLACES // 2 and room.lanes.left_out() == []
    room.begin("shop", 3)
    assert room.lanes.room_for("shop") == 1
    assert Room(places=1).lanes.room_for("shop") == 1


@pytest.mark.invariant("I26")
def test_free__jobs_that_wait_for_somebody__give_their_places_away():
    """Twenty shops hang, and every place is free for the others a second later (I26)."""
    room = Room()
    for name in HANGING:
        while not room.lanes.free():
            room.now += SLOW
        room.begin(name)
    room.now += SLOW
    assert room.lanes.free() == PLACES and room.lanes.threads == PLACES * (1 + SLOW_PER_PLACE)


@pytest.mark.invariant("I26")
def test_free__lanes_that_hang_are_tried_again__take_no_place():
    """However many are tried at one moment, those that answer find every place (I26)."""
    room = Room()
    for name in HANGING[:12]:
        room.begin(name)
    room.now += HANGS
    for name in HANGING[:12]:
        room.end(name)
    room.now += RESTS[0]
    for name in HANGING[:12]:
        room.begin(name)
    assert room.lanes.free() == PLACES


@pytest.mark.invariant("I26")
def test_room_for_unknown__many_lanes_of_which_nothing_is_known__have_half_of_the_places():
    """The other half is for lanes that have ended a job (I26)."""
    room = Room()
    room.prove("well")
    for name in HANGING[: PLACES // 2]:
        assert room.lanes.is_unknown(name) and room.lanes.room_for_unknown() > 0
        room.begin(name)
    assert (
        room.lanes.room_for_unknown() == 0
        and not room.lanes.is_unknown("well")
        and room.lanes.free() == PLACES // 2
    )
    room.now += SLOW
    assert room.lanes.room_for_unknown() == PLACES // 2


def test_free__more_wait_than_there_is_room_for__they_take_places():
    room = Room()
    for number in range(PLACES * SLOW_PER_PLACE + 3):
        room.begin(f"lane-{number}")
    room.now += SLOW
    assert room.lanes.free() == PLACES - 3


@pytest.mark.invariant("I26")
def test_end__a_lane_hangs__it_rests_longer_each_time_and_then_one_job_tries():
    """Backed off after its first time-out; one probe at a time (I26)."""
    room = Room()
    room.prove("shop")
    for rest in (*RESTS, RESTS[-1]):
        assert room.hang("shop") == rest and room.lanes.room_for("shop") == 0
        room.now += rest
        assert room.lanes.room_for("shop") == 1
    room.begin("shop")
    assert room.lanes.room_for("shop") == 0
    room.end("shop")
    assert room.lanes.room_for("shop") == PLACES // 2  # it answers again
    assert room.hang("shop") == RESTS[0]


def test_end__several_of_a_lane_hang_together__it_rests_once():
    room = Room()
    room.prove("shop")
    room.begin("shop", 4)
    room.now += HANGS
    assert room.lanes.room_for("shop") == 0
    assert [room.end("shop") for _ in range(4)] == [RESTS[0], None, None, None]


@pytest.mark.invariant("I26")
def test_left_out__many_lanes_hang__they_have_half_of_the_room_for_the_slow_together():
    """However many hang: the rest of the room is for lanes of which nothing bad is known (I26)."""
    room = Room(places=2)
    for name in HANGING:
        room.begin(name)
    room.now += HANGS
    for name in HANGING:
        room.end(name)
    room.now += RESTS[0]
    most = 2 * SLOW_PER_PLACE // 2
    for name in HANGING[:most]:
        assert room.lanes.room_for(name) == 1
        room.begin(name)
    assert set(room.lanes.left_out()) == set(HANGING) and room.lanes.room_for("well") == 1


def test_turn__of_a_lane__is_counted_for_each_apart():
    room = Room()
    assert [room.lanes.turn(name) for name in ("a", "a", "b", "a")] == [0, 1, 0, 2]
