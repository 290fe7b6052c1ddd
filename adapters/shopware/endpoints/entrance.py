"""Who opens one of our pages in the administration: a signed link, used once, then a cookie (Shopware sheet, sections 1.7 and 3.3).

A signed link is a key in an address. It counts for a few minutes and once; the cookie that it is exchanged for is for this page only.
Forms carry a ticket instead, as a framed page may not get its cookie back.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qsl

from adapters.shopware.endpoints.handshake import Refused, is_fresh
from adapters.shopware.endpoints.settings import ShopwareSettings
from adapters.shopware.endpoints.shops import Book, Registration
from adapters.shopware.endpoints.signatures import mac, matching, split_query
from bridge.platforms import Workbench

SESSION = timedelta(hours=8)
TICKET = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Visit:
    """A verified visit: the shop, and the link's parameters."""

    registration: Registration
    asked: Mapping[str, str]

    @property
    def language(self) -> str:
        """Return the reader's language, two letters."""
        return "de" if self.asked.get("sw-user-language", "").lower().startswith("de") else "en"


class Entrance:
    """Verifies links, cookies and tickets."""

    def __init__(self, bench: Workbench) -> None:
        """Take what the story needs."""
        self._bench = bench

    def visit(self, merchant: str, raw_query: bytes, cookie: str | None) -> Visit:
        """Return who comes. Raises Refused, NotFound."""
        settings: ShopwareSettings = self._bench.settings(merchant)
        signed, signature = split_query(raw_query)
        asked = dict(parse_qsl(signed.decode("latin-1"), keep_blank_values=True, errors="replace"))
        now = self._bench.clock()
        with self._bench.units() as unit:
            book = Book(unit, settings.app_secrets())
            one = book.find(merchant, asked.get("shop-id", ""))
            secret = matching(one.valid_secrets(now), signed, signature) if one else None
            if one is None or secret is None:
                raise Refused
            known = self._read(one, "session", cookie) is not None
            fresh = is_fresh(asked.get("timestamp"), now, settings.freshness)
            if not known and not (
                fresh
                and book.is_new_link(
                    one, signature or "", now, timedelta(seconds=settings.freshness)
                )
            ):
                raise Refused
        return Visit(one, asked)

    def cookie(self, one: Registration) -> str:
        """Return a session for whoever came with a link."""
        return self._write(one, "session", {}, SESSION)

    def ticket(self, one: Registration, payment: Mapping[str, Any]) -> str:
        """Return the right to refund one payment once."""
        says = {
            "shop_id": one.shop_id,
            "payment": payment["id"],
            "currency": payment["currency"],
            "key": token_hex(16),
        }
        return self._write(one, "refund", says, TICKET)

    def redeem(self, merchant: str, ticket: str) -> tuple[Registration, Mapping[str, Any]]:
        """Return whose ticket it is and what it says. Raises Refused, NotFound."""
        settings: ShopwareSettings = self._bench.settings(merchant)
        with self._bench.units.read() as unit:
            one = Book(unit, settings.app_secrets()).find(
                merchant, str(_decode(ticket.partition(".")[0]).get("shop_id", ""))
            )
        said = self._read(one, "refund", ticket) if one else None
        if one is None or said is None:
            raise Refused
        return one, said

    def _write(
        self, one: Registration, kind: str, says: Mapping[str, Any], lasts: timedelta
    ) -> str:
        until = int((self._bench.clock() + lasts).timestamp())
        text = base64.urlsafe_b64encode(
            json.dumps({**says, "kind": kind, "until": until}).encode()
        ).decode()
        return f"{text}.{mac(_key(one), text.encode())}"

    def _read(self, one: Registration, kind: str, given: str | None) -> Mapping[str, Any] | None:
        text, _, signature = (given or "").partition(".")
        if not one.confirmed or not matching(
            [_key(one)], text.encode("utf-8", "replace"), signature
        ):
            return None
        says = _decode(text)
        return (
            says
            if says.get("kind") == kind and self._bench.clock().timestamp() < says["until"]
            else None
        )


def _key(one: Registration) -> str:
    """Return a key of its own for our tokens, so that none of them could pass for a message of the shop."""
    return mac(one.active, b"pages of the administration")


def _decode(text: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(text.encode("ascii", "replace")))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
