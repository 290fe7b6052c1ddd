"""The shops of all merchants, and how one is notified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bridge.ports.provider import Terms


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop of a merchant as its profile describes it, without its secrets. `methods` maps a method to a provider's name."""

    merchant: str
    merchant_name: str
    shop: str
    platform: str
    origins: tuple[str, ...]
    methods: Mapping[str, str]
    notification_url: str | None
    respond_within: float
    expires_in: int
    expires_in_max: int
    late_payment: str
    duplicate_payment: str
    mode: str
    currencies: tuple[str, ...]
    language: str = "en"

    def currencies_at(self, terms: Terms) -> list[str]:
        """Return an account's currencies in which this shop sells, in the account's order."""
        return [code for code in terms.currencies if code in self.currencies]


class Shops(Protocol):
    """The shops of all profiles in force."""

    def get(self, shop: str) -> Shop:
        """Return a shop by its name, which is unique over all merchants. Raises NotFound, MerchantOff."""

    def by_key(self, api_key: str) -> Shop | None:
        """Return the shop that an API key belongs to; compared by SHA-256 in constant time. Raises MerchantOff."""

    def secrets(self, shop: str) -> Sequence[str]:
        """Return the notification secrets (whsec_…) that are valid for a shop now."""

    def notification_auth(self, shop: str) -> str | None:
        """Return USER:PASSWORD for HTTP basic authentication with a shop's notifications; None: the shop wants none."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a shop answered to a notification. `status` None: no answer; `detail` says why. `retry_after` in seconds."""

    status: int | None
    detail: str
    retry_after: int | None = None

    @property
    def ok(self) -> bool:
        """Tell whether the shop took it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Tell whether the shop wants no more notifications at this address."""
        return self.status == 410


class Notifier(Protocol):
    """Signs a notification and posts it to the shop."""

    def __call__(
        self,
        shop: str,
        url: str,
        secrets: Sequence[str],
        event_id: str,
        body: str,
        auth: str | None = None,
    ) -> Delivery:
        """Post `body` (JSON text) to a shop under `event_id`, signed with every secret; `auth` is USER:PASSWORD for a shop behind a password.

        Never raises for what the shop does.
        """
