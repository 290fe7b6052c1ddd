"""P6 and P8: a provider that hangs, and two processes on one database."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.bench import shots
from tests.bench.load import Shot
from tests.bench.measure import Sample, Series, Stretch, fire, processors
from tests.bench.parties import Party
from tests.bench.report import odd, say, spread, table
from tests.bench.stage import KINDS, Stage

HANGING, ARRIVING = 200, 100
"""Calls that hang, and how many a second come in."""


@dataclass(frozen=True, slots=True)
class Round:
    """Reads before, while calls come in and while they hang; how many hung, and the memory in MiB by then."""

    samples: tuple[Sample, Sample, Sample]
    hung: int
    memory: float


def hanging(stage: Stage) -> None:
    """P6: status reads while 200 calls to a provider hang."""
    say(
        f"{HANGING} provider calls that hang: reads before, while the calls come in, and while all hang; {stage.rounds} rounds. The house allows "
        f"{HANGING} calls at once (its default is 64, 16 per account).\n"
    )
    rows = []
    for kind in KINDS:
        house = stage.house(kind, calls=HANGING, calls_per_lane=HANGING, breaker_failures=0)
        with house.running() as bridge:
            rounds = [
                _round(stage, kind, bridge, shots.read(bridge, house)) for _ in range(stage.rounds)
            ]
        before, coming, during = (Series([one.samples[i] for one in rounds]) for i in range(3))
        memory = max(one.memory for one in rounds)
        rows.append(
            [
                kind,
                spread(before, "rate"),
                spread(coming, "rate"),
                spread(during, "rate"),
                f"{during.of('p99'):.1f}",
                f"{min(one.hung for one in rounds)}",
                f"{memory:.0f}",
            ]
        )
        share = during.ratio("rate", before)
        stage.goal(
            "P6",
            f"{HANGING} hanging calls: reads keep ≥ 0.8, ≤ 150 MiB, {kind}",
            f"{share:.2f} while they hang, {coming.ratio('rate', before):.2f} while they come, {memory:.0f} MiB",
            share >= 0.8 and memory <= 150,
        )
    table(
        [
            "reads per second",
            "before",
            "while 100/s come in",
            "while they hang",
            "p99 ms",
            "hung",
            "MiB",
        ],
        rows,
    )


def _round(stage: Stage, kind: str, bridge: Party, read: Shot) -> Round:
    one, other = stage.clients
    before = fire(one, bridge, read, stage.database(kind), seconds=stage.seconds)
    creating = Stretch(
        other,
        [bridge],
        shots.create(bridge, "hang"),
        seconds=HANGING / ARRIVING,
        rate=ARRIVING,
        connections=64,
    )
    coming = fire(one, bridge, read, stage.database(kind), seconds=HANGING / ARRIVING)
    creating.end()
    during = fire(one, bridge, read, stage.database(kind), seconds=stage.seconds)
    hung, memory = stage.standin.ask("/told")["hanging"], bridge.memory()
    stage.standin.ask("/release", "POST")
    time.sleep(2)  # the broken calls are written down as doubt
    return Round((before, coming, during), hung, memory)


def two_processes(stage: Stage) -> None:
    """P8: two bridges on one PostgreSQL beside one, a provider of 100 ms."""
    say(
        f"Two processes on one PostgreSQL, provider of 100 ms, 8 connections per process, {stage.rounds} rounds.\n"
    )
    house = stage.house("PostgreSQL")
    with house.running("one") as first, house.running("two") as second:
        pairs = [
            (_both(stage, [first]), _both(stage, [first, second])) for _ in range(stage.rounds)
        ]
    one, two = (Series([pair[i] for pair in pairs]) for i in range(2))
    table(
        ["processes", "payments per second", "p50 ms", "p99 ms", "machine busy", "others"],
        [
            [
                name,
                spread(series, "rate"),
                f"{series.of('p50'):.0f}",
                f"{series.of('p99'):.0f}",
                f"{series.of('busy'):.0%}",
                odd(series, (201,)),
            ]
            for name, series in (("one", one), ("two", two))
        ],
    )
    gain, full = two.ratio("rate", one), two.of("busy") > 0.9
    stage.goal(
        "P8",
        "two processes ≥ 1.6 of one, until the processors are full",
        f"{gain:.2f}, all {processors()} processors {two.of('busy'):.0%} busy, the load generator's share included",
        gain >= 1.6 or full,
    )


def _both(stage: Stage, bridges: list[Party]) -> Sample:
    seconds = max(2.0, stage.seconds)
    running = [
        Stretch(
            client,
            [bridge],
            shots.create(bridge, "slow"),
            stage.postgres,
            seconds=seconds,
            connections=8,
        )
        for client, bridge in zip(stage.clients, bridges, strict=False)
    ]
    samples = [stretch.end() for stretch in running]
    codes = Series(samples).codes()
    return Sample(
        sum(s.rate for s in samples),
        [ms for s in samples for ms in s.ms],
        samples[0].cpu,
        samples[0].database_cpu,
        codes,
        max(s.busy for s in samples),
    )
