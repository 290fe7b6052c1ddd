"""Writes what the processes read: secrets, made once and kept, and the configuration, made anew at every start."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from bridge.demo.layout import ACME, GLOBEX, MERCHANTS, Layout, Merchant

KINDS: dict[str, Callable[[], str]] = {
    "api-key": lambda: f"sk_{secrets.token_urlsafe(32)}",
    "notification-secret": lambda: f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
    "cashcloud-password": lambda: secrets.token_urlsafe(18),
    "onecs-blowfish-key": lambda: secrets.token_hex(16),
    "onecs-hmac-key": lambda: secrets.token_hex(16),
}


def prepare(layout: Layout) -> None:
    """Write secrets where they are missing, and the configuration. Whatever is a secret is readable by its owner only."""
    layout.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    layout.facts.unlink(missing_ok=True)
    for merchant in MERCHANTS:
        for kind, new in KINDS.items():
            if not layout.secret(merchant, kind).is_file():
                write_private(layout.secret(merchant, kind), new() + "\n")
    _write_yaml(layout.config, _service(layout))
    for merchant in MERCHANTS:
        _write_yaml(
            layout.config.parent / "merchants" / f"{merchant.id}.yaml", _profile(layout, merchant)
        )


def wipe(layout: Layout) -> None:
    """Delete everything of earlier runs: only the names that a demo writes, whatever folder was given."""
    for name in ("bridge", "sandbox", "shop", "config", "secrets", "log"):
        shutil.rmtree(layout.data / name, ignore_errors=True)
    layout.facts.unlink(missing_ok=True)


def read_secret(layout: Layout, merchant: Merchant, kind: str) -> str:
    """Return one secret."""
    return layout.secret(merchant, kind).read_text().strip()


def write_facts(layout: Layout) -> None:
    """Write ``demo.json``, all at once: who reads it finds it whole or not at all."""
    half = layout.facts.with_suffix(".half")
    write_private(half, json.dumps(_facts(layout), indent=2) + "\n")
    half.replace(layout.facts)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _service(layout: Layout) -> dict[str, Any]:
    return {
        "database": f"sqlite:///{layout.data / 'bridge' / 'bridge.db'}",
        "listen": layout.address("bridge"),
        "public_url": layout.url("bridge"),
        "merchants": "merchants",
        "in_process_worker": False,
    }


def _profile(layout: Layout, merchant: Merchant) -> dict[str, Any]:
    password = {"file": str(layout.secret(merchant, "cashcloud-password"))}
    return {
        "merchant": merchant.id,
        "name": merchant.name,
        "providers": {
            "cashcloud": {
                "base_url": f"{layout.url('sandbox')}/cashcloud/",
                "username": merchant.username,
                "password": password,
                "device_id": f"{merchant.id}-bridge",
                "account_type": "corporate_plus",
                "reason_id": "316",
            },
            "onecs": {
                "base_url": f"{layout.url('sandbox')}/onecs/",
                "merchant_id": merchant.card_id,
                "blowfish_key": {"file": str(layout.secret(merchant, "onecs-blowfish-key"))},
                "hmac_key": {"file": str(layout.secret(merchant, "onecs-hmac-key"))},
                "mobile_url": f"{layout.url('sandbox')}/onecs/mobileauth",
                "time_zone": "UTC",
            },
        },
        "shops": [_shop(layout, merchant)],
    }


def _shop(layout: Layout, merchant: Merchant) -> dict[str, Any]:
    key = hashlib.sha256(read_secret(layout, merchant, "api-key").encode()).hexdigest()
    listening = {
        "notification_url": f"{layout.url('shop')}/notifications",
        "notification_secrets": [{"file": str(layout.secret(merchant, "notification-secret"))}],
    }
    return {
        "shop": merchant.shop,
        "platform": "reference",
        "mode": "test",
        "api_keys": [f"sha256:{key}"],
        **(listening if merchant.listens else {}),
        "origins": [layout.url("shop")],
        "methods": {"wallet": "cashcloud", "card": "onecs"},
        "respond_within": 2,
        "expires_in": {"default": 1800, "max": 86400},
        "late_payment": "hold",
    }


def _facts(layout: Layout) -> dict[str, str]:
    return {
        "bridge_url": layout.url("bridge"),
        "sandbox_url": layout.url("sandbox"),
        "shop_url": layout.url("shop"),
        "api_key": read_secret(layout, ACME, "api-key"),
        "second_merchant_api_key": read_secret(layout, GLOBEX, "api-key"),
        "notification_secret": read_secret(layout, ACME, "notification-secret"),
        "merchant": ACME.id,
        "shop": ACME.shop,
        "cashcloud_username": ACME.username,
        "callback_password": read_secret(layout, ACME, "cashcloud-password"),
        "onecs_merchant_id": ACME.card_id,
        "onecs_blowfish_key": read_secret(layout, ACME, "onecs-blowfish-key"),
        "onecs_hmac_key": read_secret(layout, ACME, "onecs-hmac-key"),
    }


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
