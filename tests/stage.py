"""The stage: a house at work with the real sandbox as provider, a real HTTP server as shop, and one clock for all of it.

    with a_sandbox(folder) as sandbox, an_outside() as outside:
        stage = a_stage(folder, sandbox, outside)
        payment = stage.create(); stage.pay(payment); stage.hear(); stage.work()

Real are the services, the store, the transport and the wire; only time is ours.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import delete, func, select

from bridge.bootstrap import House
from bridge.domain.events import Event
from bridge.domain.operation import Operation
from bridge.domain.payment import Payment
from bridge.ports import HttpAnswer, JobKind, RawCallback, Shop
from bridge.sandbox.app import MOST_BODY, SandboxApp
from bridge.sandbox.app import build as build_sandbox
from bridge.sandbox.server import Server
from bridge.services.idempotent import Answered
from bridge.services.refund_payment import RefundWish
from bridge.store import schema
from bridge.transport import HttpTransport, Transcript
from factories import NOON, PASSWORDS, FakeClock, a_config, a_house, a_key, a_wish

# --- the provider's side ---------------------------------------------------------------------------------------------


class Sandbox:
    """The running sandbox, its control calls, and what a test asks it most."""

    def __init__(self, app: SandboxApp, url: str) -> None:
        self.url = url
        self._app = app
        self._session = requests.Session()
        self._session.trust_env = False

    def control(self, method: str, path: str, **body: Any) -> Any:
        """Make a control call; fail the test when it is refused."""
        answer = self.try_control(method, path, **body)
        assert answer.status_code < 300, (path, body, answer.text)
        return answer.json() if answer.content else None

    def try_control(self, method: str, path: str, **body: Any) -> requests.Response:
        """Make a control call that may be refused."""
        return self._session.request(
            method,
            f"{self.url}/control/{path}",
            json=body if method == "POST" else None,
            timeout=20,
        )

    def fault(self, on: str, name: str, **options: Any) -> None:
        """Script a fault of a call, or of the next callback."""
        self.control("POST", "faults", provider="cashcloud", on=on, fault=name, **options)

    def no_faults(self) -> None:
        """Behave again."""
        self.control("DELETE", "faults")

    def payer(self, reference: str, action: str) -> bool:
        """Let the payer act on a request or a refund; tell whether it could be done. All callbacks are out afterwards."""
        done = self.try_control("POST", f"payer/{reference}", action=action).status_code == 200
        self.quiet()
        return done

    def portal(self, reference: str, action: str = "refund", amount: int | None = None) -> str:
        """Let the merchant move money by hand at the provider's portal; return the reference of what it was done to, or made."""
        return self.control(
            "POST",
            f"portal/{reference}",
            action=action,
            **({} if amount is None else {"amount": amount}),
        )["reference"]

    def ledger(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Every movement of money, oldest first."""
        return [
            entry
            for entry in self.control("GET", "ledger")["entries"]
            if kind in (None, entry["kind"])
        ]

    def refunds_of(self, operation_id: str) -> list[dict[str, Any]]:
        """What the ledger has of one refund intent, whatever its try."""
        return [
            entry
            for entry in self.ledger("refund")
            if (entry["our_reference"] or "").rpartition("-")[0] == operation_id
        ]

    def requests_of(self, payment_id: str) -> list[dict[str, Any]]:
        """What the ledger has of one payment, whatever its try."""
        return [
            entry
            for entry in self.ledger("request")
            if (entry["our_reference"] or "").rpartition("-")[0] == payment_id
        ]

    def calls(self, name: str) -> int:
        """How often a call was made."""
        return sum(
            line["direction"] == "received" and line["name"] == name
            for line in self.control("GET", "journal")["calls"]
        )

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock on."""
        self.control("POST", "clock", advance_seconds=seconds)
        self.quiet()

    def quiet(self) -> None:
        """Wait until every callback that is due has been sent."""
        store, clock = self._app.desk.store, self._app.desk.clock
        deadline = time.monotonic() + 20
        while _due(store, clock.now()):
            assert time.monotonic() < deadline, "callbacks are stuck"
            time.sleep(0.002)


def _due(store: Any, now: float) -> int:
    with store.unit() as db:
        row = db.execute(
            "SELECT count(*) AS due FROM callbacks WHERE due_at <= ?", (now,)
        ).fetchone()
    return int(row["due"])


@contextmanager
def a_sandbox(data: Path) -> Iterator[Sandbox]:
    """Run the sandbox on a thread, with both merchants, over real HTTP."""
    app = build_sandbox(
        data,
        [
            f"cashcloud:{merchant}@merchant.example:{password}"
            for merchant, password in PASSWORDS.items()
        ],
    )
    server = Server(app, "127.0.0.1:0", MOST_BODY)
    app.desk.start()
    server.start()
    try:
        yield Sandbox(app, server.url)
    finally:
        app.desk.holds.release()
        server.stop()
        app.desk.close()


# --- the shops' side, and the bridge's own door for callbacks -----------------------------------------------------------


@dataclass(frozen=True)
class Notification:
    """A notification as a shop took it. `status` is what the shop answered."""

    shop: str
    headers: Mapping[str, str]
    raw: bytes
    status: int

    @property
    def body(self) -> dict[str, Any]:
        """The event."""
        return json.loads(self.raw)


@dataclass(frozen=True)
class Heard:
    """A callback that arrived at the bridge's address."""

    provider: str
    merchant: str
    raw: RawCallback


@dataclass
class Outside:
    """One HTTP server: `/notifications/<shop>` plays the shops, `/v1/callbacks/…` takes what the provider sends to the bridge.

    `answers` gives each shop's next answers as (status, headers), then 200. `on_callback` is called before the provider is answered.
    """

    url: str = ""
    notifications: list[Notification] = field(default_factory=list)
    callbacks: list[Heard] = field(default_factory=list)
    answers: dict[str, list[tuple[int, Mapping[str, str]]]] = field(default_factory=dict)
    on_callback: Callable[[Heard], object] | None = None
    hold: threading.Event | None = None

    def clear(self) -> None:
        """Forget everything."""
        self.notifications.clear(), self.callbacks.clear(), self.answers.clear()
        self.on_callback, self.hold = None, None

    def told(self, payment_id: str | None = None) -> list[str]:
        """The types of the events that shops took (2xx), in order; of one payment or of all."""
        taken = [one.body for one in self.notifications if one.status < 300]
        return [
            body["type"] for body in taken if payment_id in (None, body["data"]["payment"]["id"])
        ]


class _Door(BaseHTTPRequestHandler):
    outside: Outside

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = self.path.partition("?")[0].strip("/").split("/")
        status, headers = (
            self._notified(parts[-1], raw)
            if parts[0] == "notifications"
            else self._called(parts, raw)
        )
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _notified(self, shop: str, raw: bytes) -> tuple[int, Mapping[str, str]]:
        outside = self.outside
        if outside.hold is not None:
            outside.hold.wait(20)
        waiting = outside.answers.get(shop)
        status, headers = waiting.pop(0) if waiting else (200, {})
        outside.notifications.append(
            Notification(
                shop, {name.lower(): value for name, value in self.headers.items()}, raw, status
            )
        )
        return status, headers

    def _called(self, parts: Sequence[str], raw: bytes) -> tuple[int, Mapping[str, str]]:
        heard = Heard(
            parts[-2], parts[-1], RawCallback("POST", self.headers.get("Content-Type", ""), "", raw)
        )
        self.outside.callbacks.append(heard)
        if self.outside.on_callback is not None:
            self.outside.on_callback(heard)
        return 200, {}

    def log_message(self, *_: Any) -> None:
        """Say nothing on stderr."""


@contextmanager
def an_outside() -> Iterator[Outside]:
    """Listen on a free port of this machine."""
    outside = Outside()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Door,), {"outside": outside}))
    server.daemon_threads = True
    outside.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield outside
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# --- all of it -------------------------------------------------------------------------------------------------------


