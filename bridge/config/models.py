"""What may stand in bridge.yaml and in a merchant's profile; config/README.md shows the same to people.

Durations are seconds unless the name says days. Every field carries its sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

import bridge
from bridge.config.fields import (
    LIST,
    BaseUrl,
    BasicLogin,
    Currency,
    Database,
    FilePath,
    KeyHash,
    Listen,
    Name,
    Network,
    NotificationSecret,
    Origin,
    Proxy,
    Url,
)
from bridge.settings import Settings

Method = Literal["wallet", "card"]


class Outgoing(Settings):
    """Limits of calls to providers and shops."""

    connect: float = Field(5.0, ge=0.1, le=60, description="seconds for each try to connect")
    calls_per_lane: int = Field(16, ge=1, le=1000, description="calls at once to one account")
    calls: int = Field(64, ge=1, le=1000, description="calls at once in all")
    breaker_failures: int = Field(
        5,
        ge=0,
        le=1000,
        description="failures in a row after which an account or shop is left alone; 0: never",
    )
    breaker_seconds: float = Field(
        5.0,
        ge=0.1,
        le=600,
        description="seconds for which it is left alone before one call tries again",
    )
    ca_file: FilePath | None = Field(
        None, description="certificate authorities to trust instead of the usual ones, a PEM file"
    )
    proxy: Proxy | None = Field(
        None,
        description="HTTP proxy for all outgoing calls, http://HOST:PORT; a reference where it holds a password",
    )


class Worker(Settings):
    """How the outbox is worked off."""

    threads: int = Field(
        8,
        ge=1,
        le=256,
        description="jobs at once that move money; one that waits for longer than a second is not counted",
    )
    notification_threads: int = Field(
        8,
        ge=1,
        le=256,
        description="notifications at once, beside those jobs; counted in the same way",
    )
    lease: float = Field(
        60.0,
        ge=1,
        le=3600,
        description="seconds after which the job of a dead worker is taken over; longer than the slowest call",
    )
    poll: float = Field(0.25, ge=0.01, le=60, description="seconds between two looks for due jobs")


class Retention(Settings):
    """How long things are kept that no payment needs any more."""

    callbacks: int = Field(400, ge=30, le=3650, description="days for which raw callbacks are kept")
    rejected: int = Field(
        30, ge=7, le=3650, description="days for which callbacks that were not genuine are kept"
    )
    keys: int = Field(
        30, ge=30, le=3650, description="days for which idempotency keys and their answers are kept"
    )


def _beside_package() -> Path:
    return Path(bridge.__file__).parent.parent / "static"


class ServiceConfig(Settings):
    """bridge.yaml: the service itself."""

    database: Database = Field(
        description="sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME; a reference where it holds a password"
    )
    pgbouncer: bool = Field(
        False, description="the database is reached through PgBouncer in transaction mode"
    )
    public_url: BaseUrl = Field(
        description="where browsers and providers reach the bridge; https, or http on this machine"
    )
    listen: Listen = Field("127.0.0.1:8080", description="host:port to serve on")
    threads: int = Field(16, ge=1, le=256, description="requests served at once")
    merchants: FilePath = Field(description="folder of the merchant profiles, *.yaml")
    static: FilePath = Field(
        default_factory=_beside_package, description="folder of what browsers get"
    )
    outgoing: Outgoing = Field(
        default_factory=Outgoing, description="limits of calls to providers and shops"
    )
    worker: Worker = Field(default_factory=Worker, description="how the outbox is worked off")
    in_process_worker: bool = Field(
        True,
        description="run the worker as a thread of `bridge serve`; false: `bridge worker` runs by itself",
    )
    send_within: float = Field(
        10.0,
        ge=0.5,
        le=60,
        description="seconds after the intent by which a call to a provider has begun, or is not made at all",
    )
    not_found_grace: float = Field(
        60.0,
        ge=0,
        le=3600,
        description='seconds after a lost call\'s deadline before "there is no such request" is believed of a provider',
    )
    retention: Retention = Field(
        default_factory=Retention,
        description="how long things are kept that no payment needs any more",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="how much is logged"
    )
    docs: bool = Field(True, description="serve /openapi.json and /docs")
    operator_networks: Annotated[tuple[Network, ...], LIST] = Field(
        (),
        description="networks (CIDR) that may read /readyz and /metrics beside this machine itself",
    )
    connections_per_client: int = Field(
        100,
        ge=10,
        le=800,
        description="connections at once from one address (IPv6: one /64 network); trusted proxies have no such limit",
    )
    trusted_proxies: Annotated[tuple[Network, ...], LIST] = Field(
        (),
        description="networks (CIDR) of reverse proxies; the client's address is read from `X-Forwarded-For` of these alone",
    )


class ExpiresIn(Settings):
    """How long a payment may stay unanswered."""

    default: int = Field(1800, ge=1, le=691_200, description="seconds where the shop does not say")
    max: int = Field(
        86_400, ge=1, le=691_200, description="the most seconds that a shop may ask for"
    )

    @model_validator(mode="after")
    def _ordered(self) -> ExpiresIn:
        if self.default > self.max:
            raise ValueError("default is longer than max; write a smaller default or a larger max")
        return self


class ShopProfile(Settings):
    """One shop of a merchant."""

    shop: Name = Field(description="the shop's name, unique over all merchants")
    platform: Name = Field(
        description="what the shop runs on: magento, prestashop, shopware, reference, …"
    )
    mode: Literal["live", "test"] = Field(
        "live", description="test: no money that counts; shown to the shop"
    )
    api_keys: Annotated[tuple[KeyHash, ...], LIST] = Field(
        min_length=1, description="SHA-256 of the shop's API keys; two while a key is being changed"
    )
    notification_url: Url | None = Field(
        None,
        description="where the shop takes notifications; without it the shop reads GET /v1/events",
    )
    notification_secrets: Annotated[tuple[NotificationSecret, ...], LIST] = Field(
        (),
        description="secrets that sign notifications, by reference; two while a secret is being changed",
    )
    notification_auth: BasicLogin | None = Field(
        None,
        description="USER:PASSWORD by reference, sent as HTTP basic authentication with notifications; for a shop behind a password",
    )
    origins: Annotated[tuple[Origin, ...], LIST] = Field(
        (),
        description="origins that may frame the checkout and receive the payer back, exactly as browsers write them",
    )
    methods: Mapping[Method, str] = Field(
        min_length=1, description="method: name of the provider that serves it"
    )
    respond_within: float = Field(
        2.0,
        ge=0.1,
        le=10,
        description="seconds after which a slow provider's answer is no longer waited for",
    )
    expires_in: ExpiresIn = Field(
        default_factory=ExpiresIn, description="how long a payment may stay unanswered"
    )
    late_payment: Literal["accept", "refund", "hold"] = Field(
        "hold", description="what to do when money comes after cancel or expiry"
    )
    duplicate_payment: Literal["hold", "refund"] = Field(
        "hold", description="what to do with a second payment of an order that is paid already"
    )
    currencies: Annotated[tuple[Currency, ...], LIST] = Field(
        ("EUR",), min_length=1, description="currencies that the shop sells in"
    )
    language: Literal["en", "de"] = Field(
        "en",
        description="language for payers of whom the shop tells none, or none that can be read",
    )

    @model_validator(mode="after")
    def _signed(self) -> ShopProfile:
        if self.notification_url and not self.notification_secrets:
            raise ValueError(
                "notification_url needs notification_secrets; `bridge keys new` makes one"
            )
        return self


class MerchantProfile(Settings):
    """merchants/*.yaml: one merchant, its accounts at providers and its shops."""

    merchant: Name = Field(description="the merchant's name, unique")
    name: str = Field(
        min_length=1, max_length=100, description="the merchant's name as payers read it"
    )
    providers: Mapping[str, Any] = Field(
        min_length=1, description="provider: its settings, as its folder's README says"
    )
    shops: Annotated[tuple[ShopProfile, ...], LIST] = Field(
        min_length=1, description="the merchant's shops"
    )
    adapters: Mapping[str, Any] = Field(
        default_factory=dict,
        description="platform: settings of its adapter, as its folder's README says",
    )
