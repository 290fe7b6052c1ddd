"""Who stands at which door: every resource names its audience, and one middleware runs that audience's guard.

A resource that forgets to name its audience is answered to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Any, ClassVar

from falcon import HTTPForbidden, Request, Response

from bridge.services import Services
from bridge.web.client import Clients
from bridge.web.settings import WebSettings

Guard = Callable[[Request], None]


class Audience(StrEnum):
    """Whom a resource is made for."""

    SHOP = "shop"
    PROVIDER = "provider"
    ADAPTER = "adapter"
    PAYER = "payer"
    OPERATOR = "operator"
    PUBLIC = "public"


class Resource:
    """A resource reads, calls a use case, answers. HEAD is GET without its body."""

    audience: ClassVar[Audience | None] = None

    def __init__(self, services: Services, settings: WebSettings) -> None:
        """Take the use cases and the installation's settings."""
        self.services = services
        self.settings = settings
        self.clients = Clients(settings.trusted_proxies)

    def __init_subclass__(cls) -> None:
        """Answer HEAD wherever GET is answered."""
        if hasattr(cls, "on_get") and not hasattr(cls, "on_head"):
            cls.on_head = cls.on_get  # type: ignore[attr-defined]  # Falcon finds methods by their names


class Guards:
    """Falcon middleware: the guard of the resource's audience runs before its method does."""

    def __init__(self, services: Services, settings: WebSettings) -> None:
        """Build one guard per audience."""
        self._guards: Mapping[Any, Guard] = {
            Audience.SHOP: _ask_for_api_key(services),
            Audience.PROVIDER: _let_in,  # the provider's own signature is verified with the stored callback
            Audience.ADAPTER: _let_in,  # the adapter's resource verifies the platform's own signature
            Audience.PAYER: _let_in,  # the checkout token in the path is the permission
            Audience.OPERATOR: _ask_for_network(settings),
            Audience.PUBLIC: _let_in,
        }

    def process_resource(
        self, req: Request, _resp: Response, resource: Any, _params: dict[str, str]
    ) -> None:
        """Run the guard; a resource without an audience has none, and is not answered."""
        self._guards[getattr(resource, "audience", None)](req)


def bearer(req: Request) -> str | None:
    """Return the API key of `Authorization: Bearer <api key>`; None: there is none."""
    scheme, _, key = (req.get_header("Authorization") or "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def _ask_for_api_key(services: Services) -> Guard:
    def guard(req: Request) -> None:
        req.context.shop = services.authenticate(bearer(req))

    return guard


def _let_in(_req: Request) -> None:
    return None


FORWARDED = ("FORWARDED", "X-FORWARDED-FOR", "X-FORWARDED-HOST", "X-REAL-IP", "VIA")
"""Who sends one of these came through a proxy: then a loopback address is the proxy's, not the reader's."""


def _ask_for_network(settings: WebSettings) -> Guard:
    networks = [ip_network(network) for network in settings.operator_networks]
    clients = Clients(settings.trusted_proxies)

    def guard(req: Request) -> None:
        address = ip_address(clients.address(req))
        forwarded = any(req.get_header(name) for name in FORWARDED)
        if not any(address in network for network in networks) and (
            forwarded or not address.is_loopback
        ):
            raise HTTPForbidden(
                description="Only this machine and the networks listed as operator_networks may read this."
            )

    return guard
