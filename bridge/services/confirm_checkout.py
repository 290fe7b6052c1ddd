"""The payer acts on the checkout page: names a wallet, or gives up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge.domain.checkout import tries_left, waits_for_payer
from bridge.domain.events import Source
from bridge.domain.payment import Payment, Status
from bridge.errors import (
    CheckoutClosed,
    FieldError,
    ProviderUnreachable,
    TooManyTries,
    ValidationFailed,
    WalletUsernameRefused,
)
from bridge.failpoints import failpoint
from bridge.ports import Clock, PaymentReason, Providers, Shops, Unit, Units
from bridge.services.aside import Offers
from bridge.services.ask_provider import AskProvider
from bridge.services.cancel_payment import GiveUp
from bridge.services.record import Record
from bridge.services.represent import Represent
from bridge.services.show_checkout import ShowCheckout, Shown


class ConfirmCheckout:
    """Sends the money request to the wallet that the payer names; a refused name may be corrected, five times in all."""

    def __init__(
        self,
        units: Units,
        providers: Providers,
        shops: Shops,
        clock: Clock,
        ask: AskProvider,
        show: ShowCheckout,
        represent: Represent,
        offers: Offers,
    ) -> None:
        """Take what the story needs."""
        self._units = units
        self._providers = providers
        self._shops = shops
        self._clock = clock
        self._ask = ask
        self._show = show
        self._represent = represent
        self._offers = offers

    def __call__(
        self,
        token: str,
        wallet_username: str,
        reason: str | None,
        currency: str | None,
        language: str,
    ) -> Shown:
        """Ask for the money; return what the page shows then.

        Raises NotFound, CheckoutGone, CheckoutClosed, TooManyTries, ValidationFailed, WalletUsernameRefused; ProviderUnreachable where a
        reason must be chosen and the list of reasons cannot be had.
        """
        self._show(token, language)
        self._check_choices(token, reason, currency)
        with self._units() as unit:
            payment = self._intend(unit, token, wallet_username, reason, currency)
            failpoint("confirm_uncommitted")
        after = self._ask.send_within(self._shops.get(payment.shop).respond_within, payment)
        if after.status is Status.CREATED and after.payer.wallet_username is None:
            raise WalletUsernameRefused(tries_left=tries_left(after))
        return self._show(token, language)

    def _intend(
        self, unit: Unit, token: str, username: str, reason: str | None, currency: str | None
    ) -> Payment:
        payment = unit.payments.by_token(token, lock=True)
        now = self._clock()
        if not waits_for_payer(payment, now) or payment.ready_to_ask or payment.attempt.accepted:
            raise CheckoutClosed
        if not tries_left(payment):
            raise TooManyTries("There were too many tries in this checkout.")
        record = Record(unit, payment, Source.PAYER, now, self._represent)
        record.set(
            payer=replace(payment.payer, wallet_username=username),
            tries=payment.tries + 1,
            reason_id=reason or payment.reason_id,
            pay_currency=_other_than(payment.currency, currency) or payment.pay_currency,
        )
        self._ask.intend(record)
        return record.save()

    def _check_choices(self, token: str, reason: str | None, currency: str | None) -> None:
        """Compare with what the provider offers; it may have to be asked, so no unit is open."""
        with self._units.read() as unit:
            payment = unit.payments.by_token(token)
        provider = self._providers.get(payment.merchant, payment.provider)
        if reason is not None or (
            payment.reason_id is None and "reason" in provider.terms().payer_fields
        ):
            _check_reason(
                reason,
                self._offers.reasons(payment.merchant, provider),
                "reason" in provider.terms().payer_fields,
            )
        others = (
            self._offers.prices(payment.merchant, provider, payment.money)
            if currency not in (None, payment.currency)
            else ()
        )
        if currency not in (None, payment.currency, *(price.currency for price in others)):
            raise ValidationFailed(
                errors=(
                    FieldError(
                        "/currency", "not_supported", "choose one of the currencies offered"
                    ),
                )
            )


def _check_reason(chosen: str | None, offered: Sequence[PaymentReason], is_asked: bool) -> None:
    if is_asked and not offered:
        raise ProviderUnreachable(
            "The payment reasons cannot be had right now; nothing was asked for."
        )
    if chosen is None:
        raise ValidationFailed(
            errors=(FieldError("/reason", "required", "choose one of the reasons offered"),)
        )
    if chosen not in [reason.id for reason in offered]:
        raise ValidationFailed(
            errors=(FieldError("/reason", "unknown", "choose one of the reasons offered"),)
        )


def _other_than(own: str, chosen: str | None) -> str | None:
    return None if chosen == own else chosen


class CancelCheckout:
    """The payer gives up."""

    def __init__(self, units: Units, shops: Shops, give_up: GiveUp, show: ShowCheckout) -> None:
        """Take what the story needs."""
        self._units = units
        self._shops = shops
        self._give_up = give_up
        self._show = show

    def __call__(self, token: str, language: str) -> Shown:
        """Cancel the payment unless it is paid; return what the page shows then. Raises NotFound, CheckoutGone, NotCancelable."""
        self._show(token, language)
        with self._units.read() as unit:
            payment = unit.payments.by_token(token)
        answer = self._give_up.ask_first(payment, self._shops.get(payment.shop).respond_within)
        with self._units() as unit:
            self._give_up.end(unit, unit.payments.by_token(token, lock=True), Source.PAYER, answer)
        return self._show(token, language)
