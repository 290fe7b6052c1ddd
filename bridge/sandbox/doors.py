"""The door that every call to a provider comes through.

It notes the call in the journal, takes the fault that is due, runs the handler in one unit of work, and leaves the rest of the
mischief (closing connections, half bodies) to `endings.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import falcon

from bridge.sandbox.calls import Call, Refused, Reply, Route
from bridge.sandbox.desk import Desk
from bridge.sandbox.faults import FAULT, Fault


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
            reply = self._refusal(fault) or self._run(route, replace(read_call(req), fault=fault))
            outcome = _outcome(reply, fault)
        finally:
            self._desk.journal.ended(
                line, outcome, reply.reference if outcome != "broken" else None
            )
        req.env[FAULT] = fault
        _write(resp, reply)

    def _run(self, route: Route, call: Call) -> Reply:
        self._happen_before(call.fault)
        try:
            with self._desk.turn():
                return route.handler(call)
        except Refused as refused:
            return refused.reply

    def _happen_before(self, fault: Fault | None) -> None:
        """Let a call be slow on its way, or somebody act at the portal before it arrives."""
        if fault and fault.name == "slow":
            self._desk.holds.wait(fault.option("ms", 1000) / 1000)
        if fault and fault.name == "portal":
            with self._desk.turn():
                self._desk.act_at_portal(
                    fault.option("reference", ""),
                    fault.option("action", "refund"),
                    fault.option("amount", None),
                )

    def _refusal(self, fault: Fault | None) -> Reply | None:
        if fault and fault.name == "drop_before":
            return Reply.json(500, {})
        if fault and fault.name == "status":
            headers = (
                {"Retry-After": str(fault.option("retry_after", 0))}
                if fault.option("retry_after", 0)
                else {}
            )
            return replace(Reply.json(fault.option("code", 500), {"error": True}), headers=headers)
        return None


class AnyCase:
    """The paths of a provider that reads file names in any case."""

    def __init__(self, doors: Mapping[str, Door]) -> None:
        self._doors = doors

    def on_get(self, req: falcon.Request, resp: falcon.Response, file: str) -> None:
        """Serve a GET."""
        self._door(file).on_get(req, resp)

    def on_post(self, req: falcon.Request, resp: falcon.Response, file: str) -> None:
        """Serve a POST."""
        self._door(file).on_post(req, resp)

    def _door(self, file: str) -> Door:
        if file.lower() not in self._doors:
            raise falcon.HTTPRouteNotFound
        return self._doors[file.lower()]


def read_call(req: falcon.Request) -> Call:
    """Read query and form fields (urlencoded or multipart). Raises Falcon's HTTP 400 for a form that cannot be read."""
    query = {name: _last(value) for name, value in req.params.items()}
    return Call(
        req.method,
        req.path,
        req.prefix,
        query,
        _fields(req),
        {k.lower(): v for k, v in req.headers.items()},
    )


def _fields(req: falcon.Request) -> dict[str, str]:
    kind = (req.content_type or "").partition(";")[0].strip().lower()
    if kind == falcon.MEDIA_MULTIPART:
        return {
            part.name: part.get_data().decode("utf-8", "replace")
            for part in req.get_media()
            if part.name
        }
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
