"""The funnel: an answer becomes facts, a changed row, events and the next look.

The immediate answer, a callback's inquiry, a browser's return and reconciliation all end here, so the same fact is
learned in one place. Nothing is called paid before the provider's books agree with our row (reference, amount, currency).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from bridge.domain.attempt import Progress
from bridge.domain.events import NoteType, Source
from bridge.domain.operation import ENDS, PREFIXES, Kind, Operation, OperationStatus, Origin
from bridge.domain.outcome import Answer, Outcome, Statement
from bridge.domain.payment import EFFECTS, GIVEN_UP, Change, Fact, Failure, Payment, Status
from bridge.domain.reasons import MEANINGS, Reason
from bridge.errors import MerchantOff, NotFound
from bridge.ports import JobKind, Operations, Payments, Shops
from bridge.services import elsewhere
from bridge.services.ids import new_id
from bridge.services.record import Record
from bridge.services.schedule import (
    OPERATION_RETRIES,
    PAYMENT_RETRIES,
    Schedule,
    awaits_the_provider,
    lane_of,
)
from bridge.services.watch_accounts import note_login

HELD = frozenset({Status.PAID, Status.AUTHORIZED})
"""Statuses in which the payer's money is taken or reserved; a provider tells them by a callback."""

GIVES_UP = {
    Source.SHOP: Reason.GIVEN_UP,
    Source.PAYER: Reason.PAYER_CANCELED,
    Source.POLICY: Reason.GIVEN_UP,
}
"""Who may give a payment up, and the reason that is kept for it."""

WAITING = (Status.CREATED, Status.PENDING)

LATE = "paid after the payment was given up"

RELEASE_AGAIN = timedelta(hours=1)
"""How long after a refusal the release of what was authorized too late is asked for again."""


