"""The payer's page: naming a wallet, correcting it, clicking twice, watching."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from bridge.domain.payment import Payer, Status
from bridge.errors import (
    BridgeError,
    CheckoutClosed,
    CheckoutGone,
    NotFound,
    ProviderUnreachable,
    TooManyTries,
    ValidationFailed,
    WalletUsernameRefused,
)
from factories import FIFTY, NOON, PAYER


@pytest.fixture
def payment(stage):
    return stage.create(payer=Payer())


def confirm(stage, payment, name=PAYER, reason=None, currency=None):
    return stage.services.confirm_checkout(
        payment["checkout"]["token"], name, reason, currency, "en"
    ).view


def test_confirm__known_wallet__is_asked_and_the_page_waits(stage, payment):
    shown = confirm(stage, payment)
    assert (shown["status"], shown["fields"], shown["tries_left"]) == ("pending", [], 4)
    (entry,) = stage.sandbox.requests_of(payment["id"])
    assert (entry["amount"], entry["currency"], entry["our_reference"]) == (
        FIFTY,
        "EUR",
        f"{payment['id']}-1",
    )


def test_confirm__unknown_and_blocked_wallet__may_be_corrected_and_read_the_same(stage, payment):
    told = []
    for name in ("nobody@example.com", "blocked@example.com"):
        with pytest.raises(WalletUsernameRefused) as refused:
            confirm(stage, payment, name)
        told.append(refused.value.detail)
    assert told[0] == told[1] and confirm(stage, payment)["status"] == "pending"
    assert (
        stage.types(payment) == ["payment.created", "payment.pending"]
        and stage.payment(payment).attempt.number == 3
    )


def test_confirm__a_sixth_name__is_one_too_many(stage, payment):
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(WalletUsernameRefused) as refused:
            confirm(stage, payment, "nobody@example.com")
        assert refused.value.members["tries_left"] == left
    with pytest.raises(TooManyTries):
        confirm(stage, payment)
    assert stage.payment(payment).status is Status.CREATED and stage.sandbox.ledger() == []


def test_confirm__balance_too_low__is_declined_and_not_asked_again(stage, payment):
    shown = confirm(stage, payment, "poor@example.com")
    assert (shown["status"], shown["failure"]["code"]) == (
        "declined",
        "insufficient_funds",
    ) and "provider_code" not in shown["failure"]


PAYER_CHOOSES = {"reason_id": None, "payer_chooses_reason": True}


def test_confirm__a_reason_that_is_not_offered__is_refused_and_costs_no_try(new_stage):
    stage = new_stage(cashcloud=PAYER_CHOOSES)
    payment = stage.create(payer=Payer())
    for reason in ("999", None):
        with pytest.raises(ValidationFailed):
            confirm(stage, payment, reason=reason)
    with pytest.raises(ValidationFailed):
        confirm(stage, payment, reason="314", currency="USD")
    assert (
        stage.payment(payment).tries == 0
        and confirm(stage, payment, reason="314", currency="EUR")["status"] == "pending"
    )


def test_confirm__where_the_profile_names_the_reason__offers_none(stage, payment):
    assert stage.services.show_checkout(payment["checkout"]["token"], "en").view["reasons"] is None
    with pytest.raises(ValidationFailed):
        confirm(stage, payment, reason="314")
    assert confirm(stage, payment)["status"] == "pending"


def test_confirm__reasons_cannot_be_had__nothing_is_asked_and_it_can_be_tried_again(new_stage):
    stage = new_stage(cashcloud=PAYER_CHOOSES)
    payment = stage.create(payer=Payer())
    stage.sandbox.fault("reasons", "status", code=500, times=9)
    with pytest.raises(ProviderUnreachable):
        confirm(stage, payment, reason="314")
    assert stage.sandbox.ledger() == [] and stage.payment(payment).tries == 0
    stage.sandbox.no_faults()
    assert confirm(stage, payment, reason="314")["status"] == "pending"


def test_create__wallet_known_but_no_reason__waits_for_the_payer(new_stage):
    """`reason_id` is always sent: it is the profile's or the payer's."""
    stage = new_stage(cashcloud=PAYER_CHOOSES)
    payment = stage.create()
    view = stage.services.show_checkout(payment["checkout"]["token"], "en").view
    assert (payment["status"], view["fields"]) == ("created", ["wallet_username", "reason"])
    assert {"id": "314", "text": "Electronics"} in view["reasons"] and stage.sandbox.ledger() == []


def test_create__reason_given_by_the_shop__is_asked_at_once(new_stage):
    assert new_stage(cashcloud=PAYER_CHOOSES).create(reason="314")["status"] == "pending"


def test_create__at_a_till_without_a_reason__is_refused_with_the_field(new_stage):
    stage = new_stage(cashcloud=PAYER_CHOOSES)
    with pytest.raises(ValidationFailed) as refused:
        stage.create(channel="pos")
    assert [(error.pointer, error.code) for error in refused.value.errors] == [
        ("/reason", "required")
    ]
    assert stage.create(channel="pos", reason="314")["status"] == "pending"


@pytest.mark.invariant("I3", "I22")
def test_confirm__double_click__is_one_request(new_stage, database_url):
    """Eight clicks at once ask the wallet once (I3, I22)."""
    stage = new_stage(database=database_url)
    payment, barrier = stage.create(payer=Payer()), threading.Barrier(8)

    def click(_):
        barrier.wait(20)
        try:
            return confirm(stage, payment)["status"]
        except BridgeError as error:
            return type(error)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(click, range(8)))
    assert set(results) == {"pending", CheckoutClosed} and results.count("pending") == 1
    assert (
        len(stage.sandbox.requests_of(payment["id"])) == 1
        and stage.types(payment).count("payment.pending") == 1
    )


def test_confirm__answer_lost__the_page_says_checking_and_never_failed(stage, payment):
    """No false failure while nobody knows (lesson 42)."""
    stage.sandbox.fault("request", "drop_after")
    shown = confirm(stage, payment)
    assert (shown["status"], shown["outcome_known"], shown["failure"]) == ("pending", False, None)


def test_confirm__process_dies__the_page_shows_that_it_is_being_asked(stage, payment):
    stage.transport.cut = ("after", "/request")
    assert confirm(stage, payment)["asking"] is True
    with pytest.raises(CheckoutClosed):
        confirm(stage, payment)


def test_show__watched__is_inquired_about_every_two_seconds_not_more(stage, payment):
    confirm(stage, payment)
    token, before = payment["checkout"]["token"], stage.sandbox.calls("transactions")
    for _ in range(40):
        stage.clock.advance(0.25)
        stage.services.show_checkout(token, "en"), stage.work()
    assert 3 <= stage.sandbox.calls("transactions") - before <= 6


def test_show__etag__changes_when_the_payment_does(stage, payment):
    token = payment["checkout"]["token"]
    first = stage.services.show_checkout(token, "en").etag
    assert stage.services.show_checkout(token, "en").etag == first
    confirm(stage, payment)
    assert (
        stage.services.show_checkout(token, "en").etag
        != first
        != stage.services.show_checkout(token, "de").etag
    )


def test_show__inquiry_learned_nothing__etag_stays(stage, payment):
    confirm(stage, payment)
    token, version = payment["checkout"]["token"], stage.payment(payment).version
    first = stage.services.show_checkout(token, "en").etag
    stage.services.sync_payment(stage.shop(), payment["id"])
    assert (
        stage.payment(payment).version > version
        and stage.services.show_checkout(token, "en").etag == first
    )


def test_show__long_over__is_gone_and_a_wrong_token_is_not_found(stage, payment):
    stage.clock.at = NOON + timedelta(hours=24, minutes=31)
    with pytest.raises(CheckoutGone) as gone:
        stage.services.show_checkout(payment["checkout"]["token"], "en")
    assert (gone.value.code, gone.value.members) == ("checkout_gone", {}) and set(
        gone.value.shown.view
    ) == {"merchant", "return_url", "cancel_url"}
    assert gone.value.shown.origins == stage.shop().origins
    with pytest.raises(NotFound):
        stage.services.show_checkout("chk_nobody", "en")


def test_show__payment_at_a_till__has_no_page(stage):
    payment = stage.create(channel="pos")
    assert payment["checkout"] is None
    with pytest.raises(NotFound):
        stage.services.show_checkout(stage.payment(payment).checkout_token, "en")


def test_return__of_the_browser__proves_nothing_and_hurries_the_inquiry(stage, payment):
    """No dependence on the return (lessons 38 and 67)."""
    from bridge.ports import RawCallback

    confirm(stage, payment)
    stage.services.receive_return(
        payment["checkout"]["token"], RawCallback("GET", "", "status=success", b"")
    )
    assert stage.payment(payment).status is Status.PENDING
    stage.pay(payment), stage.outside.callbacks.clear()
    stage.work()
    assert stage.payment(payment).status is Status.PAID
