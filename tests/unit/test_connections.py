"""What one client can take of a node: deadlines for heads and bodies, a number of connections, and no request whose length is told twice. Real sockets."""

from __future__ import annotations

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from waitress.wasyncore import close_all

from bridge.connections import Limits, client_of, create_server

ME, ATTACKER = "127.0.0.1", "127.0.0.2"
PATIENCE = 20.0
REQUEST = b"GET / HTTP/1.1\r\nHost: bridge\r\nConnection: close\r\n\r\n"
FAST = Limits(head=0.5, body=0.5, sending=0.5)


def hello(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read() or b"hello"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class Node:
    """A listening server on a thread, and clients of it."""

    def __init__(self, limits: Limits, app: Callable[..., Any] = hello) -> None:
        self.server = create_server(
            app,
            listen="127.0.0.1:0",
            limits=limits,
            threads=4,
            ident=None,
            channel_timeout=60,
            asyncore_use_poll=True,
        )
        self.port = int(self.server.effective_port)
        self._thread = threading.Thread(target=self.server.run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.task_dispatcher.shutdown()
        close_all(self.server._map, ignore_all=True)

    def connect(self, source: str = ME) -> socket.socket:
        return socket.create_connection(
            ("127.0.0.1", self.port), timeout=PATIENCE, source_address=(source, 0)
        )

    def ask(self, request: bytes = REQUEST, source: str = ME) -> bytes:
        """Send bytes and return all that comes until the connection ends."""
        with self.connect(source) as connection:
            connection.sendall(request)
            return everything(connection)


def everything(connection: socket.socket) -> bytes:
    found = b""
    try:
        while data := connection.recv(65_536):
            found += data
    except ConnectionError:
        pass
    return found


def until_end(connection: socket.socket, end: bytes) -> bool:
    """Read until the bytes end so; False: the connection ended first."""
    found = b""
    while not found.endswith(end):
        data = connection.recv(65_536)
        if not data:
            return False
        found += data
    return True


USUAL = Limits()


@contextmanager
def a_node(limits: Limits = USUAL, app: Callable[..., Any] = hello) -> Iterator[Node]:
    node = Node(limits, app)
    try:
        yield node
    finally:
        node.close()


def _until(look: Callable[[], object]) -> None:
    """Wait until something is so; the test fails where it is not so within the patience."""
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def many(node: Node, count: int, sent: bytes, source: str) -> Iterator[list[socket.socket]]:
    """Open connections and send each a beginning."""
    with ExitStack() as stack:
        connections = []
        for _ in range(count):
            connection = stack.enter_context(node.connect(source))
            with suppress(ConnectionError):
                connection.sendall(sent)
            connections.append(connection)
        yield connections


@contextmanager
def dripping(connections: list[socket.socket]) -> Iterator[None]:
    """Send a byte on each again and again."""
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.1):
            for connection in connections:
                with suppress(OSError):
                    connection.send(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def is_closed(connection: socket.socket, patience: float = PATIENCE) -> bool:
    connection.settimeout(patience)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


@pytest.fixture
def open_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8_192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.invariant("I26")
@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET / HTTP/1.1\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 100000\r\n\r\nbegin",
    ],
    ids=["nothing", "half a head", "half a body"],
)
@pytest.mark.parametrize("from_one_address", [True, False])
def test_slow__800_connections_that_drip__others_are_served_meanwhile(
    open_files: None, beginning: bytes, from_one_address: bool
) -> None:
    """I26: with the deadlines of production, so it is not they that help; from the attacker's own address too, who may share it with customers."""
    with (
        a_node() as node,
        many(node, 800, beginning, ATTACKER) as connections,
        dripping(connections if beginning else []),
    ):
        assert node.ask(source=ATTACKER if from_one_address else ME).endswith(b"hello")