class Settle:
    """Applies what a provider said. Stateless; every method works on an open Record and leaves saving it to the caller."""

    def __init__(self, schedule: Schedule, shops: Shops) -> None:
        """Take the ladders and the shops' policies."""
        self._schedule = schedule
        self._shops = shops

    # --- payments

    def started(self, record: Record, answer: Answer, page_url: str | None = None) -> None:
        """Apply the answer to our own request."""
        p = record.payment
        note_login(record.unit, p.merchant, p.provider, answer, record.at)
        if p.attempt.accepted and answer.outcome in (Outcome.UNKNOWN, Outcome.NOT_EXECUTED):
            return  # a callback was faster than the answer, and knows more
        self._keep_reference(record, answer)
        record.set(page_url=page_url or p.page_url)
        _STARTED[answer.outcome](self, record, answer)
        self._close(record, answer)
        self.plan(record, at_once=record.payment.attempt.in_doubt)

    def slow(self, record: Record) -> None:
        """Say that the provider has been asked, before it has answered."""
        record.apply(Fact.ASKED)

    def lost(self, record: Record) -> None:
        """Nobody wrote what became of a request that may have been sent: from now on its outcome is unknown."""
        record.attempted(Progress.LOST)
        record.apply(Fact.ASKED)
        record.note(
            NoteType.OUTCOME_UNKNOWN, "the provider may have been asked and no answer was written"
        )
        self.plan(record)

    def inquired(self, record: Record, answer: Answer) -> None:
        """Apply the answer to an inquiry; end what is to be given up and what has passed its expiry."""
        before = record.payment.status
        self._keep_reference(record, answer)
        note_login(record.unit, record.payment.merchant, record.payment.provider, answer, record.at)
        _INQUIRED[answer.outcome](self, record, answer)
        if record.source is Source.INQUIRY and before not in HELD and record.payment.status in HELD:
            record.unit.signs.unheard(record.payment.merchant, record.payment.provider, record.at)
        self._close(record, answer)
        self.plan(
            record,
            final=answer.outcome is Outcome.DECLINED
            and record.payment.status is not Status.PENDING,
        )

    def give_up(self, record: Record, source: Source, answer: Answer | None) -> None:
        """Cancel a payment that is created or pending. `answer` is what the provider has just said about it, None: nothing yet.

        Where the provider was asked for the payment and has not said that it is unpaid, only the wish is kept. The payment stays in doubt,
        and the next answer of the provider that tells ends it.
        """
        p = record.payment
        if not p.attempt.not_sent:
            record.apply(Fact.ASKED)
            record.set(giving_up=source.value, updated_at=record.at)
            if answer is not None:
                self._close(record, answer)
        else:
            self._end(record, Fact.CANCELED, GIVES_UP[source], source)
        self.plan(record)

    def _close(self, record: Record, answer: Answer) -> None:
        """End what is to be given up, and what has passed its expiry, when the provider has said that nobody has paid."""
        p = record.payment
        if p.status not in WAITING or not _is_unpaid(p, answer):
            return
        if _nobody_paid_there(p, answer) and self._schedule.page_is_closed(p, record.at):
            record.set(provider_ended=True)
        if p.giving_up is not None:
            source = Source(p.giving_up)
            self._end(record, Fact.CANCELED, GIVES_UP[source], source)
        elif (
            p.status is Status.PENDING and not p.in_doubt and record.at >= self._schedule.over_at(p)
        ):
            self._end(record, Fact.EXPIRED, Reason.EXPIRED, Source.CLOCK)

    def _end(self, record: Record, fact: Fact, reason: Reason, source: Source) -> None:
        record.set(
            next_check_at=record.at
        )  # what was given up goes on being watched, and the event that tells of it says so
        record.apply(fact, failure=Failure(reason), source=source)

    def plan(self, record: Record, *, final: bool = False, at_once: bool = False) -> None:
        """Write when the payment is looked at again.

        `final`: the provider's last word was said, and believed. `at_once`: doubt has just begun, so the first inquiry does not
        wait for the ladder, whose steps count from the asking.
        """
        p = record.payment
        due = (
            None
            if final and p.attempt.accepted
            else record.at
            if at_once
            else self._schedule.payment(p, record.at)
        )
        record.set(next_check_at=due)
        if due is not None:
            record.unit.outbox.put(JobKind.PAYMENT, p.id, lane_of(p), due)
            return
        record.unit.outbox.remove(JobKind.PAYMENT, p.id)
        if p.in_doubt:
            record.review(
                NoteType.NEEDS_REVIEW,
                "the provider's answer is still unknown after the last inquiry",
            )
        elif (
            not final
            and awaits_the_provider(p)
            and (p.status not in GIVEN_UP or p.page_url is None)
        ):
            record.review(
                NoteType.NEEDS_REVIEW, "the provider has said no last word by the last inquiry"
            )

    def _keep_reference(self, record: Record, answer: Answer) -> None:
        known, told = record.payment.provider_reference, answer.provider_reference
        if known and told and known != told:
            record.review(
                NoteType.CONTRADICTION, f"the provider names two references: {known} and {told}"
            )
        elif told and not known and self._is_free(record, told, record.unit.payments):
            record.set(provider_reference=told)

    def _is_free(self, record: Record, told: str, others: Payments | Operations) -> bool:
        """Tell whether a reference that we had not heard before names nothing else; two under one name would never be told apart again."""
        other = others.by_provider_reference(record.payment.merchant, record.payment.provider, told)
        if other is not None:
            record.review(
                NoteType.CONTRADICTION,
                f"the provider answers with the reference {told}, which is that of {other.id}",
            )
        return other is None

    def _accepted(self, record: Record, answer: Answer) -> None:
        record.attempted(Progress.KNOWN)
        record.apply(Fact.ASKED)
        if answer.statement is not None:
            self._believe(record, answer.statement)

    def _declined(self, record: Record, answer: Answer) -> None:
        if answer.statement is not None and self._differs(record, answer.statement):
            return
        reason = answer.reason or Reason.REQUEST_REFUSED
        if self._payer_may_correct(record.payment, reason):
            record.attempted(Progress.NOT_EXECUTED)
            record.set(payer=replace(record.payment.payer, wallet_username=None))
            return
        record.attempted(Progress.KNOWN)
        record.set(provider_ended=True)
        fact = EFFECTS[MEANINGS[reason].effect]
        if fact is Fact.CANCELED and record.payment.status is Status.AUTHORIZED:
            elsewhere.notice_released(record)
        record.apply(fact, failure=Failure(reason, answer.provider_code))

    def _payer_may_correct(self, p: Payment, reason: Reason) -> bool:
        return MEANINGS[reason].correctable and p.status is Status.CREATED and p.tries > 0

    def _never_arrived(self, record: Record, answer: Answer) -> None:
        record.attempted(Progress.NOT_EXECUTED)
        self._fail_after_the_last_try(record, answer)

    def _fail_after_the_last_try(self, record: Record, answer: Answer) -> None:
        if record.payment.attempt.number > len(PAYMENT_RETRIES):
            record.apply(
                Fact.FAILED, failure=Failure(Reason.PROVIDER_UNAVAILABLE, answer.provider_code)
            )

    def _answer_lost(self, record: Record, answer: Answer) -> None:
        record.attempted(Progress.LOST)
        record.apply(Fact.ASKED)
        record.note(
            NoteType.OUTCOME_UNKNOWN,
            f"the provider was asked and its answer was lost ({answer.provider_code or 'no answer'})",
        )

    def _not_there(self, record: Record, answer: Answer) -> None:
        p = record.payment
        if _nobody_paid_there(p, answer):
            if p.status in GIVEN_UP and self._schedule.page_is_closed(p, record.at):
                record.set(provider_ended=True)
            return
        if not p.attempt.in_doubt or p.attempt.sent_at is None:
            if p.attempt.accepted and p.status is Status.PENDING:
                record.review(
                    NoteType.CONTRADICTION,
                    "the provider accepted this payment and does not know it any more",
                )
            return
        if not self._schedule.absence_counts(p, p.attempt.sent_at, record.at):
            return
        record.attempted(Progress.NOT_EXECUTED)
        if p.status is Status.PENDING and record.at < p.expires_at:
            record.note(
                NoteType.ASKED_AGAIN,
                f"the provider does not know {p.reference}: it never arrived and is asked again",
            )
            self._fail_after_the_last_try(record, answer)

    def _nothing_learned(self, record: Record, answer: Answer) -> None:
        """An inquiry that failed says nothing about the payment."""

    def _believe(self, record: Record, statement: Statement) -> None:
        before = record.payment
        if self._differs(record, statement):
            return
        came = self._believe_sums(record, statement)
        elsewhere.notice_captured(record, before, statement)
        elsewhere.notice_refunded(record, statement)
        if came:  # judged last: what others have given back already is not given back again
            self._judge(record, late=before.status in GIVEN_UP)

    def _believe_sums(self, record: Record, statement: Statement) -> bool:
        """Apply what was reserved and taken; tell whether the payer's money came with it."""
        p = record.payment
        if statement.captured and p.capture == "automatic" and statement.captured != p.amount:
            record.review(
                NoteType.INTEGRITY_FAILURE,
                f"the provider's books differ: captured {statement.captured} instead of {p.amount}",
            )
        elif statement.captured and not p.amount_capture_pending:
            return (
                record.apply(
                    Fact.PAID, authorized=statement.authorized or 0, captured=statement.captured
                )
                is Change.APPLIED
            )
        elif statement.authorized and not statement.captured and p.status in GIVEN_UP:
            self._release_late(record, statement.authorized)
        elif statement.authorized:
            return record.apply(Fact.AUTHORIZED, authorized=statement.authorized) is Change.APPLIED
        return False

    def _differs(self, record: Record, statement: Statement) -> bool:
        p = record.payment
        problem = mismatch(statement, p.reference, p.amount, p.currency)
        if problem is not None:
            record.review(NoteType.INTEGRITY_FAILURE, problem)
        return problem is not None

    def _judge(self, record: Record, *, late: bool) -> None:
        """Decide by the shop's policies about money that came a second time, or too late. A second payment is never simply kept."""
        p = record.payment
        if p.status is Status.PAID and not p.amount_refundable:
            return
        late_payment, duplicate_payment = self._policies(p.shop)
        if p.duplicate_of is not None:
            policy = "refund" if late and late_payment == "refund" else duplicate_payment
            why = f"second payment of order {p.order_reference}, which is paid by {p.duplicate_of}"
        else:
            policy = late_payment if late else "accept"
            why = LATE
        if policy == "refund":
            self._give_back(record, why)
        elif policy == "hold":
            record.review(
                NoteType.NEEDS_REVIEW, f"{why}; the shop's policy is to hold it for an operator"
            )

    def _give_back(self, record: Record, why: str) -> None:
        p = record.payment
        if p.status is Status.PAID:
            self._undo(record, Kind.REFUND, p.amount_refundable, why)
        else:
            self._undo(record, Kind.CANCEL, p.amount_authorized, why)

    def _release_late(self, record: Record, amount: int) -> None:
        """Nobody will capture what is reserved for a payment that was given up, so the payer gets it back at once, whatever the policy."""
        cancels = record.unit.operations.of_payment(record.payment.id, Kind.CANCEL.value)
        if all(
            cancel.status is OperationStatus.FAILED
            and record.at >= cancel.updated_at + RELEASE_AGAIN
            for cancel in cancels
        ):
            record.note(
                NoteType.CONTRADICTION, "authorized after the payment was given up; it is released"
            )
            self._undo(record, Kind.CANCEL, amount, "authorized after the payment was given up")

    def _undo(self, record: Record, kind: Kind, amount: int, reason: str) -> None:
        p = record.payment
        undo = Operation(
            id=new_id(PREFIXES[kind], record.at),
            kind=kind,
            payment_id=p.id,
            merchant=p.merchant,
            shop=p.shop,
            amount=amount,
            currency=p.currency,
            created_at=record.at,
            updated_at=record.at,
            reason=reason,
            source=Origin.BRIDGE,
        )
        record.open(undo)
        record.unit.outbox.put(JobKind.OPERATION, undo.id, lane_of(p), record.at)

    def _policies(self, name: str) -> tuple[str, str]:
        """Return what a shop wants done with late money and with second payments."""
        try:
            shop = self._shops.get(name)
        except (NotFound, MerchantOff):
            return "hold", "hold"
        return shop.late_payment, shop.duplicate_payment

    # --- refunds, captures, cancels

    def operation_started(self, record: Record, operation: Operation, answer: Answer) -> Operation:
        """Apply the answer to our own request for a refund, capture or cancel; return it as it is now, not yet saved."""
        if operation.attempt.accepted and answer.outcome in (Outcome.UNKNOWN, Outcome.NOT_EXECUTED):
            return operation
        if (
            answer.outcome is Outcome.DECLINED
        ):  # the provider's books may have more than ours: somebody else may have been there
            record.unit.outbox.put(
                JobKind.PAYMENT, record.payment.id, lane_of(record.payment), record.at
            )
        started = self._operation_answered(record, operation, answer, _OPERATION_STARTED)
        return self.plan_operation(record, started, at_once=started.attempt.in_doubt)

    def operation_inquired(self, record: Record, operation: Operation, answer: Answer) -> Operation:
        """Apply the answer to an inquiry about a refund, capture or cancel; return it as it is now, not yet saved."""
        return self.plan_operation(
            record, self._operation_answered(record, operation, answer, _OPERATION_INQUIRED)
        )

    def operation_lost(self, record: Record, operation: Operation) -> Operation:
        """Nobody wrote what became of a request that may have been sent: from now on its outcome is unknown."""
        record.note(
            NoteType.OUTCOME_UNKNOWN,
            f"{operation.id} may have been asked for and no answer was written",
        )
        return self.plan_operation(record, operation.attempted(Progress.LOST, record.at))

    def plan_operation(
        self, record: Record, operation: Operation, *, at_once: bool = False
    ) -> Operation:
        """Write when the operation is looked at again; return it, marked for review when nobody will look. `at_once`: see `plan`."""
        due = (
            record.at if at_once else self._schedule.operation(record.payment, operation, record.at)
        )
        if due is not None:
            record.unit.outbox.put(JobKind.OPERATION, operation.id, lane_of(record.payment), due)
            return operation
        record.unit.outbox.remove(JobKind.OPERATION, operation.id)
        if operation.status is not OperationStatus.PENDING:
            return operation
        detail = f"{operation.id} has no final answer after the last inquiry"
        record.review(NoteType.NEEDS_REVIEW, detail)
        return replace(operation, review=detail)

    def _operation_answered(
        self, record: Record, operation: Operation, answer: Answer, table: _OperationTable
    ) -> Operation:
        note_login(record.unit, record.payment.merchant, record.payment.provider, answer, record.at)
        problem = answer.statement and mismatch(
            answer.statement, operation.reference, operation.amount, operation.currency
        )
        if problem:  # it may be about another one: neither a success nor a refusal is believed
            record.review(NoteType.INTEGRITY_FAILURE, problem)
            return replace(operation, review=problem)
        told = answer.provider_reference
        if (
            told
            and not operation.provider_reference
            and self._is_free(record, told, record.unit.operations)
        ):
            operation = replace(operation, provider_reference=told)
        return table[answer.outcome](self, record, replace(operation, updated_at=record.at), answer)

    def _operation_succeeded(
        self, record: Record, operation: Operation, answer: Answer
    ) -> Operation:
        return record.end(operation.attempted(Progress.KNOWN, record.at), OperationStatus.SUCCEEDED)

    def _operation_pending(self, record: Record, operation: Operation, answer: Answer) -> Operation:
        return operation.attempted(Progress.KNOWN, record.at)

    def _operation_declined(
        self, record: Record, operation: Operation, answer: Answer
    ) -> Operation:
        reason = answer.reason or Reason.REQUEST_REFUSED
        answered = operation.attempted(Progress.KNOWN, record.at)
        return record.end(
            answered, ENDS[MEANINGS[reason].effect], Failure(reason, answer.provider_code)
        )

    def _operation_never_arrived(
        self, record: Record, operation: Operation, answer: Answer
    ) -> Operation:
        again = operation.attempted(Progress.NOT_EXECUTED, record.at)
        if operation.attempt.number <= len(OPERATION_RETRIES):
            return again
        return record.end(
            again,
            OperationStatus.FAILED,
            Failure(Reason.PROVIDER_UNAVAILABLE, answer.provider_code),
        )

    def _operation_answer_lost(
        self, record: Record, operation: Operation, answer: Answer
    ) -> Operation:
        record.note(
            NoteType.OUTCOME_UNKNOWN,
            f"{operation.id} was asked for and the answer was lost ({answer.provider_code or 'no answer'})",
        )
        return operation.attempted(Progress.LOST, record.at)

    def _operation_not_there(
        self, record: Record, operation: Operation, answer: Answer
    ) -> Operation:
        sent_at = operation.attempt.sent_at
        if (
            not operation.attempt.in_doubt
            or sent_at is None
            or not self._schedule.absence_counts(record.payment, sent_at, record.at)
        ):
            return operation
        record.note(
            NoteType.ASKED_AGAIN,
            f"the provider does not know {operation.reference}: it never arrived and is asked again",
        )
        return self._operation_never_arrived(record, operation, answer)

    def _operation_unknown(self, record: Record, operation: Operation, answer: Answer) -> Operation:
        """Nothing was learned, unless the books tell how many of several equal operations were carried out."""
        if answer.of_equals is None:
            return operation
        pending = [
            o
            for o in record.unit.operations.of_payment(operation.payment_id, operation.kind.value)
            if o.amount == operation.amount
            and o.status is OperationStatus.PENDING
            and not o.attempt.not_sent
        ]
        if not all(
            o.in_doubt
            and o.attempt.sent_at
            and self._schedule.absence_counts(record.payment, o.attempt.sent_at, record.at)
            for o in pending
        ):
            return operation
        return self._share_out(record, operation, pending, answer.of_equals)

    def _share_out(
        self, record: Record, operation: Operation, equals: Sequence[Operation], carried_out: int
    ) -> Operation:
        """Settle so many of several equal operations, the oldest first, and end the rest; return `operation` as it is then.

        Which of them the provider carried out makes no difference to anybody's money. The rest is not asked for again: to a
        provider that recognizes repeats, it may be the one that was carried out.
        """
        for number, one in enumerate(equals):
            answered = replace(
                operation if one.id == operation.id else one, updated_at=record.at
            ).attempted(Progress.KNOWN, record.at)
            if number < carried_out:
                ended = record.end(answered, OperationStatus.SUCCEEDED)
            else:
                record.note(
                    NoteType.NEVER_ARRIVED,
                    f"the provider has carried out {carried_out} of {len(equals)} equal ones; {one.id} is not among them",
                )
                ended = record.end(
                    answered, OperationStatus.FAILED, Failure(Reason.PROVIDER_UNAVAILABLE, "sums")
                )
            if one.id == operation.id:
                operation = ended
            else:
                self.plan_operation(record, record.keep(ended))
        return operation


