"""A provider calls. Its callback is a hint: it is stored, checked, and then the provider is asked.

Forged, replayed, reordered and foreign callbacks are kept and change nothing: whatever they say, only the answer to our
own inquiry is settled. What says the same as one that is kept is counted and has nobody asked again.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from bridge.domain.events import Source
from bridge.domain.money import Money
from bridge.domain.operation import Operation
from bridge.domain.outcome import NO_ANSWER, Answer, Outcome, Statement
from bridge.domain.payment import Payment
from bridge.errors import CallbackRejected, NotFound
from bridge.failpoints import failpoint
from bridge.ports import (
    Callback,
    Clock,
    Job,
    JobKind,
    OperationRequest,
    PaymentRef,
    Provider,
    Providers,
    RawCallback,
    Reply,
    StoredCallback,
    Unit,
    Units,
)
from bridge.services.ask_provider import guarded
from bridge.services.ids import new_id
from bridge.services.inquire_payment import UNREADABLE, InquirePayment
from bridge.services.throttle import Throttle

log = logging.getLogger("bridge.callbacks")

KEPT_OF_REJECTED = 4096
"""Bytes kept of the body, and of the query, of what was not genuine: enough to see what it was, too little to fill a disk with."""

REJECTED_A_MINUTE = 100
"""So many are kept of one account, or of one payer coming back: more would tell nobody anything, and in the end fill the disk all the same."""

CALLBACK_RETRIES = (2, 5, 15, 30, 60)
"""Seconds before a callback is looked into again when the provider could not be asked; the payment's own ladder goes on anyway."""


class ReceiveCallback:
    """Stores the raw bytes and replies; the looking into is the worker's."""

    def __init__(self, units: Units, providers: Providers, clock: Clock) -> None:
        """Take what the story needs."""
        self._units = units
        self._providers = providers
        self._clock = clock
        self._rejected = Throttle(REJECTED_A_MINUTE)

    def __call__(self, provider: str, merchant: str, raw: RawCallback) -> Reply:
        """Keep a callback and reply what the provider wants to hear. Raises NotFound for an unknown account, Unavailable when it cannot be kept."""
        account = self._providers.get(merchant, provider)
        callback, note = _read(account, raw)
        at = self._clock()
        if callback is None and not self._rejected.allows(f"{merchant}:{provider}", at):
            return account.acknowledge(None)
        stored = _stored(provider, merchant, raw, at, callback, note)
        with self._units() as unit:
            _keep(unit, stored)
            if callback is not None:
                unit.signs.heard(merchant, provider, at)
            else:
                unit.signs.rejected(merchant, provider, at, note or "rejected")
            failpoint("callback_uncommitted")
        failpoint("callback_stored")
        return account.acknowledge(callback)


