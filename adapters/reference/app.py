"""All routes of the shop at a glance, and who may use which."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import falcon

from adapters.reference import api, back_office, rendering, show
from adapters.reference.shop import Shop

LOOPBACK = ("127.", "::1")
PRIVATE = ("/admin", "/api")  # no password in a demonstration, so nobody but this machine


def application(shop: Shop) -> falcon.App[Any, Any]:
    """Return the shop as a WSGI application."""
    middleware: list[Any] = [Guard(), Headers(shop)]
    app: falcon.App[Any, Any] = falcon.App(middleware=middleware)
    app.req_options.strip_url_path_trailing_slash = True
    app.add_error_handler(ValueError, _bad_request)
    app.set_error_serializer(partial(_problem, shop))
    orders, desk = api.Orders(shop), back_office.Orders(shop)
    for path, resource, suffix in (
        ("/", show.Catalogue(shop), None),
        ("/cart", show.Cart(shop), None),
        ("/checkout", show.Checkout(shop), None),
        ("/orders/{ref}", show.OrderPage(shop), None),
        ("/orders/{ref}/status", show.Status(shop), None),
        ("/orders/{ref}/pay", show.Frame(shop), None),
        ("/orders/{ref}/again", show.Pay(shop), None),
        ("/notifications", api.Notifications(shop), None),
        ("/admin", desk, None),
        ("/admin/pull", desk, "pull"),
        ("/admin/test", desk, "test"),
        ("/admin/orders/{ref}", back_office.OrderDesk(shop), None),
        ("/admin/orders/{ref}/refunds", back_office.RefundDesk(shop), None),
        ("/admin/orders/{ref}/cancel", back_office.CancelDesk(shop), None),
        ("/admin/orders/{ref}/send-again", back_office.AgainDesk(shop), None),
        ("/api/orders", orders, None),
        ("/api/orders/{ref}", api.Order(shop), None),
        ("/api/orders/{ref}/pay", orders, "pay"),
        ("/api/orders/{ref}/refunds", api.Refunds(shop), None),
        ("/api/pull", api.Pull(shop), None),
        ("/healthz", api.Health(), None),
    ):
        app.add_route(path, resource, **({"suffix": suffix} if suffix else {}))
    app.add_static_route("/assets", str(Path(__file__).parent / "assets"))
    return app


class Guard:
    """Two doors stay shut: the merchant's to other machines, and every form to pages of other sites."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Refuse before anything is read."""
        if req.path.startswith(PRIVATE) and not req.remote_addr.startswith(LOOPBACK):
            raise falcon.HTTPForbidden(title="Only from the machine that the shop runs on")
        origin = req.get_header("Origin")
        if req.method == "POST" and origin and urlsplit(origin).netloc != req.netloc:
            raise falcon.HTTPForbidden(title="Only from the shop's own pages")


class Headers:
    """What every page tells the browser. The bridge is the only stranger: framed, and where the checkout form leads."""

    def __init__(self, shop: Shop) -> None:
        bridge = "{0.scheme}://{0.netloc}".format(urlsplit(shop.settings.bridge_url))
        self._policy = (
            f"default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self' {bridge}; connect-src 'self'; "
            f"frame-src 'self' {bridge}; form-action 'self' {bridge}; base-uri 'none'; frame-ancestors 'self'"
        )

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, succeeded: bool
    ) -> None:
        """Add them to every answer."""
        resp.set_header("Content-Security-Policy", self._policy)
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.set_header("Referrer-Policy", "same-origin")
        if not req.path.startswith("/assets/"):
            resp.set_header("Cache-Control", "no-store")


def _problem(
    shop: Shop, req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError
) -> None:
    if "text/html" in req.accept:
        return rendering.show(
            shop.templates,
            req,
            resp,
            "problem.html",
            title=error.title,
            words=error.description or "",
        )
    resp.content_type = "application/problem+json"
    resp.text = json.dumps(
        {"title": error.title, "status": error.status_code, "detail": error.description}
    )


def _bad_request(
    req: falcon.Request, resp: falcon.Response, error: ValueError, params: dict[str, Any]
) -> None:
    raise falcon.HTTPBadRequest(title="That does not fit", description=str(error))