class PowerCut(BaseException):
    """What a test lets happen in the middle of a call: nothing after it is carried out, as in a process that dies."""


class BreakableTransport:
    """The real transport, which can be cut once around the next call whose address ends so."""

    def __init__(self, on_transcript: Callable[[Transcript], None] | None = None) -> None:
        self.inner = HttpTransport(failures=0, on_transcript=on_transcript)
        self.cut: tuple[str, str] | None = None
        """("before" or "after", end of the address)."""

    def __call__(self, lane: str, method: str, url: str, **more: Any) -> HttpAnswer:
        when = self.cut[0] if self.cut and url.endswith(self.cut[1]) else None
        if when:
            self.cut = None
        if when == "before":
            raise PowerCut
        answer = self.inner(lane, method, url, **more)
        if when == "after":
            raise PowerCut
        return answer


@dataclass(repr=False)
class Stage:
    """The core at work: real services and store, the real sandbox as provider, a real shop; one clock for all of it."""

    house: House
    sandbox: Sandbox
    outside: Outside
    clock: FakeClock
    transport: BreakableTransport
    transcripts: list[Transcript]

    @property
    def services(self) -> Any:
        """The use cases."""
        return self.house.services

    def shop(self, name: str = "acme-one") -> Shop:
        """A shop as its profile describes it."""
        return self.house.profiles.get(name)

    # what shops and payers do

    def create(self, key: str | None = None, shop: str = "acme-one", **wish: Any) -> dict[str, Any]:
        """Create a payment; return it as the shop is answered."""
        return json.loads(self.create_answered(key, shop, **wish).body)

    def create_answered(
        self, key: str | None = None, shop: str = "acme-one", **wish: Any
    ) -> Answered:
        """Create a payment; return the use case's whole answer."""
        return self.services.create_payment(self.shop(shop), key or a_key(), a_wish(**wish))

    def pay(self, payment: Mapping[str, Any], action: str = "accept") -> bool:
        """Let the payer answer the payment's request in the wallet."""
        return self.sandbox.payer(self.sandbox.requests_of(payment["id"])[-1]["reference"], action)

    def paid(self, **wish: Any) -> dict[str, Any]:
        """A payment that was made, and of which the bridge knows."""
        payment = self.create(**wish)
        assert self.pay(payment)
        return self.services.sync_payment(self.shop(payment["shop"]), payment["id"])

    def refund(
        self, payment: Mapping[str, Any], key: str | None = None, **wish: Any
    ) -> dict[str, Any]:
        """Refund a payment; return the refund as the shop is answered."""
        return json.loads(
            self.services.refund_payment(
                self.shop(payment["shop"]), payment["id"], key or a_key(), RefundWish(**wish)
            ).body
        )

    # what is known

    def payment(self, payment: Mapping[str, Any]) -> Payment:
        """The payment's row."""
        with self.house.units.read() as unit:
            return unit.payments.get(payment["id"])

    def operation(self, operation: Mapping[str, Any]) -> Operation:
        """The operation's row."""
        with self.house.units.read() as unit:
            return unit.operations.get(operation["id"])

    def operations(self, payment: Mapping[str, Any]) -> Sequence[Operation]:
        """The payment's operations."""
        with self.house.units.read() as unit:
            return unit.operations.of_payment(payment["id"])

    def history(self, payment: Mapping[str, Any]) -> list[Event]:
        """The payment's events and notes."""
        with self.house.units.read() as unit:
            return list(unit.events.of_payment(payment["id"]))

    def types(self, payment: Mapping[str, Any]) -> list[str]:
        """The types of the payment's events and notes, in order."""
        return [event.type for event in self.history(payment)]

    # how time passes

    def hear(self, times: int = 1) -> int:
        """Hand every callback that arrived to the bridge, so many times each; return how many there were."""
        heard, self.outside.callbacks[:] = list(self.outside.callbacks), []
        for one in heard * times:
            self.services.receive_callback(one.provider, one.merchant, one.raw)
        return len(heard)

    def work(self) -> int:
        """Let the worker do all that is due."""
        return self.house.worker.run_due()

    def advance(self, seconds: float, *, sandbox: bool = False) -> None:
        """Let time pass and the worker do what became due; the sandbox's time passes too if asked."""
        self.clock.advance(seconds)
        if sandbox:
            self.sandbox.advance(seconds)
        self.work()

    def next_due(self) -> datetime | None:
        """When the next job can be claimed."""
        due, lease = schema.outbox.c.due_at, schema.outbox.c.leased_until
        with self.house.engine.connect() as connection:
            rows = connection.execute(select(due, lease)).all()
        return min(
            (max(row[0], row[1] + timedelta(milliseconds=1)) if row[1] else row[0] for row in rows),
            default=None,
        )

    def drain(self, days: float = 30, steps: int = 500) -> int:
        """Let time pass, look by look, until no job is left; return how many jobs ran. Fails when there is no end to it."""
        end, ran = self.clock() + timedelta(days=days), self.work()
        for _ in range(steps):
            due = self.next_due()
            if due is None or due > end:
                return ran
            self.clock.at = max(self.clock.at, due)
            ran += self.work()
        raise AssertionError(f"still jobs after {steps} looks: {self.jobs()}")

    def jobs(self) -> list[tuple[str, str, datetime]]:
        """The outbox: kind, subject and due time."""
        with self.house.engine.connect() as connection:
            c = schema.outbox.c
            return [tuple(row) for row in connection.execute(select(c.kind, c.subject, c.due_at))]

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        with self.house.engine.connect() as connection:
            return connection.execute(
                select(func.count()).select_from(schema.metadata.tables[table])
            ).scalar_one()

    def undeliverable(self) -> Sequence[Event]:
        """The events that were given up."""
        with self.house.units.read() as unit:
            return unit.events.undeliverable(None, 100)

    def has_job(self, kind: JobKind, subject: str) -> bool:
        """Tell whether there is such a job."""
        return any(job[:2] == (kind.value, subject) for job in self.jobs())

    def clear(self) -> None:
        """Start anew: no rows, no ledger, noon, and every account told where callbacks go."""
        self.sandbox.control("POST", "reset")
        self.sandbox.quiet()
        self.outside.clear()
        self.transcripts.clear()
        self.transport.cut = None
        self.clock.at = NOON
        with self.house.engine.begin() as connection:
            for table in reversed(schema.metadata.sorted_tables):
                connection.execute(delete(table))
        assert self.house.register_accounts() == []


def a_stage(
    folder: Path, sandbox: Sandbox, outside: Outside, *, patience: Any = None, **config: Any
) -> Stage:
    """Compose a house on a stage of its own; close `stage.house` afterwards."""
    clock, transcripts = FakeClock(), list[Transcript]()
    transport = BreakableTransport(transcripts.append)
    loaded = a_config(folder, sandbox_url=sandbox.url, outside_url=outside.url, **config)
    stage = Stage(
        a_house(loaded, clock, transport, patience=patience),
        sandbox,
        outside,
        clock,
        transport,
        transcripts,
    )
    stage.clear()
    return stage
