"""Provider door: where the mobile SDK of a merchant's app fetches the token of one checkout."""
from __future__ import annotations

from falcon import Request, Response

from bridge import errors
from bridge.web.audience import Audience, Resource, bearer
from bridge.web.bodies import AppBody
from bridge.web.operation import operation
from bridge.web.shapes import AppToken


class MobileAuthenticationResource(Resource):
    """/v1/mobile-sdk/{shop}/authentication"""

    audience = Audience.PROVIDER

    @operation({200: AppToken}, query=None, body=AppBody, problems=(
        errors.NotFound, errors.Unauthorized, errors.TooManyTries, errors.ProviderUnreachable, errors.Unavailable))
    def on_post(self, req: Request, resp: Response, shop: str, body: AppBody) -> None:
        """Authenticate an app's SDK.

        The "auth URL" of the 1cs mobile SDK. Needs an open payment that the shop created with `channel: mobile`, or the shop's API key. A
        refusal of the provider is a 200 with `Status: FAILED`, as the SDK expects; 502: the provider did not answer.
        """
        given = self.services.authenticate_app(shop, body.merchantID, bearer(req), req.remote_addr)
        resp.set_header("Cache-Control", "no-store")
        resp.media = {
            "AuthToken": given.token, "AuthLabel": given.label, "ExpiryDate": given.expiry, "Description": given.description,
            "Status": given.status, "Code": given.code,
        }
