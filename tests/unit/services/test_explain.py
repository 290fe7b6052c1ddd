"""An operator reads why a payment is still open: every sentence is a fact of this payment."""

from __future__ import annotations

import re

import pytest

from bridge.domain.payment import Payer
from bridge.errors import NotFound
from bridge.ports import RawCallback


def explained(stage, payment):
    return "\n".join(stage.services.explain_payment(payment["id"]))


def test_explain__payer_has_named_no_wallet__says_that_nothing_was_sent_and_when_it_ends(stage):
    text = explained(stage, stage.create(payer=Payer()))
    assert "The payer has not acted on the checkout page, so nothing was sent to cashcloud." in text
    assert "The payment is checked at 2026-03-01 12:30:00; no worker holds the job" in text


def test_explain__answer_was_lost__says_so_and_when_the_provider_is_asked(stage):
    stage.sandbox.fault("request", "drop_after")
    text = explained(stage, stage.create())
    assert (
        "The request may have been sent to cashcloud at 2026-03-01 12:00:00, and no answer came."
        in text
    )
    assert "The payment is checked now" in text


def test_explain__wallet_is_asked__says_until_when_and_what_the_shop_answered(stage):
    payment = stage.create()
    stage.work()
    text = explained(stage, payment)
    assert "cashcloud knows the request since 2026-03-01 12:00:00" in text
    assert (
        "The last notification is payment.pending" in text and "the shop's answer: HTTP 200" in text
    )


def test_explain__callback_that_is_not_genuine__is_named_with_its_reason(stage):
    payment = stage.create()
    forged = RawCallback(
        "POST", "application/x-www-form-urlencoded", "", b"method=x&status=1&time=2&control=no"
    )
    stage.services.receive_callback("cashcloud", "acme", forged)
    assert "A callback of the account came at 2026-03-01 12:00:00: rejected" in explained(
        stage, payment
    )


def test_explain__callback_not_yet_processed__is_named_with_its_job(stage):
    payment = stage.create()
    stage.pay(payment)
    stage.hear()
    text = explained(stage, payment)
    assert ": received" in text
    assert re.search(r"The callback cb_\w+ is processed now; no worker holds the job", text)


def test_explain__given_up_and_open_at_the_provider__says_so(stage):
    payment = stage.create()
    stage.services.cancel_payment(stage.shop(), payment["id"], "key-of-the-cancel")
    assert (
        "The payment is canceled. It can still be accepted at cashcloud and is watched."
        in explained(stage, payment)
    )


def test_explain__refund_in_doubt__is_told_with_its_own_check(stage):
    payment = stage.paid()
    stage.sandbox.fault("refund", "drop_after")
    refund = stage.refund(payment, amount=100)
    text = explained(stage, payment)
    assert f"The refund {refund['id']} is pending; its request is in doubt, after 1 tries." in text
    assert f"{refund['id']} is checked now" in text


def test_explain__nothing_is_open__says_that_nothing_is_planned(stage):
    payment = stage.paid()
    stage.drain(days=40)
    text = explained(stage, payment)
    assert "The payment is paid" in text and "No check is planned" in text


def test_explain__unknown_payment__is_not_found(stage):
    with pytest.raises(NotFound):
        stage.services.explain_payment("pay_unknown")
