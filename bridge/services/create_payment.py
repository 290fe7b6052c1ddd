"""A shop wants to be paid for an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bridge.domain.events import EventType, Source
from bridge.domain.language import wishes
from bridge.domain.money import Money
from bridge.domain.operation import Operation
from bridge.domain.payment import Payer, Payment
from bridge.errors import (
    AmountTooLarge,
    AmountTooSmall,
    CurrencyNotSupported,
    FieldError,
    ForeignUrl,
    MethodNotAvailable,
    NotSupported,
    ValidationFailed,
)
from bridge.failpoints import failpoint
from bridge.ports import Capability, Clock, Provider, Providers, Shop, Unit, Units
from bridge.services.ask_provider import AskProvider, Finish
from bridge.services.idempotent import Answered, Intent, Known
from bridge.services.ids import new_id, new_matching_number, new_token
from bridge.services.record import Record
from bridge.services.represent import Represent, to_json
from bridge.services.settle import Settle


@dataclass(frozen=True, slots=True)
class CreatePayment:
    """What the shop wishes; `amount` in minor units, `expires_in` in seconds, URLs absolute."""

    order_reference: str
    amount: int
    currency: str
    method: str
    channel: str = "web"
    payer: Payer = Payer()
    description: str | None = None
    return_url: str | None = None
    cancel_url: str | None = None
    capture: str = "automatic"
    expires_in: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    pay_currency: str | None = None


class CreatePaymentForOrder:
    """Stores a payment for an order and asks the provider at once when it has all it needs.

    If anything breaks in the middle, the payment is there and the worker goes on: a request that surely never left is sent again, one whose answer
    was lost is inquired about and never simply repeated.
    """

    def __init__(
        self,
        units: Units,
        providers: Providers,
        clock: Clock,
        ask: AskProvider,
        settle: Settle,
        represent: Represent,
    ) -> None:
        """Take what the story needs."""
        self._units = units
        self._providers = providers
        self._clock = clock
        self._ask = ask
        self._settle = settle
        self._represent = represent

    def __call__(self, shop: Shop, key: str, wish: CreatePayment) -> Answered:
        """Create the payment, or answer as before for the same key.

        Raises PaymentExists, MethodNotAvailable, CurrencyNotSupported, AmountTooSmall, AmountTooLarge, ForeignUrl, ValidationFailed,
        NotSupported, IdempotencyMismatch, IdempotencyRunning.
        """
        at = self._clock()
        intent = Intent.of(shop, key, "create_payment", "", wish, at)
        provider = self._check(shop, wish)
        with self._units() as unit:
            before = intent.replay(unit, self._show)
            if before is not None:
                return before
            payment = self._payment_from(shop, wish, provider, at)
            intent.claim(
                unit, payment.id
            )  # before the payment: a twin of this request must stumble over the key, not over the order
            payment = self._store(unit, payment, at)
            asking = payment.attempt.sending
            if not asking:
                intent.finish(unit, self._body(payment))
            failpoint("create_uncommitted")
        if asking:
            payment = self._ask.send_within(shop.respond_within, payment, self._finish(intent))
        return Answered(
            self._body(payment),
            payment.id,
            done=not payment.attempt.sending and not payment.ready_to_ask,
        )

    def _store(self, unit: Unit, payment: Payment, at: datetime) -> Payment:
        record = Record(unit, payment, Source.SHOP, at, self._represent)
        record.tell(EventType.PAYMENT_CREATED)
        if payment.ready_to_ask:
            self._ask.intend(record)
        else:
            self._settle.plan(record)
        return record.add()

    def _payment_from(
        self, shop: Shop, wish: CreatePayment, provider: Provider, at: datetime
    ) -> Payment:
        lasts = min(wish.expires_in or shop.expires_in, shop.expires_in_max)
        payer = replace(wish.payer, locale=wishes(wish.payer.locale, shop.language))
        if _lacks_a_reason(provider, wish):
            payer = replace(payer, wallet_username=None)  # so that it waits for the payer
        return Payment(
            id=new_id("pay", at),
            merchant=shop.merchant,
            shop=shop.shop,
            order_reference=wish.order_reference,
            method=wish.method,
            provider=provider.name,
            channel=wish.channel,
            capture=wish.capture,
            amount=wish.amount,
            currency=wish.currency,
            return_url=wish.return_url,
            cancel_url=wish.cancel_url,
            description=wish.description,
            payer=payer,
            metadata=dict(wish.metadata),
            checkout_token=new_token(),
            matching_number=new_matching_number(),
            created_at=at,
            updated_at=at,
            expires_at=at + timedelta(seconds=lasts),
            fee_estimate=provider.fee(Money(wish.amount, wish.currency)),
            pay_currency=wish.pay_currency,
            reason_id=wish.reason,
        )

    def _check(self, shop: Shop, wish: CreatePayment) -> Provider:
        name = shop.methods.get(wish.method)
        if name is None:
            raise MethodNotAvailable(
                errors=(
                    FieldError(
                        "/method", "not_available", f"this shop offers: {', '.join(shop.methods)}"
                    ),
                )
            )
        provider = self._providers.get(shop.merchant, name)
        _check_money(shop, provider, wish)
        _check_capture(provider, wish)
        _check_channel(provider, wish)
        _check_reason(provider, wish)
        for pointer, url in (("/return_url", wish.return_url), ("/cancel_url", wish.cancel_url)):
            check_origin(shop, pointer, url)
        return provider

    def _show(self, unit: Unit, payment_id: str) -> Known:
        payment = unit.payments.get(payment_id)
        asking = payment.attempt.sending
        return Known(self._body(payment), done=not asking, under_way=asking)

    def _finish(self, intent: Intent) -> Finish:
        def finish(unit: Unit, payment: Payment, _operation: Operation | None) -> None:
            if payment.attempt.accepted:
                intent.finish(unit, self._body(payment))

        return finish

    def _body(self, payment: Payment) -> str:
        return to_json(self._represent.payment(payment))


def _check_money(shop: Shop, provider: Provider, wish: CreatePayment) -> None:
    terms = provider.terms()
    accepted = shop.currencies_at(terms)
    if wish.currency not in accepted:
        raise CurrencyNotSupported(
            errors=(FieldError("/currency", "not_supported", f"accepted: {', '.join(accepted)}"),)
        )
    if wish.amount < terms.minimum:
        raise AmountTooSmall(
            errors=(
                FieldError(
                    "/amount", "too_small", f"the minimum is {Money(terms.minimum, wish.currency)}"
                ),
            )
        )
    if terms.maximum is not None and wish.amount > terms.maximum:
        raise AmountTooLarge(
            errors=(
                FieldError(
                    "/amount", "too_large", f"the maximum is {Money(terms.maximum, wish.currency)}"
                ),
            )
        )


def _check_capture(provider: Provider, wish: CreatePayment) -> None:
    if wish.capture != "automatic" and Capability.CAPTURE not in provider.capabilities:
        raise NotSupported(
            f"{wish.method} payments cannot be captured later; leave capture out",
            method=wish.method,
        )


def _check_channel(provider: Provider, wish: CreatePayment) -> None:
    if wish.channel == "pos" and Capability.HOSTED_PAGE in provider.capabilities:
        raise NotSupported(
            f"{wish.method} payments are made on a page, and a till has none", method=wish.method
        )
    if wish.channel == "pos" and wish.method == "wallet" and wish.payer.wallet_username is None:
        raise ValidationFailed(
            errors=(
                FieldError(
                    "/payer/wallet_username", "required", "a till has no page to type it in"
                ),
            )
        )


def _check_reason(provider: Provider, wish: CreatePayment) -> None:
    if wish.channel == "pos" and _lacks_a_reason(provider, wish):
        raise ValidationFailed(
            errors=(
                FieldError(
                    "/reason",
                    "required",
                    "a till has no page to choose it on; GET /v1/methods lists the reasons",
                ),
            )
        )


def _lacks_a_reason(provider: Provider, wish: CreatePayment) -> bool:
    return wish.reason is None and "reason" in provider.terms().payer_fields


def check_origin(shop: Shop, pointer: str, url: str | None) -> None:
    """Refuse an address that is not at one of the shop's origins; `pointer` names the field. Raises ForeignUrl."""
    if url is None:
        return
    if _origin_of(url) not in shop.origins:
        raise ForeignUrl(
            errors=(
                FieldError(
                    pointer, "foreign_origin", f"this shop's origins: {', '.join(shop.origins)}"
                ),
            )
        )


def _origin_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}"
