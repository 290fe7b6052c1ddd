"""Examples and the introduction of the machine-readable contract."""

from __future__ import annotations

from typing import Any

INTRODUCTION = (
    "One endpoint for every shop platform: the resource `/v1/payments`. A shop never sees a provider's wire format.\n\n"
    '- Money is a whole number of minor units and an ISO 4217 code: `"amount": 4999, "currency": "EUR"`.\n'
    "- Times are RFC 3339, UTC, milliseconds.\n"
    "- The HTTP status says whether the bridge did its job; the payment's `status` says what became of the money.\n"
    "- Every POST that can move money wants an `Idempotency-Key`: one per intent, kept over every repeat.\n"
    "- Unknown request fields are refused; answers may grow fields.\n"
    "- Errors are RFC 9457 problem documents with a stable `code` and the `request_id`."
)

_PAYMENT_ID = "pay_01JZ3X4Y5Z6A7B8C9D0E1F2G3H"
_AT = "2026-05-01T12:00:00.000Z"
_LATER = "2026-05-01T12:30:00.000Z"

EXAMPLES: dict[str, Any] = {
    "PaymentBody": {
        "order_reference": "100000123",
        "amount": 4999,
        "currency": "EUR",
        "method": "wallet",
        "channel": "web",
        "payer": {
            "wallet_username": "customer@example.com",
            "email": "customer@example.com",
            "locale": "de-DE",
        },
        "description": "Order 100000123",
        "return_url": "https://shop.example/checkout/done?order=100000123",
        "cancel_url": "https://shop.example/checkout",
        "capture": "automatic",
        "expires_in": 1800,
        "metadata": {"cart": "77"},
    },
    "RefundBody": {
        "amount": 1500,
        "reason": "item returned",
        "refund_reference": "creditmemo-100000045",
        "expected_refundable": 4999,
    },
    "CaptureBody": {"amount": 4999},
    "ConfirmBody": {"wallet_username": "customer@example.com"},
    "Payment": {
        "id": _PAYMENT_ID,
        "merchant": "acme",
        "shop": "acme-magento",
        "order_reference": "100000123",
        "method": "wallet",
        "channel": "web",
        "capture": "automatic",
        "status": "pending",
        "amount": 4999,
        "currency": "EUR",
        "amount_authorized": 0,
        "amount_captured": 0,
        "amount_capture_pending": 0,
        "amount_refunded": 0,
        "amount_refund_pending": 0,
        "amount_refundable": 0,
        "fee_estimate": {"amount": 65, "currency": "EUR"},
        "outcome_known": True,
        "provider_open": False,
        "duplicate_of": None,
        "failure": None,
        "description": "Order 100000123",
        "return_url": "https://shop.example/checkout/done?order=100000123",
        "cancel_url": "https://shop.example/checkout",
        "checkout": {
            "url": "https://bridge.example/checkout/chk_…",
            "token": "chk_…",
            "expires_at": _LATER,
        },
        "provider": {
            "name": "cashcloud",
            "reference": "5f1c…",
            "our_reference": "pay_01JZ3X4Y5Z6A7B8C9D0E1F2G3H-1",
        },
        "next_check_at": "2026-05-01T12:00:05.000Z",
        "expires_at": _LATER,
        "created_at": _AT,
        "updated_at": _AT,
        "sequence": 2,
        "metadata": {"cart": "77"},
    },
    "Refund": {
        "id": "ref_01JZ3X9M2N4P6Q8R0S1T3V5W7X",
        "payment": _PAYMENT_ID,
        "amount": 1500,
        "currency": "EUR",
        "status": "pending",
        "reason": "item returned",
        "refund_reference": "creditmemo-100000045",
        "failure": None,
        "outcome_known": True,
        "source": "shop",
        "created_at": _AT,
        "updated_at": _AT,
    },
    "TestResult": {
        "delivered": True,
        "status": 200,
        "detail": "",
        "url": "https://shop.example/notify",
        "event": "evt_01JZ3X4Y5Z6A7B8C9D0E1F2G3H",
    },
}


def of(name: str) -> dict[str, Any]:
    """Return the `example` member of a media type, or nothing."""
    return {"example": EXAMPLES[name]} if name in EXAMPLES else {}
