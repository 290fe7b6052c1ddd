"""Payments, notifications and orders as the tests need them."""

from __future__ import annotations

import json
import time
from typing import Any

from adapters.reference import create
from adapters.reference.create import Wish
from adapters.reference.listen import Event, read
from adapters.reference.orders import Order
from adapters.reference.shop import Shop
from adapters.reference.signature import key_of, sign

REF = "R-AAAAA-AAAAA"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def an_order(shop: Shop, ref: str = REF, **wish: Any) -> Order:
    return create.place_order(shop.store, Wish(ref, {"lamp": 1}, **wish))


def a_payment(**changes: Any) -> dict[str, Any]:
    sums = {
        f"amount_{name}": 0
        for name in ("authorized", "captured", "refunded", "refund_pending", "refundable")
    }
    return {
        "id": "pay_1",
        "order_reference": REF,
        "status": "pending",
        "amount": 4999,
        "currency": "EUR",
        **sums,
    } | changes


def a_paid_payment(**changes: Any) -> dict[str, Any]:
    money = {
        "status": "paid",
        "amount_authorized": 4999,
        "amount_captured": 4999,
        "amount_refundable": 4999,
    }
    return a_payment(**(money | changes))


def a_refund(**changes: Any) -> dict[str, Any]:
    return {
        "id": "ref_1",
        "payment": "pay_1",
        "amount": 1500,
        "currency": "EUR",
        "status": "pending",
    } | changes


def a_body(id: str, type: str, sequence: int, **data: Any) -> bytes:
    told = {
        "id": id,
        "type": type,
        "timestamp": "2026-01-01T00:00:00.000Z",
        "sequence": sequence,
        "shop": "acme-reference",
    }
    return json.dumps({**told, "data": data}).encode()


def an_event(
    sequence: int,
    payment: dict[str, Any],
    refund: dict[str, Any] | None = None,
    type: str = "payment.any",
) -> Event:
    return read(
        a_body(f"evt_{payment['id']}_{sequence}", type, sequence, payment=payment, refund=refund)
    )


def signed(body: bytes, secret: str, id: str = "evt_1", at: float | None = None) -> dict[str, str]:
    timestamp = int(time.time() if at is None else at)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(key_of(secret), id, timestamp, body),
        "content-type": "application/json",
    }
