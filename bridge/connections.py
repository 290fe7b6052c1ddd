"""waitress, with a bound for what one client can take: deadlines for a request's head and body, and a number of connections.

    create_server(app, listen=…, limits=Limits(…), …)       a waitress server; `run` and `close` as waitress has them

waitress reads a whole request in its main thread before a serving thread sees it, so a slow client takes no thread. What it takes is a
connection, of which there are so many. Its own time-out counts from the last byte: a client that sends a byte now and then never meets it.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from time import monotonic
from typing import Any, cast

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import MultiSocketServer, TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

log = logging.getLogger("bridge.connections")

SPARE = 64
"""Descriptors beyond the connections: waitress counts its own among them."""

IPV6_CLIENT = 64
"""Bits of an IPv6 address that name a client: one customer has that many addresses for himself."""

_LENGTHS = tuple(
    re.compile(rb"^%s[ \t]*:" % name, re.IGNORECASE | re.MULTILINE)
    for name in (b"content-length", b"transfer-encoding")
)


class Phase(StrEnum):
    """What a connection is doing."""

    HEAD = "head"
    BODY = "body"
    SERVED = "served"
    SENDING = "sending"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a client may take (seconds) and how much. `trusted_proxies` (networks) stand for many clients and have no limit of their own.

    `head` counts from the connection or, on a kept one, from the first byte; `body` from the end of the head; `sending` from the end of the answer.
    """

    connections: int = 800
    per_client: int = 100
    head: float = 10.0
    body: float = 30.0
    sending: float = 60.0
    trusted_proxies: tuple[str, ...] = ()

    def of(self, phase: Phase) -> float | None:
        """Return the deadline of a phase; None: it has none."""
        return {Phase.HEAD: self.head, Phase.BODY: self.body, Phase.SENDING: self.sending}.get(
            phase
        )


class Parser(HTTPRequestParser):
    """Refuses a request whose length is told in two ways, or in a way that its version does not know: a proxy before us may have understood another.

    RFC 9112, section 6.1.
    """

    def parse_header(self, header_plus: bytes) -> None:
        """Read a request's head. Raises ParsingError, which is answered 400 and ends the connection."""
        first_line, _, head = header_plus.partition(b"\r\n")
        length, encoding = (pattern.search(head) for pattern in _LENGTHS)
        if encoding and (length or first_line.rstrip().endswith(b"HTTP/1.0")):
            raise ParsingError("the length of the body is told in two ways")
        super().parse_header(header_plus)


class Channel(HTTPChannel):
    """One connection. Knows in which phase it is and since when; both are kept in waitress's main thread."""

    parser_class = Parser

    def __init__(
        self, server: Server, sock: Any, addr: Any, adj: Adjustments, map: Any = None
    ) -> None:
        """Begin to wait for the first request."""
        self.client = client_of(addr)
        self.phase, self.since = Phase.HEAD, monotonic()
        self._used = False
        super().__init__(server, sock, addr, adj, map=map)
        server.welcome(self)

    def received(self, data: bytes) -> bool:
        """Take bytes, and see where that leads."""
        taken = super().received(data)
        self.look(monotonic())
        return taken

    def look(self, now: float) -> None:
        """Find the present phase."""
        phase = self._present()
        if phase is not self.phase:
            self.phase, self.since = phase, now
        self._used = self._used or phase is Phase.SERVED

    def is_late(self, now: float, limits: Limits) -> bool:
        """Tell whether its phase lasts too long."""
        self.look(now)
        deadline = limits.of(self.phase)
        return deadline is not None and now - self.since > deadline

    def _present(self) -> Phase:
        if self.requests:
            return Phase.SERVED
        if self.total_outbufs_len or self.close_when_flushed:
            return Phase.SENDING
        request = self.request
        if request is None:
            return Phase.IDLE if self._used else Phase.HEAD
        return Phase.BODY if request.headers_finished else Phase.HEAD


class Server(TcpWSGIServer):
    """A listening socket whose clients have limits."""

    channel_class = Channel
    effective_host: str
    effective_port: int

    def __init__(self, *args: Any, limits: Limits, **more: Any) -> None:
        """Listen."""
        self.limits = limits
        self._trusted = [ip_network(network) for network in limits.trusted_proxies]
        self._closed: Counter[str] = Counter()
        super().__init__(*args, **more)

    def welcome(self, new: Channel) -> None:
        """Let a connection in. Where a client has too many, or all have, one that waits is closed for it: the one that has kept us waiting longest.

        Where all of that client's are being served, it is the new one that is closed.
        """
        if not self._is_trusted(new):
            self._bound(
                new,
                [one for one in self._open() if one.client == new.client],
                self.limits.per_client,
            )
        self._bound(new, self._open(), self.limits.connections)

    def maintenance(self, now: int) -> None:
        """Close what is late; waitress calls this at most once a second, and closes idle connections itself."""
        super().maintenance(now)
        at = monotonic()
        for channel in self._open():
            if channel.is_late(at, self.limits):
                self._close(channel, channel.phase)
        if self._closed:
            log.warning(
                "connections closed: %s",
                ", ".join(f"{number} {why}" for why, number in sorted(self._closed.items())),
            )
            self._closed.clear()

    def _bound(self, new: Channel, channels: Sequence[Channel], most: int) -> None:
        if len(channels) <= most:
            return
        for channel in channels:
            channel.look(monotonic())
        waiting = [one for one in channels if one is not new and one.phase is not Phase.SERVED]
        self._close(
            min(waiting, key=lambda one: (one.phase is Phase.IDLE, one.since), default=new),
            "too many",
        )

    def _close(self, channel: Channel, why: str) -> None:
        self._closed[why] += 1
        channel.will_close = True
        if channel.phase is Phase.SENDING:
            channel.handle_close()  # waitress closes what it can write to, and this client takes nothing

    def _open(self) -> list[Channel]:
        channels = cast("Mapping[int, Channel]", self.active_channels)
        return [channel for channel in channels.values() if not channel.will_close]

    def _is_trusted(self, channel: Channel) -> bool:
        address = ip_address(channel.addr[0].partition("%")[0])
        return any(address in network for network in self._trusted)


def client_of(addr: Sequence[Any]) -> str:
    """Name the client behind a socket's address: an IPv4 address, the network of an IPv6 address."""
    address = ip_address(str(addr[0]).partition("%")[0])
    return (
        str(ip_network((address, IPV6_CLIENT), strict=False))
        if isinstance(address, IPv6Address)
        else str(address)
    )


def create_server(
    app: Callable[..., Iterable[bytes]], *, listen: str, limits: Limits, **adjustments: Any
) -> TcpWSGIServer | MultiSocketServer:
    """Make a server that listens on every address of `listen`; `adjustments` are waitress's. Raises OSError when an address cannot be had."""
    adj = Adjustments(
        listen=listen,
        connection_limit=limits.connections + SPARE,
        cleanup_interval=1,
        **adjustments,
    )
    sockets: dict[int, Any] = {}
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(adj.threads)
    servers = [
        Server(app, sockets, dispatcher=dispatcher, adj=adj, sockinfo=info, limits=limits)
        for info in adj.listen
    ]
    if len(servers) == 1:
        return servers[0]
    return MultiSocketServer(
        sockets,
        adj,
        [(one.effective_host, one.effective_port) for one in servers],
        dispatcher,
        servers[-1].log_info,
    )
