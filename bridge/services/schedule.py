"""When to look at a payment or an operation again: the ladders, and the job that carries the next look.

Every payment and operation that is not settled has exactly one outbox job, so nothing is forgotten by a crash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from bridge.domain.operation import Operation, OperationStatus
from bridge.domain.payment import GIVEN_UP, Payment, Status
from bridge.errors import MerchantOff, NotFound
from bridge.ports import JobKind, Providers

DAY = 86_400
INQUIRY_STEPS = (5, 15, 30, 60, 120, 300, 900, 3_600, 21_600, *(DAY,) * 6)
"""Seconds between two inquiries, counted from the request; after the last one an operator looks."""

INQUIRY_OFFSETS = tuple(accumulate(INQUIRY_STEPS))

EXPIRED_OFFSETS = (3_600, DAY)
"""Seconds after the expiry at which a payment is looked at whose ladder was over before: the provider's own request ends about then."""

PAGE_CLOSED = timedelta(seconds=60)
"""How long after the expiry a page that the provider closes by itself counts as open: its clock may differ from ours, and a card may be under way."""

AUTHORIZED_OFFSETS = (
    *(offset for offset in INQUIRY_OFFSETS if offset < DAY),
    *range(DAY, 32 * DAY, DAY // 4),
)
"""The same for an authorization: it may be captured by itself for 29 days, and end by itself at any time."""

PAYMENT_RETRIES = (2, 5, 15)
"""Seconds before a payment request that surely never arrived is sent again; then the payment failed."""

OPERATION_RETRIES = (2, 5, 15, 30, 60, 120, 300, 900)
"""The same for refunds, captures and cancels, for which nobody waits at a page."""

NOTIFICATION_STEPS = (5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds between two tries to notify a shop; the first try is at once. After the last one the event is undeliverable."""

WATCHED_SECONDS = 2
"""How often a payment is inquired about while its payer watches the page."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds. `send_within`: a request not sent by then is given up unsent. `not_found_grace`: how long
    after the last moment at which a request could arrive its absence at the provider is believed."""

    send_within: float = 10.0
    not_found_grace: float = 60.0


class Schedule:
    """Plans the next look."""

    def __init__(
        self,
        providers: Providers,
        patience: Patience,
        steady_since: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        """Take the accounts, whose deadlines bound every wait, and since when all processes agree on the time; None: always."""
        self._providers = providers
        self._patience = patience
        self._steady_since = steady_since

    def send_by(self, sent_at: datetime) -> datetime:
        """Return the last moment at which a request intended at `sent_at` may still be sent."""
        return sent_at + timedelta(seconds=self._patience.send_within)

    def answered_by(self, payment: Payment, sent_at: datetime) -> datetime:
        """Return the moment after which a request intended at `sent_at` can no longer be on its way."""
        try:
            deadline = self._providers.get(payment.merchant, payment.provider).deadline
        except (NotFound, MerchantOff):
            deadline = 60.0
        steady_since = self._steady_since()
        counted_from = sent_at if steady_since is None else max(sent_at, steady_since)
        return self.send_by(counted_from) + timedelta(seconds=deadline + 1)

    def pause(self, payment: Payment, at: datetime) -> datetime | None:
        """Return until when nothing may be sent for a payment, because the time has jumped; None: it may be sent."""
        steady_since = self._steady_since()
        until = None if steady_since is None else self.answered_by(payment, steady_since)
        return until if until is not None and at < until else None

    def absence_counts(self, payment: Payment, sent_at: datetime, at: datetime) -> bool:
        """Tell whether "no such request" from the provider is to be believed at `at`."""
        return at >= self.answered_by(payment, sent_at) + timedelta(
            seconds=self._patience.not_found_grace
        )

    def over_at(self, p: Payment) -> datetime:
        """Return when an unanswered payment is over: at its expiry, and where the provider closes its page by itself, when that is surely done."""
        return p.expires_at + PAGE_CLOSED if self._page_closes(p) else p.expires_at

    def page_is_closed(self, p: Payment, at: datetime) -> bool:
        """Tell whether nobody can pay on the provider's page any more."""
        return self._page_closes(p) and at >= self.over_at(p)

    def _page_closes(self, p: Payment) -> bool:
        try:
            return (
                p.page_url is not None
                and self._providers.get(p.merchant, p.provider).terms().page_closes
            )
        except (NotFound, MerchantOff):
            return False

    def payment(self, p: Payment, at: datetime) -> datetime | None:
        """Return when to look at a payment again; None: never, unless something happens."""
        sent_at = p.attempt.sent_at
        if p.attempt.sending and sent_at is not None:
            return self.answered_by(p, sent_at)
        if p.ready_to_ask:
            return at + timedelta(seconds=_step(PAYMENT_RETRIES, p.attempt.number))
        if p.status is Status.CREATED:
            return p.expires_at
        if sent_at is None or not awaits_the_provider(p):
            return None
        due, over = _next_look(p, sent_at, at), self.over_at(p)
        if at < over:
            return min(due or over, over)
        return due or (
            _next_offset(over, at, EXPIRED_OFFSETS) if p.status is Status.EXPIRED else None
        )

    def operation(self, payment: Payment, o: Operation, at: datetime) -> datetime | None:
        """Return when to look at a refund, capture or cancel again."""
        if o.status is not OperationStatus.PENDING:
            return None
        sent_at = o.attempt.sent_at
        if o.attempt.sending and sent_at is not None:
            return self.answered_by(payment, sent_at)
        if o.attempt.not_sent or sent_at is None:
            return at + timedelta(seconds=_step(OPERATION_RETRIES, o.attempt.number))
        return _next_offset(sent_at, at)


def lane_of(payment: Payment) -> str:
    """Name the account whose slowness must not hold up the others."""
    return f"{payment.merchant}:{payment.provider}"


def kind_of(subject: Payment | Operation) -> JobKind:
    """Return the kind of job that looks after a payment or an operation."""
    return JobKind.PAYMENT if isinstance(subject, Payment) else JobKind.OPERATION


def awaits_the_provider(p: Payment) -> bool:
    """Tell whether the provider's word can still change a payment that it was asked for."""
    if p.attempt.in_doubt or p.status is Status.PENDING:
        return True
    return p.status is Status.AUTHORIZED or (
        p.status in GIVEN_UP and p.attempt.accepted and not p.provider_ended
    )


def _next_look(p: Payment, sent_at: datetime, at: datetime) -> datetime | None:
    """Return the next rung of the ladder: counted from the request, and from the cancel of what its payer may be paying at that moment."""
    if p.status is Status.AUTHORIZED:
        return _next_offset(sent_at, at, AUTHORIZED_OFFSETS)
    is_canceled = p.status is Status.CANCELED or p.giving_up is not None
    return _next_offset(p.updated_at if is_canceled else sent_at, at)


def _step(steps: tuple[int, ...], attempt: int) -> int:
    return 0 if attempt == 0 else steps[min(attempt, len(steps)) - 1]


def _next_offset(
    since: datetime, at: datetime, offsets: tuple[int, ...] = INQUIRY_OFFSETS
) -> datetime | None:
    age = (at - since).total_seconds()
    return next((since + timedelta(seconds=offset) for offset in offsets if offset > age), None)