class ProcessCallback:
    """Looks into a stored callback: finds what it is about, asks the provider, settles the answer."""

    def __init__(
        self, units: Units, providers: Providers, clock: Clock, inquire: InquirePayment
    ) -> None:
        """Take what the story needs."""
        self._units = units
        self._providers = providers
        self._clock = clock
        self._inquire = inquire

    def __call__(self, job: Job) -> bool:
        """Process the job's callback and end the job; it is tried again while the provider cannot be asked. Raises LeaseLost."""
        with self._units.read() as unit:
            stored = unit.callbacks.get(job.subject)
        account = self._providers.get(stored.merchant, stored.provider)
        callback, note = _read(account, stored.raw)
        if callback is None:
            return self._mark(job, "rejected", note)
        found = self._find(stored, callback) or self._find_by_asking(stored, account, callback)
        if isinstance(found, Answer):
            return self._conclude(job, None, found)
        if found is None:
            return self._mark(
                job,
                "unmatched",
                "no payment of this merchant is known to the provider under this reference",
            )
        payment, operation = found
        if operation is None:
            _, answer = self._inquire(payment, Source.CALLBACK)
        else:
            _, answer = self._inquire.operation(payment, operation, Source.CALLBACK)
        failpoint("callback_settled")
        return self._conclude(job, payment, answer)

    def _conclude(self, job: Job, payment: Payment | None, answer: Answer) -> bool:
        """End the job with the provider's answer. Without one it is tried again, and in the end a repeat is looked into like a new callback."""
        unknown = answer.outcome is Outcome.UNKNOWN
        if not unknown or job.attempts >= len(CALLBACK_RETRIES):
            state, payment_id = ("applied", payment.id) if payment else ("unmatched", None)
            return self._mark(
                job, state, f"the provider says: {answer.outcome.value}", payment_id, forget=unknown
            )
        with self._units() as unit:
            unit.outbox.hold(job)
            unit.outbox.postpone(
                job, self._clock() + timedelta(seconds=CALLBACK_RETRIES[job.attempts])
            )
        return True

    def _mark(
        self,
        job: Job,
        state: str,
        note: str | None,
        payment_id: str | None = None,
        *,
        forget: bool = False,
    ) -> bool:
        with self._units() as unit:
            unit.outbox.hold(job)
            unit.callbacks.mark(job.subject, state, note, payment_id, forget=forget)
            unit.outbox.done(job)
        return True

    def _find(
        self, stored: StoredCallback, callback: Callback
    ) -> tuple[Payment, Operation | None] | None:
        with self._units.read() as unit:
            if callback.provider_reference is not None:
                payment = unit.payments.by_provider_reference(
                    stored.merchant, stored.provider, callback.provider_reference
                )
                if payment is not None:
                    return payment, None
                operation = unit.operations.by_provider_reference(
                    stored.merchant, stored.provider, callback.provider_reference
                )
                if operation is not None:
                    return unit.payments.get(operation.payment_id), operation
            return _by_our_reference(unit, stored, callback.our_reference)

    def _find_by_asking(
        self,
        stored: StoredCallback,
        account: Provider,
        callback: Callback,
    ) -> tuple[Payment, Operation | None] | Answer | None:
        """The provider's reference may not have reached us yet (its answer was lost, or is slower than the callback).

        Return what it is about; an answer where the provider could not be heard, None where it knows nothing of ours under this reference.
        """
        if callback.provider_reference is None:
            return None
        answers = _asked_about(account, callback.provider_reference)
        for answer in answers:
            if answer.statement is not None:
                with self._units.read() as unit:
                    found = _by_our_reference(unit, stored, answer.statement.our_reference)
                    payment = _refunded_payment(unit, stored, answer.statement)
                if found is not None:
                    self._watch_for_another_try(*found, answer)
                    return found
                if payment is not None:
                    return payment, None
        return next((answer for answer in answers if answer.provider_code == NO_ANSWER), None)

    def _watch_for_another_try(
        self, payment: Payment, operation: Operation | None, answer: Answer
    ) -> None:
        """A try that was given up for lost may have arrived after all: then money has moved under its name, and may move again under the next."""
        named = answer.statement and answer.statement.our_reference
        current = (operation or payment).reference
        if answer.outcome is Outcome.SUCCEEDED and named != current:
            self._inquire.contradicted(
                payment,
                Source.CALLBACK,
                f"the provider has carried out {named}, an earlier try than {current}",
            )


def _read(account: Provider, raw: RawCallback) -> tuple[Callback | None, str | None]:
    try:
        return account.read_callback(raw), None
    except CallbackRejected as rejected:
        log.warning("callback rejected: %s", rejected)
        return None, str(rejected)


def _asked_about(account: Provider, provider_reference: str) -> list[Answer]:
    nothing = Money(0, "EUR")
    payment = PaymentRef("", nothing, provider_reference)
    refund = OperationRequest("", payment, nothing, provider_reference=provider_reference)
    return [
        guarded(lambda: account.inquire(payment), UNREADABLE),
        guarded(lambda: account.inquire_operation("refund", refund), UNREADABLE),
    ]


