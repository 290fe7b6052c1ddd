"""What the contract suite cannot know of Cashcloud."""

from __future__ import annotations

from typing import ClassVar

from bridge.domain.payment import Payer
from bridge.settings import Resolved

USERNAME, PASSWORD, DEVICE = "contract@merchant.example", "canary-wallet-password", "canary-device"


class Account:
    """A Corporate+ merchant at the sandbox; the payer answers in the wallet."""

    secrets = (PASSWORD,)
    calls: ClassVar = {"start": "request", "refund": "refund", "inquire": "transactions"}

    def merchant(self):
        return {"provider": "cashcloud", "username": USERNAME, "password": PASSWORD}

    def settings(self, sandbox_url):
        return {
            "base_url": f"{sandbox_url}/cashcloud/",
            "username": USERNAME,
            "password": Resolved(PASSWORD),
            "device_id": DEVICE,
            "reason_id": "314",
        }

    def payer(self):
        return Payer("customer@example.com")

    def pay(self, sandbox, request, start):
        entry = sandbox.entries(request.reference)[0]
        sandbox.control("POST", f"payer/{entry['reference']}", action="accept")

    def take_refund(self, sandbox, answer):
        sandbox.control("POST", f"payer/{answer.provider_reference}", action="accept")


ACCOUNT = Account()
