"""Makes a merchant's zip: the manifest with the merchant's own addresses and secret, and the icons.

Every holder of the zip knows its secret, so each merchant has one of its own, and the zip never belongs into a repository.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

VERSION = "1.1.0"
MODULE = Path(__file__).parent / "module"
EPOCH = (2020, 1, 1, 0, 0, 0)
"""The same zip for the same settings, whenever it is made."""

METHODS = {
    "wallet": {
        "name": "Wallet",
        "name_de": "Wallet",
        "description": "You confirm the payment in your wallet.",
        "description_de": "Sie bestätigen die Zahlung in Ihrer Wallet.",
    },
    "card": {
        "name": "Card",
        "name_de": "Karte",
        "description": "You pay by credit or debit card on a secure page.",
        "description_de": "Sie zahlen mit Kredit- oder Debitkarte auf einer sicheren Seite.",
    },
}


def make_zip(
    settings: Any, merchant: str, merchant_name: str, public_url: str, methods: Sequence[str]
) -> bytes:
    """Return the zip; `settings` is the profile's block, `methods` what the merchant's shops offer."""
    files = {
        "manifest.xml": manifest(settings, merchant, merchant_name, public_url, methods).encode(),
        **{
            f"Resources/{icon}.png": (MODULE / "Resources" / f"{icon}.png").read_bytes()
            for icon in ("icon", *methods)
        },
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(f"{settings.app_name}/{name}", EPOCH), content)
    return held.getvalue()


def manifest(
    settings: Any, merchant: str, merchant_name: str, public_url: str, methods: Sequence[str]
) -> str:
    """Return the manifest for Shopware 6.5.8 to 6.7 (Shopware sheet, section 1)."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.from_string((MODULE / "manifest.xml").read_text("utf-8")).render(
        app_name=settings.app_name,
        label=settings.label,
        label_de=settings.label_de,
        merchant=merchant_name,
        version=VERSION,
        base=f"{public_url.rstrip('/')}/shopware/{merchant}",
        secret=settings.secrets[0].get_secret_value(),
        methods=[{"identifier": method, **METHODS[method]} for method in methods],
    )
