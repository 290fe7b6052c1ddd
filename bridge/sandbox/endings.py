"""How a call ends on the wire when a fault wants it: late, cut off, half, unreadable, or never.

Falcon has answered when these run; they see the status, the headers and the body, and decide what of it the caller gets. waitress
closes a connection without a word when `ClientDisconnected` leaves the application, and after a body shorter than its
`Content-Length`; both are put to use here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import falcon
from waitress.channel import ClientDisconnected

from bridge.sandbox.faults import FAULT, Fault

HANG_SECONDS = 120.0
GARBAGE = b"\x00\xff\xfe{{]\x80 \xc3\x28 =& half of something else"

Start = Callable[..., Any]


class Hangup(ClientDisconnected):
    """Leaves the application to close the connection without an answer."""


class Holds:
    """Where calls that hang or wait are held; a reset or the end lets them all go."""

    def __init__(self) -> None:
        self._released = threading.Event()

    def wait(self, seconds: float, gone: Callable[[], bool] = lambda: False) -> None:
        """Wait so long, or until released, or until the caller has gone."""
        released, until = self._released, time.monotonic() + seconds
        while not gone() and (left := until - time.monotonic()) > 0:
            if released.wait(min(left, 0.1)):
                return

    def release(self) -> None:
        """Let everybody go who waits now."""
        released, self._released = self._released, threading.Event()
        released.set()


class Answer:
    """What Falcon wanted to say."""

    def __init__(self) -> None:
        self.status, self.body = "", b""
        self.headers: list[tuple[str, str]] = []

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        """Take the place of WSGI's `start_response`."""
        self.status, self.headers = status, headers
        return bytearray().extend


def say(answer: Answer, body: bytes, start: Start) -> Iterable[bytes]:
    """Send this body under the headers of the answer, whose `Content-Length` may tell another length."""
    start(answer.status, answer.headers)
    return [body]


def _late(
    answer: Answer, fault: Fault, holds: Holds, env: dict[str, Any], start: Start
) -> Iterable[bytes]:
    holds.wait(fault.option("ms", 1000) / 1000)
    return say(answer, answer.body, start)


def _drop(
    answer: Answer, fault: Fault, holds: Holds, env: dict[str, Any], start: Start
) -> Iterable[bytes]:
    raise Hangup


def _hang(
    answer: Answer, fault: Fault, holds: Holds, env: dict[str, Any], start: Start
) -> Iterable[bytes]:
    holds.wait(HANG_SECONDS, env.get("waitress.client_disconnected", lambda: False))
    raise Hangup


def _garbage(
    answer: Answer, fault: Fault, holds: Holds, env: dict[str, Any], start: Start
) -> Iterable[bytes]:
    answer.headers = [(k, v) for k, v in answer.headers if k.lower() != "content-length"]
    answer.headers.append(("content-length", str(len(GARBAGE))))
    return say(answer, GARBAGE, start)


def _half(
    answer: Answer, fault: Fault, holds: Holds, env: dict[str, Any], start: Start
) -> Iterable[bytes]:
    return say(answer, answer.body[: len(answer.body) // 2], start)


ENDINGS: dict[str, Callable[[Answer, Fault, Holds, dict[str, Any], Start], Iterable[bytes]]] = {
    "delay": _late,
    "drop_before": _drop,
    "drop_after": _drop,
    "hang": _hang,
    "garbage": _garbage,
    "truncate": _half,
}


class UnrulyApp(falcon.App[Any, Any]):
    """A Falcon app whose answers may end badly."""

    def __init__(self, holds: Holds, **options: Any) -> None:
        super().__init__(**options)
        self._holds = holds

    def __call__(self, env: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer as Falcon does, then as the call's fault wants it."""
        answer = Answer()
        answer.body = b"".join(super().__call__(env, answer.start))
        fault = env.get(FAULT)
        if fault is None or fault.name not in ENDINGS:
            return say(answer, answer.body, start_response)
        return ENDINGS[fault.name](answer, fault, self._holds, env, start_response)
