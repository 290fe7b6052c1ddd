"""Provider door: where the mobile SDK of a merchant's app fetches the token of one checkout."""

from __future__ import annotations

from falcon import Request, Response

from bridge import errors
from bridge.web.audience import Audience, Resource, bearer
from bridge.web.bodies import AppBody
from bridge.web.operation import operation
from bridge.web.shapes import AppToken

PROBLEMS = (
    errors.NotFound,
    errors.Unauthorized,
    errors.TooManyTries,
    errors.ProviderUnreachable,
    errors.Unavailable,
)


class _Authentication(Resource):
    """What both addresses do."""

    audience = Audience.PROVIDER

    def answer(
        self, req: Request, resp: Response, shop: str, body: AppBody, token: str | None
    ) -> None:
        """Give the SDK what it needs."""
        given = self.services.authenticate_app(
            shop, body.merchantID, token, bearer(req), self.clients.name(req)
        )
        resp.set_header("Cache-Control", "no-store")
        resp.media = {
            "AuthToken": given.token,
            "AuthLabel": given.label,
            "ExpiryDate": given.expiry,
            "Description": given.description,
            "Status": given.status,
            "Code": given.code,
        }


class MobileAuthenticationResource(_Authentication):
    """/v1/mobile-sdk/{shop}/authentication"""

    @operation({200: AppToken}, query=None, body=AppBody, problems=PROBLEMS)
    def on_post(self, req: Request, resp: Response, shop: str, body: AppBody) -> None:
        """Authenticate an app's SDK for the merchant's server.

        Needs the shop's API key: the merchant's server, which knows whose app it is, passes the SDK's question on. A refusal of the provider
        is a 200 with `Status: FAILED`, as the SDK expects; 502: the provider did not answer.
        """
        self.answer(req, resp, shop, body, None)


class PaymentAuthenticationResource(_Authentication):
    """/v1/mobile-sdk/{shop}/authentication/{token}"""

    @operation({200: AppToken}, query=None, body=AppBody, problems=PROBLEMS)
    def on_post(self, req: Request, resp: Response, shop: str, token: str, body: AppBody) -> None:
        """Authenticate an app's SDK.

        The "auth URL" of the 1cs mobile SDK for one payment. The token is `checkout.token` of an open payment that the shop created with
        `channel: mobile`; three tokens at most are given for each. A refusal of the provider is a 200 with `Status: FAILED`, as the SDK
        expects; 502: the provider did not answer.
        """
        self.answer(req, resp, shop, body, token)
