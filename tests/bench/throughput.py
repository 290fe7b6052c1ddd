"""P1, P2, P3 and callbacks: how many per second, and what each costs, beside the anchor; closed model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from tests.bench import bare, shots
from tests.bench.houses import House
from tests.bench.measure import Sample, Series, fire, in_turn
from tests.bench.parties import Party
from tests.bench.report import odd, say, spread, table
from tests.bench.stage import KINDS, Stage

ANCHOR = "hello"
CONNECTIONS = 8
READ, POLL, NOW, SLOW, CALLBACK, BARE = (
    "GET /v1/payments/{id}",
    "checkout poll, 304",
    "POST /v1/payments",
    "POST /v1/payments, 100 ms",
    "POST /v1/callbacks/…",
    "bare payments",
)


def run(stage: Stage) -> None:
    """Measure on both databases and print."""
    say(
        f"Requests per second: closed model, {CONNECTIONS} connections, one process, {stage.rounds} rounds of {stage.seconds:g} s, every round in the "
        "order of the lines.\nThe provider is the stand-in, answering at once or after 100 ms; no worker runs beside.\n"
    )
    for kind in KINDS:
        house = stage.house(kind)
        with house.running() as bridge:
            found = in_turn(stage.rounds, _measures(stage, kind, house, bridge))
        _print(kind, found)
        _judge(stage, kind, found)


def _measures(
    stage: Stage, kind: str, house: House, bridge: Party
) -> Mapping[str, Callable[[], Sample]]:
    wanted = {
        READ: shots.read(bridge, house),
        POLL: shots.poll(bridge, house),
        NOW: shots.create(bridge, "now"),
        SLOW: shots.create(bridge, "slow"),
        CALLBACK: shots.callback(bridge),
    }
    common = {"seconds": stage.seconds, "connections": CONNECTIONS}
    ours = {
        name: partial(fire, stage.client, bridge, shot, stage.database(kind), **common)
        for name, shot in wanted.items()
    }
    other = stage.house(kind)
    return {
        ANCHOR: partial(fire, stage.client, stage.hello, shots.hello(stage.hello), **common),
        **ours,
        BARE: partial(bare.payments, other.database, stage.seconds),
    }


def _print(kind: str, found: Mapping[str, Series]) -> None:
    hello = found[ANCHOR]
    rows = [
        [
            name,
            spread(one, "rate"),
            f"{one.ratio('rate', hello):.2f}",
            f"{one.of('p50'):.1f}",
            f"{one.of('p99'):.1f}",
            f"{one.of('cpu'):,.0f}",
            f"{one.of('database_cpu'):,.0f}",
            f"{hello.ratio('cpu', one):.2f}" if one.of("cpu") else "-",
            odd(one, (200, 201, 304)),
        ]
        for name, one in found.items()
    ]
    table(
        [
            kind,
            "per second (lowest-highest)",
            "of hello",
            "p50 ms",
            "p99 ms",
            "µs each",
            "µs database",
            "hello's µs / ours",
            "others",
        ],
        rows,
    )


def _judge(stage: Stage, kind: str, found: Mapping[str, Series]) -> None:
    hello = found[ANCHOR]
    for goal, name, least in (("P1", READ, 0.5), ("P2", POLL, 0.6)):
        cost = hello.ratio("cpu", found[name])
        stage.goal(
            goal,
            f"{name} costs at most 1/{least} of hello, {kind}",
            f"{cost:.2f} by processor time, {found[name].ratio('rate', hello):.2f} by requests per second",
            cost >= least,
        )
    share = found[NOW].ratio("rate", found[BARE])
    stage.goal(
        "P3",
        f"POST /v1/payments / the same commits bare ≥ 0.35, {kind}",
        f"{share:.2f} ({found[NOW].of('rate'):.0f} of {found[BARE].of('rate'):.0f} payments per second)",
        share >= 0.35,
    )
