"""A slow provider and a payer who pays and then cancels: the page never says that nothing was charged while the money is taken.

Times are a tenth of life's: the page waits 0.2 s for the provider (2 s), and a call ends after 0.9 s (9 s).
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from onecs_stage import card_stage

from bridge.domain.payment import Status
from bridge.errors import NotCancelable

SLOW = {"1 s": 100, "3 s": 300, "6 s": 600, "30 s": 3000}
HALF_AN_HOUR = 1800


@pytest.fixture(scope="module")
def slow_house(tmp_path_factory, onecs_sandbox, onecs_outside):
    more = {"respond_within": 0.2}
    with card_stage(
        tmp_path_factory.mktemp("slow-house"),
        onecs_sandbox,
        onecs_outside,
        shop=more,
        deadline=0.9,
        time_zone="UTC",
    ) as stage:
        yield stage


@pytest.fixture
def slow(slow_house):
    slow_house.clear()
    slow_house.clock.at = datetime.now(UTC).replace(
        microsecond=0
    )  # the provider's clock: it closes the page by itself
    return slow_house


def shown(stage, payment):
    return stage.services.show_checkout(payment["checkout"]["token"], "en").view


def give_up(stage, payment):
    """The payer presses cancel; what the page shows then."""
    try:
        return stage.services.cancel_checkout(payment["checkout"]["token"], "en").view
    except NotCancelable:
        return shown(stage, payment)


def is_charged(stage, payment):
    name = payment["id"].replace("_", "-") + "-1"
    return any(
        entry["our_reference"] == name and entry["state"] == "succeeded"
        for entry in stage.sandbox.ledger("authorization")
    )


def watched(stage, payment, views, looks=12):
    """The page is watched while time passes; it may say that nothing was charged only if that is so, and stays so."""
    for _ in range(looks):
        stage.hear(), stage.advance(7)
        views.append(shown(stage, payment))
    claims = [view for view in views if view["advice"] == "again"]
    assert not (claims and is_charged(stage, payment)), views
    return views[-1]


@pytest.mark.invariant("I35")
@pytest.mark.parametrize("pays", ["before", "while", "after"])
@pytest.mark.parametrize("delay", SLOW)
def test_cancel__payer_has_pressed_pay_and_the_provider_is_slow__page_never_says_that_nothing_was_charged(
    slow, delay, pays
):
    """The form is sent before, while or after the cancel waits for the provider (I35; lesson 95)."""
    payment = slow.card()
    if pays == "before":
        slow.fill(payment)
    slow.card_fault("inquire", "delay", ms=SLOW[delay])
    paying = (
        threading.Timer(0.05, lambda: slow.fill(payment))
        if pays == "while"
        else threading.Timer(0, lambda: None)
    )
    paying.start()
    views = [give_up(slow, payment), shown(slow, payment)]
    paying.join()
    assert views[-1]["advice"] in (None, "page"), views
    if pays == "after":
        slow.fill(payment)
    slow.sandbox.no_faults()
    watched(slow, payment, views)
    assert (slow.status(payment), views[-1]["status"], slow.books_agree(payment)) == (
        "paid",
        "paid",
        True,
    )


@pytest.mark.invariant("I35")
@pytest.mark.parametrize("delay", SLOW)
def test_cancel__nobody_pays__the_page_is_open_until_it_is_closed_and_only_then_is_nothing_charged(
    slow, delay
):
    payment = slow.card()
    slow.card_fault("inquire", "delay", ms=SLOW[delay])
    views = [give_up(slow, payment)]
    assert (views[0]["status"] == "pending" and views[0]["canceling"]) or views[0][
        "advice"
    ] == "page"
    slow.sandbox.no_faults()
    last = watched(slow, payment, views)
    assert (last["status"], last["advice"], slow.payment(payment).provider_open) == (
        "canceled",
        "page",
        True,
    )
    slow.advance(HALF_AN_HOUR + 120, sandbox=True)
    last = shown(slow, payment)
    assert (last["status"], last["advice"], slow.payment(payment).provider_open) == (
        "canceled",
        "again",
        False,
    ) and not slow.has_job("payment", payment["id"])


@pytest.mark.invariant("I35")
@pytest.mark.parametrize("delay", SLOW)
def test_expiry__provider_is_slow_and_the_payer_has_paid__never_says_that_nothing_was_charged(
    slow, delay
):
    payment = slow.card()
    slow.clock.advance(HALF_AN_HOUR - 1)
    slow.fill(payment), slow.outside.callbacks.clear()
    slow.card_fault("inquire", "delay", ms=SLOW[delay])
    views = [shown(slow, payment)]
    slow.advance(2)
    views.append(shown(slow, payment))
    slow.sandbox.no_faults()
    watched(slow, payment, views, looks=60)
    assert slow.status(payment) == "paid"


def test_expiry__of_an_untouched_page__waits_until_the_provider_has_closed_it(slow):
    payment = slow.card()
    slow.advance(HALF_AN_HOUR)
    assert slow.status(payment) == "pending"
    slow.advance(60)
    assert (
        slow.payment(payment).status is Status.EXPIRED and not slow.payment(payment).provider_open
    )
    assert shown(slow, payment)["advice"] == "again" and not slow.has_job("payment", payment["id"])
