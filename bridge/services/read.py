"""What shops read: payments, refunds, history, notifications, and what they may offer. Every read names its shop."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bridge.domain.money import Money
from bridge.domain.operation import PREFIXES, Kind
from bridge.errors import FieldError, NotFound, Unauthorized, ValidationFailed
from bridge.ports import Capability, PaymentFilter, Provider, Providers, Shop, Shops, Units
from bridge.services.aside import Offers
from bridge.services.represent import Represent, language_of


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `next_cursor` None: there is no more."""

    data: list[dict[str, Any]]
    next_cursor: str | None


class Authenticate:
    """Finds out which shop is calling."""

    def __init__(self, shops: Shops) -> None:
        """Take the shops."""
        self._shops = shops

    def __call__(self, api_key: str | None) -> Shop:
        """Return the key's shop. Raises Unauthorized."""
        shop = self._shops.by_key(api_key) if api_key else None
        if shop is None:
            raise Unauthorized
        return shop


class Read:
    """The reads of one shop."""

    def __init__(self, units: Units, represent: Represent) -> None:
        """Take the store and the views."""
        self._units = units
        self._represent = represent

    def payment(self, shop: Shop, payment_id: str) -> tuple[dict[str, Any], str]:
        """Return a payment and its entity tag. Raises NotFound."""
        with self._units.read() as unit:
            payment = unit.payments.of_shop(shop.shop, payment_id)
        return self._represent.payment(payment), f"{payment.id}-{payment.version}"

    def payments(self, shop: Shop, wanted: PaymentFilter, limit: int, cursor: str | None) -> Page:
        """Return payments, newest first. Raises ValidationFailed for a bad cursor."""
        with self._units.read() as unit:
            found = unit.payments.list(shop.shop, wanted, limit + 1, _checked(cursor, "pay_"))
        data = [self._represent.payment(payment) for payment in found[:limit]]
        return Page(data, found[limit - 1].id if len(found) > limit else None)

    def refunds(self, shop: Shop, payment_id: str, limit: int, cursor: str | None) -> Page:
        """Return a payment's refunds, oldest first. Raises NotFound, ValidationFailed for a bad cursor."""
        return self._operations(Kind.REFUND, shop, payment_id, limit, cursor)

    def captures(self, shop: Shop, payment_id: str, limit: int, cursor: str | None) -> Page:
        """Return a payment's captures, oldest first. Raises NotFound, ValidationFailed for a bad cursor."""
        return self._operations(Kind.CAPTURE, shop, payment_id, limit, cursor)

    def _operations(
        self, kind: Kind, shop: Shop, payment_id: str, limit: int, cursor: str | None
    ) -> Page:
        after = _checked(cursor, f"{PREFIXES[kind]}_") or ""
        with self._units.read() as unit:
            payment = unit.payments.of_shop(shop.shop, payment_id)
            found = [o for o in unit.operations.of_payment(payment.id, kind.value) if o.id > after]
        data = [self._represent.operation(o, language_of(payment)) for o in found[:limit]]
        return Page(data, found[limit - 1].id if len(found) > limit else None)

    def refund(self, shop: Shop, refund_id: str) -> dict[str, Any]:
        """Return a refund. Raises NotFound."""
        with self._units.read() as unit:
            return self._represent.operation(
                unit.operations.of_shop(shop.shop, Kind.REFUND.value, refund_id)
            )

    def history(self, shop: Shop, payment_id: str, limit: int, cursor: str | None) -> Page:
        """Return what happened to a payment, in order. Raises NotFound, ValidationFailed for a bad cursor."""
        after = _checked(cursor, "evt_")
        with self._units.read() as unit:
            found = list(unit.events.of_payment(unit.payments.of_shop(shop.shop, payment_id).id))
        ids = [event.id for event in found]
        if after is not None and after not in ids:
            raise _bad_cursor()
        rest = found[ids.index(after) + 1 :] if after else found
        data = [self._represent.history(event) for event in rest[:limit]]
        return Page(data, rest[limit - 1].id if len(rest) > limit else None)

    def events_after(self, shop: Shop, after: str | None, limit: int) -> Page:
        """Return the shop's notifications after an event id, oldest first, as they were sent. Raises ValidationFailed for an unknown id."""
        with self._units.read() as unit:
            try:
                found = unit.events.after(shop.shop, after, limit + 1)
            except NotFound as error:
                raise ValidationFailed(
                    errors=(FieldError("/after", "unknown", "there is no such event of this shop"),)
                ) from error
        data = [json.loads(event.body or "{}") for event in found[:limit]]
        return Page(data, found[limit - 1].id if len(found) > limit else None)


