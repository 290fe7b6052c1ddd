"""A stand-in for provider and shop, as lean as one process can be: it speaks Cashcloud's wire and takes notifications.

The sandbox keeps a durable ledger, so it would be the slowest part of every payment; this one remembers in memory.

    /now/…    answers at once            /slow/…   answers a money request after 100 ms
    /hang/…   never answers a money request, until POST /release closes those connections
    /shop/…   takes notifications and remembers how long after their event they came     /dead/…   takes them and never answers
    /told     what happened so far, as JSON, and starts counting anew
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

DELAY = 0.1
"""Seconds that a money request takes at /slow/."""

_FIELD = re.compile(rb'name="([^"]+)"\r\n(?:[^\r\n]+\r\n)*\r\n([^\r]*)\r\n')
_SENT = re.compile(rb'"timestamp":"([^"]+)"')


class Books:
    """What the stand-in remembers."""

    def __init__(self) -> None:
        self.settings: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, dict[str, str]] = {}
        self.hanging: list[asyncio.Transport] = []
        self.told: dict[str, list[float]] = {}
        self.calls = 0

    def report(self) -> dict[str, Any]:
        """Return what happened, times in milliseconds, and count anew."""
        report = {"calls": self.calls, "hanging": len(self.hanging), "notified_ms": self.told}
        self.calls, self.told = 0, {}
        return report

    def release(self) -> dict[str, Any]:
        """Break off every call that hangs."""
        for transport in self.hanging:
            transport.abort()
        self.hanging.clear()
        return {}


class Door(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._got = b""
        self._transport: asyncio.Transport = None  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Collect until the request is whole, then answer it."""
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if found and len(body) >= _length(head):
            self._got = b""
            self._books.calls += 1
            method, target, _ = head.partition(b"\r\n")[0].decode().split(" ", 2)
            self._route(method, urlsplit(target), body)

    def _route(self, method: str, url: Any, body: bytes) -> None:
        place, _, rest = url.path.lstrip("/").partition("/")
        if place in ("shop", "dead"):
            self._notified(place, rest, body)
        elif rest == "request":
            self._money(place, body)
        elif rest:
            self._answer(
                200,
                _ANSWERS[rest](
                    self._books,
                    method,
                    place,
                    {k: v[0] for k, v in parse_qs(url.query).items()},
                    body,
                ),
            )
        else:
            self._answer(200, {"told": self._books.report, "release": self._books.release}[place]())

    def _money(self, place: str, body: bytes) -> None:
        if place == "hang":
            self._books.hanging.append(self._transport)
            return
        reference = secrets.token_hex(20)
        self._books.requests[reference] = _fields(body)
        asyncio.get_running_loop().call_later(
            DELAY if place == "slow" else 0, self._answer, 201, {"hash": reference}
        )

    def _notified(self, place: str, shop: str, body: bytes) -> None:
        sent = _SENT.search(body)
        if place == "dead" or sent is None:
            return
        late = datetime.now(UTC) - datetime.fromisoformat(sent[1].decode())
        self._books.told.setdefault(shop, []).append(round(late.total_seconds() * 1e3, 1))
        self._answer(200, {})

    def _answer(self, status: int, value: Any) -> None:
        content = json.dumps(value).encode()
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        if not self._transport.is_closing():
            self._transport.write(head.encode() + content)


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0] or 0)


def _fields(body: bytes) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in _FIELD.findall(body)}


def _salt(_books: Books, _method: str, _place: str, _query: dict[str, str], _body: bytes) -> Any:
    return {"error": False, "salt": secrets.token_hex(16)}


def _settings(books: Books, method: str, place: str, _query: dict[str, str], body: bytes) -> Any:
    kept = books.settings.setdefault(place, {"callback_url": "", "request_expiration": 691200})
    if method == "POST":
        kept.update(_fields(body))
    return kept


def _transactions(
    books: Books, _method: str, _place: str, query: dict[str, str], _body: bytes
) -> Any:
    asked = books.requests.get(query.get("hash", ""))
    if asked is None:
        return {"transactions": []}
    return {
        "transaction": {
            "hash": query["hash"],
            "method": "request",
            "transaction_state_id": 1,
            "amount": int(asked["amount"]),
            "currency_id": 1,
            "extern": {"id": asked["extern.id"], "description": asked["extern.description"]},
        }
    }


_ANSWERS = {"salt": _salt, "settings": _settings, "transactions": _transactions}


async def serve(port: int) -> None:
    """Serve for ever."""
    books = Books()
    server = await asyncio.get_running_loop().create_server(
        lambda: Door(books), "127.0.0.1", port, backlog=512
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