def mismatch(statement: Statement, reference: str, amount: int, currency: str) -> str | None:
    """Compare the provider's books with our row (minor units); return what differs, None if nothing does."""
    pairs = (
        ("reference", statement.our_reference, reference),
        ("currency", statement.currency, currency),
        ("amount", statement.amount, amount),
    )
    differs = [
        f"{name} {theirs} instead of {ours}"
        for name, theirs, ours in pairs
        if theirs is not None and theirs != ours
    ]
    if max(statement.authorized or 0, statement.captured or 0) > amount:
        differs.append("more than was asked for")
    return f"the provider's books differ: {', '.join(differs)}" if differs else None


def _is_unpaid(p: Payment, answer: Answer) -> bool:
    """Tell whether the provider has said that nobody has paid yet, or agreed to."""
    return (
        (answer.outcome is Outcome.PENDING and not answer.payer_agreed)
        or p.attempt.not_sent
        or _nobody_paid_there(p, answer)
    )


def _nobody_paid_there(p: Payment, answer: Answer) -> bool:
    """Tell whether the provider's page is still untouched: until its payer has sent it, the provider knows no such payment."""
    return answer.outcome is Outcome.NOT_EXECUTED and p.page_url is not None and p.attempt.accepted


_PaymentTable = dict[Outcome, Callable[[Settle, Record, Answer], None]]
_OperationTable = dict[Outcome, Callable[[Settle, Record, Operation, Answer], Operation]]

