"""A sandbox, a merchant signed in, and the merchant's server that hears callbacks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest
from sandbox_caller import PASSWORD, USERNAME, Caller

from bridge.sandbox.app import running


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Caller]:
    with running(tmp_path / "data", [f"cashcloud:{USERNAME}:{PASSWORD}"]) as url:
        yield Caller(url)


@pytest.fixture
def merchant(sandbox: Caller) -> Caller:
    return sandbox.sign_in()


@pytest.fixture
def heard(merchant: Caller) -> Iterator[SimpleNamespace]:
    """The merchant's server: `heard.all` are the callbacks, `heard.answers` the statuses it is to give (then 200)."""
    state = SimpleNamespace(all=[], answers=[])

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            state.all.append(
                {name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()}
            )
            self.send_response(state.answers.pop(0) if state.answers else 200)
            self.end_headers()
            self.wfile.write(b"OK")

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    merchant.post("settings", callback_url=f"http://127.0.0.1:{server.server_port}/callbacks")
    yield state
    server.shutdown()
    server.server_close()
