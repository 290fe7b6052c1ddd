"""P11 and P12: how soon it listens, what it holds when idle, how soon the demo is there, and what browsers load."""
from __future__ import annotations

import gzip
import time
from pathlib import Path
from statistics import median

import bridge
from bridge.demo import processes
from tests.bench.parties import free_port
from tests.bench.report import say, table
from tests.bench.stage import Stage

STATIC = Path(bridge.__file__).parent.parent / "static"
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
    table(["start", "median", "lowest", "highest"], [
        ["import to listening, s", *(f"{found:.2f}" for found in (median(times), min(times), max(times)))],
        ["idle memory, MiB", f"{memory:.0f}", "", ""],
        ["demo to its facts, s", *(f"{found:.2f}" for found in (median(demos), min(demos), max(demos)))]])
    stage.goal("P11", "import to listening ≤ 1.5 s", f"{median(times):.2f} s", median(times) <= 1.5)
    stage.goal("P11", "idle memory ≤ 80 MiB", f"{memory:.0f} MiB", memory <= 80)
    stage.goal("P11", "the demo stands in ≤ 5 s", f"{median(demos):.2f} s", median(demos) <= 5)
    _files()


def _demo(stage: Stage, number: int) -> float:
    data = stage.folder / f"demo{number}"
    began = time.monotonic()
    child = processes.start("demo", ["bridge", "demo", "--port", str(_four_ports()), "--data", str(data)], stage.folder / "demo.log")
    try:
        while not (data / "demo.json").exists():
            if child.has_ended or time.monotonic() > began + 60:
                raise RuntimeError(child.obituary())
            time.sleep(0.02)
        return time.monotonic() - began
    finally:
        processes.stop([child])


def _four_ports() -> int:
    """Return a port whose next three are most likely free as well."""
    return min(free_port(), 65_000)


def _files() -> None:
    say("What browsers load, kB by gzip -9 (the widget's goals: stub 0.8, module 5, frame 10):\n")
    rows = []
    for folder in sorted({path.parent for path in STATIC.rglob("*") if path.suffix in (".js", ".mjs", ".css", ".html")}):
        files = [path for path in sorted(folder.iterdir()) if path.suffix in (".js", ".mjs", ".css", ".html")]
        rows.append([str(folder.relative_to(STATIC)), str(len(files)), f"{sum(len(gzip.compress(path.read_bytes(), 9)) for path in files) / 1000:.1f}",
                     ", ".join(f"{path.name} {len(gzip.compress(path.read_bytes(), 9)) / 1000:.1f}" for path in files)])
    table(["folder", "files", "kB", "each"], rows)
