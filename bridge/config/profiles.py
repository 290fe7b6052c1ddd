"""The shops and accounts of the profiles in force; a reload changes them all at once, except those of a profile with a mistake.

What belongs to a merchant who is switched off is not unknown: it raises MerchantOff, so that whoever asks tries again later.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bridge.config.loading import Config, load
from bridge.config.merchants import RefusedProfile
from bridge.config.models import MerchantProfile, ShopProfile
from bridge.errors import ConfigError, MerchantOff, NotFound
from bridge.platforms import AdapterType
from bridge.ports import ProviderType, Shop

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _State:
    """One reading of all profiles; never changed, only replaced. The last three are what merchants have who are switched off."""

    shops: Mapping[str, Shop]
    by_hash: Mapping[str, tuple[str, Shop]]
    secrets: Mapping[str, tuple[str, ...]] = field(repr=False)
    logins: Mapping[str, str | None] = field(repr=False)
    accounts: Mapping[tuple[str, str], Any] = field(repr=False)
    adapters: Mapping[tuple[str, str], Any] = field(repr=False)
    merchants_off: frozenset[str] = frozenset()
    shops_off: frozenset[str] = frozenset()
    keys_off: frozenset[str] = frozenset()


class Profiles:
    """Fulfils `ports.Shops`, and knows the settings of every account. Safe to use from many threads.

    `generation` counts successful reloads; whoever keeps something built from settings compares it, or the settings.
    Every look-up raises MerchantOff for what belongs to a merchant who is switched off.
    """

    def __init__(
        self,
        config: Config,
        provider_types: Mapping[str, ProviderType],
        adapter_types: Mapping[str, AdapterType] | None = None,
    ) -> None:
        """Take the profiles of `config`; the types are for reading them anew."""
        self._config = config
        self._types = provider_types
        self._adapters = adapter_types
        self._state = _state(config)
        self._unread = False
        self.generation = 0

    def get(self, shop: str) -> Shop:
        """Return a shop by its name. Raises NotFound."""
        state = self._state
        return _found(state.shops, shop, shop in state.shops_off, f"there is no shop {shop}")

    def all(self) -> Sequence[Shop]:
        """Return every shop, by name."""
        return tuple(self._state.shops.values())

    def by_key(self, api_key: str) -> Shop | None:
        """Return the shop that an API key belongs to; None: nobody's."""
        digest = f"sha256:{hashlib.sha256(api_key.encode('utf-8', 'surrogatepass')).hexdigest()}"
        # A lookup by hash tells by its timing nothing about a key; the comparison in constant time is what decides.
        state = self._state
        known, shop = state.by_hash.get(digest, ("", None))
        if digest in state.keys_off:
            raise MerchantOff
        return shop if hmac.compare_digest(known, digest) else None

    def secrets(self, shop: str) -> Sequence[str]:
        """Return the notification secrets that are valid for a shop now. Raises NotFound."""
        state = self._state
        return _found(state.secrets, shop, shop in state.shops_off, f"there is no shop {shop}")

    def notification_auth(self, shop: str) -> str | None:
        """Return USER:PASSWORD for a shop behind a password, None for any other. Raises NotFound."""
        state = self._state
        return _found(state.logins, shop, shop in state.shops_off, f"there is no shop {shop}")

    def accounts(self) -> Sequence[tuple[str, str]]:
        """Return every (merchant, provider) that has settings."""
        return tuple(self._state.accounts)

    def provider_settings(self, merchant: str, provider: str) -> Any:
        """Return a merchant's settings for a provider, an instance of its ProviderType.settings. Raises NotFound."""
        state = self._state
        return _found(
            state.accounts,
            (merchant, provider),
            merchant in state.merchants_off,
            f"{merchant} has no account at {provider}",
        )

    def adapter_settings(self, merchant: str, platform: str) -> Any:
        """Return a merchant's settings for an adapter, an instance of its AdapterType.settings. Raises NotFound."""
        state = self._state
        return _found(
            state.adapters,
            (merchant, platform),
            merchant in state.merchants_off,
            f"{merchant} has no settings for {platform}",
        )

    @property
    def refused(self) -> Sequence[RefusedProfile]:
        """Return the profiles that have mistakes."""
        return self._config.refused

    @property
    def faults(self) -> Sequence[str]:
        """Return the mistakes for which no profile is refused."""
        return self._config.faults

    @property
    def sound(self) -> bool:
        """Tell whether all files were read without a mistake, at the start or at the last reload."""
        return not self._config.refused and not self._unread

    def measure(self) -> Mapping[str, Mapping[str, int]]:
        """Count merchants (`served`; of these `previous`, by a profile of before; `off`: switched off), and name those whose profile is refused."""
        refused = self._config.refused
        previous = sum(one.previous for one in refused)
        return {
            "merchants": {
                "served": len(self._config.profiles),
                "previous": previous,
                "off": len(refused) - previous,
            },
            "profile_refused": {one.merchant: 1 for one in refused},
        }

    def reload(self) -> list[str]:
        """Read all files anew and return the mistakes. The service's own settings need a restart.

        A merchant whose new profile has a mistake goes on with the one of before. With a mistake in bridge.yaml everything stays as it was.
        """
        try:
            config = load(
                self._config.path, self._types, self._adapters, before=self._config.profiles
            )
        except ConfigError as error:
            self._unread = True
            return error.problems
        self._config, self._state, self._unread = config, _state(config), False
        self.generation += 1
        return [problem for one in config.refused for problem in one.problems]


