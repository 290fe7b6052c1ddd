"""An order's state comes from amounts; a word counts only where no money has moved."""

from __future__ import annotations

import pytest
from reference_builders import a_paid_payment, a_payment

from adapters.reference.status import of_order


@pytest.mark.parametrize(
    ("payments", "status"),
    [
        ([], "pending"),
        ([a_payment(status="created")], "pending"),
        ([a_payment(status="authorized", amount_authorized=4999)], "reserved"),
        ([a_payment(status="paid")], "pending"),
        ([a_payment(status="tomorrows_word")], "pending"),
        ([a_paid_payment()], "paid"),
        ([a_paid_payment(status="tomorrows_word")], "paid"),
        ([a_paid_payment(amount_refund_pending=1)], "paid"),
        ([a_paid_payment(amount_refunded=1)], "partly_refunded"),
        ([a_paid_payment(amount_refunded=4999)], "refunded"),
        ([a_payment(status="declined")], "declined"),
        ([a_payment(status="declined"), a_payment(status="pending")], "pending"),
        ([a_paid_payment(), a_payment(status="failed")], "paid"),
    ],
)
def test_of_order__what_was_told__decides(payments: list, status: str) -> None:
    assert of_order(payments) == status
