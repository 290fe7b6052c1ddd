"""What the provider suite needs around a provider: the sandbox as a process, the real transport, an ear for callbacks.

Beside its unit tests every provider has `tests/unit/providers/<name>/contract_account.py` with an ACCOUNT: what the suite
cannot know of it. The suite finds that file by the provider's name, so a new provider edits nothing here.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from queue import Queue
from types import ModuleType
from typing import Any, Protocol

import requests

from bridge.domain.money import Money
from bridge.domain.outcome import Answer
from bridge.ports import (
    OperationRequest,
    PaymentRef,
    PaymentRequest,
    Provider,
    ProviderType,
    RawCallback,
    Start,
)
from bridge.transport import HttpTransport, Transcript

FIFTY, PART = Money(4999, "EUR"), Money(1500, "EUR")
FOLDERS = Path(__file__).parents[1] / "unit" / "providers"
_numbers = count(1)


# --- the sandbox -----------------------------------------------------------------------------------------------------


class Sandbox:
    """A running sandbox and its control calls."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, method: str, path: str, **body: Any) -> Any:
        """Make a control call; fail the test when it is refused."""
        answer = requests.request(
            method,
            f"{self.url}/control/{path}",
            json=body if method == "POST" else None,
            timeout=10,
        )
        assert answer.status_code < 300, (path, body, answer.text)
        return answer.json() if answer.content else None

    def fault(self, provider: str, on: str, name: str, **options: Any) -> None:
        """Script a fault."""
        self.control("POST", "faults", provider=provider, on=on, fault=name, **options)

    def entries(self, our_reference: str) -> list[Mapping[str, Any]]:
        """What the ledger has under one of our references; some providers write it with "-" where we write "_"."""
        names = {our_reference, our_reference.replace("_", "-")}
        return [
            entry
            for entry in self.control("GET", "ledger")["entries"]
            if entry["our_reference"] in names
        ]


@contextmanager
def running_sandbox(data: Path) -> Iterator[Sandbox]:
    """Run the sandbox as a process of its own on a free port."""
    command = [
        sys.executable,
        "-m",
        "bridge.sandbox",
        "--listen",
        "127.0.0.1:0",
        "--data",
        str(data),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Sandbox(
                next(
                    word for word in process.stdout.readline().split() if word.startswith("http://")
                )
            )
        finally:
            process.terminate()


# --- an ear for callbacks --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ear:
    """An address, and the callbacks that arrived there."""

    url: str
    heard: Queue[RawCallback] = field(default_factory=Queue)

    def next(self) -> RawCallback:
        """Wait for a callback, ten seconds at most."""
        return self.heard.get(timeout=10)


@contextmanager
def listening() -> Iterator[Ear]:
    """Listen on a free port of this machine and answer OK to everything."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Listener)
    ear = server.ear = Ear(f"http://127.0.0.1:{server.server_port}/callback")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield ear
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Listener(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        query = self.path.partition("?")[2]
        self.server.ear.heard.put(
            RawCallback("POST", self.headers.get("Content-Type", ""), query, body)
        )  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, *_: Any) -> None:
        """Say nothing on stderr."""


# --- accounts --------------------------------------------------------------------------------------------------------


class ContractAccount(Protocol):
    """What a provider's folder of unit tests tells the suite."""

    secrets: Sequence[str]
    """What no transcript, log line or repr may hold."""

    calls: Mapping[str, str]
    """Which of the sandbox's calls carries a verb (start, refund, inquire); a verb without a call is left out."""

    def merchant(self) -> Mapping[str, Any]:
        """Return the body of POST /control/merchants."""

    def settings(self, sandbox_url: str) -> Mapping[str, Any]:
        """Return the profile block."""

    def pay(self, sandbox: Sandbox, request: PaymentRequest, start: Start) -> None:
        """Let the payer pay."""

    def take_refund(self, sandbox: Sandbox, answer: Answer) -> None:
        """Let a refund come to its end where the payer has a say."""

    def payer(self) -> Any:
        """Return a payer who can pay."""


def contract_account(name: str) -> ContractAccount:
    """Return the ACCOUNT of a provider."""
    path = FOLDERS / name / "contract_account.py"
    assert path.exists(), f"the provider {name} needs {path}: see {__name__}.ContractAccount"
    return _loaded(path).ACCOUNT


def makes_call(name: str, verb: str) -> bool:
    """Tell whether a provider makes a call for a verb; no where it has no ACCOUNT, which `contract_account` complains about."""
    return (FOLDERS / name / "contract_account.py").exists() and verb in contract_account(
        name
    ).calls


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"contract_account_{path.parent.name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Bench:
    """One provider, its account at the sandbox, the sandbox, and what went over the wire."""

    def __init__(self, type_: ProviderType, sandbox: Sandbox, ear: Ear) -> None:
        self.type, self.sandbox, self.ear = type_, sandbox, ear
        self.name, self.about = type_.name, contract_account(type_.name)
        self.transcripts: list[Transcript] = []
        self.transport = HttpTransport(failures=0, on_transcript=self.transcripts.append)
        sandbox.control("POST", "reset")
        sandbox.control("POST", "merchants", **self.about.merchant())

    def provider(self, **changes: Any) -> Provider:
        """Build an account over the real transport."""
        settings = self.type.settings(**{**self.about.settings(self.sandbox.url), **changes})
        return self.type.build(settings, self.transport, lambda: datetime.now(UTC))

    def fault(self, verb: str, name: str, **options: Any) -> None:
        """Script a fault of the call that carries a verb."""
        self.sandbox.fault(self.name, self.about.calls[verb], name, **options)

    def request(self, **changes: Any) -> PaymentRequest:
        """A request under a reference of its own, by a payer who can pay."""
        number = next(_numbers)
        fields = {
            "reference": f"pay_{number}-1",
            "payment_id": f"pay_{number}",
            "order_reference": f"1000{number}",
            "money": FIFTY,
            "payer": self.about.payer(),
            "channel": "web",
            "capture": "automatic",
            "description": f"Order 1000{number}",
            "matching_number": "42",
            "language": "en",
            "expires_at": datetime.now(UTC) + timedelta(hours=1),
            "return_url": self.ear.url,
            "callback_url": self.ear.url,
        }
        return PaymentRequest(**{**fields, **changes})

    def paid(self, provider: Provider) -> PaymentRef:
        """A payment that the payer has made."""
        request = self.request()
        self.about.pay(self.sandbox, request, provider.start(request))
        return ref(request, provider.inquire(ref(request)).provider_reference)


def ref(request: PaymentRequest, provider_reference: str | None = None) -> PaymentRef:
    """Name the payment that a request asked for."""
    return PaymentRef(request.reference, request.money, provider_reference, request.pay_currency)


def refund_of(payment: PaymentRef, money: Money = PART) -> OperationRequest:
    """A refund under a reference of its own."""
    return OperationRequest(f"ref_{next(_numbers)}-1", payment, money, "item returned")


def as_text(transcripts: Sequence[Transcript]) -> str:
    """All that was said, for a search."""
    return "\n".join(json.dumps(str(one)) + str(one) for one in transcripts)
