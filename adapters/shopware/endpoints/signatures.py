"""Shopware's signatures: HMAC-SHA256 over raw bytes, lower-case hex, the secret used as plain text (Shopware sheet, section 3).

What is signed is what is on the wire: a query is never parsed and written anew, a body never serialised again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

APP_SIGNATURE = "shopware-app-signature"
SHOP_SIGNATURE = "shopware-shop-signature"
PREVIOUS_SIGNATURE = "shopware-shop-signature-previous"


def mac(secret: str, message: bytes) -> str:
    """Return the signature of `message`, 64 hexadecimal digits."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def matching(secrets: Iterable[str], message: bytes, signature: str | None) -> str | None:
    """Return the first secret by which `signature` is the message's; None: none of them. Takes the same time wherever they differ."""
    given = (signature or "").encode("utf-8", "replace")
    return next(
        (
            secret
            for secret in secrets
            if secret and hmac.compare_digest(given, mac(secret, message).encode())
        ),
        None,
    )


def proof(app_secret: str, shop_id: str, shop_url: str, app_name: str) -> str:
    """Return what proves to a shop that we hold the app's secret; `shop_url` exactly as received, decoded."""
    return mac(app_secret, f"{shop_id}{shop_url}{app_name}".encode())


def split_query(raw_query: bytes) -> tuple[bytes, str | None]:
    """Take the signature out of a query: (all other parameters as they came, the signature)."""
    name = f"{SHOP_SIGNATURE}=".encode()
    parts = raw_query.split(b"&")
    signatures = [
        part[len(name) :].decode("ascii", "replace") for part in parts if part.startswith(name)
    ]
    return b"&".join(part for part in parts if not part.startswith(name)), signatures[0] if len(
        signatures
    ) == 1 else None