@pytest.mark.invariant("I26")
def test_slow__as_many_clients_as_connections__the_one_that_waits_longest_makes_room(
    open_files: None,
) -> None:
    """I26: a crowd of attackers below the limit of each."""
    limits = Limits(connections=40, per_client=10)
    with a_node(limits) as node, ExitStack() as stack:
        crowd = [
            stack.enter_context(many(node, 10, b"GET / HT", f"127.0.1.{number}"))
            for number in range(1, 5)
        ]
        assert node.ask().endswith(b"hello")
        assert is_closed(crowd[0][0]) and not is_closed(crowd[-1][-1], 0.1)


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET / HTTP/1.1\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 100000\r\n\r\nbegin",
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_slow__deadline_of_a_head_or_a_body__ends_the_connection_however_it_drips(
    beginning: bytes,
) -> None:
    with a_node(FAST) as node, node.connect() as connection:
        connection.sendall(beginning)
        with dripping([connection] if beginning else []):
            assert is_closed(connection)


def test_slow__who_does_not_take_his_answer__is_closed(open_files: None) -> None:
    answer = b"x" * 8 * 1024 * 1024

    def much(_environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", str(len(answer)))])
        return [answer]

    with a_node(FAST, much) as node, node.connect() as connection:
        connection.sendall(REQUEST)
        _until(lambda: node.server.active_channels)
        _until(lambda: not node.server.active_channels)
        assert len(everything(connection)) < len(answer)


def test_kept__connection_between_two_requests__has_no_deadline_of_a_head() -> None:
    with a_node(FAST) as node, node.connect() as connection:
        for pause in (0, 2.5):
            time.sleep(pause)
            connection.sendall(REQUEST.replace(b"Connection: close\r\n", b""))
            assert until_end(connection, b"hello")


def test_long__request_that_is_being_served__is_not_closed() -> None:
    def slow(environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        time.sleep(2.5)
        return hello(environ, start_response)

    with a_node(FAST, slow) as node:
        assert node.ask().endswith(b"hello")


@pytest.mark.invariant("I26")
def test_clients__all_connections_of_one_are_being_served__the_next_is_closed_and_others_are_let_in() -> (
    None
):
    """I26: nothing that is being served is ended for another."""
    entered, go_on = threading.Semaphore(0), threading.Event()

    def held(environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        entered.release()
        go_on.wait(PATIENCE)
        return hello(environ, start_response)

    with a_node(Limits(per_client=2), held) as node, many(node, 2, REQUEST, ATTACKER) as served:
        assert entered.acquire(timeout=PATIENCE) and entered.acquire(timeout=PATIENCE)
        with node.connect(ATTACKER) as third, node.connect(ME) as other:
            other.sendall(REQUEST)
            assert is_closed(third)
            go_on.set()
            assert everything(other).endswith(b"hello") and all(
                everything(one).endswith(b"hello") for one in served
            )


def test_clients__a_trusted_proxy__has_no_limit_of_its_own() -> None:
    with (
        a_node(Limits(per_client=10, trusted_proxies=("127.0.0.2/32",))) as node,
        many(node, 50, b"GET /", ATTACKER) as connections,
    ):
        assert node.ask().endswith(b"hello")
        assert not any(is_closed(one, 0.001) for one in connections)


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_client__by_its_address__is_an_ipv4_address_or_an_ipv6_network(
    address: str, client: str
) -> None:
    assert client_of((address, 4711)) == client


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n"


@pytest.mark.parametrize("head", [
    b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: b\r\ntransfer-encoding:\r\ncontent-length: 5\r\n\r\nhello",
    b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
    b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
])  # fmt: skip
def test_request__length_told_in_two_ways__is_refused_and_the_connection_ends(head: bytes) -> None:
    """What follows on the connection is nobody's request."""
    with a_node() as node:
        answer = node.ask(head + SMUGGLED)
    assert answer.split(b"\r\n")[0].endswith(b"400 Bad Request") and answer.count(b"HTTP/1") == 1


@pytest.mark.parametrize("request_", [
    b"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: b\r\nX-Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
])  # fmt: skip
def test_request__length_told_once__is_served(request_: bytes) -> None:
    with a_node() as node:
        assert node.ask(request_).endswith(b"hello")
