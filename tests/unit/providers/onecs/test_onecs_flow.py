"""Card payments through the whole core: form, captures, refunds, release, and what comes late."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from falcon import testing
from onecs_stage import CHALLENGE, DECLINED, GOOD, UNPROVED, card_stage, secret

from bridge.domain.money import Money
from bridge.domain.outcome import Answer
from bridge.domain.reasons import Reason
from bridge.errors import NotCancelable, OutcomeUnknown
from bridge.ports import OperationRequest, PaymentRef
from bridge.providers.onecs.provider import OnecsAccount
from bridge.web.app import build as build_app
from bridge.web.settings import WebSettings
from factories import API_KEYS

each = pytest.mark.parametrize


def sync_and_work(cards, payment):
    """Look at a payment, do what follows, and return how many operations it has by then."""
    cards.services.sync_payment(cards.shop(), payment["id"])
    for _ in range(5):
        cards.work()
    return len(cards.operations(payment))


def test_payment__paid_on_the_form__is_paid_once_heard_of(cards):
    payment = cards.card()
    assert payment["status"] == "pending" and payment["provider"]["reference"] is None
    cards.fill(payment)
    cards.hear(), cards.work()
    assert cards.status(payment) == "paid" and cards.books_agree(payment)
    assert cards.payment(payment).provider_reference == cards.entry(payment)["reference"]
    assert cards.outside.told(payment["id"]).count("payment.paid") == 1


@each(
    ("number", "code", "status", "reason"),
    [
        (CHALLENGE, "1234", "paid", None),
        (CHALLENGE, "0000", "declined", "authentication_failed"),
        (DECLINED, "", "declined", "card_declined"),
        (UNPROVED, "", "declined", "authentication_failed"),
    ],
)
def test_payment__each_kind_of_card__ends_as_the_sheet_says(cards, number, code, status, reason):
    payment = cards.card()
    cards.come_back(payment, cards.fill(payment, number, code))
    cards.work()
    failure = cards.payment(payment).failure
    assert cards.status(payment) == status and (failure.reason.value if failure else None) == reason


def test_payment__canceled_on_the_form__is_canceled(cards):
    payment = cards.card()
    page = cards.browser.send(cards.browser.open(cards.page_url(payment)), do="cancel")
    assert page.status == 303 and page.headers["Location"].endswith("/return")
    cards.come_back(payment, page)
    assert cards.status(payment) == "canceled"


def test_payment__nobody_fills_the_form__expires_and_asks_for_no_operator(cards):
    payment = cards.card()
    cards.advance(600)
    assert cards.status(payment) == "pending"
    cards.advance(3600)
    row = cards.payment(payment)
    assert (row.status.value, row.review) == ("expired", None) and not cards.sandbox.ledger()


@each("fault", ["ampersand", "field_twice"])
@each(("number", "status"), [(GOOD, "paid"), (DECLINED, "declined")])
def test_callback__with_a_raw_ampersand_or_a_field_twice__has_the_provider_asked_at_once(
    cards, fault, number, status
):
    """Its MAC is right, so it is genuine whatever stands beside; the ladder need not be waited for."""
    payment = cards.card()
    cards.card_fault("callback", fault)
    cards.fill(payment, number)
    cards.hear(), cards.work()
    assert cards.status(payment) == status and [row["state"] for row in cards.kept()] == ["applied"]


@each("fault", ["ampersand", "field_twice"])
def test_capture__answer_with_a_raw_ampersand_or_a_field_twice__is_booked_once(cards, fault):
    """What can be read is read; a status that is given twice is doubt, which an inquiry ends."""
    payment = cards.card(capture="manual")
    cards.fill(payment), cards.hear(), cards.work()
    cards.card_fault("capture", fault)
    capture = cards.capture(payment, 1000)
    assert capture["outcome_known"] is (fault == "ampersand")
    cards.advance(60)
    assert cards.booked(payment)["capture"] == 1000 == cards.payment(payment).amount_captured


def test_inquiry__answer_with_a_raw_ampersand__is_read(cards):
    payment = cards.card()
    cards.card_fault("inquire", "ampersand")
    cards.fill(payment), cards.hear(), cards.work()
    assert cards.status(payment) == "paid"


@pytest.mark.invariant("I26", "I27")
@each(("number", "status"), [(GOOD, "paid"), (DECLINED, "declined")])
def test_payment__callback_and_return_replayed__are_one_row_one_inquiry_and_one_transition(
    cards, number, status
):
    """The payer has his own genuine result and may send it as often as he likes, to both doors (I26, I27; lesson 86)."""
    payment, other = cards.card(), cards.card()
    raw, before = cards.raw(cards.fill(payment, number)), cards.sandbox.calls("inquire")
    cards.hear()
    for number in range(100):
        extended = replace(raw, body=raw.body + f"&more={number}".encode())
        cards.services.receive_return(cards.payment(payment).checkout_token, extended)
        cards.services.receive_callback("onecs", "acme", extended)
    assert len([job for job in cards.jobs() if job[0] == "callback"]) == 1
    cards.work()
    for _ in range(100):
        cards.services.receive_return(cards.payment(payment).checkout_token, raw)
    cards.work()
    assert cards.sandbox.calls("inquire") == before + 1 and [
        (row["state"], row["repeats"]) for row in cards.kept()
    ] == [("applied", 300)]
    assert (
        cards.status(payment) == status
        and cards.types(payment).count(f"payment.{status}") == 1
        and cards.status(other) == "pending"
    )


@pytest.mark.invariant("I27")
def test_return__of_another_payments_result__has_its_own_page_looked_after_too(cards):
    """A result that was shown before brings the payment of this page forward all the same, once (I27)."""
    payment, other = cards.card(), cards.card()
    raw = cards.raw(cards.fill(payment))
    cards.hear(), cards.work()
    cards.advance(1)
    before = cards.sandbox.calls("inquire")
    for _ in range(50):
        cards.services.receive_return(cards.payment(other).checkout_token, raw)
        cards.work()
    assert cards.sandbox.calls("inquire") == before + 1 and cards.status(other) == "pending"


def test_payment__neither_callback_nor_return__is_found_by_its_trans_id(cards):
    payment = cards.card()
    cards.card_fault("callback", "lost")
    cards.fill(payment)
    cards.advance(60)
    assert cards.status(payment) == "paid" and cards.hear() == 0


def test_manual_capture__parts_and_rest__are_booked_once_each(cards):
    payment = cards.card_paid(capture="manual")
    assert cards.status(payment) == "authorized" and cards.payment(payment).amount_captured == 0
    first = cards.capture(payment, 1500, key="k1")
    assert first == cards.capture(payment, 1500, key="k1") and first["status"] == "succeeded"
    assert cards.capture(payment)["amount"] == 3499
    assert cards.payment(payment).amount_captured == 4999 and cards.books_agree(payment)


def test_refund__two_parts__each_under_a_name_of_its_own(cards):
    payment = cards.card_paid()
    for amount in (1000, 1000):
        assert cards.refund(payment, amount=amount)["status"] == "succeeded"
    names = {entry["our_reference"] for entry in cards.sandbox.ledger("credit")}
    assert (
        len(names) == 2
        and cards.books_agree(payment)
        and cards.payment(payment).amount_refunded == 2000
    )


def test_cancel__of_an_authorization__reverses_it(cards):
    payment = cards.card_paid(capture="manual")
    assert cards.cancel(payment)["status"] == "canceled"
    assert cards.booked(payment)["reversal"] == 4999 and cards.entry(payment)["state"] == "canceled"


def test_cancel__reversal_that_says_it_is_done__is_believed_after_a_look_only(cards):
    payment = cards.card_paid(capture="manual")
    before = cards.sandbox.calls("inquire")
    provider, row = cards.house.accounts.get("acme", "onecs"), cards.payment(payment)
    ref = PaymentRef(row.reference, Money(4999, "EUR"), row.provider_reference)
    assert (
        provider.cancel(OperationRequest("can_x-1", ref, Money(4999, "EUR"))).outcome.value
        == "succeeded"
    )
    assert (cards.sandbox.calls("inquire") - before, cards.sandbox.calls("reverse")) == (2, 1)


def test_cancel__just_authorized_and_not_yet_heard_of__reverses_it(cards):
    payment = cards.card(capture="manual")
    cards.fill(payment)
    assert (
        cards.cancel(payment)["status"] == "canceled" and cards.booked(payment)["reversal"] == 4999
    )


def test_cancel__partly_captured__is_refused_and_says_why(cards):
    payment = cards.card_paid(capture="manual")
    cards.capture(payment, 1)
    with pytest.raises(NotCancelable, match="paid"):
        cards.cancel(payment)
    assert cards.sandbox.calls("reverse") == 0


@pytest.mark.invariant("I19")
def test_late_authorization__whose_release_is_refused__is_tried_again_by_the_hour_and_put_before_an_operator(
    cards, monkeypatch
):
    """A refusal has the payment looked at, and that look must not ask for the next release at once (I19)."""
    payment = cards.card(capture="manual")
    cards.cancel(payment), cards.fill(payment)
    monkeypatch.setattr(
        OnecsAccount,
        "cancel",
        lambda account, request: Answer.declined(Reason.REQUEST_REFUSED, "refused"),
    )
    assert sync_and_work(cards, payment) == 1 and cards.payment(payment).review
    assert sync_and_work(cards, payment) == 1
    cards.clock.advance(3600)
    assert sync_and_work(cards, payment) == 2
    monkeypatch.undo()
    cards.clock.advance(3600)
    assert (
        sync_and_work(cards, payment) == 3 and cards.operations(payment)[-1].status == "succeeded"
    )


@pytest.mark.invariant("I1")
def test_capture__while_a_cancel_is_under_way__is_refused(cards):
    """A reversal undoes whatever came last: beside it a capture could be the one that is undone (I1)."""
    payment = cards.card_paid(capture="manual")
    cards.card_fault("reverse", "drop_before")
    assert cards.cancel(payment)["outcome_known"] is False
    with pytest.raises(OutcomeUnknown):
        cards.capture(payment)
    cards.drain()
    assert cards.status(payment) == "canceled" and [
        one.kind for one in cards.operations(payment)
    ] == ["cancel"]


def test_cancel__captured_at_the_provider_meanwhile__never_reverses(cards):
    """`reverse.aspx` would undo the capture."""
    payment = cards.card_paid(capture="manual")
    provider, reference = (
        cards.house.accounts.get("acme", "onecs"),
        cards.payment(payment).provider_reference,
    )
    cards.capture(payment, 4999)
    ref = PaymentRef(cards.payment(payment).reference, Money(4999, "EUR"), reference)
    answer = provider.cancel(OperationRequest("can_x-1", ref, Money(4999, "EUR")))
    assert (answer.outcome.value, answer.provider_code) == (
        "declined",
        "captured",
    ) and cards.sandbox.calls("reverse") == 0


def test_authorization__that_lapses_at_the_provider__expires(cards):
    payment = cards.card_paid(capture="manual")
    cards.sandbox.payer(cards.payment(payment).provider_reference, "expire")
    cards.advance(86_400)
    assert cards.status(payment) == "expired"


def test_authorization__after_the_payment_was_given_up__is_released(cards):
    payment = cards.card(capture="manual")
    assert cards.cancel(payment)["status"] == "canceled"
    cards.fill(payment)
    cards.hear(), cards.work(), cards.advance(60)
    assert cards.status(payment) == "canceled" and cards.booked(payment)["reversal"] == 4999
    cards.drain()
    assert cards.sandbox.calls("reverse") == 1


def test_payment__made_after_it_was_given_up__is_paid_late(cards):
    payment = cards.card()
    cards.cancel(payment)
    cards.fill(payment)
    cards.hear(), cards.work()
    assert cards.status(payment) == "paid" and "payment.paid_late" in cards.types(payment)


@pytest.fixture
def delayed(tmp_path, onecs_sandbox, onecs_outside):
    with card_stage(tmp_path, onecs_sandbox, onecs_outside, capture_after_hours=48) as stage:
        yield stage


def test_delayed_capture__until_the_hours_are_over__is_only_authorized(delayed):
    """No callback tells of it; the inquiry after it does."""
    payment = delayed.card_paid()
    assert delayed.status(payment) == "authorized"
    delayed.advance(47 * 3600, sandbox=True)
    assert delayed.status(payment) == "authorized"
    delayed.advance(9 * 3600, sandbox=True)
    assert (
        delayed.status(payment) == "paid" and delayed.books_agree(payment) and delayed.hear() == 0
    )


@pytest.fixture
def with_aes(tmp_path, onecs_sandbox, onecs_outside):
    key = "abcdefghijklmnopqrstuvwxyzABCDEF"
    onecs_sandbox.control(
        "POST",
        "merchants",
        provider="onecs",
        username="aes_cards",
        blowfish_key=key,
        hmac_key="canary-hmac",
        cipher="aes",
    )
    kept = {
        "blowfish_key": secret(tmp_path, "aes.key", key),
        "hmac_key": secret(tmp_path, "aes.hmac", "canary-hmac"),
    }
    with card_stage(
        tmp_path, onecs_sandbox, onecs_outside, merchant_id="aes_cards", cipher="aes", **kept
    ) as stage:
        yield stage


def test_aes__from_the_form_to_the_refund__works_as_blowfish_does(with_aes):
    payment = with_aes.card_paid()
    assert with_aes.refund(payment, amount=1000)["status"] == "succeeded" and with_aes.books_agree(
        payment
    )


def test_captures__one_done_and_one_in_doubt__are_listed_and_the_payment_says_what_is_pending(
    cards,
):
    """A shop reads what became of its captures; what is in doubt is said to be."""
    client = testing.TestClient(
        build_app(
            cards.services,
            WebSettings("http://bridge.example", Path(__file__).parents[4] / "static"),
        )
    )
    payment = cards.card_paid(capture="manual")
    cards.capture(payment, 1000)
    cards.card_fault("capture", "drop_after")
    cards.capture(payment, 500)

    def read(path=""):
        return client.simulate_get(
            f"/v1/payments/{payment['id']}{path}",
            headers={"Authorization": f"Bearer {API_KEYS['acme-one']}"},
        ).json

    assert (
        read()["amount_captured"],
        read()["amount_capture_pending"],
        read()["outcome_known"],
    ) == (1000, 500, False)
    known = [
        (one["amount"], one["status"], one["outcome_known"], one["source"])
        for one in read("/captures")["data"]
    ]
    assert known == [(1000, "succeeded", True, "shop"), (500, "pending", False, "shop")]
    assert [one["amount"] for one in read("/captures?limit=1")["data"]] == [1000] and read(
        "/captures?cursor=ref_1"
    )["status"] == 422
    cards.work()
    assert (
        read()["amount_captured"],
        read()["amount_capture_pending"],
        read()["outcome_known"],
    ) == (1500, 0, True)
