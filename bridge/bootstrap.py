"""Composition root: settings in, ready services out. The one place that knows every concrete class."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Engine

import adapters as adapter_folders
from bridge import providers
from bridge.calls import CallRoom
from bridge.clock import DatabaseClock
from bridge.config import Config, Outgoing, Profiles
from bridge.errors import ConfigError, NotFound, TransportError
from bridge.notify import WebhookNotifier
from bridge.platforms import Adapter, AdapterType, Workbench
from bridge.ports import Clock, Provider, ProviderType, Transport
from bridge.services import Services
from bridge.services.aside import Offers
from bridge.services.ask_provider import AskProvider
from bridge.services.authenticate_app import AuthenticateApp
from bridge.services.cancel_payment import CancelPayment, GiveUp
from bridge.services.capture_payment import CapturePayment
from bridge.services.change_return_url import ChangeReturnUrl
from bridge.services.confirm_checkout import CancelCheckout, ConfirmCheckout
from bridge.services.create_payment import CreatePaymentForOrder
from bridge.services.deliver_notification import (
    DeliverNotification,
    ResendNotification,
    TestNotification,
)
from bridge.services.end_other_checkouts import EndOtherCheckouts
from bridge.services.explain_payment import ExplainPayment
from bridge.services.housekeeping import CheckHealth, ListReviews, Measure, Prune, Resolve
from bridge.services.inquire_payment import InquirePayment, SyncPayment
from bridge.services.look_after import LookAfterOperation, LookAfterPayment
from bridge.services.operate import Operate
from bridge.services.read import Authenticate, DescribeShop, OfferMethods, Read
from bridge.services.receive_callback import ProcessCallback, ReceiveCallback, ReceiveReturn
from bridge.services.refund_payment import RefundPayment
from bridge.services.represent import Represent
from bridge.services.schedule import Patience, Schedule
from bridge.services.settle import Settle
from bridge.services.show_checkout import CheckoutView, ShowCheckout, Watchers
from bridge.services.watch_accounts import WatchAccounts
from bridge.store.engine import has_room, open_engine
from bridge.store.migrate import is_migrated
from bridge.store.sessions import session_mistakes
from bridge.store.unit import SqlUnits
from bridge.transport import HttpTransport, Patient
from bridge.worker.jobs import jobs_of
from bridge.worker.loop import Worker

log = logging.getLogger("bridge")


ERRANDS, ERRANDS_PER_LANE = 16, 2
"""Test notifications and look-ups of names at once: in all, and for one shop or merchant."""


def utc_now() -> datetime:
    """Return now, UTC, in whole milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Accounts:
    """Fulfils `ports.Providers`: one account object per merchant and provider, built when first asked for and anew when its settings change."""

    def __init__(
        self,
        profiles: Profiles,
        types: Mapping[str, ProviderType],
        transport: Transport,
        clock: Clock,
    ) -> None:
        """Take the profiles and the providers that were found."""
        self._profiles = profiles
        self._types = types
        self._transport = transport
        self._clock = clock
        self._built: dict[tuple[str, str], tuple[object, Provider]] = {}
        self._lock = threading.Lock()

    def get(self, merchant: str, provider: str) -> Provider:
        """Return a merchant's account at a provider. Raises NotFound."""
        settings = self._profiles.provider_settings(merchant, provider)
        known = self._built.get((merchant, provider))
        if known is not None and known[0] is settings:
            return known[1]
        with self._lock:
            account = self._types[provider].build(settings, self._transport, self._clock)
            self._built[merchant, provider] = (settings, account)
        return account


