"""Builds the web application. Below is the one route table: every address that the bridge answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from falcon import MEDIA_JSON, App
from prometheus_client import CollectorRegistry

from bridge.services import Services
from bridge.web.answers import JsonHandler
from bridge.web.audience import Guards, Resource
from bridge.web.callbacks import CallbacksResource
from bridge.web.captures import CapturesResource
from bridge.web.checkout import (
    CancelCheckoutResource,
    CheckoutResource,
    ConfirmResource,
    PageResource,
    ReturnResource,
)
from bridge.web.docs import DocsResource
from bridge.web.events import EventsResource
from bridge.web.files import FrameFiles, WidgetFiles
from bridge.web.health import LiveResource, MetricsResource, ReadyResource
from bridge.web.methods import MethodsResource
from bridge.web.metrics import Metrics
from bridge.web.mobile import MobileAuthenticationResource, PaymentAuthenticationResource
from bridge.web.openapi import OpenApiResource, document
from bridge.web.payments import (
    CancelResource,
    HistoryResource,
    PaymentResource,
    PaymentsResource,
    SyncResource,
)
from bridge.web.problems import MEDIA_TYPE, Problems
from bridge.web.refunds import RefundResource, RefundsResource
from bridge.web.settings import WebSettings
from bridge.web.shop import ShopResource, TestNotificationResource
from bridge.web.watch import Watch

ROUTES: tuple[tuple[str, type[Resource]], ...] = (
    ("/v1/payments", PaymentsResource),
    ("/v1/payments/{payment_id}", PaymentResource),
    ("/v1/payments/{payment_id}/refunds", RefundsResource),
    ("/v1/payments/{payment_id}/captures", CapturesResource),
    ("/v1/payments/{payment_id}/cancel", CancelResource),
    ("/v1/payments/{payment_id}/sync", SyncResource),
    ("/v1/payments/{payment_id}/events", HistoryResource),
    ("/v1/refunds/{refund_id}", RefundResource),
    ("/v1/events", EventsResource),
    ("/v1/methods", MethodsResource),
    ("/v1/shop", ShopResource),
    ("/v1/shop/test-notification", TestNotificationResource),
    ("/v1/checkout/{token}", CheckoutResource),
    ("/v1/checkout/{token}/confirm", ConfirmResource),
    ("/v1/checkout/{token}/cancel", CancelCheckoutResource),
    ("/checkout/{token}", PageResource),
    ("/checkout/{token}/return", ReturnResource),
    ("/v1/callbacks/{provider}/{merchant}", CallbacksResource),
    ("/v1/mobile-sdk/{shop}/authentication", MobileAuthenticationResource),
    ("/v1/mobile-sdk/{shop}/authentication/{token}", PaymentAuthenticationResource),
    ("/livez", LiveResource),
    ("/readyz", ReadyResource),
    ("/metrics", MetricsResource),
    ("/openapi.json", OpenApiResource),
    ("/docs", DocsResource),
    ("/frame/{file:path}", FrameFiles),
    ("/widget/{release}/{file}", WidgetFiles),
)


def _forget(_request_id: str) -> None:
    return None


def build(
    services: Services,
    settings: WebSettings,
    *,
    bind_request_id: Callable[[str], object] = _forget,
    registry: CollectorRegistry | None = None,
    doors: Sequence[tuple[str, Any]] = (),
) -> App[Any, Any]:
    """Build the application over ready services; `bind_request_id` is told the id of each request before it is served.

    `doors` are the adapters' own: (address, ready resource).
    """
    metrics = Metrics(registry or CollectorRegistry())
    metrics.watch_house(services.measure)
    metrics.tell_version(settings.version)
    middleware: list[Any] = [Watch(settings, metrics, bind_request_id), Guards(services, settings)]
    app: App[Any, Any] = App(media_type=MEDIA_JSON, middleware=middleware)
    Problems(settings.public_url).install(app)
    app.resp_options.media_handlers.update({MEDIA_JSON: JsonHandler(), MEDIA_TYPE: JsonHandler()})
    app.req_options.media_handlers.update({MEDIA_JSON: JsonHandler(), MEDIA_TYPE: JsonHandler()})
    special: dict[type[Resource], Callable[..., Any]] = {
        MetricsResource: partial(MetricsResource, metrics=metrics)
    }
    if settings.docs:
        written = cache(lambda: document(ROUTES, settings))
        special |= {
            OpenApiResource: partial(OpenApiResource, written=written),
            DocsResource: partial(DocsResource, written=written),
        }
    for path, resource in ROUTES:
        if settings.docs or resource not in (OpenApiResource, DocsResource):
            app.add_route(path, special.get(resource, resource)(services, settings))
    for path, ready in doors:
        app.add_route(path, ready)
    return app
