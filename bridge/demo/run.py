"""The demo from start to end: look before starting, start, tell, watch, end in order."""

from __future__ import annotations

import fcntl
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from bridge.demo import processes
from bridge.demo.layout import HOST, Layout
from bridge.demo.ports import is_free
from bridge.demo.prepare import prepare, wipe
from bridge.demo.stage import Stage, Stopped, Trouble
from bridge.demo.start import start
from bridge.demo.tell import tell
from bridge.signals import heed


def run(layout: Layout, fresh: bool) -> None:
    """Run the demo until Ctrl-C or SIGTERM; raises ``Trouble``. When it returns or raises, no child is left."""
    ending = threading.Event()
    heed({signal.SIGINT: ending.set, signal.SIGTERM: ending.set})
    with _alone(layout):
        stage = Stage(layout, ending)
        _look_for_free_ports(layout)
        if fresh:
            wipe(layout)
        prepare(layout)
        try:
            start(stage)
            tell(layout)
            stage.watch()
        except Stopped:
            click.echo("\nEnding …")
        finally:
            _end(stage)
    click.echo("The demo has ended. Nothing runs any more.")


def _end(stage: Stage) -> None:
    stage.layout.facts.unlink(missing_ok=True)
    # The sandbox goes last: whoever is in the middle of a call to it gets an answer.
    processes.stop([child for child in stage.children if child.name != "sandbox"][::-1])
    processes.stop([child for child in stage.children if child.name == "sandbox"])


def _look_for_free_ports(layout: Layout) -> None:
    taken = [f"{port} ({who})" for who, port in layout.listeners.items() if not is_free(port)]
    if taken:
        raise Trouble(
            f"In use on {HOST}: port {', '.join(taken)}. Stop what listens there, or choose others: "
            f"make demo PORT={layout.port + 1000}, or bridge demo --port {layout.port + 1000}."
        )


@contextmanager
def _alone(layout: Layout) -> Iterator[TextIO]:
    """Hold the folder: two demos in one would write over each other. The lock goes with its process, so a crash leaves none."""
    layout.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (layout.data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Trouble(
                f"A demo already runs in {layout.data}. End it first, or choose another folder with --data."
            ) from None
        yield lock