class Rooms:
    """The rooms for calls that requests cause: what moves money, what providers offer, what shops and look-ups are asked.

    Half of the serving threads may wait for money, a quarter for all else; the rest serves however slow those outside are.
    """

    def __init__(self, outgoing: Outgoing, threads: int) -> None:
        """Take the limits of outgoing calls, and how many threads serve."""
        others = threading.BoundedSemaphore(max(1, threads // 4))
        self.money = CallRoom(
            outgoing.calls,
            outgoing.calls_per_lane,
            threading.BoundedSemaphore(max(1, threads // 2)),
        )
        self.offers = CallRoom(outgoing.calls, outgoing.calls_per_lane, others)
        self.errands = CallRoom(ERRANDS, ERRANDS_PER_LANE, others)

    def close(self) -> None:
        """Wait for what is running, start nothing more."""
        for room in (self.money, self.offers, self.errands):
            room.close()


@dataclass(frozen=True, slots=True)
class House:
    """The composed service. `close` ends what runs in the background."""

    config: Config
    profiles: Profiles
    accounts: Accounts
    engine: Engine
    units: SqlUnits
    services: Services
    worker: Worker
    represent: Represent
    calls: Rooms
    adapters: Mapping[str, Adapter] = field(default_factory=dict)
    time: DatabaseClock | None = None
    """None where a test gives the time."""

    def doors(self) -> list[tuple[str, Any]]:
        """Return the adapters' own doors: (address, ready resource)."""
        return [
            door for adapter in self.adapters.values() for door in adapter.routes(self.services)
        ]

    def body_limit(self, least: int) -> int:
        """Return the largest request body that any door takes, bytes; each door has its own limit besides."""
        return max([least, *(adapter.body_limit for adapter in self.adapters.values())])

    def register_accounts(self) -> list[str]:
        """Tell every provider where callbacks go; return one line per account that could not be told."""
        return [
            problem
            for merchant, provider in self.profiles.accounts()
            if (problem := self._register(merchant, provider))
        ]

    def _register(self, merchant: str, provider: str) -> str | None:
        lasts = max(
            (shop.expires_in_max for shop in self.profiles.all() if shop.merchant == merchant),
            default=86_400,
        )
        try:
            self.accounts.get(merchant, provider).register(
                self.represent.callback_url(provider, merchant), lasts
            )
        except (TransportError, ConfigError, NotFound) as error:
            return f"{merchant}: {provider} could not be told where callbacks go: {error}"
        return None

    def close(self) -> None:
        """Stop the worker, wait for calls under way, close the database."""
        self.worker.stop()
        self.calls.close()
        self.engine.dispose()


def build(
    config: Config,
    types: Mapping[str, ProviderType] | None = None,
    adapter_types: Mapping[str, AdapterType] | None = None,
    *,
    clock: Clock | None = None,
    transport: Transport | None = None,
    patience: Patience | None = None,
) -> House:
    """Compose the service that `config` describes. Nothing is connected or started yet; clock, transport and patience can be replaced by tests."""
    types = providers.discover() if types is None else types
    adapter_types = adapter_folders.discover() if adapter_types is None else adapter_types
    service = config.service
    profiles = Profiles(config, types, adapter_types)
    outgoing = service.outgoing
    transport = transport or HttpTransport(
        connect=outgoing.connect,
        failures=outgoing.breaker_failures,
        seconds=outgoing.breaker_seconds,
        ca_file=str(outgoing.ca_file) if outgoing.ca_file else None,
        proxy=outgoing.proxy.get_secret_value() if outgoing.proxy else None,
    )
    engine = open_engine(
        service.database.get_secret_value(), pool_size=service.threads, pgbouncer=service.pgbouncer
    )
    units = SqlUnits(engine)
    machine = clock or utc_now
    time = DatabaseClock(units, machine) if clock is None else None
    accounts = Accounts(profiles, types, Patient(transport, machine), machine)
    calls = Rooms(outgoing, service.threads)
    represent = Represent(str(service.public_url))
    adapters = {
        name: kind.build(
            Workbench(
                partial(profiles.adapter_settings, platform=name),
                profiles,
                units,
                transport,
                machine,
                str(service.public_url).rstrip("/"),
                calls.errands,
            )
        )
        for name, kind in adapter_types.items()
    }
    services = _services(
        config,
        profiles,
        accounts,
        units,
        calls,
        represent,
        transport,
        machine,
        time,
        adapters,
        patience or Patience(service.send_within, service.not_found_grace),
        engine,
    )
    worker = Worker(
        units,
        jobs_of(services),
        time or machine,
        threads=service.worker.threads,
        notification_threads=service.worker.notification_threads,
        lease=service.worker.lease,
        poll=service.worker.poll,
        chore=services.prune,
    )
    return House(
        config,
        profiles,
        accounts,
        engine,
        units,
        services,
        worker,
        represent,
        calls,
        adapters,
        time,
    )


def _services(
    config: Config,
    shops: Profiles,
    accounts: Accounts,
    units: SqlUnits,
    calls: Rooms,
    represent: Represent,
    transport: Transport,
    machine: Clock,
    time: DatabaseClock | None,
    adapters: Mapping[str, Adapter],
    patience: Patience,
    engine: Engine,
) -> Services:
    clock = time or machine
    schedule = Schedule(accounts, patience, time.steady_since if time else lambda: None)
    settle = Settle(schedule, shops)
    offers = Offers(calls.offers)
    ask = AskProvider(units, accounts, calls.money, clock, schedule, settle, represent)
    inquire = InquirePayment(units, accounts, clock, settle, represent)
    operate = Operate(units, clock, ask, represent)
    give_up = GiveUp(units, clock, calls.money, inquire, settle, represent)
    view = CheckoutView(shops, accounts, offers)
    show = ShowCheckout(units, clock, view, Watchers())
    notifier = WebhookNotifier(transport, machine)
    read = Read(units, represent)
    reviews = ListReviews(units, clock)
    watch = WatchAccounts(units, clock, shops.accounts)
    kept = config.service.retention
    return Services(
        authenticate=Authenticate(shops),
        create_payment=CreatePaymentForOrder(units, accounts, clock, ask, settle, represent),
        refund_payment=RefundPayment(operate, accounts, clock),
        capture_payment=CapturePayment(operate, accounts, clock),
        cancel_payment=CancelPayment(units, accounts, clock, operate, give_up, represent),
        change_return_url=ChangeReturnUrl(units, clock, represent),
        sync_payment=SyncPayment(units, calls.money, inquire, represent),
        read_payment=read.payment,
        list_payments=read.payments,
        list_refunds=read.refunds,
        list_captures=read.captures,
        read_refund=read.refund,
        payment_events=read.history,
        list_events=read.events_after,
        offer_methods=OfferMethods(accounts, offers),
        describe_shop=DescribeShop(accounts),
        test_notification=TestNotification(shops, notifier, clock, calls.errands),
        show_checkout=show,
        confirm_checkout=ConfirmCheckout(
            units, accounts, shops, clock, ask, show, represent, offers
        ),
        cancel_checkout=CancelCheckout(units, shops, give_up, show),
        receive_return=ReceiveReturn(units, accounts, clock),
        receive_callback=ReceiveCallback(units, accounts, clock),
        authenticate_app=AuthenticateApp(units, shops, accounts, calls.money, clock),
        process_callback=ProcessCallback(units, accounts, clock, inquire),
        look_after_payment=LookAfterPayment(
            units, clock, ask, inquire, settle, schedule, represent
        ),
        look_after_operation=LookAfterOperation(
            units, clock, ask, inquire, settle, schedule, represent
        ),
        end_other_checkouts=EndOtherCheckouts(units, clock, settle, represent),
        deliver_notification=DeliverNotification(
            units,
            shops,
            notifier,
            clock,
            couriers={name: one.deliver for name, one in adapters.items()},
        ),
        resend_notification=ResendNotification(units, clock),
        list_reviews=reviews,
        explain_payment=ExplainPayment(units, clock),
        resolve=Resolve(units, clock, represent, accounts),
        prune=Prune(
            units,
            clock,
            keys=timedelta(days=kept.keys),
            callbacks=timedelta(days=kept.callbacks),
            rejected=timedelta(days=kept.rejected),
        ),
        check_health=CheckHealth(
            units,
            machine,
            {"profiles": lambda: shops.sound, **({"time": time.is_steady} if time else {})},
            {
                "migrations": lambda: is_migrated(engine, or_later=True),
                "accounts": watch.is_quiet,
                "sessions": lambda: not session_mistakes(engine),
                "disk": lambda: has_room(engine),
            },
        ),
        measure=Measure(units, reviews, shops.measure, watch.count, time.tell if time else dict),
        watch_accounts=watch,
    )
