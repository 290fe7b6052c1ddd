"""What refund, capture and cancel have in common: an operation is stored once per intent, then carried out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bridge.domain.events import Source
from bridge.domain.operation import PREFIXES, Kind, Operation
from bridge.domain.payment import Payment
from bridge.failpoints import failpoint
from bridge.ports import Clock, Unit, Units
from bridge.services.ask_provider import AskProvider, Finish
from bridge.services.idempotent import Answered, Intent, Known
from bridge.services.ids import new_id
from bridge.services.record import Record
from bridge.services.represent import Represent, language_of, to_json

Rule = Callable[[Unit, Payment], Operation]
"""Checks whether the operation is allowed on the locked payment and returns it; raises BridgeError if it is not."""


class Operate:
    """Carries out one intent on one payment; a repeat of the intent gets the first answer and nothing is done again."""

    def __init__(self, units: Units, clock: Clock, ask: AskProvider, represent: Represent) -> None:
        """Take what the three beats need."""
        self._units = units
        self._clock = clock
        self._ask = ask
        self._represent = represent

    def __call__(self, intent: Intent, payment_id: str, source: Source, rule: Rule) -> Answered:
        """Store the operation that `rule` makes, ask the provider, answer within the shop's `respond_within`."""
        shop = intent.shop
        with self._units() as unit:
            locked = unit.payments.of_shop(
                shop.shop, payment_id, lock=True
            )  # before the key is read: a twin of this request waits here
            before = intent.replay(unit, self._show)
            if before is not None:
                return before
            record = Record(unit, locked, source, intent.at, self._represent)
            operation = self._ask.intend_operation(record, rule(unit, record.payment))
            record.open(operation)
            payment = record.save()
            intent.claim(unit, operation.id)
            failpoint("operation_uncommitted")
        self._ask.send_operation_within(
            shop.respond_within, payment, operation, self._finish(intent)
        )
        with self._units.read() as unit:
            known = self._show(unit, operation.id)
        return Answered(known.body, operation.id, known.done)

    def new(
        self,
        kind: Kind,
        payment: Payment,
        amount: int,
        at: datetime,
        *,
        reason: str | None = None,
        refund_reference: str | None = None,
    ) -> Operation:
        """Make an operation on a payment; `amount` in minor units."""
        return Operation(
            id=new_id(PREFIXES[kind], at),
            kind=kind,
            payment_id=payment.id,
            merchant=payment.merchant,
            shop=payment.shop,
            amount=amount,
            currency=payment.currency,
            created_at=at,
            updated_at=at,
            reason=reason,
            refund_reference=refund_reference,
        )

    def _finish(self, intent: Intent) -> Finish:
        def finish(unit: Unit, payment: Payment, operation: Operation | None) -> None:
            if operation is not None and operation.attempt.accepted:
                intent.finish(unit, self._body(payment, operation))

        return finish

    def _show(self, unit: Unit, operation_id: str) -> Known:
        operation = unit.operations.get(operation_id)
        body = self._body(unit.payments.get(operation.payment_id), operation)
        return Known(body, done=operation.attempt.accepted, under_way=operation.attempt.sending)

    def _body(self, payment: Payment, operation: Operation) -> str:
        if operation.kind is Kind.CANCEL:
            return to_json(self._represent.payment(payment))
        return to_json(self._represent.operation(operation, language_of(payment)))
