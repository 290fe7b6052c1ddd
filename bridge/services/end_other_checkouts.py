"""An order is paid by a payment that had ended before: what else is open of the order is ended, so that nobody pays it twice."""

from __future__ import annotations

from bridge.domain.events import NoteType, Source
from bridge.domain.payment import Payment
from bridge.failpoints import failpoint
from bridge.ports import Clock, Job, JobKind, PaymentFilter, Units
from bridge.services.record import Record
from bridge.services.represent import Represent
from bridge.services.settle import WAITING, Settle

MOST = 100
"""So many payments of one order are looked at, the newest first."""


class EndOtherCheckouts:
    """Gives up the other payments of an order that wait for their payer. The provider is asked about each before it counts as unpaid."""

    def __init__(self, units: Units, clock: Clock, settle: Settle, represent: Represent) -> None:
        """Take what the story needs."""
        self._units = units
        self._clock = clock
        self._settle = settle
        self._represent = represent

    def __call__(self, job: Job) -> bool:
        """Look at the order of the job's payment, unless that has been given back by now; the worker ends the job."""
        with self._units.read() as unit:
            paid = unit.payments.get(job.subject)
            others = unit.payments.list(
                paid.shop, PaymentFilter(order_reference=paid.order_reference), MOST, None
            )
        if paid.amount_refundable:
            for other in others:
                self._end(other, paid)
        return False

    def _end(self, other: Payment, paid: Payment) -> None:
        if other.status not in WAITING:
            return
        with self._units() as unit:
            record = Record(
                unit,
                unit.payments.get(other.id, lock=True),
                Source.POLICY,
                self._clock(),
                self._represent,
            )
            if record.payment.status in WAITING:
                record.note(
                    NoteType.ORDER_PAID,
                    f"the order is paid by {paid.id}, so this payment is given up",
                )
                self._settle.give_up(record, Source.POLICY, None)
                unit.outbox.nudge(JobKind.PAYMENT, other.id, record.at)
                record.save()
            failpoint("other_checkout_uncommitted")
