"""The load generator: a process of its own with raw sockets, so that what it costs is not charged to a server.

`python -m tests.bench.load` reads one Shot per line (JSON) and answers each with what came of it (JSON, a line).
Closed model: every connection sends its next request when the last is answered. Open model: requests start at drawn
times, whatever the answers do, and their latency counts from that time.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from time import perf_counter
from typing import Any

GRACE = 10.0
"""Seconds after the last start for which answers are waited for."""

Done = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Shot:
    """One stretch of load. `{n}` in path, headers and body becomes a number never used before, `{v}` the next of `values`.

    `rate` None: closed model; else arrivals per second. `limit`: requests in all, None for as many as `seconds` allow.
    """

    port: int
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    values: Sequence[str] = ("",)
    connections: int = 8
    seconds: float = 1.0
    rate: float | None = None
    limit: int | None = None
    first: int = 0

    def requests(self) -> Iterator[bytes]:
        """Yield requests as bytes, each different."""
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            "Host: 127.0.0.1",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        head, body = "\r\n".join(lines), self.body or ""
        for n in count(self.first):
            value = self.values[n % len(self.values)]
            content = _filled(body, n, value)
            length = f"Content-Length: {len(content)}\r\n" if self.body is not None else ""
            yield f"{_filled(head, n, value)}\r\n{length}\r\n{content}".encode()


def _filled(text: str, n: int, value: str) -> str:
    return text.replace("{n}", str(n)).replace("{v}", value)


class Wire(asyncio.Protocol):
    """One socket with at most one request on its way; opened anew by its holder when the server has closed it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._got = b""
        self._done: Done | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment]

    def send(self, request: bytes, done: Done) -> None:
        """Send; `done` is told the status, 0 for a socket that broke."""
        self._got, self._done = b"", done
        self._transport.write(request)  # type: ignore[union-attr]

    def data_received(self, data: bytes) -> None:
        """Collect until the answer is whole."""
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if found and len(body) >= _length(head):
            if b"connection: close" in head.lower():
                self.close()
            self._end(int(head[9:12]))

    def connection_lost(self, _error: Exception | None) -> None:
        """Count an open request as broken."""
        self._transport = None
        self._end(0)

    @property
    def is_open(self) -> bool:
        """Tell whether it can be used."""
        return self._transport is not None

    def close(self) -> None:
        """Close it."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def _end(self, status: int) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(status)


def _length(head: bytes) -> int:
    if head[9:12] in (b"204", b"304"):
        return 0
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0] or 0)


class Run:
    """One Shot under way. A slot is one connection, whatever sockets it needs one after the other."""

    def __init__(self, shot: Shot) -> None:
        self._shot = shot
        self._requests = shot.requests()
        self._seconds: list[float] = []
        self._codes: list[int] = []
        self._sent = 0
        self._wires: list[Wire] = []
        self._idle: deque[int] = deque()
        self._waiting: deque[float] = deque()
        self._opening: set[asyncio.Future[None]] = set()

    async def __call__(self) -> dict[str, Any]:
        """Shoot; return what came of it, one code and one time in milliseconds per answer."""
        self._wires = [await self._opened() for _ in range(self._shot.connections)]
        began = perf_counter()
        await (self._closed(began) if self._shot.rate is None else self._open(began))
        took = perf_counter() - began
        lost = self._sent - len(self._codes)
        result = {
            "seconds": took,
            "codes": self._codes + [0] * lost,
            "ms": [round(s * 1e3, 3) for s in self._seconds] + [0] * lost,
        }
        for wire in self._wires:
            wire.close()
        return result

    async def _opened(self) -> Wire:
        _, wire = await asyncio.get_running_loop().create_connection(
            Wire, "127.0.0.1", self._shot.port
        )
        return wire

    async def _closed(self, began: float) -> None:
        until, running, ended = began + self._shot.seconds, len(self._wires), asyncio.Event()

        def following(slot: int) -> None:
            nonlocal running
            if perf_counter() < until and (
                self._shot.limit is None or self._sent < self._shot.limit
            ):
                self._send(slot, perf_counter(), following)
                return
            running -= 1
            if not running:
                ended.set()

        for slot in range(len(self._wires)):
            following(slot)
        await _within(self._shot.seconds + GRACE, ended.wait())

    async def _open(self, began: float) -> None:
        self._idle.extend(range(len(self._wires)))
        due, drawn = began, random.Random(self._shot.first)
        while (due := due + drawn.expovariate(self._shot.rate or 1)) < began + self._shot.seconds:
            await asyncio.sleep(max(0.0, due - perf_counter()))
            self._waiting.append(due)
            self._start_waiting()
        end = perf_counter() + GRACE
        while len(self._codes) < self._sent + len(self._waiting) and perf_counter() < end:
            await asyncio.sleep(0.01)

    def _start_waiting(self) -> None:
        while self._waiting and self._idle:
            self._send(self._idle.popleft(), self._waiting.popleft(), self._free)

    def _free(self, slot: int) -> None:
        self._idle.append(slot)
        self._start_waiting()

    def _send(self, slot: int, since: float, then: Callable[[int], None]) -> None:
        def done(status: int) -> None:
            self._seconds.append(perf_counter() - since)
            self._codes.append(status)
            then(slot)

        self._sent += 1
        request, wire = next(self._requests), self._wires[slot]
        if wire.is_open:
            wire.send(request, done)
            return
        opening = asyncio.ensure_future(self._send_anew(slot, request, done))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _send_anew(self, slot: int, request: bytes, done: Done) -> None:
        try:
            wire = self._wires[slot] = await self._opened()
        except OSError:
            done(0)
        else:
            wire.send(request, done)


async def _within(seconds: float, what: Any) -> None:
    try:
        await asyncio.wait_for(what, seconds)
    except TimeoutError:
        return


def written(shot: Shot) -> str:
    """Write a Shot as a line."""
    return json.dumps(asdict(shot)) + "\n"


def main() -> None:
    """Serve Shots until stdin ends."""
    for line in sys.stdin:
        print(json.dumps(asyncio.run(Run(Shot(**json.loads(line)))())), flush=True)


if __name__ == "__main__":
    main()
