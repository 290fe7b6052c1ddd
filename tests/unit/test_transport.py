"""Outgoing HTTP over real sockets: a peer that plays one script, and what the caller may conclude from it."""

from __future__ import annotations

import logging
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from bridge.errors import NoAnswer, NotSent, TransportError
from bridge.transport import HttpTransport, Transcript
from bridge.transport import connection as connections

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Script = Callable[[socket.socket, bytes], None]


class Peer:
    """Listens on a free port and plays `script` for every request it reads; counts connections and keeps requests."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script, self.tls = script, tls
        self.requests: list[bytes] = []
        self.connections = 0
        self.ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self.ended.is_set():
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        try:
            with self.tls.wrap_socket(peer, server_side=True) if self.tls else peer as talk:
                while request := read_request(talk):
                    self.requests.append(request)
                    self.script(talk, request)
        except OSError:
            pass

    def close(self) -> None:
        self.ended.set()
        self._listener.close()


def read_request(talk: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        got = talk.recv(65536)
        if not got:
            return b""
        data += got
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line[15:])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += talk.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def start(script: Script | bytes, tls: ssl.SSLContext | None = None) -> Peer:
        peers.append(Peer(say(script) if isinstance(script, bytes) else script, tls))
        return peers[-1]

    yield start
    for one in peers:
        one.close()


@pytest.fixture(scope="module")
def transport() -> Iterator[HttpTransport]:
    made = HttpTransport(connect=1, failures=0)
    yield made
    made.close()


def say(text: bytes) -> Script:
    return lambda talk, _: talk.sendall(text)


def say_and_close(text: bytes) -> Script:
    def play(talk: socket.socket, _: bytes) -> None:
        talk.sendall(text)
        talk.shutdown(socket.SHUT_RDWR)
        talk.close()

    return play


def reset(talk: socket.socket, _: bytes) -> None:
    talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    talk.close()


def hang(talk: socket.socket, _: bytes) -> None:
    talk.recv(1)


def drip(first: bytes, drop: bytes) -> Script:
    def play(talk: socket.socket, _: bytes) -> None:
        talk.sendall(first)
        while True:
            talk.sendall(drop)
            time.sleep(0.02)

    return play


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def in_parallel(calls: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- what is sent and read --------------------------------------------------------------------------------------------


def test_call__a_whole_answer__is_returned_with_lower_case_names(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    answer = transport(
        "l",
        "GET",
        peer(b"HTTP/1.1 201 Made\r\nX-Hello: a\r\nX-HELLO: b\r\nContent-Length: 2\r\n\r\nok").url,
        deadline=5,
    )
    assert (answer.status, answer.headers["x-hello"], answer.body) == (201, "a, b", b"ok")


def test_call__multipart__writes_names_with_dots_and_brackets_as_they_are(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    there = peer(OK)
    transport(
        "l",
        "POST",
        there.url,
        deadline=5,
        multipart={"extern.id": "pay_1-1", "extern[reference]": "Ä 7"},
    )
    [request] = there.requests
    assert b'Content-Disposition: form-data; name="extern.id"\r\n\r\npay_1-1\r\n' in request
    assert (
        'name="extern[reference]"\r\n\r\nÄ 7\r\n'.encode() in request and b"filename" not in request
    )


def test_call__form_params_and_headers__are_sent(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    there = peer(OK)
    transport(
        "l",
        "POST",
        there.url,
        deadline=5,
        form={"a": "1&2"},
        params={"hash": "x y"},
        headers={"Authorization": "Token t"},
    )
    [request] = there.requests
    assert request.startswith(b"POST /?hash=x+y HTTP/1.1\r\n") and request.endswith(
        b"\r\n\r\na=1%262"
    )
    assert (
        b"Authorization: Token t\r\n" in request
        and b"Content-Type: application/x-www-form-urlencoded\r\n" in request
    )


def test_call__a_body__is_sent_byte_for_byte(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    there = peer(OK)
    transport(
        "l",
        "POST",
        there.url,
        deadline=5,
        body=b"\xff\x00{}",
        headers={"Content-Type": "application/json"},
    )
    assert (
        there.requests[0].endswith(b"\r\n\r\n\xff\x00{}")
        and b"application/json" in there.requests[0]
    )


def test_call__a_redirect__is_an_answer_and_not_followed(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    there = peer(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
    assert transport("l", "GET", there.url, deadline=5).status == 302
    assert len(there.requests) == 1


def test_call__a_cookie__is_never_sent_back(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    there = peer(
        b"HTTP/1.1 200 OK\r\nSet-Cookie: session=other-merchant; Path=/\r\nContent-Length: 0\r\n\r\n"
    )
    for _ in range(2):
        transport("l", "GET", there.url, deadline=5)
    assert not any(b"cookie" in request.lower() for request in there.requests)


def test_call__proxies_and_netrc_of_the_environment__are_not_used(
    transport: HttpTransport,
    peer: Callable[..., Peer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    there = peer(OK)
    assert transport("l", "GET", there.url, deadline=5).status == 200
    assert b"authorization" not in there.requests[0].lower()


def test_call__an_answer_of_a_mebibyte__is_read_and_a_larger_one_is_none(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    size = 1024 * 1024
    assert (
        len(
            transport(
                "l",
                "GET",
                peer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size).url,
                deadline=5,
            ).body
        )
        == size
    )
    with pytest.raises(NoAnswer, match="larger"):
        transport(
            "l",
            "GET",
            peer(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (size + 1) + b"x" * (size + 1)
            ).url,
            deadline=5,
        )


# --- connections ------------------------------------------------------------------------------------------------------


def test_connection__used_a_moment_ago__is_used_again(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    there = peer(OK)
    for _ in range(3):
        transport("l", "POST", there.url, deadline=5)
    assert (len(there.requests), there.connections) == (3, 1)


def test_connection__idle_for_long__is_not_used_again(
    transport: HttpTransport, peer: Callable[..., Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = peer(OK)
    monkeypatch.setattr(connections, "IDLE", -1.0)
    for _ in range(3):
        transport("l", "POST", there.url, deadline=5)
    assert (len(there.requests), there.connections) == (3, 3)


def test_connection__closed_by_the_peer_meanwhile__costs_no_doubt(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    there = peer(say_and_close(OK))
    for _ in range(5):
        assert transport("l", "POST", there.url, deadline=5).status == 200
        time.sleep(0.05)
    assert there.connections == 5


def test_connection__closed_while_the_request_is_under_way__is_a_doubt_and_not_repeated(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    there = peer(lambda talk, _: talk.sendall(OK) if len(there.requests) == 1 else talk.close())
    transport("l", "POST", there.url, deadline=5)
    with pytest.raises(NoAnswer):
        transport("l", "POST", there.url, deadline=5)
    assert len(there.requests) == 2


def test_connection__after_a_call_that_was_cut__is_not_used_again(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    there = peer(lambda talk, _: None if len(there.requests) == 1 else talk.sendall(OK))
    with pytest.raises(NoAnswer):
        transport("l", "GET", there.url, deadline=1)
    assert transport("l", "GET", there.url, deadline=5).body == b"ok"
    assert there.connections == 2


# --- never sent -------------------------------------------------------------------------------------------------------


@pytest.mark.invariant("I4")
def test_not_sent__refused__is_told_as_never_sent(transport: HttpTransport) -> None:
    """I4: a refused connection is the one kind of failure that proves that nothing happened."""
    with pytest.raises(NotSent, match="ConnectionRefused"):
        transport("l", "POST", f"http://127.0.0.1:{closed_port()}/", deadline=5)


@pytest.mark.parametrize(
    "url",
    [
        "http://nowhere.invalid/",
        "http://" + "a" * 64 + ".invalid/",
        "http://[::1/",
        "ftp://127.0.0.1/",
        "nothing",
    ],
)
def test_not_sent__no_such_host__is_told_as_never_sent(transport: HttpTransport, url: str) -> None:
    with pytest.raises(NotSent):
        transport("l", "POST", url, deadline=5)


@pytest.mark.invariant("I18")
def test_not_sent__a_peer_that_never_accepts__is_given_up_after_the_connect_time(
    transport: HttpTransport,
) -> None:
    """I18: connecting has its own limit within the deadline."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.socket() as first,
        socket.socket() as second,
    ):
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        with pytest.raises(NotSent):
            transport("l", "POST", f"http://127.0.0.1:{full.getsockname()[1]}/", deadline=10_000)


