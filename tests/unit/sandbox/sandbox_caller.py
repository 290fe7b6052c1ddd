"""A merchant who calls the sandbox over real HTTP, and the arithmetic of the signatures, independent of the sandbox's."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from typing import Any

import requests

USERNAME, PASSWORD, DEVICE = "merchant@acme.example", "pass:word", "device-1"
CUSTOMER = "customer@example.com"


def until(holds: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait for something that must come to hold, and give it."""
    end = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.01)
    return value


class Caller:
    """Calls the sandbox as a merchant and as a test; its arithmetic is its own."""

    def __init__(self, url: str) -> None:
        self.url, self.api = url, f"{url}/cashcloud/"
        self.session = requests.Session()

    def token(
        self, username: str = USERNAME, password: str = PASSWORD, device: str = DEVICE
    ) -> str:
        salt = requests.post(
            self.api + "salt", data={"username": username, "device_id": device}
        ).json()["salt"]
        key = hashlib.md5(hashlib.sha1(password.encode()).digest()).digest()
        hashed = hashlib.md5(hashlib.sha1(f"{username}{salt}".encode() + key).digest()).hexdigest()
        return "Token " + base64.b64encode(f"{username}|{device}|{hashed}".encode()).decode()

    def sign_in(self) -> Caller:
        self.session.headers["Authorization"] = self.token()
        return self

    def get(self, call: str, **query: Any) -> requests.Response:
        return self.session.get(self.api + call, params=query, timeout=20)

    def post(self, call: str, **fields: Any) -> requests.Response:
        return self.session.post(self.api + call, data=fields, timeout=20)

    def request(self, amount: int = 4999, **fields: Any) -> str:
        asked = {
            "email": CUSTOMER,
            "amount": amount,
            "currency_id": 1,
            "reason_id": 314,
            "extern.id": "pay_1",
        } | fields
        return self.post("request", **asked).json()["hash"]

    def refund(self, request: str, amount: int) -> requests.Response:
        return self.post("refund", hash=request, amount=amount, **{"extern[id]": "ref_1"})

    def paid(self, amount: int = 4999) -> str:
        reference = self.request(amount)
        self.payer(reference, "accept")
        return reference

    def shown(self, reference: str) -> dict[str, Any]:
        return self.get("transactions", hash=reference).json()["transaction"]

    def state(self, reference: str) -> int:
        return self.shown(reference)["transaction_state_id"]

    def control(self, call: str, **body: Any) -> requests.Response:
        return requests.post(f"{self.url}/control/{call}", json=body, timeout=20)

    def payer(self, reference: str, action: str) -> requests.Response:
        return self.control(f"payer/{reference}", action=action)

    def fault(self, on: str, fault: str, **options: Any) -> None:
        assert (
            self.control("faults", provider="cashcloud", on=on, fault=fault, **options).status_code
            == 201
        )

    def ledger(self) -> list[dict[str, Any]]:
        return requests.get(f"{self.url}/control/ledger").json()["entries"]

    def journal(self, direction: str) -> list[tuple[str, str]]:
        calls = requests.get(f"{self.url}/control/journal").json()["calls"]
        return [(call["name"], call["outcome"]) for call in calls if call["direction"] == direction]


def control_of(callback: dict[str, str], password: str = PASSWORD) -> str:
    """The control value that a callback must carry."""
    key = hashlib.md5(hashlib.sha1(password.encode()).digest()).digest()
    signed = f"{callback['method']}|{callback['status']}|{callback['time']}|".encode() + key
    return base64.b64encode(hashlib.md5(hashlib.sha1(signed).digest()).digest()).decode()
