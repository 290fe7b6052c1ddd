"""While a merchant is switched off his work waits: nothing is lost, ended or said wrong, and it goes on when his profile is right again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from bridge.config import Profiles
from bridge.domain.attempt import AttemptState
from bridge.domain.payment import Payer, Status
from bridge.errors import MerchantOff, NotSent
from bridge.ports import HttpAnswer, JobKind, RawCallback
from factories import API_KEYS


@pytest.fixture
def away(stage: Any) -> Callable[[], AbstractContextManager[None]]:
    """Return a context in which the merchant acme is switched off, as after a start with a missing secret."""
    profiles: Profiles = stage.house.profiles
    profile = stage.house.config.path.parent / "merchants" / "acme.yaml"
    right = profile.read_text()

    @contextmanager
    def away() -> Iterator[None]:
        profile.unlink()
        profiles.reload()  # no profile of before is left that could go on
        profile.write_text(right.replace("acme.password", "nowhere"))
        assert profiles.reload() and [refused.previous for refused in profiles.refused] == [False]
        yield
        profile.write_text(right)
        assert profiles.reload() == []

    return away


def unreachable(*_args: Any, **_more: Any) -> HttpAnswer:
    """A provider that cannot be reached, in the place of the transport."""
    raise NotSent("refused")


@pytest.mark.invariant("I33")
def test_off__payment_that_was_never_asked_for__is_not_asked_and_not_in_doubt_and_is_paid_afterwards(
    stage, away
):
    """What cannot be sent must not be marked as being sent: it would be in doubt without a reason."""
    reachable, stage.transport.inner = stage.transport.inner, unreachable
    payment = stage.create()
    stage.transport.inner = reachable
    with away():
        stage.advance(30)
        waiting = stage.payment(payment)
        assert (waiting.attempt.state, waiting.outcome_known) == (AttemptState.NOT_SENT, True)
    stage.advance(300)
    assert len(stage.sandbox.requests_of(payment["id"])) == 1
    stage.pay(payment)
    stage.drain()
    assert stage.payment(payment).status is Status.PAID


@pytest.mark.invariant("I33")
def test_off__payment_is_accepted_meanwhile__is_known_afterwards_and_told(stage, away):
    payment = stage.create()
    stage.pay(payment)
    with away():
        stage.advance(120)
        assert stage.payment(payment).status is Status.PENDING and stage.has_job(
            JobKind.PAYMENT, payment["id"]
        )
    stage.advance(400)
    assert (
        stage.payment(payment).status is Status.PAID
        and stage.outside.told(payment["id"])[-1] == "payment.paid"
    )


@pytest.mark.invariant("I33")
def test_off__refund_that_waits__is_refunded_once_afterwards(stage, away):
    payment = stage.paid()
    stage.sandbox.fault("refund", "drop_before", times=1)
    refund = stage.refund(payment, amount=1000)
    with away():
        stage.advance(60)
    for _ in range(5):
        stage.advance(300)
    assert len(stage.sandbox.refunds_of(refund["id"])) == 1


@pytest.mark.invariant("I33")
def test_off__notifications__wait_without_losing_a_try_of_the_ladder(stage, away):
    payment = stage.create(payer=Payer())
    with away():
        stage.advance(5 * 86_400)
        (event,) = [one for one in stage.history(payment) if one.sequence == 1]
        assert (event.attempts, event.undeliverable_at) == (0, None)
    stage.advance(400)
    assert "payment.created" in stage.outside.told(payment["id"])


@pytest.mark.invariant("I33")
def test_off__what_comes_from_outside__is_told_to_come_again(stage, away):
    """A callback is neither forged nor for a merchant whom nobody knows; a shop's key is not wrong; a payer's page is not gone."""
    payment = stage.create()
    services = stage.services
    with away():
        for call in (
            lambda: services.receive_callback(
                "cashcloud", "acme", RawCallback("POST", "", "", b"x")
            ),
            lambda: services.authenticate(API_KEYS["acme-one"]),
            lambda: services.show_checkout(payment["checkout"]["token"], "en"),
            lambda: services.cancel_checkout(payment["checkout"]["token"], "en"),
            lambda: services.receive_return(
                payment["checkout"]["token"], RawCallback("GET", "", "", b"")
            ),
        ):
            with pytest.raises(MerchantOff):
                call()
        assert stage.rows("callbacks") == 0
        assert services.authenticate(API_KEYS["globex-shop"]).merchant == "globex"


@pytest.mark.invariant("I33")
def test_off__jobs_of_many_payments__are_tried_seldom_and_log_no_error(stage, away, caplog):
    for _ in range(10):
        stage.create()
    stage.work()
    with away(), caplog.at_level(logging.INFO, "bridge.worker"):
        for _ in range(60):
            stage.advance(60)
        waited = [
            record for record in caplog.records if "its merchant is switched off" in record.message
        ]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(waited) <= 10 * 2 * 25, "each at most every five minutes, in the end"


@pytest.mark.invariant("I33")
def test_off__the_other_merchant__pays_and_refunds_as_ever(stage, away):
    with away():
        payment = stage.create(shop="globex-shop")
        stage.pay(payment)
        stage.advance(30)
        refund = stage.refund(payment, amount=1000)
        assert (
            stage.payment(payment).status is Status.PAID
            and len(stage.sandbox.refunds_of(refund["id"])) == 1
        )
