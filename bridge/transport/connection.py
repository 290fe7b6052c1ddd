"""Connections that keep a total deadline and know whether anything was sent.

The timeouts of sockets count anew with every operation, so that a peer who drips one byte at a time can hold a caller
for ever. Here every operation of a socket, the reading of headers included, gets only the time that is left of the call.
A name look-up cannot be interrupted, so it runs on a thread of its own and is waited for (`names.py`).
"""

from __future__ import annotations

import math
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse, RemoteDisconnected
from ipaddress import ip_address
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from bridge.transport.names import LookUps

IDLE = 2.0
"""Seconds for which a connection may be used again.

Servers close idle connections after 5 seconds and more. A request that crosses such a close may or may not have been
carried out, and nobody can tell: for a payment that is a doubt to be inquired about. Within 2 seconds, and with the
check for a close that has already arrived, this practically never happens; it is counted as NoAnswer all the same.
"""


@dataclass(slots=True)
class Exchange:
    """One call as its connection sees it: until when, and whether the first byte may have left."""

    until: float
    names: LookUps
    sent: bool = False

    def left(self) -> float:
        """Return the seconds that are left. Raises TimeoutError when there are none."""
        left = self.until - monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return left


CURRENT: ContextVar[Exchange] = ContextVar("exchange")
"""The call that this thread is making; requests offers no way to hand it down to a connection."""


# --- sockets ----------------------------------------------------------------------------------------------------------


class _Bounded:
    """A socket whose every operation ends by `until`."""

    until = math.inf

    def _limit(self) -> None:
        left = self.until - monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        if left < math.inf:
            self.settimeout(left)  # type: ignore[attr-defined]

    def recv_into(self, *args: Any, **more: Any) -> int:
        self._limit()
        return int(super().recv_into(*args, **more))  # type: ignore[misc]

    def send(self, *args: Any, **more: Any) -> int:
        self._limit()
        return int(super().send(*args, **more))  # type: ignore[misc]

    def sendall(self, *args: Any, **more: Any) -> None:
        self._limit()
        super().sendall(*args, **more)  # type: ignore[misc]


class _Socket(_Bounded, socket.socket):
    """A plain socket."""


class _TlsSocket(_Bounded, ssl.SSLSocket):
    """A socket in TLS; its handshake is bounded by the timeout of the plain socket that it takes over."""


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Make the context of all connections: names and certificates are verified, against `ca_file` or the usual authorities."""
    context = create_urllib3_context()
    context.load_verify_locations(cafile=ca_file or DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = _TlsSocket
    return context


# --- answers ----------------------------------------------------------------------------------------------------------


class _LastLine:
    """A reader that remembers the last line it gave out."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.line = b""

    def readline(self, limit: int = -1) -> bytes:
        self.line = self.reader.readline(limit)
        return self.line

    def close(self) -> None:
        self.reader.close()


class _WholeHead(HTTPResponse):
    """An answer whose headers must end as they should; the standard library takes a broken-off head for a whole one."""

    def begin(self) -> None:
        reader = self.fp
        head = self.fp = _LastLine(reader)  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            self.fp = reader
        if head.line not in (b"\r\n", b"\n"):
            raise RemoteDisconnected("the headers broke off")


# --- connections ------------------------------------------------------------------------------------------------------


class _Connection:
    """What plain and TLS connections have in common."""

    sock: Any
    last_used = 0.0
    response_class: type[HTTPResponse] = _WholeHead
    connecting = False

    def connect(self) -> None:
        self.connecting = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self.connecting = False
        self.sock.until = CURRENT.get().until

    def send(self, data: Any) -> None:
        exchange = CURRENT.get()
        if self.sock is None:
            self.connect()
        exchange.left()
        self.sock.until = exchange.until
        exchange.sent = (
            exchange.sent or not self.connecting
        )  # what is said to a proxy before the tunnel stands is no part of the request
        super().send(data)  # type: ignore[misc]

    def _new_conn(self) -> socket.socket:
        exchange = CURRENT.get()
        error: OSError | None = None
        for family, kind, protocol, _, address in _addresses(exchange, self._dns_host, self.port):  # type: ignore[attr-defined]
            sock = _Socket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(min(self.timeout, exchange.left()))  # type: ignore[attr-defined]
                sock.connect(address)
                sock.settimeout(exchange.left())
                sock.until = exchange.until
                return sock
            except OSError as failure:
                sock.close()
                error = failure
        raise error or OSError("the name has no address")


class _Plain(_Connection, HTTPConnection):
    """HTTP."""


class _Tls(_Connection, HTTPSConnection):
    """HTTPS."""


def _addresses(exchange: Exchange, host: str, port: int) -> list[Any]:
    if _is_address(host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return exchange.names.addresses(host, port, exchange.left())


def is_this_machine(host: str) -> bool:
    """Tell whether a host name or address is this machine."""
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


# --- pools ------------------------------------------------------------------------------------------------------------


class _Pool:
    """Gives out a kept connection only while it is young and not known to be closed."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        if connection.sock is not None and monotonic() - connection.last_used > IDLE:
            connection.close()
        return connection

    def _put_conn(self, connection: Any) -> None:
        if connection is not None:
            connection.last_used = monotonic()
        super()._put_conn(connection)  # type: ignore[misc]


class _PlainPool(_Pool, HTTPConnectionPool):
    """Connections to one host, HTTP."""

    ConnectionCls = _Plain


class _TlsPool(_Pool, HTTPSConnectionPool):
    """Connections to one host, HTTPS."""

    ConnectionCls = _Tls


_POOLS = {"http": _PlainPool, "https": _TlsPool}


class Adapter(HTTPAdapter):
    """The adapter of one session, used by one thread: one connection per host, no retries, one TLS context for all."""

    def __init__(self, context: ssl.SSLContext) -> None:
        """Take the context that all adapters share."""
        self._context = context
        super().__init__(pool_connections=20, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Make the pools of bounded connections."""
        super().init_poolmanager(*args, **more, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        """Return the pools of connections through a proxy, bounded as well."""
        manager = super().proxy_manager_for(proxy, **more, ssl_context=self._context)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave verifying to the context; loading the authorities anew for every connection costs more than the call."""
        conn.cert_reqs = "CERT_REQUIRED"
