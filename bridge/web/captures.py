"""Shop door: captures of an authorized amount."""

from __future__ import annotations

from falcon import Request, Response

from bridge import errors
from bridge.web import answers
from bridge.web.audience import Audience, Resource
from bridge.web.bodies import CaptureBody, PageQuery
from bridge.web.operation import operation
from bridge.web.shapes import Capture, Captures


class CapturesResource(Resource):
    """/v1/payments/{payment_id}/captures"""

    audience = Audience.SHOP

    @operation(
        {201: Capture, 202: Capture},
        body=CaptureBody,
        key=True,
        problems=(
            errors.NotFound,
            errors.PaymentNotAuthorized,
            errors.AmountTooLarge,
            errors.NotSupported,
            errors.OutcomeUnknown,
        ),
    )
    def on_post(
        self, req: Request, resp: Response, payment_id: str, key: str, body: CaptureBody
    ) -> None:
        """Capture an authorized payment.

        Takes part or all of the authorized amount. What became of it shows in the payment, to which Location points. 202: the provider has not answered yet.
        """
        answered = self.services.capture_payment(req.context.shop, payment_id, key, body.wish())
        answers.made(resp, answered, f"/v1/payments/{payment_id}")

    @operation({200: Captures}, query=PageQuery, problems=(errors.NotFound,))
    def on_get(self, req: Request, resp: Response, payment_id: str, query: PageQuery) -> None:
        """List a payment's captures."""
        answers.page(
            req,
            resp,
            self.services.list_captures(req.context.shop, payment_id, query.limit, query.cursor),
        )
