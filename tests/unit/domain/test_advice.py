"""What a payer may be told when a payment has ended without money."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.domain.attempt import Attempt, AttemptState
from bridge.domain.checkout import Advice, advice_for, is_canceling
from bridge.domain.payment import Failure, Status
from bridge.domain.reasons import Reason
from factories import NOON, a_payment

LANGUAGES = sorted(
    (Path(__file__).resolve().parents[3] / "static" / "frame" / "i18n").glob("*.json")
)
ASKED = {"attempt": Attempt(AttemptState.ACCEPTED, 1), "next_check_at": NOON}


@pytest.mark.invariant("I35")
@pytest.mark.parametrize(
    ("fields", "order_paid", "advice"),
    [
        ({"status": Status.PENDING, **ASKED}, False, None),
        ({"status": Status.PAID, **ASKED}, True, None),
        ({"status": Status.CANCELED}, False, Advice.AGAIN),
        ({"status": Status.CANCELED, **ASKED}, False, Advice.DECLINE_IN_APP),
        ({"status": Status.EXPIRED, **ASKED}, False, Advice.DECLINE_IN_APP),
        ({"status": Status.CANCELED, **ASKED, "page_url": "https://x.example"}, False, Advice.WAIT),
        ({"status": Status.EXPIRED, **ASKED, "provider_ended": True}, False, Advice.AGAIN),
        ({"status": Status.EXPIRED, **ASKED, "next_check_at": None}, False, Advice.ASK),
        ({"status": Status.DECLINED, **ASKED, "provider_ended": True}, False, Advice.AGAIN),
        (
            {"status": Status.FAILED, "failure": Failure(Reason.PROVIDER_UNAVAILABLE)},
            False,
            Advice.AGAIN,
        ),
        (
            {"status": Status.FAILED, "failure": Failure(Reason.OPERATOR), **ASKED},
            False,
            Advice.ASK,
        ),
        ({"status": Status.DECLINED, **ASKED, "provider_ended": True}, True, Advice.ORDER_PAID),
        ({"status": Status.CANCELED}, True, Advice.ORDER_PAID),
    ],
)
def test_advice__of_each_end__says_that_nothing_was_charged_only_by_the_providers_word(
    fields, order_paid, advice
):
    """An operator's word, our clock and the end of the ladder are not the provider's (I35)."""
    assert advice_for(a_payment(**fields), order_paid) is advice


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_advice__in_every_language__has_its_text(path):
    assert json.loads(path.read_text("utf-8"))["script"]["advice"].keys() == {
        advice.value for advice in Advice
    }


def test_canceling__while_the_provider_does_not_answer__is_said_for_half_a_minute():
    payment = a_payment(status=Status.PENDING, **ASKED, giving_up="payer")
    assert is_canceling(payment, NOON + timedelta(seconds=29)) and not is_canceling(
        payment, NOON + timedelta(seconds=30)
    )
    assert not payment.outcome_known and not a_payment(status=Status.PENDING, **ASKED).in_doubt
