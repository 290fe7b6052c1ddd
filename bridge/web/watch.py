"""What happens around every request: its id, its log line, its measurements, and the headers that every answer carries.

Neither queries nor bodies nor addresses with tokens are ever logged: the route's template is.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from time import perf_counter
from typing import Any
from uuid import uuid4

from falcon import Request, Response

from bridge.web.metrics import Metrics
from bridge.web.settings import WebSettings

log = logging.getLogger("bridge.web")

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What an answer carries unless its resource says otherwise."""

HSTS = {"Strict-Transport-Security": "max-age=31536000"}

_SANE = re.compile(r"[A-Za-z0-9._-]{1,128}")


def request_id_of(req: Request) -> str:
    """Return the request's id: the caller's where it is sane, else a new one; the same for the whole request."""
    known = getattr(req.context, "request_id", None)
    if known is None:
        given = req.get_header("X-Request-Id") or ""
        known = req.context.request_id = given if _SANE.fullmatch(given) else f"req_{uuid4().hex}"
    return known


class Watch:
    """Falcon middleware around everything else."""

    def __init__(
        self, settings: WebSettings, metrics: Metrics, bind_request_id: Callable[[str], object]
    ) -> None:
        """Take where to measure, and what puts a request's id into log lines."""
        self._metrics = metrics
        self._bind = bind_request_id
        self._headers = (
            HEADERS | {"Bridge-Version": settings.version} | (HSTS if settings.secure else {})
        )

    def process_request(self, req: Request, resp: Response) -> None:
        """Begin."""
        req.context.began = perf_counter()
        request_id = request_id_of(req)
        self._bind(request_id)
        resp.set_headers(self._headers)
        resp.set_header("X-Request-Id", request_id)
        self._metrics.began()

    def process_response(
        self, req: Request, resp: Response, _resource: Any, _succeeded: bool
    ) -> None:
        """End; Falcon calls this after errors too."""
        began = getattr(req.context, "began", None)
        if began is None:
            return
        seconds = perf_counter() - began
        route = req.uri_template or "(unknown)"
        self._metrics.ended(req.method, route, resp.status_code, seconds)
        log.info(
            "%s %s %d",
            req.method,
            route,
            resp.status_code,
            extra={
                "method": req.method,
                "route": route,
                "status": resp.status_code,
                "seconds": round(seconds, 6),
            },
        )
