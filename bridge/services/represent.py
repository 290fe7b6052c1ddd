"""How a payment, a refund and an event look to the outside: in answers and in notifications alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from bridge.domain.events import Event
from bridge.domain.language import nearest
from bridge.domain.operation import Operation
from bridge.domain.payment import Failure, Payment
from bridge.domain.reasons import text_for_payer


def timestamp(at: datetime | None) -> str | None:
    """Write a time as RFC 3339, UTC, milliseconds."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_json(value: Any) -> str:
    """Write JSON, compact, UTF-8 kept readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def failure_view(failure: Failure | None, language: str) -> dict[str, Any] | None:
    """Show why something did not succeed; `message` may be read by the payer."""
    if failure is None:
        return None
    return {
        "code": failure.reason.value,
        "message": text_for_payer(failure.reason, language),
        "provider_code": failure.provider_code,
    }


def language_of(payment: Payment) -> str:
    """Return the first of the payer's languages in which we have texts; English where there is none."""
    return nearest(payment.payer.locale)


class Represent:
    """Makes JSON-ready views; knows the bridge's public address for the checkout's."""

    def __init__(self, public_url: str) -> None:
        """Take the public address, without a slash at its end."""
        self._public_url = public_url.rstrip("/")

    def checkout_url(self, payment: Payment) -> str:
        """Return the address of a payment's checkout page."""
        return f"{self._public_url}/checkout/{payment.checkout_token}"

    def callback_url(self, provider: str, merchant: str) -> str:
        """Return the address where a provider sends callbacks about a merchant's payments."""
        return f"{self._public_url}/v1/callbacks/{provider}/{merchant}"

    def payment(self, p: Payment) -> dict[str, Any]:
        """Show a payment; amounts in minor units."""
        return {
            "id": p.id,
            "merchant": p.merchant,
            "shop": p.shop,
            "order_reference": p.order_reference,
            "method": p.method,
            "channel": p.channel,
            "capture": p.capture,
            "status": p.status.value,
            "amount": p.amount,
            "currency": p.currency,
            "amount_authorized": p.amount_authorized,
            "amount_captured": p.amount_captured,
            "amount_capture_pending": p.amount_capture_pending,
            "amount_refunded": p.amount_refunded,
            "amount_refund_pending": p.amount_refund_pending,
            "amount_refundable": p.amount_refundable,
            "fee_estimate": None
            if p.fee_estimate is None
            else {"amount": p.fee_estimate, "currency": p.currency},
            "outcome_known": p.outcome_known,
            "provider_open": p.provider_open,
            "duplicate_of": p.duplicate_of,
            "failure": failure_view(p.failure, language_of(p)),
            "needs_review": p.review,
            "description": p.description,
            "return_url": p.return_url,
            "cancel_url": p.cancel_url,
            "checkout": None
            if p.channel == "pos"
            else {
                "url": self.checkout_url(p),
                "token": p.checkout_token,
                "expires_at": timestamp(p.expires_at),
            },
            "provider": {
                "name": p.provider,
                "reference": p.provider_reference,
                "our_reference": p.reference if p.attempt.number else None,
            },
            "next_check_at": timestamp(p.next_check_at),
            "expires_at": timestamp(p.expires_at),
            "created_at": timestamp(p.created_at),
            "updated_at": timestamp(p.updated_at),
            "sequence": p.sequence,
            "metadata": dict(p.metadata),
        }

    def operation(self, o: Operation, language: str = "en") -> dict[str, Any]:
        """Show a refund or a capture; amounts in minor units."""
        view: dict[str, Any] = {
            "id": o.id,
            "payment": o.payment_id,
            "amount": o.amount,
            "currency": o.currency,
            "status": o.status.value,
        }
        if o.id.startswith("ref_"):
            view |= {"reason": o.reason, "refund_reference": o.refund_reference}
        return view | {
            "source": o.source.value,
            "failure": failure_view(o.failure, language),
            "outcome_known": o.outcome_known,
            "needs_review": o.review,
            "created_at": timestamp(o.created_at),
            "updated_at": timestamp(o.updated_at),
        }

    def notification(
        self, event: Event, payment: Payment, operation: Operation | None
    ) -> dict[str, Any]:
        """Show an event as the shop is told it."""
        data = {"payment": self.payment(payment)}
        if operation is not None:
            data[operation.kind.value] = self.operation(operation, language_of(payment))
        return {
            "id": event.id,
            "type": event.type,
            "timestamp": timestamp(event.at),
            "sequence": event.sequence,
            "shop": event.shop,
            "data": data,
        }

    def history(self, event: Event) -> dict[str, Any]:
        """Show an event or a note in a payment's history."""
        return {
            "id": event.id,
            "type": event.type,
            "source": event.source,
            "sequence": event.sequence,
            "timestamp": timestamp(event.at),
            "detail": event.detail,
        }