def _by_our_reference(
    unit: Unit, stored: StoredCallback, reference: str | None
) -> tuple[Payment, Operation | None] | None:
    """Find what we named so, if it is this merchant's and this provider's."""
    identifier = (reference or "").rpartition("-")[0]
    try:
        operation = unit.operations.get(identifier) if not identifier.startswith("pay_") else None
        payment = unit.payments.get(operation.payment_id if operation else identifier)
    except NotFound:
        return None
    mine = (payment.merchant, payment.provider) == (stored.merchant, stored.provider)
    return (payment, operation) if mine else None


def _refunded_payment(unit: Unit, stored: StoredCallback, statement: Statement) -> Payment | None:
    """Find the payment of a refund that is none of ours: it was made directly at the provider."""
    if statement.payment_reference is None:
        return None
    return unit.payments.by_provider_reference(
        stored.merchant, stored.provider, statement.payment_reference
    )


class ReceiveReturn:
    """The payer's browser comes back from the provider's page. It proves nothing and starts an inquiry.

    What it brings is kept and looked into like a callback: it is about the payment that it names itself, not about the one whose
    page it came to, and which address the provider chose says nothing. A return without a genuine result brings the next look at the
    payment forward, once.
    """

    def __init__(self, units: Units, providers: Providers, clock: Clock) -> None:
        """Take what the story needs."""
        self._units = units
        self._providers = providers
        self._clock = clock
        self._rejected = Throttle(REJECTED_A_MINUTE)

    def __call__(self, token: str, raw: RawCallback) -> None:
        """Keep what was brought, and have the provider asked at once. Raises NotFound for an unknown token."""
        at = self._clock()
        with self._units.read() as unit:
            payment = unit.payments.by_token(token)
        callback, rejected = _brought(self._providers.get(payment.merchant, payment.provider), raw)
        with self._units() as unit:
            if callback is not None:
                _keep(unit, _stored(payment.provider, payment.merchant, raw, at, callback, None))
            elif rejected is not None and self._rejected.allows(payment.id, at):
                _keep(
                    unit,
                    replace(
                        _stored(payment.provider, payment.merchant, raw, at, None, rejected),
                        payment_id=payment.id,
                    ),
                )
            if callback is None or not _is_about(callback, payment):
                unit.outbox.bring_forward(JobKind.PAYMENT, payment.id, at)


def _brought(account: Provider, raw: RawCallback) -> tuple[Callback | None, str | None]:
    """Return what a browser brought back: a genuine result, or why it is none; neither where it brought nothing."""
    try:
        return account.read_return(raw), None
    except CallbackRejected as rejected:
        log.warning("what a browser brought back was rejected: %s", rejected)
        return None, str(rejected)


def _is_about(callback: Callback, payment: Payment) -> bool:
    return (callback.our_reference or "").rpartition("-")[0] == payment.id


def _keep(unit: Unit, stored: StoredCallback) -> None:
    """Store it; have a genuine one looked into that is kept for the first time."""
    if unit.callbacks.add(stored) and stored.state == "received":
        unit.outbox.put(
            JobKind.CALLBACK, stored.id, f"{stored.merchant}:{stored.provider}", stored.received_at
        )


def _stored(
    provider: str,
    merchant: str,
    raw: RawCallback,
    at: datetime,
    callback: Callback | None,
    rejected: str | None,
) -> StoredCallback:
    """Make what is kept; without a genuine callback `rejected` says why."""
    if callback is not None:
        return StoredCallback(
            new_id("cb", at), provider, merchant, raw, at, "received", digest=_digest(callback)
        )
    shortened = replace(raw, query=raw.query[:KEPT_OF_REJECTED], body=raw.body[:KEPT_OF_REJECTED])
    return StoredCallback(new_id("cb", at), provider, merchant, shortened, at, "rejected", rejected)


def _digest(callback: Callback) -> str:
    """Name what a genuine callback says, whatever bytes it came in: more fields, another order or case make no other callback of it."""
    said = json.dumps(
        [callback.provider_reference, callback.our_reference, callback.name, callback.said]
    )
    return sha256(said.encode()).hexdigest()
