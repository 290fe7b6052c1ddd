"""P11 and P12: how soon it listens, what it holds when idle, how soon the demo is there, and what browsers load."""

from __future__ import annotations

import time
from statistics import median

import requests

from bridge.demo import processes
from bridge.demo.ports import free_base
from tests.bench.houses import api_key
from tests.bench.parties import Party
from tests.bench.report import say, table
from tests.bench.stage import Stage
from tests.e2e.widget.budget import measure

STARTS, DEMOS = 5, 3


def run(stage: Stage) -> None:
    """Start it often."""
    house = stage.house("SQLite")
    times, memory = [], 0.0
    for _ in range(STARTS):
        began = time.monotonic()
        with house.running() as started:
            times.append(time.monotonic() - began)
            time.sleep(0.5)
            memory = started.memory()
    demos = [_demo(stage, number) for number in range(DEMOS)]
    table(
        ["start", "median", "lowest", "highest"],
        [
            [
                "import to listening, s",
                *(f"{found:.2f}" for found in (median(times), min(times), max(times))),
            ],
            ["idle memory, MiB", f"{memory:.0f}", "", ""],
            [
                "demo to its facts, s",
                *(f"{found:.2f}" for found in (median(demos), min(demos), max(demos))),
            ],
        ],
    )
    stage.goal("P11", "import to listening ≤ 1.5 s", f"{median(times):.2f} s", median(times) <= 1.5)
    stage.goal("P11", "idle memory ≤ 80 MiB", f"{memory:.0f} MiB", memory <= 80)
    stage.goal("P11", "the demo stands in ≤ 5 s", f"{median(demos):.2f} s", median(demos) <= 5)
    with house.running() as started:
        _widget(started)


def _demo(stage: Stage, number: int) -> float:
    data = stage.folder / f"demo{number}"
    began = time.monotonic()
    child = processes.start(
        "demo",
        ["bridge", "demo", "--port", str(free_base()), "--data", str(data)],
        stage.folder / "demo.log",
    )
    try:
        while not (data / "demo.json").exists():
            if child.has_ended or time.monotonic() > began + 60:
                raise RuntimeError(child.obituary())
            time.sleep(0.02)
        return time.monotonic() - began
    finally:
        processes.stop([child])


def _widget(server: Party) -> None:
    made = requests.post(
        f"http://127.0.0.1:{server.port}/v1/payments",
        timeout=30,
        headers={"Authorization": f"Bearer {api_key('now')}", "Idempotency-Key": "widget"},
        json={
            "order_reference": "W-1000123",
            "amount": 4999,
            "currency": "EUR",
            "method": "wallet",
            "description": "A lamp",
            "return_url": "https://shop.example/done",
            "cancel_url": "https://shop.example/cart",
        },
    )
    say(
        "What browsers load for the widget, bytes with gzip as served (a language is in the page), beside what others ship:\n"
    )
    lines = list(measure(f"http://127.0.0.1:{server.port}", made.json()["checkout"]["token"]))
    table(
        ["", "ours", "budget", "kept", "others"],
        [
            [
                line.name,
                f"{line.found:,}",
                f"{line.budget:,}",
                "yes" if line.is_kept else "NO",
                line.anchors,
            ]
            for line in lines
        ],
    )
