"""Operator door: is the process alive, is it ready, and how is it doing."""
from __future__ import annotations

import logging

from falcon import HTTP_503, Request, Response

from bridge.services import Services
from bridge.web.audience import Audience, Resource
from bridge.web.metrics import Metrics
from bridge.web.operation import operation
from bridge.web.settings import WebSettings
from bridge.web.shapes import Alive, Ready

log = logging.getLogger("bridge.web")


class LiveResource(Resource):
    """/livez"""

    audience = Audience.PUBLIC

    @operation({200: Alive}, query=None)
    def on_get(self, _req: Request, resp: Response) -> None:
        """Is it alive?

        Tells that the process answers; asks nothing else.
        """
        resp.media = {"status": "pass"}


class ReadyResource(Resource):
    """/readyz"""

    audience = Audience.OPERATOR

    @operation({200: Ready, 503: Ready}, query=None)
    def on_get(self, _req: Request, resp: Response) -> None:
        """Is it ready?

        Tells whether requests can be served: database, migrations and whatever else is checked.
        """
        checks = self._checks()
        ready = all(checks.values())
        resp.status = 200 if ready else HTTP_503
        resp.media = {"status": "pass" if ready else "fail", "checks": checks}

    def _checks(self) -> dict[str, bool]:
        try:
            return self.services.check_health()
        except Exception:
            log.exception("the health checks themselves failed")
            return {"checks": False}


class MetricsResource(Resource):
    """/metrics"""

    audience = Audience.OPERATOR

    def __init__(self, services: Services, settings: WebSettings, metrics: Metrics) -> None:
        """Take where the measurements are."""
        super().__init__(services, settings)
        self._metrics = metrics

    @operation({200: "text/plain"}, query=None)
    def on_get(self, _req: Request, resp: Response) -> None:
        """Read measurements.

        In the text format of Prometheus.
        """
        resp.content_type, resp.data = self._metrics.scrape()
