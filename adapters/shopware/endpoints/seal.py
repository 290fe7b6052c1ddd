"""Seals what must not be readable in the database: shops' secrets and their API keys.

AES-256-GCM; the key comes from the app's secret (HKDF), which is in the merchant's settings and not in the database, so a copy of
the database alone opens nothing. The shop's id is authenticated with it: a sealed value cannot be moved to another shop.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from secrets import token_bytes
from typing import Any

from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF

NONCE, TAG = 12, 16


class CannotOpen(Exception):
    """None of the app's secrets opens it: the secret was changed, or the value was."""


def seal(values: Mapping[str, Any], app_secret: str, about: str) -> str:
    """Return `values` sealed, base64."""
    nonce = token_bytes(NONCE)
    cipher = _cipher(app_secret, about, nonce)
    text, tag = cipher.encrypt_and_digest(json.dumps(values).encode())
    return base64.b64encode(nonce + tag + text).decode()


def unseal(sealed: str, app_secrets: Sequence[str], about: str) -> dict[str, Any]:
    """Return what was sealed with one of `app_secrets`. Raises CannotOpen."""
    raw = base64.b64decode(sealed)
    nonce, tag, text = raw[:NONCE], raw[NONCE : NONCE + TAG], raw[NONCE + TAG :]
    for secret in app_secrets:
        try:
            opened: dict[str, Any] = json.loads(
                _cipher(secret, about, nonce).decrypt_and_verify(text, tag)
            )
        except ValueError:
            continue
        return opened
    raise CannotOpen


def _cipher(app_secret: str, about: str, nonce: bytes) -> Any:
    key = HKDF(
        app_secret.encode(), 32, b"shopware", SHA256, context=b"secrets of a registered shop"
    )
    return AES.new(key, AES.MODE_GCM, nonce=nonce).update(about.encode())
