"""Why a payment is still open: what the bridge waits for, when it looks again, and what came in meanwhile. For operators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bridge.domain.operation import Operation, OperationStatus
from bridge.domain.payment import Payment, Status
from bridge.ports import Clock, JobKind, OpenJob, StoredCallback, Unit, Units

MOST_CALLBACKS = 10
"""At most this many callbacks are shown."""

JOBS = {
    JobKind.PAYMENT: "The payment is checked",
    JobKind.OPERATION: "{subject} is checked",
    JobKind.CALLBACK: "The callback {subject} is processed",
    JobKind.NOTIFY: "The shop is notified",
    JobKind.ORDER: "Other open payments of the order are ended",
}
"""What each kind of job does, with the subject of the job where that says more than the payment."""


class ExplainPayment:
    """Reads only. Each sentence is a fact from the database; nobody outside is asked."""

    def __init__(self, units: Units, clock: Clock) -> None:
        """Take the store and the time."""
        self._units = units
        self._clock = clock

    def __call__(self, payment_id: str) -> list[str]:
        """Return sentences, the most important first. Raises NotFound."""
        with self._units.read() as unit:
            payment = unit.payments.get(payment_id)
            operations = unit.operations.of_payment(payment_id)
            callbacks = unit.callbacks.about(payment, MOST_CALLBACKS)
            subjects = [payment.id, *(one.id for one in operations), *(one.id for one in callbacks)]
            return [
                _about_the_request(payment),
                *_about_operations(operations),
                *self._about_jobs(unit.outbox.open(subjects)),
                *_about_callbacks(callbacks, payment_id),
                *_about_notifications(unit, payment_id),
            ]

    def _about_jobs(self, jobs: Sequence[OpenJob]) -> Iterator[str]:
        now = self._clock()
        yield from (_about_job(job, now) for job in jobs)
        if not any(job.kind is not JobKind.NOTIFY for job in jobs):
            yield "No check is planned: nothing changes unless the provider, the shop or an operator acts."


def _about_the_request(p: Payment) -> str:
    sent = f"{p.attempt.sent_at:%Y-%m-%d %H:%M:%S}" if p.attempt.sent_at else "an unknown time"
    if p.status not in (Status.CREATED, Status.PENDING):
        watched = (
            f" It can still be accepted at {p.provider} and is watched." if p.provider_open else ""
        )
        return f"The payment is {p.status.value}.{watched}"
    if p.attempt.sending:
        return f"A call to {p.provider} may be under way since {sent}; it is not repeated while that is so."
    if p.attempt.in_doubt:
        return (
            f"The request may have been sent to {p.provider} at {sent}, and no answer came. {p.provider} is asked what became of it;"
            " the request is not repeated before the answer is known."
        )
    if p.giving_up is not None:
        return f"The {p.giving_up} wants the payment ended; {p.provider} has not said yet that nobody has paid."
    if p.attempt.accepted:
        return f"{p.provider} knows the request since {sent} and has not said its last word. The payer has until {p.expires_at:%Y-%m-%d %H:%M:%S}."
    if p.ready_to_ask:
        return f"{p.provider} has not got the request; it is sent with the next check, after {p.attempt.number} tries."
    return f"The payer has not acted on the checkout page, so nothing was sent to {p.provider}. The payer has until {p.expires_at:%Y-%m-%d %H:%M:%S}."


def _about_operations(operations: Sequence[Operation]) -> Iterator[str]:
    for one in operations:
        if one.status is OperationStatus.PENDING:
            yield f"The {one.kind.value} {one.id} is pending; its request is {one.attempt.state.value.replace('_', ' ')}, after {one.attempt.number} tries."


def _about_job(job: OpenJob, now: datetime) -> str:
    what = JOBS[job.kind].format(subject=job.subject)
    when = "now" if job.due_at <= now else f"at {job.due_at:%Y-%m-%d %H:%M:%S}"
    held = job.leased_until is not None and job.leased_until > now
    by = (
        f"a worker holds the job until {job.leased_until:%H:%M:%S}"
        if held
        else "no worker holds the job"
    )
    return f"{what} {when}; {by}; tries before: {job.attempts}; lane: {job.lane}."


def _about_callbacks(found: Sequence[StoredCallback], payment_id: str) -> Iterator[str]:
    for one in found:
        whose = "of this payment" if one.payment_id == payment_id else "of the account"
        again = f", and {one.repeats} times again" if one.repeats else ""
        yield f"A callback {whose} came at {one.received_at:%Y-%m-%d %H:%M:%S}{again}: {one.state}{f' ({one.note})' if one.note else ''}."


def _about_notifications(unit: Unit, payment_id: str) -> Iterator[str]:
    told = [event for event in unit.events.of_payment(payment_id) if event.sequence is not None]
    for event in told[-1:]:
        answer = event.last_result or "not sent yet"
        yield f"The last notification is {event.type} of {event.at:%Y-%m-%d %H:%M:%S}; the shop's answer: {answer}."
