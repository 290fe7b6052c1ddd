"""Shop door: who am I, and do notifications arrive."""

from __future__ import annotations

from falcon import Request, Response

from bridge.web.audience import Audience, Resource
from bridge.web.bodies import Nothing
from bridge.web.operation import operation
from bridge.web.shapes import Shop, TestResult


class ShopResource(Resource):
    """/v1/shop"""

    audience = Audience.SHOP

    @operation({200: Shop})
    def on_get(self, req: Request, resp: Response) -> None:
        """Read the shop.

        Tells whose API key this is; for a module's "test connection" button.
        """
        resp.media = self.services.describe_shop(req.context.shop)


class TestNotificationResource(Resource):
    """/v1/shop/test-notification"""

    audience = Audience.SHOP

    @operation({200: TestResult}, body=Nothing, body_optional=True)
    def on_post(self, req: Request, resp: Response) -> None:
        """Send a test notification.

        Sends a signed `shop.test` notification and tells what the shop answered.
        """
        resp.media = self.services.test_notification(req.context.shop)
