"""What the contract suite cannot know of 1cs."""

from __future__ import annotations

from typing import ClassVar

import requests

from bridge.domain.payment import Payer
from bridge.settings import Resolved

MERCHANT, BLOWFISH, HMAC = "contract_merchant", "canary-blowfish-key", "canary-hmac-password"


class Account:
    """A merchant at the sandbox; the payer fills the card form."""

    secrets = (BLOWFISH, HMAC)
    calls: ClassVar = {"refund": "credit", "capture": "capture", "inquire": "inquire"}

    def merchant(self):
        return {
            "provider": "onecs",
            "username": MERCHANT,
            "blowfish_key": BLOWFISH,
            "hmac_key": HMAC,
        }

    def settings(self, sandbox_url):
        return {
            "base_url": f"{sandbox_url}/onecs/",
            "merchant_id": MERCHANT,
            "blowfish_key": Resolved(BLOWFISH),
            "hmac_key": Resolved(HMAC),
            "mobile_url": f"{sandbox_url}/onecs/mobileauth",
        }

    def payer(self):
        return Payer()

    def pay(self, sandbox, request, start):
        assert requests.get(start.page_url, timeout=10).ok
        sandbox.control(
            "POST", f"payer/{sandbox.entries(request.reference)[0]['reference']}", action="accept"
        )

    def take_refund(self, sandbox, answer):
        """Nothing to take: a card is credited at once."""


ACCOUNT = Account()
