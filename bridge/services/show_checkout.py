"""What the checkout page shows: one payment, as far as its payer may see it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from bridge.domain.checkout import (
    ENDED,
    advice_for,
    is_canceling,
    is_gone,
    tries_left,
    waits_for_payer,
)
from bridge.domain.payment import Payment, Status
from bridge.errors import CheckoutGone, NotFound
from bridge.ports import Clock, JobKind, Price, Provider, Providers, Shop, Shops, Units
from bridge.services.aside import Offers
from bridge.services.represent import failure_view, timestamp, to_json
from bridge.services.schedule import WATCHED_SECONDS

REMEMBERED_WATCHERS = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """The view, its entity tag (quotes not included), and the origins that may frame the page."""

    view: dict[str, Any]
    etag: str
    origins: tuple[str, ...]


class Ended(CheckoutGone):
    """This checkout is over and its page is no longer shown."""

    def __init__(self, shown: Shown) -> None:
        """Take what a page may still show, inside the shop's own pages too: the shop's name and the ways back there."""
        super().__init__()
        self.shown = shown


class Watchers:
    """Remembers for which payments an inquiry was asked for lately, so that watching costs one write in two seconds."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._lock = threading.Lock()
        self._last: dict[str, datetime] = {}

    def is_due(self, payment_id: str, at: datetime) -> bool:
        """Tell whether it is time to hurry the inquiry, and remember that it was."""
        with self._lock:
            last = self._last.get(payment_id)
            if last is not None and at < last + timedelta(seconds=WATCHED_SECONDS):
                return False
            if len(self._last) >= REMEMBERED_WATCHERS:
                self._last.clear()
            self._last[payment_id] = at
            return last is not None


class CheckoutView:
    """Makes the view of a payment for its payer."""

    def __init__(self, shops: Shops, providers: Providers, offers: Offers) -> None:
        """Take the shops, for names and origins, and the accounts, for prices and reasons."""
        self._shops = shops
        self._providers = providers
        self._offers = offers

    def __call__(self, p: Payment, order_paid: bool, now: datetime, language: str) -> Shown:
        """Show a payment in a language; `order_paid`: another payment has the order's money. Raises Ended when its time is over."""
        shop = self._shops.get(p.shop)
        ways = {
            "merchant": {"name": shop.merchant_name},
            "return_url": p.return_url,
            "cancel_url": p.cancel_url,
        }
        if is_gone(p, now):
            raise Ended(Shown(ways, "", shop.origins))
        waiting = waits_for_payer(p, now) and not p.ready_to_ask and not p.attempt.accepted
        asking = p.status is Status.CREATED and (p.attempt.sending or p.ready_to_ask)
        view = {
            "token": p.checkout_token,
            "status": p.status.value,
            "outcome_known": not p.in_doubt,
            "asking": asking,
            "method": p.method,
            "amount": p.amount,
            "currency": p.currency,
            "amount_refunded": p.amount_refunded,
            "order_reference": p.order_reference,
            "description": p.description,
            "now": timestamp(now),
            "canceling": is_canceling(p, now),
            "advice": advice_for(p, order_paid),
            "expires_at": timestamp(p.expires_at),
            "failure": failure_view(p.failure, language),
            "matching_number": p.matching_number,
            "tries_left": tries_left(p),
            **self._form(p, shop, waiting),
            "page": None
            if p.page_url is None or p.status is not Status.PENDING or p.giving_up
            else {"url": p.page_url, "embed": True},
            **ways,
        }
        if view["failure"] is not None:
            del view["failure"]["provider_code"]
        return Shown(
            view,
            f"{_digest(view)}-{'open' if now < p.expires_at else 'over'}-{language}",
            shop.origins,
        )

    def _form(self, p: Payment, shop: Shop, waiting: bool) -> dict[str, Any]:
        if not waiting:
            return {"fields": [], "currencies": None, "reasons": None}
        provider = self._providers.get(shop.merchant, p.provider)
        prices = self._prices(provider, p)
        reasons = (
            self._offers.reasons(p.merchant, provider)
            if "reason" in provider.terms().payer_fields and p.reason_id is None
            else ()
        )
        fields = [
            "wallet_username",
            *(["currency"] if prices else []),
            *(["reason"] if reasons else []),
        ]
        return {
            "fields": fields,
            "currencies": [{"code": price.currency, "amount": price.amount} for price in prices]
            or None,
            "reasons": [{"id": reason.id, "text": reason.text} for reason in reasons] or None,
        }

    def _prices(self, provider: Provider, p: Payment) -> tuple[Price, ...]:
        others = (
            self._offers.prices(p.merchant, provider, p.money) if p.pay_currency is None else ()
        )
        return (Price(p.currency, p.amount), *others) if others else ()


def _digest(view: dict[str, Any]) -> str:
    """Name what the payer sees; the payment's version would not do, since every inquiry raises it, whether it learned something or not."""
    return blake2b(
        to_json(view | {"now": None}).encode("utf-8", "backslashreplace"), digest_size=12
    ).hexdigest()


class ShowCheckout:
    """Shows the checkout, and has the provider asked more often while somebody watches."""

    def __init__(self, units: Units, clock: Clock, view: CheckoutView, watchers: Watchers) -> None:
        """Take what the story needs."""
        self._units = units
        self._clock = clock
        self._view = view
        self._watchers = watchers

    def __call__(self, token: str, language: str) -> Shown:
        """Return what the payer may see. Raises NotFound, Ended."""
        now = self._clock()
        with self._units.read() as unit:
            payment = unit.payments.by_token(token)
            order_paid = (
                payment.status in ENDED and unit.payments.other_with_money(payment) is not None
            )
        if payment.channel == "pos":
            raise NotFound
        if _waits_for_the_provider(payment, now) and self._watchers.is_due(payment.id, now):
            with self._units() as unit:
                unit.outbox.nudge(JobKind.PAYMENT, payment.id, now)
        return self._view(payment, order_paid, now, language)


def _waits_for_the_provider(p: Payment, now: datetime) -> bool:
    """Tell whether a payer who watches sees more when the provider is asked; a payer on the provider's page comes back from there."""
    if p.status is Status.PENDING:
        return p.page_url is None or p.giving_up is not None or now >= p.expires_at
    return p.provider_open and p.page_url is None