_STARTED: _PaymentTable = {
    Outcome.SUCCEEDED: Settle._accepted,
    Outcome.PENDING: Settle._accepted,
    Outcome.DECLINED: Settle._declined,
    Outcome.NOT_EXECUTED: Settle._never_arrived,
    Outcome.UNKNOWN: Settle._answer_lost,
}

_INQUIRED: _PaymentTable = {
    Outcome.SUCCEEDED: Settle._accepted,
    Outcome.PENDING: Settle._accepted,
    Outcome.DECLINED: Settle._declined,
    Outcome.NOT_EXECUTED: Settle._not_there,
    Outcome.UNKNOWN: Settle._nothing_learned,
}

_OPERATION_STARTED: _OperationTable = {
    Outcome.SUCCEEDED: Settle._operation_succeeded,
    Outcome.PENDING: Settle._operation_pending,
    Outcome.DECLINED: Settle._operation_declined,
    Outcome.NOT_EXECUTED: Settle._operation_never_arrived,
    Outcome.UNKNOWN: Settle._operation_answer_lost,
}

_OPERATION_INQUIRED: _OperationTable = {
    Outcome.SUCCEEDED: Settle._operation_succeeded,
    Outcome.PENDING: Settle._operation_pending,
    Outcome.DECLINED: Settle._operation_declined,
    Outcome.NOT_EXECUTED: Settle._operation_not_there,
    Outcome.UNKNOWN: Settle._operation_unknown,
}
