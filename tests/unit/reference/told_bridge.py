"""A bridge that answers as it is told, over real HTTP, so that a lost answer is really lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOST = "lost"


@dataclass
class ToldBridge:
    """Answers in turn what it was told to; the last answer again and again."""

    url: str = ""
    answers: list[Any] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)

    def next_answer(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def keys(self) -> list[str]:
        return [call["key"] for call in self.heard]


def _handler(bridge: ToldBridge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            key = (self.headers.get("Idempotency-Key") or "").strip('"')
            bridge.heard.append(
                {
                    "verb": self.command,
                    "path": self.path,
                    "key": key,
                    "body": json.loads(body or b"null"),
                }
            )
            self._answer(bridge.next_answer())

        do_GET = do_POST

        def _answer(self, answer: Any) -> None:
            if answer == LOST:
                self.close_connection = True
                return
            status, body, *headers = answer
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def serving() -> Iterator[ToldBridge]:
    told = ToldBridge(answers=[LOST])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(told))
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()
