"""P7: a house with many payments beside a small one."""

from __future__ import annotations

import time
from functools import partial

from tests.bench import shots
from tests.bench.measure import fire, in_turn
from tests.bench.report import say, table
from tests.bench.stage import KINDS, Stage

SMALL, LARGE, FULL = 10_000, 100_000, 1_000_000


def run(stage: Stage) -> None:
    """Measure reading, listing and creating in both, in turn."""
    large = FULL if stage.full else LARGE
    say(
        f"{large:,} payments beside {SMALL:,}, one connection, {stage.rounds} rounds"
        f"{'' if stage.full else f'; the goal speaks of {FULL:,}, which --full fills in some minutes'}.\n"
    )
    rows = []
    for kind in KINDS:
        rows += _kind(stage, kind, large)
    table(["p50 ms", f"{SMALL:,}", f"{large:,}", "ratio", "µs ratio"], rows)


def _kind(stage: Stage, kind: str, large: int) -> list[list[str]]:
    began = time.monotonic()
    few, many = stage.house(kind, SMALL), stage.house(kind, large)
    say(f"(filled {kind} in {time.monotonic() - began:.0f} s)")
    rows = []
    with few.running("few") as small, many.running("many") as big:
        for name, shot in (
            ("GET /v1/payments/{id}", shots.read),
            ("GET /v1/payments", lambda server, _: shots.read_list(server)),
            ("POST /v1/payments", lambda server, _: shots.create(server, "now")),
        ):
            measure = partial(
                fire,
                stage.client,
                postgres=stage.database(kind),
                seconds=max(0.5, stage.seconds / 2),
                connections=1,
            )
            found = in_turn(
                stage.rounds,
                {
                    "few": partial(measure, small, shot(small, few)),
                    "many": partial(measure, big, shot(big, many)),
                },
            )
            ratio = found["many"].ratio("p50", found["few"])
            rows.append(
                [
                    f"{kind} {name}",
                    f"{found['few'].of('p50'):.2f}",
                    f"{found['many'].of('p50'):.2f}",
                    f"{ratio:.2f}",
                    f"{found['many'].ratio('cpu', found['few']):.2f}",
                ]
            )
            stage.goal(
                "P7",
                f"{name} with {large:,} payments: p50 ≤ 1.3, {kind}",
                f"{ratio:.2f}",
                ratio <= 1.3,
            )
    return rows
