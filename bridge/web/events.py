"""Shop door: the notifications again, for a shop that was down."""

from __future__ import annotations

from falcon import Request, Response

from bridge.web import answers
from bridge.web.audience import Audience, Resource
from bridge.web.bodies import EventsQuery
from bridge.web.operation import operation
from bridge.web.shapes import Notifications


class EventsResource(Resource):
    """/v1/events"""

    audience = Audience.SHOP

    @operation({200: Notifications}, query=EventsQuery)
    def on_get(self, req: Request, resp: Response, query: EventsQuery) -> None:
        """Read notifications again.

        What the shop was told, or should have been, after one that it knows; oldest first.
        """
        answers.page(
            req,
            resp,
            self.services.list_events(req.context.shop, query.after, query.limit),
            "after",
        )
