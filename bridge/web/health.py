"""Operator door: is the process alive, is it ready, and how is it doing."""

from __future__ import annotations

import logging

from falcon import HTTP_200, HTTP_503, Request, Response

from bridge.services import Services
from bridge.web.audience import Audience, Resource
from bridge.web.metrics import Metrics
from bridge.web.operation import operation
from bridge.web.settings import WebSettings
from bridge.web.shapes import Alive, Ready

log = logging.getLogger("bridge.web")

WARNINGS = frozenset({"clock", "time", "profiles", "accounts", "sessions", "notifications"})
"""Checks that say `warn` and let the node serve: a wrong clock of the database alone would take every node out, and so would one merchant's mistake or one
account whose provider is at fault."""


class LiveResource(Resource):
    """/livez"""

    audience = Audience.PUBLIC

    @operation({200: Alive}, query=None)
    def on_get(self, _req: Request, resp: Response) -> None:
        """Is it alive?

        Tells that the process answers; asks nothing else.
        """
        resp.media = {"status": "pass", "version": self.settings.version}


class ReadyResource(Resource):
    """/readyz"""

    audience = Audience.OPERATOR

    @operation({200: Ready, 503: Ready}, query=None)
    def on_get(self, _req: Request, resp: Response) -> None:
        """Is it ready?

        Tells whether requests can be served: the database answers and takes writes, its disk has room (of a file: 16 MiB), and its tables are
        those of this version or of a later one. `warn`: they can, but the clocks of this machine and of the database are more than ten seconds apart
        (`clock`), one of them was set within the last minutes (`time`), or a merchant's profile has a mistake and is refused: the merchant goes on with
        the profile of before, or is switched off. Or an account at a provider has
        an alarm: its callbacks are rejected or do not come, or its login is refused; `bridge merchants accounts` lists them. Or a pooler before the database
        drops its time-outs (`sessions`); `bridge config check` says more. Or a shop has switched its notifications off by a 410 (`notifications`);
        `bridge notifications enable SHOP` switches them on.
        """
        checks = self._checks()
        failing = {name for name, is_good in checks.items() if not is_good}
        status = "pass" if not failing else "warn" if failing <= WARNINGS else "fail"
        resp.status = HTTP_503 if status == "fail" else HTTP_200
        resp.media = {"status": status, "checks": checks}

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
