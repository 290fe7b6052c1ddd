"""Looks names up on threads of its own, because nothing can interrupt a look-up: whoever waits for one can at least stop waiting."""

from __future__ import annotations

import socket
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

AT_ONCE = 32
"""Names that are looked up at once; a thread is only made when one is needed."""


class LookUps:
    """One look-up per name at a time, whoever waits for it: a name whose server is dead takes one thread, and not those of all the others."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="look-up")
        self._under_way: dict[tuple[str, int], Future[list[Any]]] = {}
        self._lock = Lock()

    def addresses(self, host: str, port: int, wait: float) -> list[Any]:
        """Return what `socket.getaddrinfo` does for TCP, within `wait` seconds. Raises OSError, TimeoutError being one."""
        with self._lock:
            looking = self._under_way.get((host, port))
            if looking is None:
                looking = self._under_way[host, port] = self._pool.submit(self._look_up, host, port)
        return looking.result(wait)

    def close(self) -> None:
        """Start no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look_up(self, host: str, port: int) -> list[Any]:
        try:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        finally:
            with self._lock:
                del self._under_way[host, port]
