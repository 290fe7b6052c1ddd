"""P6 and P8: a provider that hangs, and two processes on one database."""
from __future__ import annotations

import time

from tests.bench import shots
from tests.bench.measure import Sample, Series, Stretch, fire, processors
from tests.bench.parties import Party
from tests.bench.report import odd, say, spread, table
from tests.bench.stage import KINDS, Stage

HANGING = 200


def hanging(stage: Stage) -> None:
    """P6: status reads while 200 calls to a provider hang."""
    say(f"{HANGING} provider calls that hang: reads before, while the calls come in, and while all hang; {stage.rounds} rounds. The house allows "
        f"{HANGING} calls at once (its default is 64, 16 per account).\n")
    rows = []
    for kind in KINDS:
        house = stage.house(kind, calls=HANGING, calls_per_lane=HANGING, breaker_failures=0)
        with house.running() as bridge:
            rounds = [_round(stage, kind, bridge, shots.read(bridge, house)) for _ in range(stage.rounds)]
            memory = bridge.memory()
        before, coming, during = (Series([samples[i] for samples, _ in rounds]) for i in range(3))
        rows.append([kind, spread(before, "rate"), spread(coming, "rate"), spread(during, "rate"), f"{during.of('p99'):.1f}",
                     f"{min(hung for _, hung in rounds)}", f"{memory:.0f}"])
        share = during.ratio("rate", before)
        stage.goal("P6", f"{HANGING} hanging calls: reads keep ≥ 0.8, ≤ 150 MiB, {kind}",
                   f"{share:.2f} while they hang, {coming.ratio('rate', before):.2f} while they come, {memory:.0f} MiB", share >= 0.8 and memory <= 150)
    table(["reads per second", "before", "while they come", "while they hang", "p99 ms", "hung", "MiB"], rows)


def _round(stage: Stage, kind: str, bridge: Party, read) -> tuple[tuple[Sample, Sample, Sample], int]:  # type: ignore[no-untyped-def]
    one, other = stage.clients
    before = fire(one, bridge, read, stage.database(kind), seconds=stage.seconds)
    creating = Stretch(other, [bridge], shots.create(bridge, "hang"), seconds=30.0, limit=HANGING, connections=32)
    coming = fire(one, bridge, read, stage.database(kind), seconds=stage.seconds)
    creating.end()
    during = fire(one, bridge, read, stage.database(kind), seconds=stage.seconds)
    hung = stage.standin.ask("/told")["hanging"]
    stage.standin.ask("/release", "POST")
    time.sleep(2)  # the broken calls are written down as doubt
    return (before, coming, during), hung


def two_processes(stage: Stage) -> None:
    """P8: two bridges on one PostgreSQL beside one, a provider of 100 ms."""
    say(f"Two processes on one PostgreSQL, provider of 100 ms, 8 connections per process, {stage.rounds} rounds.\n")
    house = stage.house("PostgreSQL")
    with house.running("one") as first, house.running("two") as second:
        pairs = [(_both(stage, [first]), _both(stage, [first, second])) for _ in range(stage.rounds)]
    one, two = (Series([pair[i] for pair in pairs]) for i in range(2))
    table(["processes", "payments per second", "p50 ms", "p99 ms", "machine busy", "others"],
          [[name, spread(series, "rate"), f"{series.of('p50'):.0f}", f"{series.of('p99'):.0f}", f"{series.of('busy'):.0%}", odd(series, (201,))]
           for name, series in (("one", one), ("two", two))])
    gain, full = two.ratio("rate", one), two.of("busy") > 0.9
    stage.goal("P8", "two processes ≥ 1.6 of one, until the processors are full",
               f"{gain:.2f}, all {processors()} processors {two.of('busy'):.0%} busy, the load generator's share included", gain >= 1.6 or full)


def _both(stage: Stage, bridges: list[Party]) -> Sample:
    seconds = max(2.0, stage.seconds)
    running = [Stretch(client, [bridge], shots.create(bridge, "slow"), stage.postgres, seconds=seconds, connections=8)
               for client, bridge in zip(stage.clients, bridges, strict=False)]
    samples = [stretch.end() for stretch in running]
    codes = Series(samples).codes()
    return Sample(sum(s.rate for s in samples), [ms for s in samples for ms in s.ms], samples[0].cpu, samples[0].database_cpu, codes,
                  max(s.busy for s in samples))
