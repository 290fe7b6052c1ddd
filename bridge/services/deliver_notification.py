"""Tells a shop what happened: at least once, in order per payment, and no stuck payment delays another."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bridge.domain.events import Event, EventType
from bridge.errors import NotFound
from bridge.failpoints import failpoint
from bridge.ports import Calls, Clock, Delivery, Job, JobKind, Notifier, Shop, Shops, Unit, Units
from bridge.services.aside import answer_of
from bridge.services.ids import new_id
from bridge.services.represent import timestamp, to_json
from bridge.services.schedule import NOTIFICATION_STEPS

JITTER = 0.1
IN_A_ROW = timedelta(seconds=5)
"""For so long one job may go on from event to event; a good deal less than a lease, and than what makes the worker think that the shop hangs."""

OWNER = "house"

TEST_WAIT = 10.0
"""Seconds that a shop's own request waits for the answer to its test notification."""

Courier = Callable[[Shop, str, str], Delivery]
"""Brings an event (its id, its JSON text) to a shop of one platform; see `platforms.Adapter.deliver`."""


ENDPOINT_OFF = "endpoint-off:"


def endpoint_document(shop: str) -> str:
    """Name the document that says that a shop's endpoint is switched off."""
    return f"{ENDPOINT_OFF}{shop}"


class DeliverNotification:
    """Delivers a payment's next event. One job per payment is the payment's lane: its head blocks only itself."""

    def __init__(
        self,
        units: Units,
        shops: Shops,
        notifier: Notifier,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
        couriers: Mapping[str, Courier] | None = None,
    ) -> None:
        """Take what the story needs; `jitter` draws from [0, 1). A shop whose platform has a courier is told by it, any other by a signed post."""
        self._couriers = couriers or {}
        self._units = units
        self._shops = shops
        self._notifier = notifier
        self._clock = clock
        self._jitter = jitter

    def __call__(self, job: Job) -> bool:
        """Try to deliver the head of the job's lane, and what is behind it while the shop takes it at once; return whether that ended the job.

        Raises LeaseLost when another worker holds the job by now, MerchantOff where the shop's merchant is switched off: that is no try.
        """
        with self._units.read() as unit:
            event = unit.events.next_undelivered(job.subject)
            off = event and unit.documents.get(OWNER, endpoint_document(event.shop))
        if event is None:
            return False
        if off and self._give_up(job, event):
            return True
        return self._deliver(job, event)

    def _give_up(self, job: Job, event: Event) -> bool:
        """Give up an event of an endpoint that is off, unless an operator has just switched it on; tell whether it was given up."""
        now = self._clock()
        with self._units() as unit:
            unit.outbox.hold(job)
            if unit.documents.get(OWNER, endpoint_document(event.shop), lock=True) is None:
                return False
            self._mark(
                unit,
                job,
                event,
                Delivery(None, "the shop switched this endpoint off"),
                now,
                give_up=True,
            )
        return True

    def _deliver(self, job: Job, head: Event) -> bool:
        event: Event | None = head
        until = self._clock() + IN_A_ROW
        while event is not None:
            delivery = self._post(event)
            failpoint("notification_posted")
            if delivery is None:
                return False
            give_up = delivery.gone or _tries(job, event) >= len(NOTIFICATION_STEPS)
            # A job with tries behind it hands the next event to a new one, whose ladder begins anew.
            event = self._conclude(
                job,
                event,
                delivery,
                give_up=give_up,
                go_on=job.attempts == 0 and self._clock() < until,
            )
        return True

    def _post(self, event: Event) -> Delivery | None:
        """Post an event; None for a shop that wants no notifications and reads /v1/events instead."""
        try:
            shop = self._shops.get(event.shop)
        except NotFound:
            return Delivery(None, "the shop is in no profile")
        if shop.platform in self._couriers:
            return self._couriers[shop.platform](shop, event.id, event.body or "")
        if shop.notification_url is None:
            return None
        return self._notifier(
            shop.shop,
            shop.notification_url,
            self._shops.secrets(shop.shop),
            event.id,
            event.body or "",
            self._shops.notification_auth(shop.shop),
        )

    def _conclude(
        self, job: Job, event: Event, delivery: Delivery, *, give_up: bool, go_on: bool = False
    ) -> Event | None:
        """Write how the try went; return the next event while the job is still held for it, None when the job was ended or put off."""
        now = self._clock()
        with self._units() as unit:
            unit.outbox.hold(job)
            if delivery.gone:
                unit.documents.put(OWNER, endpoint_document(event.shop), {"since": timestamp(now)})
            following = self._mark(unit, job, event, delivery, now, give_up=give_up, go_on=go_on)
            failpoint("notification_uncommitted")
        return following

    def _mark(
        self,
        unit: Unit,
        job: Job,
        event: Event,
        delivery: Delivery,
        now: datetime,
        *,
        give_up: bool,
        go_on: bool = False,
    ) -> Event | None:
        result = f"HTTP {delivery.status}" if delivery.status is not None else delivery.detail
        unit.events.mark(
            event.id,
            result=result,
            delivered_at=now if delivery.ok else None,
            undeliverable_at=now if give_up and not delivery.ok else None,
        )
        return self._plan(
            unit,
            job,
            event,
            delivery,
            now,
            ended=delivery.ok or give_up,
            go_on=go_on and delivery.ok,
        )

    def _plan(
        self,
        unit: Unit,
        job: Job,
        event: Event,
        delivery: Delivery,
        now: datetime,
        *,
        ended: bool,
        go_on: bool,
    ) -> Event | None:
        if not ended:
            unit.outbox.postpone(job, now + self._pause(_tries(job, event), delivery))
            return None
        following = unit.events.next_undelivered(job.subject)
        if following is not None and go_on:
            return following
        if following is not None:
            unit.outbox.put(JobKind.NOTIFY, job.subject, job.lane, now)
        unit.outbox.done(job)
        return None

    def _pause(self, tries: int, delivery: Delivery) -> timedelta:
        step = NOTIFICATION_STEPS[min(tries, len(NOTIFICATION_STEPS) - 1)]
        return timedelta(
            seconds=max(step * (1 + JITTER * self._jitter()), delivery.retry_after or 0)
        )