@pytest.mark.invariant("I18")
def test_not_sent__a_name_look_up_that_hangs__ends_at_the_deadline(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I18: not even the resolver, which knows no time limit, holds a caller beyond it."""
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(20) and [])
    with pytest.raises(NotSent):
        transport("l", "POST", "http://slow.example/", deadline=0.3)
    assert not over.is_set()
    over.set()


@pytest.mark.invariant("I9")
def test_not_sent__look_ups_of_a_dead_name_hang__other_names_are_found(
    transport: HttpTransport,
    peer: Callable[..., Peer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """I9: a shop whose name server is gone takes no thread away from the look-ups of others, however many calls wait for it."""
    over, found, there = threading.Event(), socket.getaddrinfo, peer(OK)
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: (
            over.wait(20) and [] if host == "dead.example" else found(host, *rest, **more)
        ),
    )

    def call_in_vain() -> None:
        with pytest.raises(NotSent):
            transport("dead", "POST", "http://dead.example/", deadline=0.3)

    waiting = [threading.Thread(target=call_in_vain) for _ in range(40)]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()
    assert (
        transport("l", "POST", there.url.replace("127.0.0.1", "localhost"), deadline=5).status
        == 200
    )
    over.set()


def test_not_sent__no_time_left__is_not_even_tried(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    there = peer(OK)
    with pytest.raises(NotSent, match="time was up"):
        transport("l", "POST", there.url, deadline=0)
    assert there.connections == 0


def test_not_sent__a_header_that_would_break_out__is_refused(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    there = peer(OK)
    with pytest.raises(NotSent):
        transport("l", "POST", there.url, deadline=5, headers={"X": "a\r\nY: b"})
    assert there.requests == []


# --- sent, and no answer ----------------------------------------------------------------------------------------------


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(reset, id="reset"),
        pytest.param(say_and_close(b""), id="closed"),
        pytest.param(say_and_close(b"SSH-2.0-nothing\r\n"), id="another protocol"),
        pytest.param(say_and_close(b"\x00\xff" * 500 + b"\r\n\r\n"), id="garbage"),
        pytest.param(say_and_close(b"HTTP/1.1 200 OK\r\nContent-Le"), id="half a header"),
        pytest.param(
            say_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), id="half a body"
        ),
        pytest.param(
            say_and_close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha"),
            id="half a chunk",
        ),
        pytest.param(
            say_and_close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            id="no chunk",
        ),
        pytest.param(
            say_and_close(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"
            ),
            id="no gzip",
        ),
        pytest.param(
            say_and_close(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"),
            id="too many headers",
        ),
        pytest.param(
            say_and_close(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n"),
            id="too long a header",
        ),
        pytest.param(say_and_close(b"HTTP/1.1 999999 OK\r\n\r\n"), id="no status"),
    ],
)
def test_no_answer__whatever_the_peer_does_after_the_request__is_a_doubt(
    transport: HttpTransport, peer: Callable[..., Peer], script: Script
) -> None:
    """I4: what was sent and not wholly answered is never called failed."""
    there = peer(script)
    with pytest.raises(NoAnswer):
        transport("l", "POST", there.url, deadline=5, form={"amount": "1"})
    assert len(there.requests) == 1


SLOW: dict[str, Script] = {
    "silent": hang,
    "status line drips": drip(b"", b"H"),
    "headers drip": drip(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
    "goes on for ever": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body drips": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"),
    "chunks drip": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "no end": drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
}


@pytest.mark.invariant("I18")
def test_no_answer__peers_that_take_their_time__are_cut_at_the_deadline(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    """I18: the deadline is for the whole call, though every single read is quick. (Without it the test never ends.)"""
    found: dict[str, object] = {}

    def ask(name: str, url: str) -> None:
        [found[name]] = outcomes(transport, url, 1, deadline=1)

    in_parallel([partial(ask, name, peer(script).url) for name, script in SLOW.items()])
    assert found == dict.fromkeys(SLOW, NoAnswer)


@pytest.mark.invariant("I18")
def test_no_answer__on_a_connection_used_before__the_deadline_is_this_calls(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    """I18: a kept connection does not keep the time of the call before."""
    dripping = drip(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n")
    there = peer(
        lambda talk, request: (
            dripping(talk, request) if len(there.requests) == 2 else talk.sendall(OK)
        )
    )
    transport("l", "GET", there.url, deadline=10_000)
    with pytest.raises(NoAnswer):
        transport("l", "GET", there.url, deadline=1)
    assert there.connections == 1


@pytest.mark.invariant("I18")
def test_no_answer__a_peer_that_does_not_read__is_cut_at_the_deadline(
    transport: HttpTransport,
) -> None:
    """I18: sending is bounded too."""
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(NoAnswer):
        transport(
            "l",
            "POST",
            f"http://127.0.0.1:{deaf.getsockname()[1]}/",
            deadline=1,
            body=b"x" * 50_000_000,
        )


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=test",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            folder / "key.pem",
            "-out",
            folder / "certificate.pem",
        ],
        check=True,
        capture_output=True,
    )
    (folder / "both.pem").write_text(
        (folder / "certificate.pem").read_text() + (folder / "key.pem").read_text()
    )
    return folder / "both.pem"


def served_with(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_tls__a_trusted_certificate__is_spoken_to(
    peer: Callable[..., Peer], certificate: Path
) -> None:
    there = peer(OK, served_with(certificate))
    trusting = HttpTransport(ca_file=str(certificate))
    assert [trusting("l", "POST", there.url, deadline=5).body for _ in range(2)] == [b"ok", b"ok"]
    assert there.connections == 1


def test_tls__an_unknown_certificate__means_never_sent(
    transport: HttpTransport, peer: Callable[..., Peer], certificate: Path
) -> None:
    there = peer(OK, served_with(certificate))
    with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
        transport("l", "POST", there.url, deadline=5)
    assert there.requests == []


def test_tls__a_certificate_for_another_name__means_never_sent(
    peer: Callable[..., Peer], certificate: Path
) -> None:
    there = peer(OK, served_with(certificate))
    with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
        HttpTransport(ca_file=str(certificate))(
            "l", "POST", there.url.replace("127.0.0.1", "localhost"), deadline=5
        )
    assert there.requests == []


@pytest.mark.invariant("I18")
def test_tls__a_handshake_that_hangs__ends_at_the_deadline_and_means_never_sent(
    transport: HttpTransport,
) -> None:
    """I18: the handshake is part of the call."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotSent):
        transport("l", "POST", f"https://127.0.0.1:{silent.getsockname()[1]}/", deadline=0.3)


@pytest.mark.invariant("I18")
def test_tls__an_answer_that_drips__is_cut_at_the_deadline(
    peer: Callable[..., Peer], certificate: Path
) -> None:
    """I18: as without TLS."""
    there = peer(drip(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"), served_with(certificate))
    with pytest.raises(NoAnswer):
        HttpTransport(ca_file=str(certificate))("l", "POST", there.url, deadline=1)


# --- breaker ----------------------------------------------------------------------------------------------------------


def outcomes(
    transport: HttpTransport, url: str, times: int, lane: str = "l", deadline: float = 5
) -> list[object]:
    found: list[object] = []
    for _ in range(times):
        try:
            found.append(transport(lane, "POST", url, deadline=deadline).status)
        except TransportError as error:
            found.append(type(error))
    return found


def test_breaker__after_failures_in_a_row__the_lane_is_left_alone_and_no_other(
    peer: Callable[..., Peer],
) -> None:
    broken, sound = peer(say_and_close(b"")), peer(OK)
    transport = HttpTransport(failures=2, seconds=60)
    assert outcomes(transport, broken.url, 4) == [NoAnswer, NoAnswer, NotSent, NotSent]
    assert len(broken.requests) == 2
    assert outcomes(transport, sound.url, 1, lane="other") == [200]


def test_breaker__after_its_time__one_call_tries_and_closes_it(peer: Callable[..., Peer]) -> None:
    there = peer(say_and_close(b""))
    transport = HttpTransport(failures=1, seconds=0.05)
    assert outcomes(transport, there.url, 1) == [NoAnswer]
    time.sleep(0.1)
    there.script = say(OK)
    assert outcomes(transport, there.url, 3) == [200, 200, 200]


@pytest.mark.parametrize(
    ("status", "then"),
    [(500, 500), (404, 404), (429, 429), (502, NotSent), (503, NotSent), (504, NotSent)],
)
def test_breaker__answers__count_as_failures_only_where_nobody_is_at_home(
    peer: Callable[..., Peer], status: int, then: object
) -> None:
    there = peer(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)
    assert outcomes(HttpTransport(failures=2, seconds=60), there.url, 3) == [status, status, then]


def test_breaker__a_success_in_between__starts_the_count_anew(peer: Callable[..., Peer]) -> None:
    there = peer(lambda talk, _: talk.sendall(OK) if len(there.requests) % 2 == 0 else talk.close())
    assert outcomes(HttpTransport(failures=2, seconds=60), there.url, 6) == [NoAnswer, 200] * 3


def test_breaker__our_own_lack_of_time__opens_nothing(peer: Callable[..., Peer]) -> None:
    there = peer(OK)
    transport = HttpTransport(failures=1, seconds=60)
    assert outcomes(transport, there.url, 3, deadline=-1) == [NotSent] * 3
    assert outcomes(transport, there.url, 1) == [200]


def test_breaker__half_open__lets_one_of_many_threads_try(peer: Callable[..., Peer]) -> None:
    there, go = peer(say_and_close(b"")), threading.Event()
    transport = HttpTransport(failures=1, seconds=0.01)
    outcomes(transport, there.url, 1)
    time.sleep(0.05)
    there.script = lambda talk, _: [go.wait(20), talk.sendall(OK)].clear()
    first = threading.Thread(target=outcomes, args=(transport, there.url, 1))
    first.start()
    while len(there.requests) < 2:
        time.sleep(0.01)
    assert outcomes(transport, there.url, 5) == [NotSent] * 5
    go.set()
    first.join()
    assert outcomes(transport, there.url, 1) == [200]


# --- many threads -----------------------------------------------------------------------------------------------------


def test_threads__twenty_at_once__each_gets_its_own_answer(
    transport: HttpTransport, peer: Callable[..., Peer]
) -> None:
    def echo(talk: socket.socket, request: bytes) -> None:
        body = request.rpartition(b"\r\n\r\n")[2]
        talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    there, found = peer(echo), []

    def ask(number: int) -> None:
        for turn in range(5):
            body = f"{number}-{turn}".encode()
            found.append(transport("l", "POST", there.url, deadline=20, body=body).body == body)

    in_parallel([partial(ask, number) for number in range(20)])
    assert found == [True] * 100 and there.connections <= 20


# --- transcripts ------------------------------------------------------------------------------------------------------

CANARIES = ["canary/password+1", "canary-ütf", 'canary"quoted']


@pytest.mark.invariant("I16")
@pytest.mark.parametrize("way", ["form", "multipart", "params"])
def test_transcript__secrets__are_cut_out_of_both_directions(
    peer: Callable[..., Peer], caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """I16: however the wire writes them, in requests, answers, headers and log lines."""

    def echo(talk: socket.socket, request: bytes) -> None:
        talk.sendall(
            b"HTTP/1.1 200 OK\r\nX-Echo: canary/password+1\r\nContent-Length: %d\r\n\r\n"
            % len(request)
            + request
        )

    kept: list[Transcript] = []
    caplog.set_level(logging.DEBUG, "bridge")
    fields = {str(number): canary for number, canary in enumerate(CANARIES)}
    headers = {"Authorization": "Token b3RoZXI6Y2FuYXJ5", "X-Plain": "visible"}
    HttpTransport(on_transcript=kept.append)(
        "l", "POST", peer(echo).url, deadline=5, headers=headers, secrets=CANARIES, **{way: fields}
    )
    told = "".join(map(str, kept)) + "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("bridge")
    )
    assert "canary" not in told and "b3RoZXI6Y2FuYXJ5" not in told
    assert "visible" in told and "POST" in told and "200" in told


@pytest.mark.invariant("I16")
def test_transcript__a_secret_in_an_address_that_fails__is_cut_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """I16: errors and warnings name the host, never the query."""
    caplog.set_level(logging.DEBUG, "bridge")
    with pytest.raises(NotSent) as caught:
        HttpTransport()(
            "l",
            "GET",
            f"http://127.0.0.1:{closed_port()}/",
            deadline=5,
            params={"token": "canary"},
            secrets=["canary"],
        )
    assert (
        "canary" not in str(caught.value) + caplog.text
        and "no answer from 127.0.0.1" in caplog.text
    )


def test_transcript__a_failure__says_why(peer: Callable[..., Peer]) -> None:
    kept: list[Transcript] = []
    with pytest.raises(NoAnswer):
        HttpTransport(on_transcript=kept.append)("l", "GET", peer(reset).url, deadline=5)
    assert kept[0].answer is None and "Connection" in (kept[0].error or "")


# --- proxy ------------------------------------------------------------------------------------------------------------


class Proxy:
    """A proxy that opens tunnels to one peer, whatever name is asked for, or plays a script instead; keeps what it was asked."""

    def __init__(
        self, peer_port: int, script: Callable[[socket.socket], None] | None = None
    ) -> None:
        self.asked: list[bytes] = []
        self._peer_port, self._script = peer_port, script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        try:
            self.asked.append(read_request(caller))
            if self._script:
                self._script(caller)
                return
            there = socket.create_connection(("127.0.0.1", self._peer_port))
            caller.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=_pump, args=(there, caller), daemon=True).start()
            _pump(caller, there)
        except OSError:
            pass

    def close(self) -> None:
        self._listener.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture(scope="module")
def named_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for provider.example, which only the proxy can find."""
    folder = tmp_path_factory.mktemp("proxy")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=test",
            "-addext",
            "subjectAltName=DNS:provider.example",
            "-keyout",
            folder / "key.pem",
            "-out",
            folder / "certificate.pem",
        ],
        check=True,
        capture_output=True,
    )
    (folder / "both.pem").write_text(
        (folder / "certificate.pem").read_text() + (folder / "key.pem").read_text()
    )
    return folder / "both.pem"


def test_proxy__of_the_settings__carries_calls_with_its_login_and_shows_it_to_nobody(
    peer: Callable[..., Peer], named_certificate: Path
) -> None:
    """Lesson 79: TLS is spoken with the provider itself, through the tunnel."""
    there, kept = peer(OK, served_with(named_certificate)), list[Transcript]()
    proxy = Proxy(there.port)
    through = HttpTransport(
        ca_file=str(named_certificate),
        proxy=f"http://user:canary%40word@{proxy.address}",
        on_transcript=kept.append,
    )
    assert [
        through("l", "POST", "https://provider.example/pay", deadline=5, body=b"x").body
        for _ in range(2)
    ] == [b"ok", b"ok"]
    [asked] = proxy.asked
    assert (
        asked.startswith(b"CONNECT provider.example:443 HTTP/1.")
        and b"Proxy-Authorization: Basic dXNlcjpjYW5hcnlAd29yZA==" in asked
    )
    assert len(there.requests) == 2 and not any(
        b"proxy" in request.lower() for request in there.requests
    )
    assert "canary" not in "".join(map(str, kept))
    proxy.close()


def test_proxy__this_machine__is_called_without_it(peer: Callable[..., Peer]) -> None:
    there = peer(OK)
    assert (
        HttpTransport(proxy=f"http://127.0.0.1:{closed_port()}")(
            "l", "GET", there.url, deadline=5
        ).body
        == b"ok"
    )


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(
    "script",
    [
        lambda talk: talk.sendall(
            b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        ),
        lambda talk: talk.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        lambda talk: talk.close(),
        lambda talk: talk.sendall(b"HTTP/1.1 200 OK\r\n\r\n no TLS at all"),
        lambda talk: time.sleep(3),
    ],
)
def test_proxy__that_opens_no_tunnel__means_never_sent(
    script: Callable[[socket.socket], None],
) -> None:
    """What was said to the proxy is no part of the request (I4)."""
    proxy = Proxy(0, script)
    with pytest.raises(NotSent) as failed:
        HttpTransport(proxy=f"http://user:canary@{proxy.address}")(
            "l", "POST", "https://provider.example/pay", deadline=1, body=b"x"
        )
    assert "canary" not in str(failed.value) and len(proxy.asked) == 1
    proxy.close()


def test_proxy__that_is_not_there__means_never_sent() -> None:
    with pytest.raises(NotSent):
        HttpTransport(proxy=f"http://127.0.0.1:{closed_port()}")(
            "l", "POST", "https://provider.example/", deadline=2
        )


@pytest.mark.invariant("I18")
def test_proxy__that_drips__is_cut_at_the_deadline() -> None:
    """The tunnel is part of the call (I18)."""

    def script(talk: socket.socket) -> None:
        drip(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n")(talk, b"")

    proxy = Proxy(0, script)
    with pytest.raises(NotSent):
        HttpTransport(proxy=f"http://{proxy.address}")(
            "l", "POST", "https://provider.example/", deadline=0.5
        )
    proxy.close()


@pytest.mark.invariant("I4")
def test_proxy__answer_lost_behind_the_tunnel__is_no_answer(
    peer: Callable[..., Peer], named_certificate: Path
) -> None:
    """From the first byte to the provider on nobody can tell (I4)."""
    there = peer(reset, served_with(named_certificate))
    proxy = Proxy(there.port)
    with pytest.raises(NoAnswer):
        HttpTransport(ca_file=str(named_certificate), proxy=f"http://{proxy.address}")(
            "l", "POST", "https://provider.example/", deadline=2
        )
    proxy.close()
