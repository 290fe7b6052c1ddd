"""The three whom the check speaks with, each through what is fixed for the outside: the shop's JSON, the API, the sandbox's control."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

DEADLINE = 20  # seconds for an answer

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody at an address."""

    url: str
    headers: Mapping[str, str]

    def get(self, path: str, **parameters: object) -> Json:
        """Read; raises ``requests.RequestException`` for any answer but a good one."""
        return self.call("GET", path, params=parameters)

    def post(self, path: str, body: Json | None = None) -> Json:
        """Ask for something; raises ``requests.RequestException`` for any answer but a good one."""
        return self.call("POST", path, json=body or {})

    def call(self, verb: str, path: str, **call: Any) -> Json:
        """Send one request and read the JSON answer."""
        answer = self.send(verb, path, **call)
        if not answer.ok:
            raise requests.HTTPError(
                f"{verb} {path} answered {answer.status_code}: {answer.text[:300]}", response=answer
            )
        return answer.json() if answer.content else {}

    def send(
        self, verb: str, path: str, headers: Mapping[str, str] | None = None, **call: Any
    ) -> requests.Response:
        """Send one request; a refusal is an answer too."""
        with requests.Session() as session:
            session.trust_env = (
                False  # a proxy from the environment cannot reach this machine's loopback
            )
            sent = {**self.headers, **(headers or {})}
            return session.request(verb, self.url + path, headers=sent, timeout=DEADLINE, **call)


class Shop(Party):
    """The reference shop."""

    def place(self, product: str, quantity: int, payer: str | None, method: str = "wallet") -> Json:
        """Place an order; return it, with ``payment`` as the bridge answered."""
        wish = {
            "product": product,
            "quantity": quantity,
            "method": method,
            "wallet_username": payer,
        }
        return self.post(
            "/api/orders", {name: value for name, value in wish.items() if value is not None}
        )

    def order(self, ref: str) -> Json:
        """Return an order as the shop sees it now."""
        return self.get(f"/api/orders/{ref}")

    def refund(self, ref: str, amount: int, number: str) -> Json:
        """Give money back; amount in minor units."""
        return self.post(
            f"/api/orders/{ref}/refunds",
            {"amount": amount, "reason": "demo check", "refund_reference": number},
        )


class Bridge(Party):
    """The bridge, through the shop's API key."""

    def payment(self, id: str) -> Json:
        """Return a payment."""
        return self.get(f"/v1/payments/{id}")

    def ask(self, path: str, body: Json | None = None) -> Json:
        """Ask for something that moves money, once."""
        key = {"Idempotency-Key": f"check-{secrets.token_hex(8)}"}
        return self.call("POST", path, headers=key, json=body or {})

    def refunds(self, id: str) -> list[Json]:
        """Return a payment's refunds."""
        refunds: list[Json] = self.get(f"/v1/payments/{id}/refunds")["data"]
        return refunds


class Sandbox(Party):
    """The provider's side and the payer's hand."""

    def ledger(self) -> list[Json]:
        """Return every movement of money."""
        entries: list[Json] = self.get("/control/ledger")["entries"]
        return entries

    def payer(self, action: str, reference: str) -> None:
        """Let the payer accept or decline."""
        self.post(f"/control/payer/{reference}", {"action": action})

    def fault(self, on: str, fault: str) -> None:
        """Have Cashcloud misbehave once."""
        self.post(
            "/control/faults", {"provider": "cashcloud", "on": on, "fault": fault, "times": 1}
        )

    def behave(self) -> None:
        """Forget all faults."""
        self.call("DELETE", "/control/faults")


@dataclass(frozen=True, slots=True)
class Cast:
    """All three, and the payer's name."""

    shop: Shop
    bridge: Bridge
    sandbox: Sandbox
    payer: str = "customer@example.com"
    shop_name: str = ""
    card_merchant: str = ""


def cast_of(facts: Mapping[str, str]) -> Cast:
    """Return the cast of a running demo, from what its ``demo.json`` says."""
    return Cast(
        Shop(facts["shop_url"], {}),
        Bridge(facts["bridge_url"], {"Authorization": f"Bearer {facts['api_key']}"}),
        Sandbox(facts["sandbox_url"], {}),
        shop_name=facts["shop"],
        card_merchant=facts["onecs_merchant_id"],
    )
