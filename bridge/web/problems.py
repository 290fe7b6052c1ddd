"""Everything that goes wrong, as RFC 9457 problem details; the only place where an error gets its HTTP status."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from falcon import App, HTTPError, Request, Response
from falcon.util import code_to_http_status

from bridge import errors
from bridge.errors import BridgeError, LeaseLost, NotFound, Unavailable
from bridge.web.answers import to_bytes
from bridge.web.watch import request_id_of

log = logging.getLogger("bridge.web")

MEDIA_TYPE = "application/problem+json"

STATUS: tuple[tuple[type[BridgeError], int], ...] = (
    (errors.BadRequest, 400),
    (errors.Unauthorized, 401),
    (errors.CheckoutGone, 410),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.RefundableMismatch, 412),
    (errors.Refused, 422),
    (errors.TooManyTries, 429),
    (errors.ProviderUnreachable, 502),
    (errors.Unavailable, 503),
)
"""The first class that fits decides."""

HEADERS: tuple[tuple[type[BridgeError], Mapping[str, str]], ...] = (
    (errors.Unauthorized, {"WWW-Authenticate": 'Bearer realm="payments"'}),
    (errors.IdempotencyRunning, {"Retry-After": "1"}),
    (errors.OutcomeUnknown, {"Retry-After": "5"}),
    (errors.Unavailable, {"Retry-After": "5"}),
)

HTTP: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", "The request cannot be read."),
    403: ("forbidden", "This door is not open to you."),
    404: (NotFound.code, NotFound.title()),
    405: ("method_not_allowed", "This resource does not know that method."),
    413: (
        "body_too_large",
        "The body is larger than 64 KiB, or a callback with its query than 16 KiB.",
    ),
    415: ("unsupported_media_type", "The body is not of the media type that is read here."),
    500: ("internal_error", "Something went wrong on our side."),
}
"""What HTTP itself can refuse: status → code and title."""


def status_of(error: type[BridgeError]) -> int:
    """Return the HTTP status of an error's class."""
    return next((status for kind, status in STATUS if issubclass(error, kind)), 500)


class Problems:
    """Answers every error with a problem document; installed once per app."""

    def __init__(self, public_url: str) -> None:
        """Take the address under which /docs explains each code."""
        self._public_url = public_url

    def install(self, app: App[Any, Any]) -> None:
        """Handle our errors, Falcon's, and whatever nobody foresaw."""
        app.add_error_handler(Exception, self._crashed)
        app.add_error_handler(HTTPError, self._refused_by_http)
        app.add_error_handler(BridgeError, self._refused)
        app.add_error_handler(LeaseLost, self._overtaken)
        app.set_error_serializer(self._serialize)

    def _refused(self, req: Request, resp: Response, error: BridgeError, _params: Any) -> None:
        status = status_of(type(error))
        for kind, headers in HEADERS:
            if isinstance(error, kind):
                resp.set_headers(headers)
        members = dict(error.members)
        if error.errors:
            members["errors"] = [asdict(mistake) for mistake in error.errors]
        self._write(
            req, resp, status, error.code, error.title(), error.detail, error.retryable, members
        )

    def _overtaken(self, req: Request, resp: Response, _error: LeaseLost, params: Any) -> None:
        self._refused(
            req,
            resp,
            Unavailable(
                "Somebody else changed this at the same moment; nothing of yours was done."
            ),
            params,
        )

    def _refused_by_http(
        self, req: Request, resp: Response, error: HTTPError, _params: Any
    ) -> None:
        code, title = HTTP.get(error.status_code, ("http_error", error.title))
        resp.set_headers(error.headers or {})
        self._write(
            req, resp, error.status_code, code, title, error.description or title, False, {}
        )

    def _crashed(self, req: Request, resp: Response, error: Exception, _params: Any) -> None:
        log.error(
            "a request failed",
            exc_info=error,
            extra={"method": req.method, "route": req.uri_template},
        )
        code, title = HTTP[500]
        self._write(req, resp, 500, code, title, f"{title} Tell us the request id.", True, {})

    def _serialize(self, req: Request, resp: Response, error: HTTPError) -> None:
        self._refused_by_http(req, resp, error, None)

    def _write(
        self,
        req: Request,
        resp: Response,
        status: int,
        code: str,
        title: str,
        detail: str,
        retryable: bool,
        members: dict[str, Any],
    ) -> None:
        request_id = request_id_of(req)
        resp.status = code_to_http_status(status)
        resp.content_type = MEDIA_TYPE
        resp.set_header("X-Request-Id", request_id)
        resp.data = to_bytes(
            members
            | {
                "type": f"{self._public_url}/docs#problem-{code}",
                "title": title,
                "status": status,
                "detail": detail,
                "instance": quote(req.path),
                "code": code,
                "request_id": request_id,
                "retryable": retryable,
            }
        )
