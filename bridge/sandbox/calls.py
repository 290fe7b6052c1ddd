"""What a provider's sandbox and the kit say to each other about one HTTP call, and the door that every call comes through.

A provider writes handlers `Call -> Reply` and lists them in a table of `Route`. The door does the rest alike for all: it notes the
call in the journal, takes the fault that is due, runs the handler in one unit of work, and leaves the rest of the
mischief (closing connections, half bodies) to `endings.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import falcon

from bridge.sandbox.faults import Fault

if TYPE_CHECKING:
    from bridge.sandbox.desk import Desk

FAULT = "sandbox.fault"
"""Key in the WSGI environment under which the door leaves a call's fault for `endings.py`."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came in. A field given twice counts with its last value; undecodable bytes are replaced."""

    method: str
    path: str
    base_url: str
    query: Mapping[str, str]
    fields: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a call; `reference` names the ledger entry it is about, for the journal."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    reference: str | None = None

    @classmethod
    def json(cls, status: int, value: Any, reference: str | None = None) -> Reply:
        """An answer in JSON."""
        return cls(status, json.dumps(value).encode(), reference=reference)


class Refused(Exception):
    """Raised by a handler to give this answer instead and undo what the call has written."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Route:
    """One line in a provider's table of calls; `name` is the word for `on` in a fault and in the journal."""

    method: str
    path: str
    name: str
    handler: Callable[[Call], Reply]


class Door:
    """The Falcon resource of one path of a provider."""

    def __init__(self, desk: Desk, provider: str, routes: Iterable[Route]) -> None:
        self._desk, self._provider = desk, provider
        self._routes = {route.method: route for route in routes}

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Serve a GET."""
        self._serve(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Serve a POST."""
        self._serve(req, resp)

    def _serve(self, req: falcon.Request, resp: falcon.Response) -> None:
        route = self._routes.get(req.method)
        if route is None:
            raise falcon.HTTPMethodNotAllowed(list(self._routes))
        line = self._desk.journal.received(self._provider, route.name)
        fault = self._desk.faults.take(self._provider, route.name)
        outcome = "broken"
        try:
            reply = self._refusal(fault) or self._run(route, read_call(req))
            outcome = _outcome(reply, fault)
        finally:
            self._desk.journal.ended(line, outcome, reply.reference if outcome != "broken" else None)
        req.env[FAULT] = fault
        _write(resp, reply)

    def _run(self, route: Route, call: Call) -> Reply:
        try:
            with self._desk.turn():
                return route.handler(call)
        except Refused as refused:
            return refused.reply

    def _refusal(self, fault: Fault | None) -> Reply | None:
        if fault and fault.name == "drop_before":
            return Reply.json(500, {})
        if fault and fault.name == "status":
            return Reply.json(fault.option("code", 500), {"error": True})
        return None


def read_call(req: falcon.Request) -> Call:
    """Read query and form fields (urlencoded or multipart). Raises Falcon's HTTP 400 for a form that cannot be read."""
    query = {name: _last(value) for name, value in req.params.items()}
    return Call(req.method, req.path, req.prefix, query, _fields(req), {k.lower(): v for k, v in req.headers.items()})


def _fields(req: falcon.Request) -> dict[str, str]:
    kind = (req.content_type or "").partition(";")[0].strip().lower()
    if kind == falcon.MEDIA_MULTIPART:
        return {part.name: part.get_data().decode("utf-8", "replace") for part in req.get_media() if part.name}
    if kind == falcon.MEDIA_URLENCODED:
        body = req.bounded_stream.read().decode("utf-8", "replace")
        parsed = falcon.uri.parse_query_string(body, keep_blank=True)
        return {name: _last(value) for name, value in parsed.items()}
    return {}


def _last(value: str | list[str]) -> str:
    return value if isinstance(value, str) else value[-1]


def _outcome(reply: Reply, fault: Fault | None) -> str:
    if fault is None:
        return str(reply.status)
    return fault.name if fault.name == "drop_before" else f"{reply.status} {fault.name}"


def _write(resp: falcon.Response, reply: Reply) -> None:
    resp.status = reply.status
    resp.content_type = reply.content_type
    resp.data = reply.body
    resp.set_headers(dict(reply.headers))
