"""Real processes and plain HTTP: what an end-to-end test may touch. Nothing of the bridge is imported here."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

ROOT = Path(__file__).resolve().parents[2]
PAYER = "customer@example.com"
START_WITHIN = 120.0  # seconds
PATIENCE = 60.0  # seconds for what comes by itself

T = TypeVar("T")


_ports_given: set[int] = set()
_ports_lock = threading.Lock()


def free_port(*more: int) -> int:
    """Return a port P such that P and each P+more are free, and stay so: no outgoing connection is ever given one, nor is another caller."""
    with _ports_lock:
        while True:
            port = random.randrange(20_000, 32_000)
            wanted = {port, *(port + one for one in more)}
            if not wanted & _ports_given and all(map(is_free, wanted)):
                _ports_given.update(wanted)
                return port


def is_free(port: int) -> bool:
    """Tell whether nobody listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def until(
    look: Callable[[], T], is_good: Callable[[T], object] = bool, patience: float = PATIENCE
) -> T:
    """Look until what is seen is good, and return it; fail with what was seen last."""
    deadline = time.monotonic() + patience
    while not is_good(seen := look()):
        assert time.monotonic() < deadline, f"did not come about; last seen: {seen}"
        time.sleep(0.1)
    return seen


@dataclass(frozen=True)
class Http:
    """JSON over HTTP with one party; an answer that is no success fails the test."""

    url: str
    headers: Mapping[str, str]

    def send(self, verb: str, path: str, **call: Any) -> requests.Response:
        headers = {**self.headers, **call.pop("headers", {})}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                verb, self.url + path, headers=headers, timeout=30, allow_redirects=False, **call
            )

    def get(self, path: str, **parameters: Any) -> Any:
        return self._good(self.send("GET", path, params=parameters))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._good(self.send("POST", path, json=body or {}, headers=headers))

    def delete(self, path: str) -> Any:
        return self._good(self.send("DELETE", path))

    @staticmethod
    def _good(answer: requests.Response) -> Any:
        assert answer.ok, (
            f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:500]}"
        )
        return answer.json() if answer.content else None


@dataclass(frozen=True)
class Demo:
    """A demo: its process, its folder, and the three to speak with once it runs."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int

    @property
    def facts(self) -> dict[str, str]:
        return json.loads((self.folder / "demo.json").read_text())

    @property
    def output(self) -> str:
        return (self.folder.parent / f"{self.folder.name}.log").read_text()

    @property
    def shop(self) -> Http:
        return Http(self.facts["shop_url"], {})

    @property
    def sandbox(self) -> Http:
        return Http(self.facts["sandbox_url"], {})

    def bridge(self, key: str = "api_key") -> Http:
        return Http(self.facts["bridge_url"], {"Authorization": f"Bearer {self.facts[key]}"})

    def wait_until_it_runs(self) -> Demo:
        # Not by demo.json alone: one may be left from a demo that was killed.
        until(
            lambda: "The demo runs." in self.output or self.process.poll() is not None,
            patience=START_WITHIN,
        )
        assert self.process.poll() is None, self.output
        return self

    def children(self) -> list[int]:
        return [
            int(pid)
            for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            .read_text()
            .split()
        ]

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and return the exit code; ends it by force where that does not help, and fails."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def start_demo(folder: Path, port: int | None = None, *options: str) -> Demo:
    """Start a demo in a folder, on free ports; it may not run yet when this returns."""
    base = port or free_port(2, 3)
    command = [
        sys.executable,
        "-m",
        "bridge.demo",
        "demo",
        "--port",
        str(base),
        "--data",
        str(folder),
        *options,
    ]
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    return Demo(process, folder, base)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def place(
    demo: Demo, product: str = "lamp", quantity: int = 1, payer: str = PAYER
) -> dict[str, Any]:
    """Place an order in the shop; return its payment once the wallet was asked."""
    order = demo.shop.post(
        "/api/orders",
        {"product": product, "quantity": quantity, "wallet_username": payer, "method": "wallet"},
    )
    assert order["problem"] is None, order["problem"]
    payment = order["payment"]
    return until(
        lambda: demo.bridge().get(f"/v1/payments/{payment['id']}"),
        lambda seen: (seen["provider"] or {}).get("reference"),
    )


def payer(demo: Demo, action: str, reference: str) -> None:
    """Let the payer answer a request or a refund."""
    demo.sandbox.post(f"/control/payer/{reference}", {"action": action})


def fault(demo: Demo, on: str, name: str, **options: Any) -> None:
    """Have the sandbox's Cashcloud misbehave once."""
    demo.sandbox.post(
        "/control/faults", {"provider": "cashcloud", "on": on, "fault": name, "times": 1, **options}
    )


def order_becomes(demo: Demo, ref: str, status: str) -> dict[str, Any]:
    """Wait until the shop has heard that its order has a status, and return the order."""
    return until(
        lambda: demo.shop.get(f"/api/orders/{ref}"), lambda order: order["status"] == status
    )


def books(demo: Demo) -> dict[str, list[tuple[Any, ...]]]:
    """Return what shop, bridge and provider believe of every payment of the shop: three lists that must be equal."""
    ledger = demo.sandbox.get("/control/ledger")["entries"]
    told = [
        payment for order in demo.shop.get("/api/orders")["data"] for payment in order["payments"]
    ]
    known = [demo.bridge().get(f"/v1/payments/{payment['id']}") for payment in told]
    return {
        "shop": [_sums(payment) for payment in told],
        "bridge": [_sums(payment) for payment in known],
        "provider": [_ledger_sums(ledger, payment["provider"]["reference"]) for payment in known],
    }


def _sums(payment: dict[str, Any]) -> tuple[int, ...]:
    return tuple(payment[f"amount_{name}"] for name in ("captured", "refunded", "refund_pending"))


def _ledger_sums(ledger: list[dict[str, Any]], reference: str) -> tuple[int, ...]:
    (entry,) = [entry for entry in ledger if entry["reference"] == reference]
    refunds = [
        entry
        for entry in ledger
        if entry["kind"] in ("refund", "credit") and entry["parent"] == reference
    ]
    by_state = [
        sum(refund["amount"] for refund in refunds if refund["state"] == state)
        for state in ("succeeded", "pending")
    ]
    captures = [
        one["amount"] for one in ledger if one["kind"] == "capture" and one["parent"] == reference
    ]
    captured = (
        sum(captures)
        if entry["kind"] == "authorization"
        else entry["amount"]
        if entry["state"] == "succeeded"
        else 0
    )
    return (captured, *by_state)


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m …`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=280,
    )
