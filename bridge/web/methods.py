"""Shop door: what may be offered for an amount."""

from __future__ import annotations

from falcon import Request, Response

from bridge import errors
from bridge.web.audience import Audience, Resource
from bridge.web.bodies import MethodsQuery
from bridge.web.language import language_for
from bridge.web.operation import operation
from bridge.web.shapes import Methods


class MethodsResource(Resource):
    """/v1/methods"""

    audience = Audience.SHOP

    @operation({200: Methods}, query=MethodsQuery, problems=(errors.CurrencyNotSupported,))
    def on_get(self, req: Request, resp: Response, query: MethodsQuery) -> None:
        """List methods.

        What this shop may offer for an amount: method, limits, fee estimate, what the payer must type.
        """
        language = language_for(req, query.locale).language
        resp.media = self.services.offer_methods(
            req.context.shop, query.amount, query.currency, language
        )