def _found(known: Mapping[K, V], key: K, off: bool, otherwise: str) -> V:
    """Return what is known under a key. Raises MerchantOff where it belongs to a merchant who is switched off, NotFound with `otherwise` else."""
    if key in known:
        return known[key]
    raise MerchantOff if off else NotFound(otherwise)


def _state(config: Config) -> _State:
    merchants = config.merchants
    off = [one for one in config.refused if not one.previous]
    pairs = sorted(
        ((shop, _shop(merchant, shop)) for merchant in merchants for shop in merchant.shops),
        key=lambda pair: pair[0].shop,
    )
    return _State(
        shops={profile.shop: shop for profile, shop in pairs},
        by_hash={digest: (digest, shop) for profile, shop in pairs for digest in profile.api_keys},
        secrets={
            profile.shop: tuple(one.get_secret_value() for one in profile.notification_secrets)
            for profile, _ in pairs
        },
        logins={
            profile.shop: profile.notification_auth.get_secret_value()
            if profile.notification_auth
            else None
            for profile, _ in pairs
        },
        accounts={
            (one.merchant, name): settings
            for one in merchants
            for name, settings in one.providers.items()
        },
        adapters={
            (one.merchant, name): settings
            for one in merchants
            for name, settings in one.adapters.items()
        },
        merchants_off=frozenset(one.merchant for one in off),
        shops_off=frozenset(shop for one in off for shop in one.shops),
        keys_off=frozenset(key for one in off for key in one.keys)
        - {key for shop, _ in pairs for key in shop.api_keys},
    )


def _shop(merchant: MerchantProfile, profile: ShopProfile) -> Shop:
    return Shop(
        merchant=merchant.merchant,
        merchant_name=merchant.name,
        shop=profile.shop,
        platform=profile.platform,
        origins=profile.origins,
        methods={method: provider for method, provider in profile.methods.items()},
        notification_url=profile.notification_url,
        respond_within=profile.respond_within,
        expires_in=profile.expires_in.default,
        expires_in_max=profile.expires_in.max,
        late_payment=profile.late_payment,
        duplicate_payment=profile.duplicate_payment,
        mode=profile.mode,
        currencies=profile.currencies,
        language=profile.language,
    )
