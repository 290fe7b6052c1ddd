"""A worker that is stopped (SIGSTOP) in the middle of a job, loses it to another, and wakes up late: it changes nothing any more."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from crash_support import PATIENCE, Installation, assert_agreement, installations, order, wallet
from support import until

OVERTAKEN = "another worker holds this job by now"


@pytest.fixture
def make(postgres: str, tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    with installations(postgres, tmp_path) as make:
        yield make


def create(at: Installation) -> dict[str, Any]:
    """Have a payment created."""
    return at.shop.ask("/v1/payments", order(**wallet()), uuid.uuid4().hex)


def ask_in_vain(at: Installation) -> str:
    """Have a payment created whose request is lost on its way, and known to be lost; the worker is not there yet to ask again."""
    at.processes["worker"].stop()
    at.fault("request", "drop_before")
    payment = at.shop.call("POST", "/v1/payments", order(**wallet()), uuid.uuid4().hex).json()["id"]
    at.shop.sync(payment, lambda seen: seen["outcome_known"])
    return payment


def pause(at: Installation) -> None:
    """Stop the worker where it is, and let another take over."""
    at.processes["worker"].send(signal.SIGSTOP)
    at.start("worker2")
    at.wait_for_worker("worker2")


def resume(at: Installation) -> None:
    """Wake the worker, and let it finish what it was at before it ends."""
    at.processes["worker"].send(signal.SIGCONT)
    at.processes["worker"].stop()


@pytest.mark.invariant("I1", "I11")
def test_worker__paused_while_it_asks_for_money__asks_once_and_overwrites_nothing(
    make: Callable[..., Installation],
) -> None:
    """I1, I11: the request arrived and its sender sleeps; the other worker finds it by inquiry, and the payer has paid when the sleeper wakes."""
    at = make(deadline=5.0).start_all()
    payment = ask_in_vain(at)
    at.fault("request", "hang")
    at.start("worker")
    until(lambda: at.ledger(payment), patience=PATIENCE)
    pause(at)
    reference = until(lambda: at.payment(payment)["provider"]["reference"], patience=PATIENCE)
    at.payer("accept", reference)
    at.until_heard(payment, "payment.paid")
    before = at.outcome(payment)
    resume(at)
    at.drain()
    assert assert_agreement(at, payment) == before


@pytest.mark.invariant("I1", "I11")
def test_worker__paused_before_its_request_left__does_not_send_it_later(
    make: Callable[..., Installation],
) -> None:
    """I1, I11: the sleeper was at the login that comes before; the other worker learns that nothing arrived and asks; the sleeper's own request never leaves."""
    at = make(deadline=5.0).start_all()
    payment = ask_in_vain(at)
    logins = len(at.journal("salt"))
    at.fault("salt", "delay", ms=1500)
    at.start("worker")
    until(lambda: len(at.journal("salt")) > logins, patience=PATIENCE)
    pause(at)
    at.shop.sync(payment, lambda seen: seen["provider"]["reference"])
    before = at.outcome(payment)
    assert [entry["kind"] for entry in at.ledger(payment)] == ["request"]
    resume(at)
    assert at.outcome(payment) == before
    at.payer("accept", at.payment(payment)["provider"]["reference"])
    at.until_heard(payment, "payment.paid")
    at.drain()
    assert_agreement(at, payment)


@pytest.mark.invariant("I6", "I11")
def test_worker__paused_with_a_stale_answer__cannot_write_it(
    make: Callable[..., Installation],
) -> None:
    """I6, I11: the sleeper was told "pending"; when it wakes with that, the payment is paid and stays so, and the job is another's."""
    at = make(deadline=60.0).start_all()
    payment = create(at)
    at.fault("transactions", "delay", ms=1000)
    until(lambda: at.journal("transactions"), patience=PATIENCE)
    pause(at)
    at.payer("accept", payment["provider"]["reference"])
    at.until_heard(payment["id"], "payment.paid")
    at.drain()
    before = at.outcome(payment["id"])
    resume(at)
    assert OVERTAKEN in at.processes["worker"].log.read_text()
    assert assert_agreement(at, payment["id"]) == before


@pytest.mark.invariant("I8", "I9", "I11")
def test_worker__paused_while_it_tells_the_shop__leaves_the_lane_to_the_other(
    make: Callable[..., Installation],
) -> None:
    """I8, I9, I11: the event comes twice, as it may; the next one comes after it; the sleeper's result is not written."""
    at = make().start_all()
    at.receiver.open.clear()
    payment = create(at)["id"]
    until(lambda: at.receiver.waiting, patience=PATIENCE)
    pause(at)
    (first, *_) = until(lambda: list(at.receiver.waiting), lambda seen: len(seen) > 1, PATIENCE)
    assert set(at.receiver.waiting) == {first}
    at.receiver.open.set()
    at.until_heard(payment, "payment.pending")
    resume(at)
    assert OVERTAKEN in at.processes["worker"].log.read_text()
    at.payer("accept", at.payment(payment)["provider"]["reference"])
    at.until_heard(payment, "payment.paid")
    at.drain()
    assert_agreement(at, payment)