class OfferMethods:
    """Tells a shop what it may offer for an amount."""

    def __init__(self, providers: Providers, offers: Offers) -> None:
        """Take the accounts, and how to ask what they offer."""
        self._providers = providers
        self._offers = offers

    def __call__(
        self, shop: Shop, amount: int | None, currency: str | None, language: str
    ) -> dict[str, Any]:
        """Return {"data": [method, …]}, only what is possible for `amount` minor units of `currency` where both are given."""
        offers = (
            self._offer(shop, method, self._providers.get(shop.merchant, name), amount, currency)
            for method, name in shop.methods.items()
        )
        return {"data": [offer for offer in offers if offer is not None]}

    def _offer(
        self, shop: Shop, method: str, provider: Provider, amount: int | None, currency: str | None
    ) -> dict[str, Any] | None:
        terms = provider.terms()
        currencies = shop.currencies_at(terms)
        too_small = amount is not None and amount < terms.minimum
        too_large = amount is not None and terms.maximum is not None and amount > terms.maximum
        if (currency is not None and currency not in currencies) or too_small or too_large:
            return None
        money = Money(amount, currency) if amount is not None and currency is not None else None
        fee = provider.fee(money) if money else None
        return {
            "method": method,
            "provider": provider.name,
            "currencies": currencies,
            "minimum": terms.minimum,
            "maximum": terms.maximum,
            "fee_estimate": None
            if fee is None or currency is None
            else {"amount": fee, "currency": currency},
            "payer_fields": list(terms.payer_fields),
            "prices": [
                {"currency": price.currency, "amount": price.amount}
                for price in self._offers.prices(shop.merchant, provider, money)
            ]
            if money
            else [],
            "reasons": [
                {"id": reason.id, "text": reason.text}
                for reason in self._offers.reasons(shop.merchant, provider)
            ],
            "capture": ["automatic", "manual"]
            if Capability.CAPTURE in provider.capabilities
            else ["automatic"],
            "partial_refund": Capability.PARTIAL_REFUND in provider.capabilities,
        }


class DescribeShop:
    """Tells a shop who it is; for a module's "test connection" button."""

    def __init__(self, providers: Providers) -> None:
        """Take the accounts."""
        self._providers = providers

    def __call__(self, shop: Shop) -> dict[str, Any]:
        """Return the shop as its profile describes it, with the currencies that shop and account both take, per method."""
        accounts = {
            method: self._providers.get(shop.merchant, name)
            for method, name in shop.methods.items()
        }
        return _described(shop) | {
            "currencies": {
                method: shop.currencies_at(one.terms()) for method, one in accounts.items()
            }
        }


def _described(shop: Shop) -> dict[str, Any]:
    return {
        "merchant": shop.merchant,
        "merchant_name": shop.merchant_name,
        "shop": shop.shop,
        "platform": shop.platform,
        "methods": list(shop.methods),
        "modes": {method: shop.mode for method in shop.methods},
        "origins": list(shop.origins),
        "notification_url": shop.notification_url,
        "expires_in": {"default": shop.expires_in, "max": shop.expires_in_max},
        "late_payment": shop.late_payment,
        "duplicate_payment": shop.duplicate_payment,
        "respond_within": shop.respond_within,
    }


def _checked(cursor: str | None, prefix: str) -> str | None:
    if cursor is not None and not (
        cursor.startswith(prefix) and cursor.isascii() and len(cursor) == len(prefix) + 26
    ):
        raise _bad_cursor()
    return cursor


def _bad_cursor() -> ValidationFailed:
    return ValidationFailed(
        errors=(FieldError("/cursor", "invalid", "use next_cursor of an earlier answer as it is"),)
    )
