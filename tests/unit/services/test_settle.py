"""What a provider's statement makes of a payment: its books against ours, amount by amount."""
from __future__ import annotations

import pytest
from factories import FIFTY, NOON, a_payment, an_answer

from bridge.domain.events import Source
from bridge.domain.operation import Kind
from bridge.domain.outcome import Outcome, Statement
from bridge.domain.payment import Asking, Status
from bridge.services.record import Record
from bridge.services.schedule import Patience, Schedule
from bridge.services.settle import Settle


def inquired(stage, payment, authorized, captured):
    """Apply an inquiry that found these sums; return the payment's row and the kinds of the operations that came of it."""
    house = stage.house
    settle = Settle(Schedule(house.accounts, Patience()), house.profiles)
    answer = an_answer(Outcome.SUCCEEDED, statement=Statement(payment.reference, payment.currency, payment.amount, authorized, captured))
    with house.units() as unit:
        unit.payments.add(payment)
        record = Record(unit, payment, Source.INQUIRY, stage.clock(), house.represent)
        settle.inquired(record, answer)
        record.save()
        return unit.payments.get(payment.id), [one.kind for one in unit.operations.of_payment(payment.id)]


def a_card(**changes):
    return a_payment(**{"method": "card", "provider": "onecs", "status": Status.PENDING, "asking": Asking.ANSWERED, "asked_at": NOON, "attempt": 1, **changes})


@pytest.mark.invariant("I3")
@pytest.mark.parametrize(("capture", "authorized", "captured", "status", "has_review"), [
    ("automatic", FIFTY, FIFTY, Status.PAID, False),
    ("automatic", FIFTY, FIFTY - 1, Status.PENDING, True),
    ("automatic", FIFTY, FIFTY + 1, Status.PENDING, True),
    ("automatic", FIFTY, 0, Status.AUTHORIZED, False),
    ("manual", FIFTY, 0, Status.AUTHORIZED, False),
    ("manual", FIFTY, 3000, Status.PAID, False),
])  # fmt: skip
def test_inquired__sums_of_the_provider__are_believed_where_they_can_be_ours(stage, capture, authorized, captured, status, has_review):
    """A part is taken only where the shop captures by itself; elsewhere it is looked at by people (I3)."""
    row, operations = inquired(stage, a_card(capture=capture), authorized, captured)
    assert (row.status, row.amount_captured, bool(row.review), operations) == (status, 0 if has_review else captured, has_review, [])


@pytest.mark.parametrize(("captured", "pending", "operations"), [(0, 0, [Kind.CANCEL]), (3000, 3000, [])])
def test_inquired__reserved_for_a_payment_that_is_over__is_released_unless_it_is_being_captured(stage, captured, pending, operations):
    """What was taken while its capture is in doubt is no reservation any more; the capture's own inquiry counts it."""
    over = a_card(capture="manual", status=Status.EXPIRED, amount_authorized=FIFTY, amount_capture_pending=pending)
    row, opened = inquired(stage, over, FIFTY, captured)
    assert (row.status, row.amount_captured, opened) == (Status.EXPIRED, 0, operations)
