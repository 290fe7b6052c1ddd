"""A transport that plays a script: for answers that a sandbox never gives, because no sane server does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bridge.domain.money import Money
from bridge.domain.payment import Payer
from bridge.ports import HttpAnswer, OperationRequest, PaymentRef, PaymentRequest
from bridge.providers.cashcloud.provider import CashcloudAccount
from bridge.providers.cashcloud.settings import CashcloudSettings
from bridge.settings import Resolved

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD, SALT = "canary-password", "canary-salt"
FIFTY = Money(4999, "EUR")
FIFTEEN = Money(1500, "EUR")


def http(status: int, body: Any = None) -> HttpAnswer:
    """An answer with a JSON body, or with these bytes."""
    return HttpAnswer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


SALTED = http(200, {"error": False, "salt": SALT})


@dataclass
class Scripted:
    """Answers each call with the next entry of its path's script; an exception is raised. The last entry stays."""

    script: Mapping[str, list[HttpAnswer | Exception]]
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, lane: str, method: str, url: str, **content: Any) -> HttpAnswer:
        path = url.rpartition("/")[2]
        self.calls.append((method, path, content))
        answers = self.script.get(path) or [
            SALTED if path == "salt" else AssertionError(f"no call to {path} expected")
        ]
        said = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(said, Exception):
            raise said
        return said

    def paths(self) -> list[str]:
        """The paths that were called, in order."""
        return [path for _, path, _ in self.calls]


def some_settings(**changes: Any) -> CashcloudSettings:
    """A valid block of settings."""
    login = {
        "username": "shop@merchant.example",
        "password": Resolved(PASSWORD),
        "device_id": "dev-1",
    }
    return CashcloudSettings(
        **{"base_url": "https://cashcloud.example/", "reason_id": "314", **login, **changes}
    )


def an_account(
    script: Mapping[str, list[HttpAnswer | Exception]] | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
    **settings: Any,
) -> tuple[CashcloudAccount, Scripted]:
    """An account over a script, and the script for what was called."""
    wire = Scripted(script or {})
    return CashcloudAccount(some_settings(**settings), wire, clock), wire


def a_request(**changes: Any) -> PaymentRequest:
    """A request for 49.99 EUR."""
    fields = {
        "reference": "pay_1-1",
        "payment_id": "pay_1",
        "order_reference": "100000123",
        "money": FIFTY,
        "payer": Payer("customer@example.com"),
        "channel": "web",
        "capture": "automatic",
        "description": "Order 100000123",
        "matching_number": "42",
        "language": "en",
        "expires_at": NOW,
        "return_url": "https://bridge.example/r",
        "callback_url": "https://bridge.example/c",
    }
    return PaymentRequest(**fields | changes)


def a_refund(money: Money = FIFTEEN, **changes: Any) -> OperationRequest:
    """A refund of 15.00 EUR of that payment."""
    paid = PaymentRef("pay_1-1", FIFTY, "hash-1")
    return OperationRequest(
        **{"reference": "ref_1-1", "payment": paid, "money": money, "text": "item returned"}
        | changes
    )


def a_transaction(**changes: Any) -> dict[str, Any]:
    """That payment's transaction, completed."""
    extern = {"id": "pay_1-1", "reference": "100000123", "description": "Order 100000123"}
    return {
        "hash": "hash-1",
        "transaction_state_id": 3,
        "amount": 4999,
        "currency_id": 1,
        "extern": extern,
    } | changes
