"""Somebody gives an unfinished payment up: the shop, or the payer on the checkout page."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from bridge.domain.events import Source
from bridge.domain.operation import Kind, Operation
from bridge.domain.outcome import Answer
from bridge.domain.payment import Payment, Status
from bridge.errors import NotCancelable, OutcomeUnknown, Unavailable
from bridge.ports import Calls, Capability, Clock, Providers, Shop, Unit, Units
from bridge.services.idempotent import Answered, Intent, Known
from bridge.services.inquire_payment import InquirePayment, was_asked
from bridge.services.operate import Operate
from bridge.services.record import Record
from bridge.services.represent import Represent, to_json
from bridge.services.schedule import lane_of
from bridge.services.settle import WAITING, Settle


class GiveUp:
    """Ends a payment of which no money has moved. The provider is asked first, so that a payment just made is not given up.

    What it has not answered in time stays in doubt, and is ended by its next answer: see `Settle.give_up`.
    """

    def __init__(
        self,
        units: Units,
        clock: Clock,
        calls: Calls,
        inquire: InquirePayment,
        settle: Settle,
        represent: Represent,
    ) -> None:
        """Take what the story needs."""
        self._units = units
        self._clock = clock
        self._calls = calls
        self._inquire = inquire
        self._settle = settle
        self._represent = represent

    def ask_first(self, payment: Payment, wait: float) -> Answer | None:
        """Inquire about a payment that was asked for; return the provider's answer, None where it has not come in `wait` seconds.

        The news is in the store afterwards.
        """
        answers: list[Answer] = []
        if was_asked(payment) and payment.status in (*WAITING, Status.AUTHORIZED):
            with suppress(Unavailable):  # the account's calls are full: as good as no answer
                self._calls.run(
                    lane_of(payment),
                    lambda: answers.append(self._inquire(payment, Source.INQUIRY)[1]),
                    wait,
                )
        return answers[0] if answers else None

    def end(self, unit: Unit, payment: Payment, source: Source, answer: Answer | None) -> Payment:
        """Cancel a locked payment of which the provider has just said that nobody has paid; canceled already is as good.

        Without such an answer the payment stays pending and in doubt. Raises NotCancelable.
        """
        if payment.status is Status.CANCELED:
            return payment
        if payment.status not in WAITING:
            raise NotCancelable(
                f"The payment is {payment.status.value} and can no longer be canceled."
            )
        record = Record(unit, payment, source, self._clock(), self._represent)
        self._settle.give_up(record, source, answer)
        return record.save()


class CancelPayment:
    """The shop gives a payment up, or releases an authorization.

    A wallet request cannot be taken back at the provider: the payer may still accept it (`provider_open`). Then money wins, and the shop's
    policy for late payments decides.
    """

    def __init__(
        self,
        units: Units,
        providers: Providers,
        clock: Clock,
        operate: Operate,
        give_up: GiveUp,
        represent: Represent,
    ) -> None:
        """Take what the story needs."""
        self._units = units
        self._providers = providers
        self._clock = clock
        self._operate = operate
        self._give_up = give_up
        self._represent = represent

    def __call__(self, shop: Shop, payment_id: str, key: str) -> Answered:
        """Cancel, or answer as before for the same key.

        OutcomeUnknown: the provider has not said whether the payment is paid; it is asked on, and the payment is canceled when it says no.
        Raises NotFound, NotCancelable, OutcomeUnknown, IdempotencyMismatch, IdempotencyRunning.
        """
        at = self._clock()
        intent = Intent.of(shop, key, "cancel_payment", payment_id, None, at)
        with self._units.read() as unit:
            payment = unit.payments.of_shop(shop.shop, payment_id)
            before = intent.replay(unit, self._show)
        if before is not None:
            return before
        answer = self._give_up.ask_first(payment, shop.respond_within)
        with self._units.read() as unit:
            payment = unit.payments.get(payment.id)
        if payment.status is Status.AUTHORIZED:
            return self._operate(
                intent,
                payment_id,
                Source.SHOP,
                lambda unit, locked: self._release(unit, locked, at),
            )
        return self._end(intent, payment_id, answer)

    def _end(self, intent: Intent, payment_id: str, answer: Answer | None) -> Answered:
        with self._units() as unit:
            payment = unit.payments.of_shop(intent.shop.shop, payment_id, lock=True)
            payment = self._give_up.end(unit, payment, Source.SHOP, answer)
            body = to_json(self._represent.payment(payment))
            if payment.status is Status.CANCELED:
                intent.claim(unit, payment.id, body)
        if payment.status is not Status.CANCELED:
            raise OutcomeUnknown
        return Answered(body, payment.id, done=True)

    def _release(self, unit: Unit, payment: Payment, at: datetime) -> Operation:
        provider = self._providers.get(payment.merchant, payment.provider)
        releasable = (
            payment.status is Status.AUTHORIZED and Capability.CANCEL in provider.capabilities
        )
        if not releasable or payment.amount_capture_pending or payment.amount_captured:
            raise NotCancelable(
                f"The payment is {payment.status.value} and part of it is captured or being captured."
            )
        if any(
            o.kind is Kind.CANCEL and not o.failure
            for o in unit.operations.of_payment(payment.id, Kind.CANCEL.value)
        ):
            raise OutcomeUnknown("A cancel of this payment is under way.")
        return self._operate.new(Kind.CANCEL, payment, payment.amount_authorized, at)

    def _show(self, unit: Unit, resource: str) -> Known:
        operation = unit.operations.get(resource) if resource.startswith("can_") else None
        payment = unit.payments.get(operation.payment_id if operation else resource)
        under_way = operation is not None and operation.attempt.sending
        return Known(
            to_json(self._represent.payment(payment)),
            payment.status is not Status.AUTHORIZED,
            under_way,
        )
