"""P4, P9, P10: what the bridge adds to a provider's time, how soon shops and providers hear from it; open model, 50 arrivals per second."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from itertools import product
from statistics import median

from tests.bench import shots
from tests.bench.houses import queue_for_crowd
from tests.bench.measure import Series, Stretch, fire, in_turn, percentile
from tests.bench.parties import Party, cpu_of
from tests.bench.report import odd, say, table
from tests.bench.stage import KINDS, Stage

RATE = 50
OPEN = {"rate": RATE, "connections": 32}


def added(stage: Stage) -> None:
    """P4: creating a payment over a provider that takes 100 ms, beside asking that provider directly."""
    seconds = max(2.0, 2 * stage.seconds)
    say(
        f"Latency that the bridge adds: {RATE} arrivals per second at drawn times, counted from the drawn time, {stage.rounds} rounds of {seconds:g} s, "
        "all answers together.\n"
    )
    rows = []
    for kind in KINDS:
        with stage.house(kind).running() as bridge:
            fire(stage.client, bridge, shots.create(bridge, "slow"), seconds=1.0, **OPEN)
            found = in_turn(
                stage.rounds,
                {
                    "direct": partial(
                        fire,
                        stage.client,
                        stage.standin,
                        shots.provider(stage.standin, "slow"),
                        seconds=seconds,
                        **OPEN,
                    ),
                    "bridge": partial(
                        fire,
                        stage.client,
                        bridge,
                        shots.create(bridge, "slow"),
                        stage.database(kind),
                        seconds=seconds,
                        **OPEN,
                    ),
                },
            )
        rows += [
            [
                kind,
                who,
                *(f"{one.all_ms(percent):.1f}" for percent in (50, 95, 99)),
                odd(one, (201,)),
            ]
            for who, one in found.items()
        ]
        more = {
            percent: found["bridge"].all_ms(percent) - found["direct"].all_ms(percent)
            for percent in (50, 99)
        }
        stage.goal(
            "P4",
            f"added at 50/s: p50 ≤ 10 ms, p99 ≤ 50 ms, {kind}",
            f"+{more[50]:.1f} ms, +{more[99]:.1f} ms",
            more[50] <= 10 and more[99] <= 50,
        )
    table(["created", "asked", "p50 ms", "p95 ms", "p99 ms", "others"], rows)


def told(stage: Stage) -> None:
    """P9 and P10: notifications and callbacks, with the worker in the same process and in one of its own."""
    seconds = max(2.0, 2 * stage.seconds)
    say(
        f"Notifications and callbacks: {RATE} per second, {stage.rounds} rounds of {seconds:g} s, the worker a thread of `bridge serve` or a process of its own.\n"
        "A payment has two notifications; their time counts from the event's, which is just before its commit.\n"
    )
    rows = []
    for kind, apart in product(KINDS, (False, True)):
        layout = f"{kind}, {'worker apart' if apart else 'one process'}"
        house = stage.house(kind, worker=not apart)
        with house.running() as bridge, house.worked_off() if apart else nullcontext() as worker:
            callbacks = Series(
                [
                    fire(
                        stage.client,
                        bridge,
                        shots.callback(bridge),
                        stage.database(kind),
                        seconds=seconds,
                        **OPEN,
                    )
                    for _ in range(stage.rounds)
                ]
            )
            _quiet(stage)
            alone, beside, cost = [], [], []
            for _ in range(stage.rounds):
                before = _cpu(bridge, worker)
                arrived = _notified(stage, bridge, seconds, dead=False)
                cost.append((_cpu(bridge, worker) - before) / len(arrived) * 2 * 1e3)
                alone += arrived
                beside += _notified(stage, bridge, seconds, dead=True)
        rows.append(
            [
                layout,
                *(f"{callbacks.all_ms(percent):.1f}" for percent in (50, 99)),
                *(f"{percentile(alone, percent):,.0f}" for percent in (50, 95, 99)),
                f"{percentile(beside, 99):,.0f}",
                f"{median(cost):.1f}",
                odd(callbacks, (200,)),
            ]
        )
        _judge(stage, layout, callbacks, alone, beside)
    table(
        [
            "",
            "callback p50 ms",
            "p99 ms",
            "notified p50 ms",
            "p95 ms",
            "p99 ms",
            "p99 ms beside a dead shop",
            "processor ms per payment told",
            "others",
        ],
        rows,
    )


def crowded(stage: Stage) -> None:
    """P9: a house whose 20 other shops hang, each with 500 events waiting, beside the same house without them."""
    seconds = max(2.0, 2 * stage.seconds)
    say(
        f"Notifications beside 20 hanging shops with 500 events each: {RATE} payments per second, {stage.rounds} rounds of {seconds:g} s in turn, "
        "the worker a process of its own.\n"
    )
    rows = []
    with _hole() as hole:
        for kind in KINDS:
            plain, crowd = (stage.house(kind, hole=hole) for _ in range(2))
            queue_for_crowd(crowd.database, 500)
            with (
                plain.running() as alone,
                plain.worked_off(),
                crowd.running() as beside,
                crowd.worked_off(),
            ):
                for bridge in (alone, beside):
                    _notified(stage, bridge, 2.0, dead=False)
                found: dict[str, list[float]] = {"alone": [], "beside": []}
                for _ in range(stage.rounds):
                    found["alone"] += _notified(stage, alone, seconds, dead=False)
                    found["beside"] += _notified(stage, beside, seconds, dead=False)
            rows += [
                [
                    kind,
                    name,
                    str(len(ms)),
                    *(f"{percentile(ms, percent):,.0f}" for percent in (50, 95, 99)),
                ]
                for name, ms in found.items()
            ]
            change = percentile(found["beside"], 95) / percentile(found["alone"], 95) - 1
            stage.goal(
                "P9",
                f"20 hanging shops with 500 events each change the others' p95 by ≤ 20 %, {kind}",
                f"{change:+.0%}",
                change <= 0.2,
            )
    table(["notified", "", "notifications", "p50 ms", "p95 ms", "p99 ms"], rows)


@contextmanager
def _hole() -> Iterator[int]:
    """Accept every connection on every loopback address, and never answer; give the port."""
    held: list[socket.socket] = []
    with socket.create_server(("0.0.0.0", 0), backlog=512) as listening:

        def hold() -> None:
            with suppress(OSError):
                while True:
                    held.append(listening.accept()[0])

        threading.Thread(target=hold, daemon=True).start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
    for one in held:
        one.close()


def _cpu(bridge: Party, worker: int | None) -> float:
    return bridge.cpu() + (cpu_of(worker) if worker else 0.0)


def _judge(
    stage: Stage, layout: str, callbacks: Series, alone: list[float], beside: list[float]
) -> None:
    p99 = callbacks.all_ms(99)
    stage.goal(
        "P10",
        f"a callback is acknowledged: p99 ≤ 100 ms at {RATE}/s, {layout}",
        f"{p99:.1f} ms",
        p99 <= 100,
    )
    p95 = percentile(alone, 95)
    stage.goal(
        "P9",
        f"a notification arrives: p95 ≤ 1 s at {RATE} payments/s, {layout}",
        f"{p95:,.0f} ms of {len(alone)}",
        p95 <= 1000,
    )
    change = percentile(beside, 99) / percentile(alone, 99) - 1
    stage.goal(
        "P9",
        f"a dead shop changes the others' p99 by ≤ 20 %, {layout}",
        f"{change:+.0%}",
        change <= 0.2,
    )


def _notified(stage: Stage, bridge: Party, seconds: float, dead: bool) -> list[float]:
    stage.standin.ask("/told")
    one, other = stage.clients
    running = Stretch(one, [bridge], shots.create(bridge, "now"), seconds=seconds, **OPEN)
    if dead:
        fire(other, bridge, shots.create(bridge, "dead"), seconds=seconds, rate=5, connections=8)
    sent = sum(running.end().codes.values())
    return _arrived(stage, 2 * sent)


def _arrived(stage: Stage, expected: int) -> list[float]:
    found: list[float] = []
    end = time.monotonic() + 20
    while len(found) < expected and time.monotonic() < end:
        time.sleep(0.2)
        found += stage.standin.ask("/told")["notified_ms"].get("now", [])
    missing = expected - len(found)
    return found + [20_000.0] * missing


def _quiet(stage: Stage) -> None:
    """Wait until the worker has looked into every callback."""
    while stage.standin.ask("/told")["calls"] > 2:
        time.sleep(0.5)