def _tries(job: Job, event: Event) -> int:
    """Return how often the shop was tried before, in this ladder: the job counts our own failures too, the event the ladders before a resend."""
    return min(job.attempts, event.attempts)


class ResendNotification:
    """An operator has an undeliverable event delivered after all, or switches an endpoint on again."""

    def __init__(self, units: Units, clock: Clock) -> None:
        """Take what the story needs."""
        self._units = units
        self._clock = clock

    def __call__(self, event_id: str) -> Event:
        """Put the event back at the head of its payment's lane. Raises NotFound."""
        with self._units() as unit:
            event = unit.events.get(event_id)
            unit.events.reopen(event_id)
            unit.outbox.put(JobKind.NOTIFY, event.payment_id, event.shop, self._clock())
        return event

    def enable(self, shop: str) -> int:
        """Switch a shop's endpoint on again and deliver all that was given up, per payment from its first missing event; return how many.

        The switch is turned first: who is giving an event up at this moment holds it, and the event is found afterwards.
        """
        with self._units() as unit:
            unit.documents.delete(OWNER, endpoint_document(shop))
            payments = unit.events.reopen_all(shop)
            for payment_id in dict.fromkeys(payments):
                unit.outbox.put(JobKind.NOTIFY, payment_id, shop, self._clock())
        return len(payments)


class TestNotification:
    """The shop wants to see a notification: one is signed and sent, and what the shop answered is reported."""

    __test__ = False

    def __init__(self, shops: Shops, notifier: Notifier, clock: Clock, calls: Calls) -> None:
        """Take what the story needs; the shop is asked in the pool of `calls`."""
        self._shops = shops
        self._notifier = notifier
        self._clock = clock
        self._calls = calls

    def __call__(self, shop: Shop) -> dict[str, Any]:
        """Send `shop.test` and return {"delivered", "status", "detail", "url", "event"}. Raises Unavailable while other tests of this shop hang."""
        at = self._clock()
        event_id = new_id("evt", at)
        body: dict[str, Any] = {
            "id": event_id,
            "type": EventType.SHOP_TEST.value,
            "timestamp": timestamp(at),
            "sequence": None,
            "shop": shop.shop,
            "data": {},
        }
        if shop.notification_url is None:
            return {
                "delivered": False,
                "status": None,
                "detail": "the profile has no notification_url",
                "url": None,
                "event": event_id,
            }
        url, secrets, auth = (
            shop.notification_url,
            self._shops.secrets(shop.shop),
            self._shops.notification_auth(shop.shop),
        )
        answer = answer_of(
            self._calls,
            shop.shop,
            lambda: self._notifier(shop.shop, url, secrets, event_id, to_json(body), auth),
            TEST_WAIT,
        )
        delivery = answer or Delivery(
            None, "no answer yet: the shop is slow, or many others are being asked"
        )
        return {
            "delivered": delivery.ok,
            "status": delivery.status,
            "detail": delivery.detail,
            "url": shop.notification_url,
            "event": event_id,
        }
