"""Shop door: payments."""

from __future__ import annotations

from typing import Any

from falcon import HTTP_200, Request, Response

from bridge import errors
from bridge.web import answers
from bridge.web.audience import Audience, Resource
from bridge.web.bodies import Nothing, PageQuery, PaymentBody, PaymentsQuery
from bridge.web.operation import operation
from bridge.web.shapes import History, Payment, Payments


class PaymentsResource(Resource):
    """/v1/payments"""

    audience = Audience.SHOP

    @operation(
        {201: Payment, 202: Payment},
        body=PaymentBody,
        key=True,
        problems=(
            errors.PaymentExists,
            errors.MethodNotAvailable,
            errors.CurrencyNotSupported,
            errors.AmountTooSmall,
            errors.AmountTooLarge,
            errors.ForeignUrl,
            errors.NotSupported,
        ),
    )
    def on_post(self, req: Request, resp: Response, key: str, body: PaymentBody) -> None:
        """Create a payment.

        The provider is asked at once when it has all it needs; else the payment waits for the payer in the checkout. 202: the provider is
        slow, and the work goes on. A payer's no is a 201 with `status: declined`.
        """
        answered = self.services.create_payment(req.context.shop, key, body.wish())
        answers.made(resp, answered, f"/v1/payments/{answered.resource}")

    @operation({200: Payments}, query=PaymentsQuery)
    def on_get(self, req: Request, resp: Response, query: PaymentsQuery) -> None:
        """List payments.

        Newest first; filters may be combined.
        """
        answers.page(
            req,
            resp,
            self.services.list_payments(
                req.context.shop, query.wanted(), query.limit, query.cursor
            ),
        )


class PaymentResource(Resource):
    """/v1/payments/{payment_id}"""

    audience = Audience.SHOP

    @operation({200: Payment, 304: None}, problems=(errors.NotFound,))
    def on_get(self, req: Request, resp: Response, payment_id: str) -> None:
        """Read a payment."""
        answers.unless_known(req, resp, *self.services.read_payment(req.context.shop, payment_id))


class CancelResource(Resource):
    """/v1/payments/{payment_id}/cancel"""

    audience = Audience.SHOP

    @operation(
        {200: Payment, 202: Payment},
        body=Nothing,
        body_optional=True,
        key=True,
        problems=(
            errors.NotFound,
            errors.NotCancelable,
            errors.NotSupported,
            errors.OutcomeUnknown,
        ),
    )
    def on_post(self, req: Request, resp: Response, payment_id: str, key: str) -> None:
        """Cancel a payment.

        Gives up an unfinished payment, or releases an authorization. 202: the provider has not answered yet.
        """
        answered = self.services.cancel_payment(req.context.shop, payment_id, key)
        answers.made(resp, answered, f"/v1/payments/{payment_id}", HTTP_200)


class SyncResource(Resource):
    """/v1/payments/{payment_id}/sync"""

    audience = Audience.SHOP

    @operation({200: Payment}, body=Nothing, body_optional=True, problems=(errors.NotFound,))
    def on_post(self, req: Request, resp: Response, payment_id: str, **_nothing: Any) -> None:
        """Sync a payment.

        Asks the provider now, and answers the payment as it is then.
        """
        resp.media = self.services.sync_payment(req.context.shop, payment_id)


class HistoryResource(Resource):
    """/v1/payments/{payment_id}/events"""

    audience = Audience.SHOP

    @operation({200: History}, query=PageQuery, problems=(errors.NotFound,))
    def on_get(self, req: Request, resp: Response, payment_id: str, query: PageQuery) -> None:
        """Read a payment's history.

        What happened, in order, with the source of each fact.
        """
        answers.page(
            req,
            resp,
            self.services.payment_events(req.context.shop, payment_id, query.limit, query.cursor),
        )
