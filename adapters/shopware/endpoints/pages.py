"""Our pages inside Shopware's administration: what is connected, the last payments, and the form behind an order's refund button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from falcon import HTTP_401, Request, Response
from jinja2 import Environment, FileSystemLoader

from adapters.shopware.endpoints.addresses import origin_of
from adapters.shopware.endpoints.amounts import BadAmount, major_units, minor_units
from adapters.shopware.endpoints.doors import body_of, query_of
from adapters.shopware.endpoints.entrance import Entrance, Visit
from adapters.shopware.endpoints.handshake import Refused
from adapters.shopware.endpoints.pay import Call
from adapters.shopware.endpoints.refund import Refund
from adapters.shopware.endpoints.shops import Registration
from adapters.shopware.endpoints.states import target_of
from adapters.shopware.endpoints.texts import TEXTS
from bridge.errors import BridgeError, NotFound
from bridge.platforms import Workbench
from bridge.ports import PaymentFilter
from bridge.services import Services

COOKIE = "bridge_shopware"
SHOWN = 20


class Pages:
    """Draws pages; German for German readers, else English."""

    def __init__(self) -> None:
        """Load the templates."""
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
        )

    def show(self, resp: Response, template: str, language: str, frame: str, **facts: Any) -> None:
        """Show a page to the administration at the origin `frame` only."""
        resp.content_type = "text/html; charset=utf-8"
        resp.set_header(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
            f"form-action 'self'; base-uri 'none'; frame-ancestors {frame}",
        )
        resp.text = self._templates.get_template(template).render(
            text=TEXTS[language],
            language=language,
            money=_in_german if language == "de" else major_units,
            state_of=target_of,
            **facts,
        )

    def sorry(self, resp: Response) -> None:
        """Say that a link does not count any more, and nothing else."""
        self.show(resp, "sorry.html", "en", "https:", german=TEXTS["de"])
        resp.status = HTTP_401


def _in_german(amount: int, currency: str) -> str:
    return major_units(amount, currency).replace(".", ",")


class AdminPage:
    """GET /shopware/{merchant}/admin"""

    audience = "adapter"

    def __init__(
        self, bench: Workbench, services: Services, entrance: Entrance, pages: Pages
    ) -> None:
        """Take what the page shows."""
        self._bench = bench
        self._services = services
        self._entrance = entrance
        self._pages = pages

    def on_get(self, req: Request, resp: Response, merchant: str) -> None:
        """Show how the shop is connected and what became of its last payments."""
        try:
            visit = self._entrance.visit(merchant, query_of(req), cookie_of(req))
            shop = self._bench.shops.get(visit.registration.shop)
        except (Refused, NotFound):
            return self._pages.sorry(resp)
        payments = self._services.list_payments(shop, PaymentFilter(), SHOWN, None).data
        keep_cookie(
            resp, merchant, self._entrance.cookie(visit.registration), self._bench.public_url
        )
        self._pages.show(
            resp,
            "admin.html",
            visit.language,
            origin_of(visit.registration.url),
            one=visit.registration,
            shop=shop,
            payments=payments,
        )


class RefundButton:
    """Answers the button of an order: opens the form, or says why there is nothing to give back."""

    def __init__(self, bench: Workbench, refund: Refund) -> None:
        """Take the story."""
        self._bench = bench
        self._refund = refund

    def __call__(self, call: Call) -> dict[str, Any]:
        """Return an action for the administration (Shopware sheet, section 1.7)."""
        ids = (
            (call.body.get("data") or {}).get("ids")
            if isinstance(call.body.get("data"), Mapping)
            else None
        )
        order = str(ids[0]) if isinstance(ids, list) and ids else ""
        if not self._refund.all_refundable(call.registration, order):
            text = TEXTS["de" if call.language.lower().startswith("de") else "en"]
            return {
                "actionType": "notification",
                "payload": {"status": "warning", "message": text["nothing_to_refund"]},
            }
        page = f"{self._bench.public_url}/shopware/{call.registration.merchant}/refund-page?order={quote(order, safe='')}"
        return {
            "actionType": "openModal",
            "payload": {"iframeUrl": page, "size": "small", "expand": False},
        }


class RefundPage:
    """GET and POST /shopware/{merchant}/refund-page"""

    audience = "adapter"

    def __init__(self, entrance: Entrance, refund: Refund, pages: Pages) -> None:
        """Take the story."""
        self._entrance = entrance
        self._refund = refund
        self._pages = pages

    def on_get(self, req: Request, resp: Response, merchant: str) -> None:
        """Show the form."""
        try:
            visit = self._entrance.visit(merchant, query_of(req), None)
            payments = self._refund.all_refundable(visit.registration, visit.asked.get("order", ""))
        except (Refused, NotFound):
            return self._pages.sorry(resp)
        self._form(resp, visit, payments)

    def on_post(self, req: Request, resp: Response, merchant: str) -> None:
        """Give back what the form says; the same form sent twice gives it back once."""
        form = {
            name: values[0]
            for name, values in parse_qs(body_of(req).decode("utf-8", "replace")).items()
        }
        try:
            one, said = self._entrance.redeem(merchant, form.get("ticket", ""))
        except (Refused, NotFound):
            return self._pages.sorry(resp)
        language = "de" if form.get("language") == "de" else "en"
        result = self._give_back(one, said, form.get("amount", ""))
        self._pages.show(resp, "refunded.html", language, origin_of(one.url), **result)

    def _form(self, resp: Response, visit: Visit, payments: Sequence[Mapping[str, Any]]) -> None:
        forms = [
            (payment, self._entrance.ticket(visit.registration, payment)) for payment in payments
        ]
        self._pages.show(
            resp, "refund.html", visit.language, origin_of(visit.registration.url), forms=forms
        )

    def _give_back(self, one: Registration, said: Mapping[str, Any], amount: str) -> dict[str, Any]:
        try:
            cents = minor_units(_number(amount), said["currency"])
            refund = self._refund.give_back(
                one,
                said["payment"],
                cents,
                f"shopware-form-{said['key']}",
                f"form-{said['key'][:16]}",
                "",
            )
        except BadAmount as error:
            return {"problem": str(error), "refund": None}
        except BridgeError as error:
            return {"problem": error.detail, "refund": None}
        return {"problem": None, "refund": refund}


def cookie_of(req: Request) -> str | None:
    """Return our cookie."""
    values = req.get_cookie_values(COOKIE)
    return values[0] if values else None


def keep_cookie(resp: Response, merchant: str, session: str, public_url: str) -> None:
    """Set our cookie; the page is framed by another site, so the browser keeps it apart for each."""
    secure = (
        "; SameSite=None; Secure; Partitioned"
        if public_url.startswith("https:")
        else "; SameSite=Lax"
    )
    resp.append_header(
        "Set-Cookie",
        f"{COOKIE}={session}; Path=/shopware/{merchant}/admin; HttpOnly; Max-Age=28800{secure}",
    )


def _number(text: str) -> Any:
    try:
        return Decimal(text.strip().replace(",", ".")) if len(text) < 20 else None
    except InvalidOperation:
        return None
