"""The verbs over scripted answers: the ones that a well-behaved sandbox does not give."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cashcloud_script import FIFTY, NOW, a_refund, a_request, a_transaction, an_account, http

from bridge.domain.money import Money
from bridge.domain.outcome import Outcome
from bridge.domain.reasons import Reason
from bridge.errors import ConfigError, NoAnswer, NotSent, NotSupported, TransportError
from bridge.ports import PaymentRef, Price

ANOTHER = a_transaction(hash="hash-7", extern={"id": "pay_7-1"})
HASH, RATE = http(201, {"hash": "hash-1"}), http(200, {"amount": {"2": {"3": 4899}}})
SAVED = {"callback_url": "https://bridge.example/c", "request_expiration": 1800}
ANSWERS = [
    (http(201, {"hash": "hash-9"}), Outcome.PENDING, None),
    (http(200, {"hash": "hash-9"}), Outcome.PENDING, None),
    (http(412, {"validationFailed": ["blackList"]}), Outcome.DECLINED, "blackList"),
    (http(412, {"validationFailed": ["odd", "blackList"]}), Outcome.DECLINED, "odd, blackList"),
    (http(412, {"validationFailed": []}), Outcome.DECLINED, "validationFailed"),
    (http(412, b"<html>"), Outcome.UNKNOWN, "json"),
    (http(412, {}), Outcome.UNKNOWN, "validationFailed"),
    (http(404), Outcome.NOT_EXECUTED, "http.404"),
    (http(423), Outcome.NOT_EXECUTED, "http.423"),
    (http(201, {}), Outcome.UNKNOWN, "hash"),
    (http(201, {"hash": ["x"]}), Outcome.UNKNOWN, "hash"),
    (http(200, {"error": True, "hash": "hash-9"}), Outcome.UNKNOWN, "error"),
    (http(201, {"error": False, "hash": "hash-9"}), Outcome.PENDING, None),
    (http(201, b"\xff"), Outcome.UNKNOWN, "json"),
    (http(204, b""), Outcome.UNKNOWN, "http.204"),
    (http(302), Outcome.UNKNOWN, "http.302"),
    (http(400), Outcome.UNKNOWN, "http.400"),
    (http(408), Outcome.UNKNOWN, "http.408"),
    (http(429), Outcome.UNKNOWN, "http.429"),
    (http(500, {"hash": "hash-9"}), Outcome.UNKNOWN, "http.500"),
    (http(503), Outcome.UNKNOWN, "http.503"),
    (NotSent("refused"), Outcome.NOT_EXECUTED, "not_sent"),
    (NoAnswer("reset"), Outcome.UNKNOWN, "no_answer"),
]


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(("said", "outcome", "code"), ANSWERS)
def test_start__whatever_is_answered__is_known_only_when_it_was_said(said, outcome, code):
    """Nothing but a readable answer of the sheet ends the doubt (I4)."""
    account, _ = an_account({"request": [said]})
    answer = account.start(a_request()).answer
    assert (answer.outcome, answer.provider_code) == (outcome, code)


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(("said", "outcome", "code"), ANSWERS)
def test_refund__whatever_is_answered__is_known_only_when_it_was_said(said, outcome, code):
    """Nothing but a readable answer of the sheet ends the doubt (I4)."""
    account, _ = an_account({"refund": [said]})
    answer = account.refund(a_refund())
    assert (answer.outcome, answer.provider_code) == (outcome, code)


def test_start__fields__are_the_sheets_with_dots():
    account, wire = an_account({"request": [HASH]}, reason_id="314")
    account.start(a_request())
    assert wire.calls[-1][:2] == ("POST", "request")
    assert wire.calls[-1][2]["multipart"] == {
        "email": "customer@example.com",
        "amount": "4999",
        "currency_id": "1",
        "reason_id": "314",
        "remark": "Order 100000123 [42]",
        "extern.id": "pay_1-1",
        "extern.reference": "100000123",
        "extern.description": "Order 100000123",
    }


def test_start__reason_of_the_payer__goes_before_the_profiles():
    account, wire = an_account({"request": [HASH]}, reason_id="314")
    account.start(a_request(reason_id="315"))
    assert wire.calls[-1][2]["multipart"]["reason_id"] == "315"


def test_start__no_reason_at_all__is_declined_unasked():
    """Cashcloud sheet, section Calls, notes: `reason_id` is always sent."""
    account, wire = an_account({"request": [HASH]}, reason_id=None, payer_chooses_reason=True)
    answer = account.start(a_request()).answer
    assert (answer.outcome, answer.reason, wire.calls) == (
        Outcome.DECLINED,
        Reason.REQUEST_REFUSED,
        [],
    )
    account.start(a_request(reason_id="315"))
    assert wire.calls[-1][2]["multipart"]["reason_id"] == "315"


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({}, ("wallet_username",)),
        ({"reason_id": None, "payer_chooses_reason": True}, ("wallet_username", "reason")),
    ],
)
def test_terms__reason__is_asked_of_the_payer_where_the_profile_says_so(settings, asked):
    assert an_account(**settings)[0].terms().payer_fields == asked


def test_refund__fields__are_the_sheets_with_brackets():
    account, wire = an_account({"refund": [http(201, {"hash": "hash-2"})]})
    assert account.refund(a_refund()).provider_reference == "hash-2"
    assert wire.calls[-1][2]["multipart"] == {
        "hash": "hash-1",
        "amount": "1500",
        "remark": "item returned",
        "extern[id]": "ref_1-1",
        "extern[reference]": "pay_1-1",
        "extern[description]": "item returned",
    }


@pytest.mark.invariant("I1")
def test_refund__answered_with_the_payments_own_hash__is_unknown():
    """Under that hash we would later read the payment's success as the refund's (I1)."""
    account, _ = an_account({"refund": [HASH]})
    assert account.refund(a_refund()).outcome is Outcome.UNKNOWN


def test_refund__hash_of_the_payment_unknown__is_looked_up_first():
    listed = http(200, {"transactions": [a_transaction()]})
    account, wire = an_account(
        {"transactions": [listed], "refund": [http(201, {"hash": "hash-2"})]}
    )
    account.refund(a_refund(payment=PaymentRef("pay_1-1", FIFTY)))
    assert wire.calls[-1][2]["multipart"]["hash"] == "hash-1"


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(
    "said", [NoAnswer(), http(500), http(200, {"transactions": []}), http(200, b"")]
)
def test_refund__what_comes_first_fails__was_never_sent(said):
    """The refund itself was not called (I4)."""
    account, wire = an_account({"transactions": [said]})
    assert (
        account.refund(a_refund(payment=PaymentRef("pay_1-1", FIFTY))).outcome
        is Outcome.NOT_EXECUTED
    )
    assert "refund" not in wire.paths()


@pytest.mark.invariant("I4")
@pytest.mark.parametrize("said", [NoAnswer(), NotSent(), http(500), http(200, {"amount": {}})])
def test_start__no_rate_for_cashcredits__was_never_sent(said):
    """The request itself was not called (I4)."""
    account, wire = an_account({"currency-rate": [said]}, cashcredits=True)
    assert account.start(a_request(pay_currency="CCR")).answer.outcome is Outcome.NOT_EXECUTED
    assert "request" not in wire.paths()


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(
    "said",
    [
        http(403),
        http(404),
        http(412, {"validationFailed": {"hash": "notFound"}}),
        http(423),
        http(500),
        http(200, b"{"),
        http(200, {}),
        http(200, {"transaction": None, "transactions": None}),
        NoAnswer(),
        NotSent(),
        http(200, {"transaction": ANOTHER, "transactions": [ANOTHER]}),
        http(200, {"transactions": [a_transaction(), a_transaction(hash="hash-7")]}),
    ],
)
@pytest.mark.parametrize("known", ["hash-1", None])
def test_inquire__no_proof_in_the_answer__is_unknown(said, known):
    """Neither an error nor a list that was not filtered proves that there is no such payment (I4, I5)."""
    account, _ = an_account({"transactions": [said]})
    assert account.inquire(PaymentRef("pay_1-1", FIFTY, known)).outcome is Outcome.UNKNOWN
    assert (
        account.inquire_operation(
            "refund", a_refund(reference="pay_1-1", provider_reference=known)
        ).outcome
        is Outcome.UNKNOWN
    )


def test_inquire__empty_list__is_proof_that_it_was_not_executed():
    account, wire = an_account({"transactions": [http(200, {"transactions": []})]})
    assert account.inquire(PaymentRef("pay_1-1", FIFTY)).outcome is Outcome.NOT_EXECUTED
    assert wire.calls[-1][2]["params"] == {"extern_id": "pay_1-1"}


def test_inquire__found_in_the_list__brings_hash_and_statement():
    account, _ = an_account({"transactions": [http(200, {"transactions": [a_transaction()]})]})
    answer = account.inquire(PaymentRef("pay_1-1", FIFTY))
    assert (answer.outcome, answer.provider_reference) == (Outcome.SUCCEEDED, "hash-1")
    assert (answer.statement.our_reference, answer.statement.currency, answer.statement.amount) == (
        "pay_1-1",
        "EUR",
        4999,
    )


@pytest.mark.invariant("I18")
def test_verbs__every_call__has_what_is_left_of_one_deadline():
    account, wire = an_account({"request": [HASH]}, deadline=7)
    account.start(a_request())
    first, second = (call[2]["deadline"] for call in wire.calls)
    assert 7 >= first >= second > 0


def test_verbs__what_a_wallet_cannot_do__is_not_supported():
    account, wire = an_account()
    for verb in (
        account.capture,
        account.cancel,
        lambda request: account.inquire_operation("capture", request),
    ):
        with pytest.raises(NotSupported):
            verb(a_refund())
    assert not wire.calls


def test_prices__switched_on__are_kept_for_a_minute():
    now = [NOW]
    account, wire = an_account({"currency-rate": [RATE]}, clock=lambda: now[0], cashcredits=True)
    assert account.prices(FIFTY) == account.prices(FIFTY) == (Price("CCR", 4899),)
    now[0] += timedelta(seconds=60)
    account.prices(FIFTY)
    assert wire.paths() == ["salt", "currency-rate", "currency-rate"]


def test_prices__switched_off_or_foreign__are_none_unasked():
    (off, wire), (on, on_wire) = an_account(), an_account(cashcredits=True)
    assert off.prices(FIFTY) == on.prices(Money(100, "USD")) == ()
    assert not wire.calls and not on_wire.calls


@pytest.mark.parametrize("said", [NoAnswer(), NotSent(), http(500), http(200, b""), http(403)])
def test_prices_and_reasons__failure__are_none_and_asked_again(said):
    reasons = http(200, {"messages": {"314": "Electronics"}})
    account, _ = an_account(
        {"currency-rate": [said, said, RATE], "reasons": [said, said, reasons]},
        cashcredits=True,
        reason_id=None,
        payer_chooses_reason=True,
    )
    for _ in range(2):
        account.prices(FIFTY), account.reasons()
    assert account.prices(FIFTY) and account.reasons()[0].text == "Electronics"


def test_reasons__chosen_in_the_profile__are_not_offered():
    account, wire = an_account(reason_id="314")
    assert account.reasons() == () and not wire.calls


def test_register__saved_already__is_not_saved_again():
    account, wire = an_account({"settings": [http(200, SAVED)]})
    account.register("https://bridge.example/c", 1800)
    assert [call[:2] for call in wire.calls] == [("POST", "salt"), ("GET", "settings")]


def test_register__something_else_saved__is_saved_and_read_back():
    account, wire = an_account(
        {
            "settings": [
                http(200, SAVED | {"request_expiration": 1}),
                http(200, {}),
                http(200, SAVED),
            ]
        }
    )
    account.register("https://bridge.example/c", 1800)
    assert [call[0] for call in wire.calls[1:]] == ["GET", "POST", "GET"]
    assert wire.calls[2][2]["multipart"] == {
        "callback_url": "https://bridge.example/c",
        "request_expiration": "1800",
    }


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ([http(403)], ConfigError),
        (
            [http(200, {}), http(412, {"validationFailed": {"callback_url": "invalid"}})],
            ConfigError,
        ),
        ([http(200, {}), http(200, {}), http(200, {})], ConfigError),
        ([http(500)], TransportError),
        ([http(200, b"")], TransportError),
        ([NoAnswer()], TransportError),
        ([NotSent()], TransportError),
        ([http(200, {}), http(412, b"")], TransportError),
    ],
)
def test_register__refused_or_unheard__says_so(said, error):
    account, _ = an_account({"settings": said})
    with pytest.raises(error):
        account.register("https://bridge.example/c", 1800)


def test_start__refused_for_a_reason_that_we_do_not_know__keeps_the_providers_code():
    account, _ = an_account(
        {"request": [http(412, {"validationFailed": {"moon": ["phase", "tide"]}})]}
    )
    answer = account.start(a_request()).answer
    assert (answer.reason, answer.provider_code) == (
        Reason.REQUEST_REFUSED,
        "moon.phase, moon.tide",
    )
