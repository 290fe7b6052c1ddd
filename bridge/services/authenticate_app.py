"""A merchant's app wants to begin one checkout with the provider's SDK: the SDK asks here for its token.

What the SDK sends, the MerchantID, is public. So the address that it asks holds the checkout token of a payment that the shop has
created for an app; or the merchant's server asks with the shop's key. A few tokens are given per payment. The token is handed on, and
neither logged nor stored; what the app then makes of the payment is compared with our row, like everything that a provider says.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from bridge.domain.payment import Payment, Status
from bridge.errors import (
    FieldError,
    NotFound,
    NotSupported,
    ProviderUnreachable,
    TooManyTries,
    TransportError,
    Unauthorized,
    ValidationFailed,
)
from bridge.ports import (
    AppAuthentication,
    AppProvider,
    Calls,
    Capability,
    Clock,
    Providers,
    Shop,
    Shops,
    Unit,
    Units,
)
from bridge.services.throttle import Throttle

OWNER = "mobile-sdk"
TOKENS_PER_PAYMENT = 3
"""An app may begin anew after a crash or a closed window, and not more often than that."""

PER_CLIENT, PER_SHOP = 10, 120
"""Tokens within a minute: asked for by one client at one shop, and given by one shop to those who may have them."""

WAIT = 15.0
"""Seconds that an app is kept waiting for the provider."""

UNPROVEN = "Put the checkout token of an open payment with channel mobile at the end of the address, or send the shop's API key."


class AuthenticateApp:
    """Gives an app a token for one checkout."""

    def __init__(
        self, units: Units, shops: Shops, providers: Providers, calls: Calls, clock: Clock
    ) -> None:
        """Take what the story needs."""
        self._units = units
        self._shops = shops
        self._providers = providers
        self._calls = calls
        self._clock = clock
        self._by_client, self._by_shop = Throttle(PER_CLIENT), Throttle(PER_SHOP)

    def __call__(
        self,
        shop_name: str,
        merchant_id: str,
        checkout_token: str | None,
        api_key: str | None,
        client: str,
    ) -> AppAuthentication:
        """Return what the SDK needs; the provider's refusal is an answer with status FAILED.

        The caller proves by the payment's checkout token or the shop's key that the token is his to have; `client` names him for counting.
        Raises NotFound, ValidationFailed for another merchant's id, Unauthorized, TooManyTries, ProviderUnreachable, Unavailable.
        """
        at = self._clock()
        shop = self._shops.get(shop_name)
        _pass(self._by_client, f"{shop.shop}:{client}", at)
        provider = self._provider_of(shop)
        if merchant_id != provider.app_merchant_id:
            raise ValidationFailed(
                errors=(
                    FieldError(
                        "/merchantID",
                        "unknown",
                        "this is not the shop's merchant id at the provider",
                    ),
                )
            )
        if checkout_token is not None:
            self._for_a_payment(checkout_token, shop, provider, at)
        elif api_key is None or self._shops.by_key(api_key) != shop:
            raise Unauthorized(UNPROVEN)
        _pass(self._by_shop, shop.shop, at)
        return self._asked(shop, provider)

    def _provider_of(self, shop: Shop) -> AppProvider:
        for name in shop.methods.values():
            provider = self._providers.get(shop.merchant, name)
            if Capability.MOBILE_SDK in provider.capabilities:
                return cast(AppProvider, provider)
        raise NotFound

    def _for_a_payment(
        self, checkout_token: str, shop: Shop, provider: AppProvider, at: datetime
    ) -> None:
        with self._units() as unit:
            try:
                payment = unit.payments.by_token(checkout_token, lock=True)
            except NotFound:
                raise Unauthorized(UNPROVEN) from None
            mine = (payment.shop, payment.provider) == (shop.shop, provider.name)
            if (
                not mine
                or not _may_be_paid_in_an_app(payment, at)
                or not _takes_a_token(unit, payment.id)
            ):
                raise Unauthorized(UNPROVEN)

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


def _may_be_paid_in_an_app(payment: Payment, at: datetime) -> bool:
    return (
        payment.channel == "mobile" and payment.status is Status.PENDING and payment.expires_at > at
    )


def _takes_a_token(unit: Unit, payment_id: str) -> bool:
    name = f"tokens:{payment_id}"
    given = unit.documents.get(OWNER, name) or 0
    if given < TOKENS_PER_PAYMENT:
        unit.documents.put(OWNER, name, given + 1)
    return given < TOKENS_PER_PAYMENT
