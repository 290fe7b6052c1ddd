"""Registration and confirmation: how a shop and the app come to share a secret (Shopware sheet, section 2).

The registration only offers a new secret; nothing that is in force changes before the shop has confirmed it with that very secret. A shop that
once signed with its old secret as well is never again believed without.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qsl

from adapters.shopware.endpoints.addresses import (
    AddressRefused,
    Resolve,
    check_reachable,
    resolve,
    shop_at,
    trimmed,
)
from adapters.shopware.endpoints.settings import ShopwareSettings
from adapters.shopware.endpoints.shops import Book, Registration
from adapters.shopware.endpoints.signatures import matching, proof
from bridge.platforms import Workbench
from bridge.ports import Shop

log = logging.getLogger("bridge.shopware")

SECRET_BYTES = 64

LOOK_UP_WAIT = 3.0
"""Seconds; Shopware waits five for the whole registration."""


class Refused(Exception):
    """The signature does not hold. Nobody is told why."""


class NotWelcome(Exception):
    """Genuine, but not acceptable. The text is for the merchant."""


@dataclass(frozen=True, slots=True)
class Hello:
    """A registration request, decoded; `raw_query` as it was on the wire. `signature` is the app's, `shop_signature` the old shop secret's."""

    merchant: str
    raw_query: bytes
    signature: str | None
    shop_signature: str | None
    version: str


class Handshake:
    """Both steps. Safe to use from many threads."""

    def __init__(self, bench: Workbench, look_up: Resolve = resolve) -> None:
        """Take what the story needs."""
        self._bench = bench
        self._look_up = look_up

    def register(self, hello: Hello) -> dict[str, str]:
        """Offer a new secret; return the answer's JSON. Raises Refused, NotWelcome, NotFound for a merchant without the app."""
        settings: ShopwareSettings = self._bench.settings(hello.merchant)
        app_secret = matching(settings.app_secrets(), hello.raw_query, hello.signature)
        asked = dict(
            parse_qsl(hello.raw_query.decode("latin-1"), keep_blank_values=True, errors="replace")
        )
        now = self._bench.clock()
        if app_secret is None or not is_fresh(asked.get("timestamp"), now, settings.freshness):
            raise Refused
        shop_id, url = asked.get("shop-id", ""), asked.get("shop-url", "")
        shop = self._welcome(hello.merchant, shop_id, url, settings)
        secret = token_hex(SECRET_BYTES)
        with self._bench.units() as unit:
            book = Book(unit, settings.app_secrets())
            known = book.find(hello.merchant, shop_id)
            self._check_known(known, hello, shop)
            before = known or Registration(hello.merchant, shop_id, shop.shop, trimmed(url))
            double = before.double_signature or (before.confirmed and bool(hello.shop_signature))
            book.save(
                replace(
                    before,
                    pending=secret,
                    pending_at=now,
                    pending_url=trimmed(url),
                    pending_shop=shop.shop,
                    double_signature=double,
                    version=hello.version or before.version,
                )
            )
        log.info(
            "a Shopware shop registers",
            extra={"shop": shop.shop, "shopware_shop": shop_id, "shopware_version": hello.version},
        )
        return {
            "proof": proof(app_secret, shop_id, url, settings.app_name),
            "secret": secret,
            "confirmation_url": f"{self._bench.public_url}/shopware/{hello.merchant}/confirm",
        }

    def confirm(
        self,
        merchant: str,
        raw: bytes,
        body: dict[str, Any],
        signature: str | None,
        previous: str | None,
    ) -> None:
        """Put the offered secret into force; a repeat changes nothing. Raises Refused, NotFound."""
        settings: ShopwareSettings = self._bench.settings(merchant)
        now = self._bench.clock()
        with self._bench.units() as unit:
            book = Book(unit, settings.app_secrets())
            known = book.find(merchant, str(body.get("shopId", "")))
            if known is None or not is_fresh(body.get("timestamp"), now, settings.freshness):
                raise Refused
            if known.confirmed and matching([known.active], raw, signature):
                return  # said before: nothing changes
            if not matching([known.pending], raw, signature):
                raise Refused
            if (
                known.confirmed
                and (known.double_signature or previous)
                and not matching([known.active], raw, previous)
            ):
                raise Refused
            api_key, api_secret = body.get("apiKey"), body.get("secretKey")
            if not (
                isinstance(api_key, str) and isinstance(api_secret, str) and api_key and api_secret
            ):
                raise Refused
            before = book.current(known.pending_shop)
            book.save(
                _in_force(known, before, now, api_key, api_secret, bool(previous)), current=True
            )
        log.info(
            "a Shopware shop is confirmed",
            extra={"shop": known.pending_shop, "shopware_shop": known.shop_id},
        )

    def _welcome(self, merchant: str, shop_id: str, url: str, settings: ShopwareSettings) -> Shop:
        if not 0 < len(shop_id) <= 255 or not shop_id.isprintable():
            raise Refused
        try:
            shop = shop_at(url, merchant, self._bench.shops)
            check_reachable(
                url,
                private=settings.private_addresses,
                look_up=lambda host: self._looked_up(merchant, host),
            )
        except AddressRefused as error:
            raise NotWelcome(str(error)) from error
        return shop

    def _looked_up(self, merchant: str, host: str) -> Sequence[str]:
        """Look a name up in the pool: a look-up cannot be interrupted, and the thread that serves must not wait for it. Raises NotWelcome, Unavailable."""
        found: list[Sequence[str]] = []
        self._bench.errands.run(
            f"look-up:{merchant}", lambda: found.append(self._look_up(host)), LOOK_UP_WAIT
        )
        if not found:
            raise NotWelcome(
                "the shop's address (APP_URL) could not be looked up in time; please try again"
            )
        return found[0]

    def _check_known(self, known: Registration | None, hello: Hello, shop: Shop) -> None:
        if known is None or not known.confirmed:
            return  # also after the app was removed: what we forgot we cannot ask for
        if (hello.shop_signature or known.double_signature) and not matching(
            [known.active, known.pending], hello.raw_query, hello.shop_signature
        ):
            raise Refused
        if shop.shop != known.shop:
            raise NotWelcome(
                "this shop's id is in use at another address; in a copy of the shop run `bin/console app:shop-id:change` first"
            )


