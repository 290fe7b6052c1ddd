"""When a checkout page is shown, and when the payer's input is welcome."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.domain.attempt import Attempt, AttemptState
from bridge.domain.checkout import MAX_TRIES, SHOWN_AFTERWARDS, is_gone, tries_left, waits_for_payer
from bridge.domain.payment import Status
from factories import NOON, a_payment


def test_is_gone__a_day_after_the_expiry__the_page_is_over():
    payment = a_payment()
    end = payment.expires_at + SHOWN_AFTERWARDS
    assert not is_gone(payment, end) and is_gone(payment, end + timedelta(milliseconds=1))


@pytest.mark.parametrize("status", Status)
def test_waits_for_payer__only_a_created_payment__does(status):
    assert waits_for_payer(a_payment(status=status), NOON) is (status is Status.CREATED)


def test_waits_for_payer__while_asking_or_expired__input_is_not_welcome():
    payment = a_payment()
    assert not waits_for_payer(
        a_payment(attempt=Attempt(AttemptState.SENDING)), NOON
    ) and not waits_for_payer(payment, payment.expires_at)


@pytest.mark.parametrize("tries", range(MAX_TRIES + 2))
def test_tries_left__after_some_tries__counts_down_to_none(tries):
    assert tries_left(a_payment(tries=tries)) == max(0, 5 - tries)
