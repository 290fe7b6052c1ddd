"""`python -m tests.bench [--quick] [--full] [--only NAME]`: measure and report. Nothing here fails a build: goals are met or not, and said so."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping

from tests.bench import latency, pressure, size, start, throughput
from tests.bench.measure import machine
from tests.bench.report import rig, say
from tests.bench.stage import Stage, stage

SECTIONS: Mapping[str, Callable[[Stage], None]] = {
    "throughput": throughput.run,
    "added": latency.added,
    "told": latency.told,
    "crowded": latency.crowded,
    "hanging": pressure.hanging,
    "two": pressure.two_processes,
    "size": size.run,
    "start": start.run,
}
LEFT_OUT = """\
P5 (django-payments, FastAPI) is not measured: it needs other frameworks installed, which this project does not depend on.
"""


def main() -> None:
    """Run the sections that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a third of the time, wider spread")
    parser.add_argument(
        "--full", action="store_true", help="P7 with 1,000,000 payments: some minutes more"
    )
    parser.add_argument(
        "--only", choices=SECTIONS, action="append", help="this section; may be given again"
    )
    parser.add_argument("--rounds", type=int, default=5, help="pairs of each measurement (5)")
    wanted = parser.parse_args()
    began, before = time.monotonic(), machine()
    say(rig() + "\n")
    with stage(wanted.rounds, 0.4 if wanted.quick else 1.5, wanted.full) as found:
        for name in wanted.only or SECTIONS:
            SECTIONS[name](found)
        _end(found, before, time.monotonic() - began)


def _end(found: Stage, before: tuple[float, float, float], took: float) -> None:
    after = machine()
    say("Goals\n")
    for goal in found.goals:
        say(goal.line())
    say(
        f"\n{LEFT_OUT}{took:.0f} s in all; {(after[1] - before[1]) / (after[2] - before[2]):.1%} of the processors' time was taken by other machines."
    )


if __name__ == "__main__":
    main()
