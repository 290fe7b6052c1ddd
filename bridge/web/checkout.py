"""Payer door: the checkout page, what it shows, and what the payer does there. The token in the path is the permission."""

from __future__ import annotations

import logging
from urllib.parse import quote

from falcon import HTTPError, HTTPSeeOther, Request, Response

from bridge import errors
from bridge.errors import BridgeError
from bridge.services import Services
from bridge.services.show_checkout import Ended
from bridge.web import answers, parse
from bridge.web.audience import Audience, Resource
from bridge.web.bodies import ConfirmBody, LocaleQuery, Nothing
from bridge.web.frame import Frame
from bridge.web.language import language_for
from bridge.web.operation import operation
from bridge.web.problems import HTTP, status_of
from bridge.web.settings import WebSettings
from bridge.web.shapes import Checkout

log = logging.getLogger("bridge.web")


class CheckoutResource(Resource):
    """/v1/checkout/{token}"""

    audience = Audience.PAYER

    @operation(
        {200: Checkout, 304: None},
        query=LocaleQuery,
        problems=(errors.NotFound, errors.CheckoutGone),
    )
    def on_get(self, req: Request, resp: Response, token: str, query: LocaleQuery) -> None:
        """Read a checkout.

        What the checkout page shows. Cheap to ask again with `If-None-Match`.
        """
        shown = self.services.show_checkout(token, language_for(req, query.locale).language)
        answers.unless_known(req, resp, shown.view, shown.etag)


class ConfirmResource(Resource):
    """/v1/checkout/{token}/confirm"""

    audience = Audience.PAYER

    @operation(
        {200: Checkout},
        body=ConfirmBody,
        problems=(
            errors.NotFound,
            errors.CheckoutGone,
            errors.CheckoutClosed,
            errors.WalletUsernameRefused,
            errors.CurrencyNotSupported,
            errors.TooManyTries,
            errors.ProviderUnreachable,
        ),
    )
    def on_post(self, req: Request, resp: Response, token: str, body: ConfirmBody) -> None:
        """Confirm a checkout.

        Takes the payer's wallet user name and asks for the money; at most 5 tries per checkout.
        """
        language = language_for(req).language
        shown = self.services.confirm_checkout(
            token, body.wallet_username, body.reason, body.currency, language
        )
        resp.media = shown.view


class CancelCheckoutResource(Resource):
    """/v1/checkout/{token}/cancel"""

    audience = Audience.PAYER

    @operation(
        {200: Checkout},
        body=Nothing,
        problems=(
            errors.NotFound,
            errors.CheckoutGone,
            errors.CheckoutClosed,
            errors.NotCancelable,
            errors.NotSupported,
            errors.OutcomeUnknown,
        ),
    )
    def on_post(self, req: Request, resp: Response, token: str) -> None:
        """Cancel a checkout.

        The payer gives up.
        """
        resp.media = self.services.cancel_checkout(token, language_for(req).language).view


class PageResource(Resource):
    """/checkout/{token}"""

    audience = Audience.PAYER

    def __init__(self, services: Services, settings: WebSettings) -> None:
        """Load the page's template."""
        super().__init__(services, settings)
        self._frame = Frame(settings)

    @operation(dict.fromkeys((200, 404, 410, 500, 503), "text/html"), query=None, page=True)
    def on_get(self, req: Request, resp: Response, token: str) -> None:
        """Show the checkout page.

        Alone, or in an iFrame on one of the shop's origins. `?locale=` and then Accept-Language choose the language.
        """
        reader = language_for(req, req.get_param("locale"), self._frame.languages)
        try:
            parse.path({"token": token})
            self._frame.show(
                req, resp, token, reader, self.services.show_checkout(token, reader.language)
            )
        except Ended as gone:
            self._frame.sorry(req, resp, token, reader, status_of(Ended), gone.code, gone.shown)
        except BridgeError as error:
            self._frame.sorry(req, resp, token, reader, status_of(type(error)), error.code)
        except Exception:  # a payer is shown a page even then
            log.exception("the checkout page could not be shown")
            self._frame.sorry(req, resp, token, reader, 500, HTTP[500][0])


class ReturnResource(Resource):
    """/checkout/{token}/return"""

    audience = Audience.PAYER

    @operation({303: None}, query=None, page=True)
    def on_get(self, req: Request, _resp: Response, token: str) -> None:
        """Come back from the provider's page.

        Proves nothing, starts an inquiry, leads to the checkout page.
        """
        self._receive(token, req)
        raise HTTPSeeOther(f"/checkout/{quote(token)}")

    @operation({303: None}, query=None, page=True)
    def on_post(self, req: Request, resp: Response, token: str) -> None:
        """Come back from the provider's page, sent with a form.

        Proves nothing, starts an inquiry, leads to the checkout page.
        """
        self.on_get(req, resp, token=token)

    def _receive(self, token: str, req: Request) -> None:
        try:
            parse.path({"token": token})
            self.services.receive_return(token, parse.raw_callback(req))
        except (
            Exception
        ) as error:  # whatever became of it, the payer is shown the checkout, which knows better
            log.warning(
                "a return could not be taken",
                exc_info=None if isinstance(error, BridgeError | HTTPError) else error,
            )
