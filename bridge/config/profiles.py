"""The shops and accounts of the profiles in force; a reload changes them all at once or not at all."""
from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.config.loading import Config, load
from bridge.config.models import MerchantProfile, ShopProfile
from bridge.errors import ConfigError, NotFound
from bridge.platforms import AdapterType
from bridge.ports import ProviderType, Shop


@dataclass(frozen=True, slots=True)
class _State:
    """One reading of all profiles; never changed, only replaced."""

    shops: Mapping[str, Shop]
    by_hash: Mapping[str, tuple[str, Shop]]
    secrets: Mapping[str, tuple[str, ...]] = field(repr=False)
    accounts: Mapping[tuple[str, str], Any] = field(repr=False)
    adapters: Mapping[tuple[str, str], Any] = field(repr=False)


class Profiles:
    """Fulfils `ports.Shops`, and knows the settings of every account. Safe to use from many threads.

    `generation` counts successful reloads; whoever keeps something built from settings compares it, or the settings.
    """

    def __init__(
        self, config: Config, provider_types: Mapping[str, ProviderType], adapter_types: Mapping[str, AdapterType] | None = None
    ) -> None:
        """Take the profiles of `config`; the types are for reading them anew."""
        self._path = config.path
        self._types = provider_types
        self._adapters = adapter_types
        self._state = _state(config.merchants)
        self.generation = 0

    def get(self, shop: str) -> Shop:
        """Return a shop by its name. Raises NotFound."""
        try:
            return self._state.shops[shop]
        except KeyError:
            raise NotFound(f"there is no shop {shop}") from None

    def all(self) -> Sequence[Shop]:
        """Return every shop, by name."""
        return tuple(self._state.shops.values())

    def by_key(self, api_key: str) -> Shop | None:
        """Return the shop that an API key belongs to; None: nobody's."""
        digest = f"sha256:{hashlib.sha256(api_key.encode('utf-8', 'surrogatepass')).hexdigest()}"
        # A lookup by hash tells by its timing nothing about a key; the comparison in constant time is what decides.
        known, shop = self._state.by_hash.get(digest, ("", None))
        return shop if hmac.compare_digest(known, digest) else None

    def secrets(self, shop: str) -> Sequence[str]:
        """Return the notification secrets that are valid for a shop now. Raises NotFound."""
        try:
            return self._state.secrets[shop]
        except KeyError:
            raise NotFound(f"there is no shop {shop}") from None

    def accounts(self) -> Sequence[tuple[str, str]]:
        """Return every (merchant, provider) that has settings."""
        return tuple(self._state.accounts)

    def provider_settings(self, merchant: str, provider: str) -> Any:
        """Return a merchant's settings for a provider, an instance of its ProviderType.settings. Raises NotFound."""
        try:
            return self._state.accounts[merchant, provider]
        except KeyError:
            raise NotFound(f"{merchant} has no account at {provider}") from None

    def adapter_settings(self, merchant: str, platform: str) -> Any:
        """Return a merchant's settings for an adapter, an instance of its AdapterType.settings. Raises NotFound."""
        try:
            return self._state.adapters[merchant, platform]
        except KeyError:
            raise NotFound(f"{merchant} has no settings for {platform}") from None

    def reload(self) -> list[str]:
        """Read all files anew. Return the mistakes; if there is one, everything stays as it was. The service's own settings need a restart."""
        try:
            config = load(self._path, self._types, self._adapters)
        except ConfigError as error:
            return error.problems
        self._state = _state(config.merchants)
        self.generation += 1
        return []


def _state(merchants: Sequence[MerchantProfile]) -> _State:
    pairs = sorted(((shop, _shop(merchant, shop)) for merchant in merchants for shop in merchant.shops), key=lambda pair: pair[0].shop)
    return _State(
        shops={profile.shop: shop for profile, shop in pairs},
        by_hash={digest: (digest, shop) for profile, shop in pairs for digest in profile.api_keys},
        secrets={profile.shop: tuple(one.get_secret_value() for one in profile.notification_secrets) for profile, _ in pairs},
        accounts={(one.merchant, name): settings for one in merchants for name, settings in one.providers.items()},
        adapters={(one.merchant, name): settings for one in merchants for name, settings in one.adapters.items()},
    )


def _shop(merchant: MerchantProfile, profile: ShopProfile) -> Shop:
    return Shop(
        merchant=merchant.merchant,
        merchant_name=merchant.name,
        shop=profile.shop,
        platform=profile.platform,
        origins=profile.origins,
        methods=profile.methods,
        notification_url=profile.notification_url,
        respond_within=profile.respond_within,
        expires_in=profile.expires_in.default,
        expires_in_max=profile.expires_in.max,
        late_payment=profile.late_payment,
        mode=profile.mode,
        currencies=profile.currencies,
    )