def is_fresh(timestamp: object, now: datetime, seconds: int) -> bool:
    """Tell whether a time (seconds since 1970, a number or its text) is near now; a clock that is far off is logged."""
    text = str(timestamp) if not isinstance(timestamp, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        return False
    skew = int(text) - now.timestamp()
    if abs(skew) > seconds:
        log.warning(
            "a Shopware shop's message is too old, or its clock is wrong",
            extra={"skew_seconds": round(skew)},
        )
    return abs(skew) <= seconds


def _in_force(
    known: Registration,
    before: Registration | None,
    now: datetime,
    api_key: str,
    api_secret: str,
    double: bool,
) -> Registration:
    same_place = (
        before is not None and before.shop_id != known.shop_id and before.url == known.pending_url
    )
    predecessors = (
        (before.shop_id, *before.predecessors)
        if before is not None and same_place
        else known.predecessors
    )
    return replace(
        known,
        shop=known.pending_shop,
        url=known.pending_url,
        active=known.pending,
        previous=known.active if known.confirmed else "",
        pending="",
        pending_at=None,
        pending_url="",
        pending_shop="",
        rotated_at=now if known.confirmed else None,
        confirmed=True,
        enabled=True,
        double_signature=known.double_signature or (known.confirmed and double),
        api_key=api_key,
        api_secret=api_secret,
        deleted_at=None,
        predecessors=tuple(dict.fromkeys(one for one in predecessors if one != known.shop_id))[:10],
    )
