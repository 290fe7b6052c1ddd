"""A merchant's app wants to begin one checkout with the provider's SDK: the SDK asks here for its token.

The SDK can prove nothing, and what it orders carries no signature. So a token is given only for a payment that the shop has
created for an app, or to the shop's key; a few per payment, and not many a minute. The token is handed on, and neither logged
nor stored; what the app then makes of the payment is compared with our row, like everything that a provider says.
"""
from __future__ import annotations

from datetime import datetime
from typing import cast

from bridge.domain.payment import Status
from bridge.errors import FieldError, NotFound, NotSupported, ProviderUnreachable, TooManyTries, TransportError, Unauthorized, ValidationFailed
from bridge.ports import AppAuthentication, AppProvider, Calls, Capability, Clock, PaymentFilter, Providers, Shop, Shops, Unit, Units
from bridge.services.throttle import Throttle

OWNER = "mobile-sdk"
TOKENS_PER_PAYMENT = 3
"""An app may begin anew after a crash or a closed window, and not more often than that."""

PER_ADDRESS, PER_SHOP = 10, 120
"""Tokens asked for within a minute."""

WAIT = 15.0
"""Seconds that an app is kept waiting for the provider."""


class AuthenticateApp:
    """Gives an app a token for one checkout."""

    def __init__(self, units: Units, shops: Shops, providers: Providers, calls: Calls, clock: Clock) -> None:
        """Take what the story needs."""
        self._units = units
        self._shops = shops
        self._providers = providers
        self._calls = calls
        self._clock = clock
        self._by_address, self._by_shop = Throttle(PER_ADDRESS), Throttle(PER_SHOP)

    def __call__(self, shop_name: str, merchant_id: str, api_key: str | None, address: str) -> AppAuthentication:
        """Return what the SDK needs; the provider's refusal is an answer with status FAILED.

        Raises NotFound, ValidationFailed for another merchant's id, Unauthorized, TooManyTries, ProviderUnreachable, Unavailable.
        """
        at = self._clock()
        _pass(self._by_address, address, at)
        shop = self._shops.get(shop_name)
        provider = self._provider_of(shop)
        if merchant_id != provider.app_merchant_id:
            raise ValidationFailed(errors=(FieldError("/merchantID", "unknown", "this is not the shop's merchant id at the provider"),))
        _pass(self._by_shop, shop.shop, at)
        if api_key is None:
            self._for_a_payment(shop, at)
        elif self._shops.by_key(api_key) != shop:
            raise Unauthorized
        return self._asked(shop, provider)

    def _provider_of(self, shop: Shop) -> AppProvider:
        for name in shop.methods.values():
            provider = self._providers.get(shop.merchant, name)
            if Capability.MOBILE_SDK in provider.capabilities:
                return cast(AppProvider, provider)
        raise NotFound

    def _for_a_payment(self, shop: Shop, at: datetime) -> None:
        with self._units() as unit:
            wanted = PaymentFilter(status=Status.PENDING.value, method="card")
            open_ones = [p for p in unit.payments.list(shop.shop, wanted, 100, None) if p.channel == "mobile" and p.expires_at > at]
            if not any(_takes_a_token(unit, payment.id) for payment in open_ones):
                raise Unauthorized("Create a payment with channel mobile first, or send the shop's API key.")

    def _asked(self, shop: Shop, provider: AppProvider) -> AppAuthentication:
        given: list[AppAuthentication] = []
        failed: list[Exception] = []

        def ask() -> None:
            try:
                given.append(provider.authenticate_app())
            except (TransportError, NotSupported) as error:
                failed.append(error)

        self._calls.run(f"{shop.merchant}:{provider.name}", ask, WAIT)
        if failed and isinstance(failed[0], NotSupported):
            raise NotFound
        if not given:
            raise ProviderUnreachable
        return given[0]


def _pass(throttle: Throttle, name: str, at: datetime) -> None:
    if not throttle.allows(name, at):
        raise TooManyTries("There were too many tries from here; try again in a minute.")


def _takes_a_token(unit: Unit, payment_id: str) -> bool:
    unit.payments.get(payment_id, lock=True)
    name = f"tokens:{payment_id}"
    given = unit.documents.get(OWNER, name) or 0
    if given < TOKENS_PER_PAYMENT:
        unit.documents.put(OWNER, name, given + 1)
    return given < TOKENS_PER_PAYMENT
