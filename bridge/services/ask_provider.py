"""The three beats of everything that moves money: write the intent, call the provider, write the answer.

The intent is written by the use case that wants something (`intend…` inside its unit); `send…` makes the call with no
unit open and writes the answer. A crash between two beats leaves a row and a job that `look_after.py` picks up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from bridge.domain.attempt import Progress
from bridge.domain.events import NoteType, Source
from bridge.domain.language import first_of
from bridge.domain.operation import Kind, Operation
from bridge.domain.outcome import Answer, Outcome
from bridge.domain.payment import Payment
from bridge.errors import Unavailable
from bridge.failpoints import failpoint
from bridge.ports import (
    Calls,
    Clock,
    JobKind,
    OperationRequest,
    PaymentRef,
    PaymentRequest,
    Provider,
    Providers,
    Start,
    Unit,
    Units,
)
from bridge.services.record import Record
from bridge.services.represent import Represent
from bridge.services.schedule import Schedule, lane_of
from bridge.services.settle import Settle

log = logging.getLogger("bridge.ask")

T = TypeVar("T")

Finish = Callable[[Unit, Payment, Operation | None], None]
"""Called in the unit that writes the answer, to store what belongs to the same commit (an idempotency key's answer)."""

BUSY_SECONDS = 1


def _nothing_more(_unit: Unit, _payment: Payment, _operation: Operation | None) -> None:
    return None


class AskProvider:
    """Asks a provider for a payment, refund, capture or cancel, at most once per intent."""

    def __init__(
        self,
        units: Units,
        providers: Providers,
        calls: Calls,
        clock: Clock,
        schedule: Schedule,
        settle: Settle,
        represent: Represent,
    ) -> None:
        """Take what the three beats need."""
        self._units = units
        self._providers = providers
        self._calls = calls
        self._clock = clock
        self._schedule = schedule
        self._settle = settle
        self._represent = represent

    # --- payments

    def intend(self, record: Record) -> None:
        """Beat 1: note on an open record that the provider is about to be asked. Raises NotFound, MerchantOff where it cannot be asked."""
        self._account(record.payment)
        record.attempted(Progress.INTENDED)
        self._settle.plan(record)

    def send(self, payment: Payment, finish: Finish = _nothing_more) -> Payment | None:
        """Beats 2 and 3, here and now; return the payment as it was stored, None when it was too late to send."""
        failpoint("payment_intended")
        sent_at = payment.attempt.sent_at
        if sent_at is None or self._clock() > self._schedule.send_by(sent_at):
            return None  # by now others may act on it
        if self._schedule.pause(payment, self._clock()):
            self._put_back(payment)
            return None
        provider = self._account(payment)
        start = guarded(
            lambda: provider.start(self._request_from(payment)), Start(Answer.unknown("internal"))
        )
        failpoint("payment_asked")
        with self._units() as unit:
            record = Record(
                unit,
                unit.payments.get(payment.id, lock=True),
                Source.ANSWER,
                self._clock(),
                self._represent,
            )
            self._write_answer(record, payment, start)
            finish(unit, record.save(), None)
            failpoint("payment_answer_uncommitted")
        failpoint("payment_answered")
        return record.payment

    def send_within(self, wait: float, payment: Payment, finish: Finish = _nothing_more) -> Payment:
        """Beats 2 and 3 while somebody waits, at most `wait` seconds; return the payment as it is then: pending while its answer is on the way.

        When the account's calls are full nothing is sent, and the worker sends it a moment later.
        """
        stored: list[Payment | None] = []
        ended = self._run(
            payment,
            wait,
            lambda: stored.append(self.send(payment, finish)),
            lambda: self._put_back(payment),
        )
        return (stored and stored[0]) or self._as_it_is(payment.id, slow=not ended)

    def _as_it_is(self, payment_id: str, slow: bool) -> Payment:
        with self._units() as unit:
            record = Record(
                unit,
                unit.payments.get(payment_id, lock=True),
                Source.ANSWER,
                self._clock(),
                self._represent,
            )
            if slow and record.payment.attempt.sending:
                self._settle.slow(record)
                record.save()
            return record.payment

    def _write_answer(self, record: Record, asked: Payment, start: Start) -> None:
        if record.payment.attempt.number == asked.attempt.number:
            self._settle.started(record, start.answer, start.page_url)
        elif (
            start.answer.outcome is not Outcome.NOT_EXECUTED
        ):  # a try that never left contradicts nothing
            record.review(
                NoteType.CONTRADICTION,
                f"{asked.reference} was answered after {record.payment.reference} had been asked",
            )

    def _put_back(self, payment: Payment) -> None:
        with self._units() as unit:
            record = Record(
                unit,
                unit.payments.get(payment.id, lock=True),
                Source.ANSWER,
                self._clock(),
                self._represent,
            )
            if record.payment.attempt == payment.attempt and payment.attempt.sending:
                record.attempted(Progress.HELD_BACK)
                record.save()
                unit.outbox.put(JobKind.PAYMENT, payment.id, lane_of(payment), self._soon(payment))

    def _request_from(self, p: Payment) -> PaymentRequest:
        return PaymentRequest(
            reference=p.reference,
            payment_id=p.id,
            order_reference=p.order_reference,
            money=p.money,
            payer=p.payer,
            channel=p.channel,
            capture=p.capture,
            description=p.description or p.order_reference,
            matching_number=p.matching_number,
            language=first_of(p.payer.locale),
            expires_at=p.expires_at,
            return_url=f"{self._represent.checkout_url(p)}/return",
            callback_url=self._represent.callback_url(p.provider, p.merchant),
            pay_currency=p.pay_currency,
            reason_id=p.reason_id,
        )

    # --- refunds, captures, cancels

    def intend_operation(self, record: Record, operation: Operation) -> Operation:
        """Beat 1: return the operation as being asked, not yet saved, with its next look planned. Raises NotFound, MerchantOff."""
        self._account(record.payment)
        asking = replace(operation.attempted(Progress.INTENDED, record.at), updated_at=record.at)
        return self._settle.plan_operation(record, asking)

    def send_operation(
        self, payment: Payment, operation: Operation, finish: Finish = _nothing_more
    ) -> None:
        """Beats 2 and 3, here and now."""
        failpoint("operation_intended")
        sent_at = operation.attempt.sent_at
        if sent_at is None or self._clock() > self._schedule.send_by(sent_at):
            return
        if self._schedule.pause(payment, self._clock()):
            return self._put_back_operation(payment, operation)
        call = _verb(self._account(payment), operation.kind)
        answer = guarded(lambda: call(request_for(payment, operation)), Answer.unknown("internal"))
        failpoint("operation_asked")
        with self._units() as unit:
            record = Record(
                unit,
                unit.payments.get(payment.id, lock=True),
                Source.ANSWER,
                self._clock(),
                self._represent,
            )
            current = unit.operations.get(operation.id)
            if current.attempt.number == operation.attempt.number:
                current = record.keep(self._settle.operation_started(record, current, answer))
            elif answer.outcome is not Outcome.NOT_EXECUTED:
                record.review(
                    NoteType.CONTRADICTION,
                    f"{operation.reference} was answered after {current.reference} had been asked",
                )
            finish(unit, record.save(), current)
            failpoint("operation_answer_uncommitted")
        failpoint("operation_answered")

    def send_operation_within(
        self, wait: float, payment: Payment, operation: Operation, finish: Finish = _nothing_more
    ) -> None:
        """Beats 2 and 3 while somebody waits, at most `wait` seconds; when the account's calls are full, the worker sends it a moment later."""
        self._run(
            payment,
            wait,
            lambda: self.send_operation(payment, operation, finish),
            lambda: self._put_back_operation(payment, operation),
        )

    def _put_back_operation(self, payment: Payment, operation: Operation) -> None:
        with self._units() as unit:
            record = Record(
                unit,
                unit.payments.get(payment.id, lock=True),
                Source.ANSWER,
                self._clock(),
                self._represent,
            )
            current = unit.operations.get(operation.id)
            if current.attempt == operation.attempt and current.attempt.sending:
                # The payment itself does not change: a request that was held back is in no doubt.
                record.keep(current.attempted(Progress.HELD_BACK, record.at))
                unit.outbox.put(
                    JobKind.OPERATION, operation.id, lane_of(payment), self._soon(payment)
                )

    # --- both

    def _account(self, payment: Payment) -> Provider:
        return self._providers.get(payment.merchant, payment.provider)

    def _run(
        self, payment: Payment, wait: float, call: Callable[[], None], put_back: Callable[[], None]
    ) -> bool:
        try:
            return self._calls.run(lane_of(payment), call, wait)
        except Unavailable:
            put_back()
            return False

    def _soon(self, payment: Payment) -> datetime:
        now = self._clock()
        return self._schedule.pause(payment, now) or now + timedelta(seconds=BUSY_SECONDS)


def ref_of(payment: Payment) -> PaymentRef:
    """Name a payment to its provider."""
    return PaymentRef(
        payment.reference,
        payment.money,
        payment.provider_reference,
        payment.pay_currency,
        payment.amount_captured,
    )


def request_for(
    payment: Payment, operation: Operation, in_doubt: tuple[int, ...] = ()
) -> OperationRequest:
    """Word a refund, capture or cancel for the provider; `in_doubt` are the amounts of others of its kind that are not ended."""
    money = replace(payment.money, amount=operation.amount)
    done = {Kind.REFUND: payment.amount_refunded, Kind.CAPTURE: payment.amount_captured}.get(
        operation.kind, 0
    )
    return OperationRequest(
        operation.reference,
        ref_of(payment),
        money,
        operation.reason or payment.description or payment.order_reference,
        operation.provider_reference,
        done,
        in_doubt,
    )


def _verb(provider: Provider, kind: Kind) -> Callable[[OperationRequest], Answer]:
    return {
        Kind.REFUND: provider.refund,
        Kind.CAPTURE: provider.capture,
        Kind.CANCEL: provider.cancel,
    }[kind]


def guarded(call: Callable[[], T], otherwise: T) -> T:
    """Run a provider's code; a mistake in it must not look like an answer."""
    try:
        return call()
    except Exception:
        log.exception("a provider's code failed; the outcome is treated as unknown")
        return otherwise
