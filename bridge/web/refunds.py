"""Shop door: refunds."""

from __future__ import annotations

from falcon import Request, Response

from bridge import errors
from bridge.web import answers
from bridge.web.audience import Audience, Resource
from bridge.web.bodies import PageQuery, RefundBody
from bridge.web.operation import operation
from bridge.web.shapes import Refund, Refunds


class RefundsResource(Resource):
    """/v1/payments/{payment_id}/refunds"""

    audience = Audience.SHOP

    @operation(
        {201: Refund, 202: Refund},
        body=RefundBody,
        key=True,
        problems=(
            errors.NotFound,
            errors.PaymentNotPaid,
            errors.AmountTooLarge,
            errors.RefundableMismatch,
            errors.NotSupported,
            errors.OutcomeUnknown,
        ),
    )
    def on_post(
        self, req: Request, resp: Response, payment_id: str, key: str, body: RefundBody
    ) -> None:
        """Refund a payment.

        Part of it, or all that is left. Pending refunds count against what is left. 202: the provider has not answered yet.
        """
        answered = self.services.refund_payment(req.context.shop, payment_id, key, body.wish())
        answers.made(resp, answered, f"/v1/refunds/{answered.resource}")

    @operation({200: Refunds}, query=PageQuery, problems=(errors.NotFound,))
    def on_get(self, req: Request, resp: Response, payment_id: str, query: PageQuery) -> None:
        """List a payment's refunds."""
        answers.page(
            req,
            resp,
            self.services.list_refunds(req.context.shop, payment_id, query.limit, query.cursor),
        )


class RefundResource(Resource):
    """/v1/refunds/{refund_id}"""

    audience = Audience.SHOP

    @operation({200: Refund}, problems=(errors.NotFound,))
    def on_get(self, req: Request, resp: Response, refund_id: str) -> None:
        """Read a refund."""
        resp.media = self.services.read_refund(req.context.shop, refund_id)
