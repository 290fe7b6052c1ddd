"""The stage on which everything is measured: stand-in, anchor, PostgreSQL, load generators, and houses made when wanted."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.bench import houses, parties
from tests.bench.houses import House
from tests.bench.parties import Client, Party, free_port, party
from tests.bench.report import Goal

KINDS = ("SQLite", "PostgreSQL")


@dataclass(slots=True)
class Stage:
    """Who plays, and how long: `rounds` pairs of `seconds` each; `full` adds what takes minutes."""

    folder: Path
    server: str
    postgres: int
    standin: Party
    hello: Party
    clients: tuple[Client, Client]
    rounds: int
    seconds: float
    full: bool
    goals: list[Goal] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def client(self) -> Client:
        """Return the load generator that is used alone."""
        return self.clients[0]

    def house(self, kind: str, payments: int = 500, **more: Any) -> House:
        """Build a house of its own on a kind of database."""
        name = f"{kind.lower()}_{next(self._numbers)}"
        folder = self.folder / name
        return houses.build(
            folder,
            houses.new_database(kind, folder / "data", self.server, name),
            self.standin.port,
            payments,
            **more,
        )

    def database(self, kind: str) -> int | None:
        """Return the process whose processor time is the database's; on SQLite that is the bridge's own."""
        return self.postgres if kind == "PostgreSQL" else None

    def goal(self, name: str, wanted: str, found: str, met: bool | None) -> None:
        """Note a goal for the end of the report."""
        self.goals.append(Goal(name, wanted, found, met))


@contextmanager
def stage(rounds: int, seconds: float, full: bool) -> Iterator[Stage]:
    """Set it up in a temporary folder, take everything down afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bridge-bench-"))
    try:
        with ExitStack() as stack:
            server, postgres = stack.enter_context(parties.postgres(folder))
            standin = stack.enter_context(_own(folder, "standin"))
            hello = stack.enter_context(_own(folder, "hello"))
            clients = (Client(), Client())
            for client in clients:
                stack.callback(client.close)
            yield Stage(folder, server, postgres, standin, hello, clients, rounds, seconds, full)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _own(folder: Path, name: str) -> Iterator[Party]:
    port = free_port()
    with party(name, [f"tests.bench.{name}", str(port)], port, folder) as started:
        yield started
