"""What we remember of each Shopware that registered, as documents of owner "shopware"; its secrets are sealed.

shop:<merchant>:<digest of the shop id>      the registration
current:<shop>                               which registration a shop of the profile speaks through now
payments:<digest of shop id and subject>     the payments made for one order transaction, or one order, oldest first
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.shopware.endpoints.seal import CannotOpen, seal, unseal
from bridge.ports import Unit

OWNER = "shopware"
GRACE = timedelta(seconds=60)
"""How long the previous secret still counts after a rotation (Shopware sheet, section 2.4)."""

SECRET_FIELDS = ("active", "previous", "pending", "api_key", "api_secret")


@dataclass(frozen=True, slots=True)
class Registration:
    """One Shopware installation. `shop` is the profile's shop that it speaks for; times are UTC; secrets never show in a repr."""

    merchant: str
    shop_id: str
    shop: str
    url: str
    confirmed: bool = False
    enabled: bool = False
    double_signature: bool = False
    version: str = ""
    rotated_at: datetime | None = None
    pending_at: datetime | None = None
    pending_url: str = ""
    pending_shop: str = ""
    deleted_at: datetime | None = None
    predecessors: tuple[str, ...] = ()
    active: str = field(default="", repr=False)
    previous: str = field(default="", repr=False)
    pending: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    api_secret: str = field(default="", repr=False)

    def valid_secrets(self, now: datetime) -> Sequence[str]:
        """Return the secrets by which a message may be signed now: the active one, and for a minute the one before it."""
        if not self.confirmed:
            return ()
        old = self.rotated_at is not None and now - self.rotated_at < GRACE and self.previous
        return (self.active, self.previous) if old else (self.active,)

    def forgotten(self, at: datetime) -> Registration:
        """Return it as it is kept after the app was removed: without any secret."""
        without: dict[str, Any] = dict.fromkeys(SECRET_FIELDS, "")
        return replace(
            self,
            confirmed=False,
            enabled=False,
            deleted_at=at,
            rotated_at=None,
            pending_at=None,
            pending_url="",
            **without,
        )


class Book:
    """Reads and writes registrations in one unit; `app_secrets` are the merchant's."""

    def __init__(self, unit: Unit, app_secrets: Sequence[str]) -> None:
        """Work in an open unit."""
        self._documents = unit.documents
        self._secrets = app_secrets

    def find(self, merchant: str, shop_id: str) -> Registration | None:
        """Return a registration; None: there is none, or nothing in it can be opened any more."""
        kept = self._documents.get(OWNER, _name(merchant, shop_id))
        return self._open(kept) if kept else None

    def current(self, shop: str) -> Registration | None:
        """Return the registration that a shop of the profile speaks through now."""
        place = self._documents.get(OWNER, f"current:{shop}")
        return self.find(place["merchant"], place["shop_id"]) if place else None

    def save(self, one: Registration, *, current: bool = False) -> None:
        """Store a registration; `current`: its shop speaks through it from now on."""
        plain = {name: value for name, value in asdict(one).items() if name not in SECRET_FIELDS}
        for name in ("rotated_at", "pending_at", "deleted_at"):
            plain[name] = plain[name].isoformat() if plain[name] else None
        sealed = seal(
            {name: getattr(one, name) for name in SECRET_FIELDS},
            self._secrets[0],
            _about(one.merchant, one.shop_id),
        )
        self._documents.put(OWNER, _name(one.merchant, one.shop_id), {**plain, "sealed": sealed})
        if current:
            self._documents.put(
                OWNER, f"current:{one.shop}", {"merchant": one.merchant, "shop_id": one.shop_id}
            )

    def payments_of(self, one: Registration, subject: str) -> list[str]:
        """Return the ids of the payments of an order transaction or order, oldest first; also those made before the shop changed its id."""
        names = (_payments(shop_id, subject) for shop_id in (one.shop_id, *one.predecessors))
        return next(
            (found["payments"] for name in names if (found := self._documents.get(OWNER, name))), []
        )

    def add_payment(self, one: Registration, subjects: Sequence[str], payment: str) -> None:
        """Remember for which order transaction and order a payment was made."""
        for subject in subjects:
            known = self.payments_of(one, subject)
            if payment not in known:
                self._documents.put(
                    OWNER, _payments(one.shop_id, subject), {"payments": [*known, payment]}
                )

    def note_of(self, one: Registration, order: str) -> list[str]:
        """Return the sentences of an order's note as it was last written."""
        return self._documents.get(OWNER, _about_order("note", one, order)) or []

    def keep_note(self, one: Registration, order: str, sentences: Sequence[str]) -> None:
        """Remember an order's note as written."""
        self._documents.put(OWNER, _about_order("note", one, order), list(sentences))

    def refusal_of(self, one: Registration, order: str) -> str:
        """Return why the last payment of an order was refused before it was made; "" where none was."""
        return self._documents.get(OWNER, _about_order("refusal", one, order)) or ""

    def keep_refusal(self, one: Registration, order: str, why: str) -> None:
        """Remember why a payment of an order was refused."""
        self._documents.put(OWNER, _about_order("refusal", one, order), why)

    def is_new_link(
        self, one: Registration, signature: str, now: datetime, lasts: timedelta
    ) -> bool:
        """Remember a signed link; False: it was used before."""
        name = f"links:{_digest(one.merchant, one.shop_id)}"
        since = (now - 2 * lasts).isoformat()
        used = {
            link: at for link, at in (self._documents.get(OWNER, name) or {}).items() if at > since
        }
        digest = _digest(signature)
        if digest in used:
            return False
        self._documents.put(OWNER, name, {**used, digest: now.isoformat()})
        return True

    def _open(self, kept: Mapping[str, Any]) -> Registration | None:
        plain = {name: value for name, value in kept.items() if name != "sealed"}
        for name in ("rotated_at", "pending_at", "deleted_at"):
            plain[name] = datetime.fromisoformat(plain[name]) if plain[name] else None
        plain["predecessors"] = tuple(plain["predecessors"])
        try:
            return Registration(
                **plain,
                **unseal(
                    kept["sealed"], self._secrets, _about(plain["merchant"], plain["shop_id"])
                ),
            )
        except CannotOpen:
            return None


def _name(merchant: str, shop_id: str) -> str:
    return f"shop:{merchant}:{_digest(shop_id)}"


def _payments(shop_id: str, subject: str) -> str:
    return f"payments:{_digest(shop_id, subject)}"


def _about_order(what: str, one: Registration, order: str) -> str:
    """Name what is known of an order. Another merchant's Shopware may have the same shop id and, as a copy, the same orders."""
    return f"{what}:{_digest(_about(one.merchant, one.shop_id), order)}"


def _about(merchant: str, shop_id: str) -> str:
    return f"{merchant}\n{shop_id}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]
