"""waitress on a thread of its own, with room for calls that hang, and a quiet end."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from typing import Any

import falcon
from waitress.server import create_server
from waitress.wasyncore import close_all

from bridge.signals import heed

THREADS = 64
"""So many calls at once, hanging ones included."""


class Server:
    """Serves an app at an address; port 0 takes a free one."""

    def __init__(self, app: falcon.App[Any, Any], listen: str, most_body: int) -> None:
        """Bind. Raises OSError if the address cannot be had, ValueError if it cannot be read."""
        self._server: Any = create_server(
            app,
            listen=listen,
            threads=THREADS,
            channel_request_lookahead=1,
            max_request_body_size=most_body,
            asyncore_use_poll=True,
            asyncore_loop_timeout=1,
            ident="sandbox",
            clear_untrusted_proxy_headers=True,
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True, name="sandbox")

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._server.effective_host, self._server.effective_port
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self) -> None:
        """Start serving."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving: end the threads, then close all connections; the loop ends when none is left."""
        self._server.task_dispatcher.shutdown()
        connections = self._server._map
        with suppress(
            OSError
        ):  # a call that just ended may wake the loop first: it has closed all by then, what wakes it included
            self._server.trigger.pull_trigger(lambda: close_all(connections, ignore_all=True))
        self._thread.join(5)


def until_signal() -> None:
    """Wait for SIGTERM or SIGINT. Only for the main thread."""
    stopped = threading.Event()
    heed({signal.SIGTERM: stopped.set, signal.SIGINT: stopped.set})
    stopped.wait()
