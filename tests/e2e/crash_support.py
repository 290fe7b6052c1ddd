"""A whole installation of real processes on PostgreSQL that a test may kill, stop and start again, and a shop that lets none of it worry it.

All waits are scaled down, so that a lost request is known to be lost at the first inquiry, 5 s after it was made: sent within 2 s or never,
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from standardwebhooks import Webhook
from support import PAYER, ROOT, Http, free_port, until

SEND_WITHIN, DEADLINE, GRACE, LEASE, RESPOND_WITHIN = 2.0, 1.5, 0.3, 3.0, 1.0  # seconds
PATIENCE = 100.0  # seconds for what comes by itself, on a machine that has other things to do
KEY = "sk_crash_test"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MERCHANT, PASSWORD = "merchant@acme.example", "pass-word"
AMOUNT = 4999

TRACER = """
import os, runpy, sys
import bridge.failpoints
trace = os.open(os.environ["TRACE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
bridge.failpoints.failpoint = lambda name: os.write(trace, f"{name}\\n".encode())
runpy.run_module("bridge", run_name="__main__", alter_sys=True)
"""
"""Runs the bridge and writes down which fail-points it comes to."""


class Databases:
    """Makes migrated databases: the first by `bridge migrate`, the others as its copies."""

    def __init__(self, maintenance_url: str) -> None:
        self._url = maintenance_url
        self._admin = create_engine(
            maintenance_url, isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        self._made: list[str] = []
        self._lock = threading.Lock()

    def new(self, folder: Path) -> str:
        """Return the URL of a new database; `folder` is for the configuration of the one migration."""
        with self._lock:
            if not self._made:
                migrate(folder, self._url_of(self._create("")))
            return self._url_of(self._create(f"template {self._made[0]}"))

    def close(self) -> None:
        """Drop them all."""
        with self._admin.connect() as connection:
            for name in self._made:
                connection.execute(text(f"drop database if exists {name} with (force)"))
        self._admin.dispose()

    def _create(self, template: str) -> str:
        name = f"t_{uuid.uuid4().hex[:12]}"
        with self._admin.connect() as connection:
            connection.execute(text(f"create database {name} {template}"))
        self._made.append(name)
        return name

    def _url_of(self, name: str) -> str:
        return self._url.replace("/postgres?", f"/{name}?")


def migrate(folder: Path, database: str) -> None:
    """Bring a database's tables to the newest revision."""
    config = write_config(
        folder, database, free_port(), {"sandbox": free_port(), "shop": free_port()}
    )
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "migrate", "--config", str(config)],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()


def write_config(
    folder: Path,
    database: str,
    port: int,
    ports: Mapping[str, int],
    public: int | None = None,
    deadline: float = DEADLINE,
) -> Path:
    """Write one node's configuration; return its path."""
    (folder / "merchants").mkdir(parents=True, exist_ok=True)
    for name, value in (("database", database), ("password", PASSWORD), ("secret", SECRET)):
        (folder / name).write_text(value)
    (folder / "merchants" / "acme.yaml").write_text(
        yaml.safe_dump(_profile(folder, ports, deadline))
    )
    (folder / "bridge.yaml").write_text(yaml.safe_dump({
        "database": {"file": str(folder / "database")}, "listen": f"127.0.0.1:{port}",
        "public_url": f"http://127.0.0.1:{public or port}", "merchants": "merchants", "threads": 6, "in_process_worker": False,
        "send_within": SEND_WITHIN, "not_found_grace": GRACE, "worker": {"lease": LEASE, "threads": 6, "poll": 0.1},
        "docs": False,
    }))  # fmt: skip
    return folder / "bridge.yaml"


def _profile(folder: Path, ports: Mapping[str, int], deadline: float) -> dict[str, Any]:
    account = {
        "base_url": f"http://127.0.0.1:{ports['sandbox']}/cashcloud/", "username": MERCHANT, "password": {"file": str(folder / "password")},
        "device_id": "acme-bridge", "account_type": "corporate_plus", "reason_id": "314", "deadline": deadline,
    }  # fmt: skip
    shop = {
        "shop": "acme-shop", "platform": "reference", "mode": "test", "api_keys": [f"sha256:{hashlib.sha256(KEY.encode()).hexdigest()}"],
        "notification_url": f"http://127.0.0.1:{ports['shop']}/notifications",
        "notification_secrets": [{"file": str(folder / "secret")}], "origins": ["http://127.0.0.1"],
        "methods": {"wallet": "cashcloud"}, "respond_within": RESPOND_WITHIN, "late_payment": "accept",
    }  # fmt: skip
    return {
        "merchant": "acme",
        "name": "Acme GmbH",
        "providers": {"cashcloud": account},
        "shops": [shop],
    }


class Process:
    """One process of the installation, with a log file of its own."""

    def __init__(
        self, name: str, arguments: list[str], log: Path, home: Path = ROOT, **environment: str
    ) -> None:
        self.name, self.log = name, log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, *arguments], cwd=home, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            )  # fmt: skip

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def stop(self) -> None:
        """Ask it to end, which it does: properly, or as ever where it has not yet begun."""
        if self.code is None:
            self.send(signal.SIGTERM)
            assert self._process.wait(40) in (0, -signal.SIGTERM), self.last_words()

    def kill(self) -> None:
        """End it at once, stopped or not."""
        if self.code is None:
            self.send(signal.SIGKILL)
        self._process.wait()

    def last_words(self) -> str:
        """Return the end of its log."""
        return f"--- {self.name} ({self.code}): {self.log}\n" + "\n".join(
            self.log.read_text(errors="replace").splitlines()[-25:]
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """One notification as it arrived."""

    payment: str
    sequence: int
    type: str
    id: str


class Receiver:
    """The shop's notification endpoint. It checks every signature; while `closed` is set it keeps callers waiting."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.waiting: list[str] = []
        self.open = threading.Event()
        self.open.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Take nothing more."""
        self.open.set()
        self._server.shutdown()
        self._server.server_close()

    def of(self, payment: str) -> list[Heard]:
        """Return all that arrived about a payment, repeats too, in order of arrival."""
        return [one for one in list(self.heard) if one.payment == payment]

    def take(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Check a notification and keep it."""
        Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
        told = json.loads(body)
        self.waiting.append(told["id"])
        self.open.wait(60)
        self.heard.append(
            Heard(told["data"]["payment"]["id"], told["sequence"], told["type"], told["id"])
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(
                    self.rfile.read(int(self.headers["Content-Length"])), dict(self.headers)
                )
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler


class Shop:
    """A shop's side of the API: it repeats what was not answered, under the same key, until there is a definite answer."""

    def __init__(self, *urls: str) -> None:
        self._urls = urls
        self._turn = 0

    def call(
        self, verb: str, path: str, body: Any = None, key: str | None = None, url: str | None = None
    ) -> requests.Response | None:
        """Call one of the nodes; None when there is no answer."""
        self._turn += 1
        headers = {"Authorization": f"Bearer {KEY}"} | ({"Idempotency-Key": key} if key else {})
        try:
            return Http(url or self._urls[self._turn % len(self._urls)], headers).send(
                verb, path, json=body
            )
        except requests.RequestException:
            return None

    def ask(
        self, path: str, body: Any, key: str, url: str | None = None, refusal: str | None = None
    ) -> Any:
        """POST until the answer is definite; a refusal fails the test unless its code is the one given."""
        answer = until(lambda: self.call("POST", path, body, key, url), _is_definite, PATIENCE)
        assert answer.status_code in (200, 201) or (refusal and answer.json()["code"] == refusal), (
            answer.text
        )
        return answer.json()

    def get(self, path: str) -> Any:
        """Read, as soon as somebody answers."""
        answer = until(
            lambda: self.call("GET", path),
            lambda seen: seen is not None and seen.status_code != 503,
            PATIENCE,
        )
        assert answer.ok, answer.text
        return answer.json()

    def confirm(self, token: str, payer: str) -> None:
        """Do what the checkout page does: name the wallet as long as it is asked for."""
        path = f"/v1/checkout/{token}"
        while (view := self.get(path))["status"] == "created":
            if "wallet_username" in view["fields"]:
                answer = self.call("POST", f"{path}/confirm", {"wallet_username": payer})
                assert answer is None or answer.ok or answer.status_code in (409, 503), answer.text
            time.sleep(0.2)

    def sync(self, payment: str, is_good: Callable[[Any], object]) -> None:
        """Ask the bridge to ask the provider, as a shop does that has heard nothing."""
        until(
            lambda: (
                self.call("POST", f"/v1/payments/{payment}/sync", {})
                and self.get(f"/v1/payments/{payment}")
            ),
            lambda seen: seen and is_good(seen),
            PATIENCE,
        )

    def events(self, payment: str) -> list[dict[str, Any]]:
        """Return what the history says that the shop was told."""
        return [
            event
            for event in self.get(f"/v1/payments/{payment}/events?limit=100")["data"]
            if event["sequence"] is not None
        ]


def _is_definite(answer: requests.Response | None) -> bool:
    if answer is None or answer.status_code in (202, 503):
        return False
    if answer.status_code == 409:
        return answer.json()["code"] not in ("idempotency_running", "outcome_unknown")
    return not answer.ok or answer.json()["outcome_known"]


@dataclass
class Installation:
    """Sandbox, nodes and workers over one database. `serve` and `worker` are the first of each; a second node is `serve2`, and so on."""

    folder: Path
    database: str
    nodes: int = 1
    traced: bool = False
    deadline: float = DEADLINE
    home: Path = ROOT
    """Where the sources are that nodes and workers are started from; the sandbox is always ours."""
    receiver: Receiver = field(default_factory=Receiver)
    processes: dict[str, Process] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        roles = [_role("serve", number) for number in range(self.nodes)]
        self.ports = {role: free_port() for role in [*roles, "sandbox"]} | {
            "shop": self.receiver.port
        }
        for role in roles:
            write_config(
                self.folder / role,
                self.database,
                self.ports[role],
                self.ports,
                self.ports["serve"],
                self.deadline,
            )
        self.shop = Shop(*(self.url(role) for role in roles))
        self.sandbox = Http(self.url("sandbox"), {})

    def url(self, role: str) -> str:
        """Return where a process listens."""
        return f"http://127.0.0.1:{self.ports[role]}"

    def start(self, role: str, failpoint: str | None = None, **more: str) -> Process:
        """Start a process, with a fail-point where one is named, and with `more` in its environment."""
        arguments = self._arguments(role)
        environment = {
            "BRIDGE_SANDBOX_MERCHANTS": f"cashcloud:{MERCHANT}:{PASSWORD}",
            "TRACE": str(self.folder / f"{role}.trace"),
            **more,
        }
        if failpoint:
            environment["BRIDGE_FAILPOINT"] = failpoint
        home = ROOT if role == "sandbox" else self.home
        self.processes[role] = Process(
            role, arguments, self.folder / f"{role}.log", home, **environment
        )
        return self.processes[role]

    def start_all(self) -> Installation:
        """Start everything and wait until it answers."""
        self.start("sandbox")
        self.wait_for("sandbox", "/livez")
        return self.start_all_but_sandbox()

    def start_all_but_sandbox(self) -> Installation:
        """Start nodes and workers and wait until the nodes answer."""
        for number in range(self.nodes):
            self.start(_role("serve", number))
            self.start(_role("worker", number))
        for number in range(self.nodes):
            self.wait_for(_role("serve", number), "/readyz")
        return self

    def _arguments(self, role: str) -> list[str]:
        if role == "sandbox":
            return [
                "-m",
                "bridge.sandbox",
                "--listen",
                f"127.0.0.1:{self.ports[role]}",
                "--data",
                str(self.folder / "sandbox"),
            ]
        command = "serve" if role.startswith("serve") else "worker"
        node = role.replace("worker", "serve")
        config = self.folder / (node if node in self.ports else "serve") / "bridge.yaml"
        return [
            *(["-c", TRACER] if self.traced else ["-m", "bridge"]),
            command,
            "--config",
            str(config),
        ]

    def wait_for(self, role: str, path: str) -> None:
        """Wait until a process answers 200; fail with its log when it has ended."""

        def answers() -> bool:
            assert self.processes[role].code is None, self.processes[role].last_words()
            seen = Shop(self.url(role)).call("GET", path)
            return seen is not None and seen.ok

        until(answers, patience=PATIENCE)

    def wait_for_worker(self, role: str) -> None:
        """Wait until a worker works; fail with its log when it has ended."""
        process = self.processes[role]
        until(
            lambda: '"message": "working"' in process.log.read_text() or process.code is not None,
            patience=PATIENCE,
        )
        assert process.code is None, process.last_words()

    def restart(self, role: str, failpoint: str | None = None) -> Process:
        """End a process properly and start it anew."""
        self.processes[role].stop()
        process = self.start(role, failpoint)
        if role.startswith("serve"):
            self.wait_for(role, "/readyz")
        return process

    def close(self) -> None:
        """Leave no process behind."""
        for process in self.processes.values():
            process.kill()
        self.receiver.close()

    def last_words(self) -> str:
        """Return the end of every log."""
        return "\n".join(
            process.last_words() for name, process in self.processes.items() if name != "sandbox"
        )

    def jobs(self) -> dict[str, int]:
        """Return how many jobs wait, by kind."""
        answer = self.shop.call("GET", "/metrics")
        found = re.findall(
            r'^bridge_outbox\{kind="(\w+)"\} ([\d.]+)$',
            answer.text if answer is not None else "",
            re.MULTILINE,
        )
        return {kind: int(float(number)) for kind, number in found}

    def drain(self, *kinds: str) -> None:
        """Wait until no job is left, of these kinds or of any."""
        until(
            self.jobs,
            lambda seen: (
                seen
                and not sum(number for kind, number in seen.items() if not kinds or kind in kinds)
            ),
            PATIENCE,
        )

    def traces(self) -> dict[str, list[str]]:
        """Return the fail-points that traced processes have come to so far."""
        files = {role: self.folder / f"{role}.trace" for role in ("serve", "worker")}
        return {
            role: file.read_text().split() if file.exists() else [] for role, file in files.items()
        }

    def payment(self, payment: str) -> dict[str, Any]:
        """Return a payment as the API shows it."""
        return self.shop.get(f"/v1/payments/{payment}")

    def payer(self, action: str, reference: str) -> None:
        """Let the payer answer a request or a refund."""
        self.sandbox.post(f"/control/payer/{reference}", {"action": action})

    def fault(self, on: str, name: str, **options: Any) -> None:
        """Have Cashcloud misbehave, once unless `times` says otherwise."""
        self.sandbox.post(
            "/control/faults",
            {"provider": "cashcloud", "on": on, "fault": name, "times": 1, **options},
        )

    def journal(self, name: str) -> list[dict[str, Any]]:
        """Return the provider's calls of one name so far."""
        return [
            call
            for call in self.sandbox.get("/control/journal")["calls"]
            if call["name"] == name and call["direction"] == "received"
        ]

    def ledger(self, payment: str) -> list[dict[str, Any]]:
        """Return what the provider has in its books about a payment: requests of its name, and what belongs to them."""
        entries = self.sandbox.get("/control/ledger")["entries"]
        requests_ = [
            entry for entry in entries if (entry["our_reference"] or "").startswith(payment)
        ]
        mine = {entry["reference"] for entry in requests_}
        return [entry for entry in entries if entry["reference"] in mine or entry["parent"] in mine]

    def until_heard(self, payment: str, event_type: str) -> None:
        """Wait until the shop was told."""
        until(
            lambda: self.receiver.of(payment),
            lambda seen: event_type in [one.type for one in seen],
            PATIENCE,
        )

    def outcome(self, payment: str) -> dict[str, Any]:
        """Return everything that must not depend on who died when: the bridge's books, the provider's, and what the shop heard."""
        seen = self.payment(payment)
        names = (
            "status",
            "amount_authorized",
            "amount_captured",
            "amount_refunded",
            "amount_refund_pending",
            "outcome_known",
            "needs_review",
        )
        refunds = self.shop.get(f"/v1/payments/{payment}/refunds")["data"]
        return {
            **{name: seen[name] for name in names},
            "failure": (seen["failure"] or {}).get("code"),
            "refunds": sorted(
                (refund["amount"], refund["status"], refund["outcome_known"]) for refund in refunds
            ),
            "events": [(event["sequence"], event["type"]) for event in self.shop.events(payment)],
            "heard": in_order(self.receiver.of(payment)),
            "ledger": sorted(
                (entry["kind"], entry["amount"], entry["state"]) for entry in self.ledger(payment)
            ),
        }


def in_order(heard: list[Heard]) -> list[tuple[int, str]]:
    """Return what was heard, without repeats, in order of first arrival; a repeat must be the same event."""
    first: dict[int, Heard] = {}
    for one in heard:
        assert first.setdefault(one.sequence, one) == one, (
            f"two events under one number: {first[one.sequence]} and {one}"
        )
    return [(one.sequence, one.type) for one in first.values()]


def assert_agreement(installation: Installation, payment: str) -> dict[str, Any]:
    """Hold bridge, provider and shop against each other for one payment; return the outcome.

    I1: one request per payment, one ledger refund per refund. I2: the sums. I8, I9: every event heard, in order.
    """
    found = installation.outcome(payment)
    asked = [entry for entry in found["ledger"] if entry[0] == "request"]
    taken = sum(amount for _, amount, state in asked if state == "succeeded")
    given = sorted((amount, state) for kind, amount, state in found["ledger"] if kind == "refund")
    assert len(asked) <= 1, found
    assert found["amount_captured"] == taken, found
    assert [(amount, status) for amount, status, _ in found["refunds"]] == given, found
    assert found["amount_refunded"] == sum(
        amount for amount, state in given if state == "succeeded"
    ), found
    assert found["heard"] == found["events"], found
    assert [sequence for sequence, _ in found["events"]] == list(
        range(1, len(found["events"]) + 1)
    ), found
    assert found["outcome_known"] and found["needs_review"] is None, found
    return found


def order(**more: Any) -> dict[str, Any]:
    """Return the body of a new order's payment; without `payer` the checkout asks for the wallet."""
    return {
        "order_reference": f"o-{uuid.uuid4().hex[:16]}",
        "amount": AMOUNT,
        "currency": "EUR",
        "method": "wallet",
        **more,
    }


def wallet(name: str = PAYER) -> dict[str, Any]:
    """Return the part of a body that names the payer's wallet."""
    return {"payer": {"wallet_username": name}}


def pay(installation: Installation) -> str:
    """Have a new order paid; return the payment's id once the shop has heard so."""
    payment = installation.shop.ask("/v1/payments", order(**wallet()), uuid.uuid4().hex)
    installation.payer("accept", payment["provider"]["reference"])
    installation.until_heard(payment["id"], "payment.paid")
    return payment["id"]


def _role(name: str, number: int) -> str:
    return f"{name}{number + 1}" if number else name


@contextmanager
def installations(postgres: str, folder: Path) -> Iterator[Callable[..., Installation]]:
    """Return a function that makes installations, to be started; whatever happens, none of their processes is left."""
    databases, made = Databases(postgres), []

    def make(**options: Any) -> Installation:
        place = folder / uuid.uuid4().hex[:8]
        made.append(Installation(place, databases.new(folder / "template"), **options))
        return made[-1]

    try:
        yield make
    finally:
        for one in made:
            one.close()
        databases.close()
