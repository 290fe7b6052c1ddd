"""Verb five, configure: where the bridge is, the API key, the notification secret; and a button that proves them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.reference.client import Client, NoAnswer
from adapters.reference.signature import key_of


@dataclass(frozen=True, slots=True)
class Settings:
    """What a merchant sets. ``notification_keys`` holds two keys while a secret is being changed."""

    listen: str
    data: Path
    bridge_url: str
    shop_url: str
    api_key: str = field(repr=False)
    notification_keys: tuple[bytes, ...] = field(repr=False)

    @property
    def client(self) -> Client:
        """Return the bridge as this shop calls it."""
        return Client(self.bridge_url, self.api_key)


def notification_keys(text: str) -> tuple[bytes, ...]:
    """Read one or more ``whsec_…`` secrets, parted by white space; raises ``ValueError``."""
    if not text.split():
        raise ValueError("there is no notification secret")
    return tuple(key_of(secret) for secret in text.split())


def test_connection(client: Client) -> dict[str, Any]:
    """Ask the bridge who we are, and have it send a signed test notification to us; return both answers."""
    try:
        shop = client.get("/v1/shop")
        test = (
            client.post("/v1/shop/test-notification", {}, f"test-{secrets.token_hex(8)}")
            if shop.ok
            else None
        )
    except NoAnswer as error:
        return {"ok": False, "detail": str(error)}
    return {
        "ok": bool(test and test.ok and test.body.get("delivered")),
        "shop": shop.body,
        "test": test.body if test else None,
    }
