"""Cashcredits and foreign orders: what is asked, what is booked, and what is believed."""

from __future__ import annotations

import pytest
from cashcloud_script import FIFTY, a_refund, a_request, a_transaction, an_account, http
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.money import Money
from bridge.domain.outcome import Outcome
from bridge.domain.reasons import Reason
from bridge.ports import PaymentRef
from bridge.providers.cashcloud.conversion import (
    Booked,
    Note,
    euro_cents,
    in_our_words,
    part_of,
    read_note,
    with_note,
)

NOTED = {"id": "pay_1-1", "description": "Order 100000123 [4999 EUR, 4899 CCR]"}
NOTED_BEFORE = NOTED | {"description": "Order 100000123 [4999 EUR = 4899 CCR]"}
PAID_IN_CCR = PaymentRef("pay_1-1", FIFTY, "hash-1", "CCR")
RATE, HASH = http(200, {"amount": {"2": {"3": 4899}}}), http(201, {"hash": "hash-1"})
DOLLARS = {"convert_foreign_currency": True, "euro_rates": {"USD": "0.925", "JPY": "0.0061"}}


def inquired(payment=PAID_IN_CCR, **changes):
    account, _ = an_account(
        {"transactions": [http(200, {"transaction": a_transaction(**changes)})]}
    )
    statement = account.inquire(payment).statement
    return statement.currency, statement.amount, statement.captured


def test_start__in_cashcredits__asks_for_euro_cents_and_notes_the_price():
    """Cashcloud sheet, section Calls, notes: `amount` is in euro cents whatever the currency; Cashcloud converts."""
    account, wire = an_account({"currency-rate": [RATE], "request": [HASH]}, cashcredits=True)
    assert account.start(a_request(pay_currency="CCR")).answer.outcome is Outcome.PENDING
    sent = wire.calls[-1][2]["multipart"]
    assert (sent["amount"], sent["currency_id"], sent["extern.description"]) == (
        "4999",
        "2",
        NOTED["description"],
    )
    assert wire.calls[1][2]["params"] == {"amount": "4999"}


@pytest.mark.parametrize(("amount", "currency_id"), [(4999, 2), (4899, 2), (4999, 1)])
def test_inquire__books_say_the_euro_cents_or_the_cashcredits__is_told_in_the_payments_currency(
    amount, currency_id
):
    assert inquired(amount=amount, currency_id=currency_id, extern=NOTED) == ("EUR", 4999, 4999)


def test_inquire__asked_for_by_an_earlier_version__is_told_in_the_payments_currency():
    assert inquired(amount=4899, currency_id=2, extern=NOTED_BEFORE) == ("EUR", 4999, 4999)
    assert inquired(amount=4999, currency_id=2, extern=NOTED_BEFORE) == ("CCR", 4999, 4999)


@pytest.mark.invariant("I12")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"amount": 4898, "currency_id": 2, "extern": NOTED}, ("CCR", 4898, 4898)),
        ({"amount": 5000, "currency_id": 2, "extern": NOTED}, ("CCR", 5000, 5000)),
        ({"amount": 4899, "currency_id": 1, "extern": NOTED}, ("EUR", 4899, 4899)),
        ({"amount": 4899, "currency_id": 2, "extern": {"id": "pay_1-1"}}, ("CCR", 4899, 4899)),
        (
            {
                "amount": 4899,
                "currency_id": 2,
                "extern": NOTED | {"description": "[4999 USD, 4899 CCR]"},
            },
            ("CCR", 4899, 4899),
        ),
        (
            {
                "amount": 4899,
                "currency_id": 2,
                "extern": NOTED | {"description": "[4999 EUR, 4899 CCR] x"},
            },
            ("CCR", 4899, 4899),
        ),
    ],
)
def test_inquire__booked_otherwise_than_noted__is_told_as_booked(changes, told):
    """So that the comparison with our row fails (I12)."""
    assert inquired(**changes) == told


def test_inquire__a_euro_payment_booked_in_cashcredits__is_told_as_booked():
    assert inquired(PaymentRef("pay_1-1", FIFTY, "hash-1"), currency_id=2) == ("CCR", 4999, 4999)


@pytest.mark.invariant("I12")
def test_inquire__a_euro_payment_whose_text_looks_like_a_note__is_told_as_booked():
    """The text is the shop's; cashcredits are believed of a payment that was asked for in them alone (I12)."""
    assert inquired(
        PaymentRef("pay_1-1", FIFTY, "hash-1"),
        amount=1,
        currency_id=2,
        extern=NOTED | {"description": "[4999 EUR, 1 CCR]"},
    ) == ("CCR", 1, 1)


@pytest.mark.parametrize("booked", [4899, 4999])
@pytest.mark.parametrize(("refunded", "price"), [(4999, 4899), (1500, 1470), (1, 1)])
def test_refund__of_a_payment_in_cashcredits__is_asked_for_in_euro_cents(refunded, price, booked):
    found = a_transaction(amount=booked, currency_id=2, extern=NOTED)
    account, wire = an_account(
        {
            "transactions": [http(200, {"transaction": found})],
            "refund": [http(201, {"hash": "hash-2"})],
        }
    )
    answer = account.refund(a_refund(Money(refunded, "EUR"), payment=PAID_IN_CCR))
    assert (answer.outcome, wire.calls[-1][2]["multipart"]["amount"]) == (
        Outcome.PENDING,
        str(refunded),
    )
    assert (
        wire.calls[-1][2]["multipart"]["extern[description]"]
        == f"item returned [{refunded} EUR, {price} CCR]"
    )


@pytest.mark.parametrize(
    ("amount", "told"), [(1500, ("EUR", 1500)), (1470, ("EUR", 1500)), (1471, ("CCR", 1471))]
)
def test_inquire__refund_of_a_payment_in_cashcredits__is_either_of_two_numbers(amount, told):
    noted = {"id": "ref_1-1", "description": "item returned [1500 EUR, 1470 CCR]"}
    account, _ = an_account(
        {
            "transactions": [
                http(
                    200, {"transaction": a_transaction(amount=amount, currency_id=2, extern=noted)}
                )
            ]
        }
    )
    statement = account.inquire_operation(
        "refund", a_refund(payment=PAID_IN_CCR, provider_reference="hash-1")
    ).statement
    assert (statement.currency, statement.amount) == told


@pytest.mark.parametrize(("refunded", "sent"), [(4999, "4899"), (1500, "1469"), (1, "0")])
def test_refund__of_what_an_earlier_version_asked_for__gives_back_its_share_of_what_was_sent(
    refunded, sent
):
    found = a_transaction(amount=4899, currency_id=2, extern=NOTED_BEFORE)
    account, wire = an_account(
        {
            "transactions": [http(200, {"transaction": found})],
            "refund": [http(201, {"hash": "hash-2"})],
        }
    )
    answer = account.refund(a_refund(Money(refunded, "EUR"), payment=PAID_IN_CCR))
    assert (answer.outcome, wire.calls[-1][2]["multipart"]["amount"]) == (Outcome.PENDING, sent)
    assert (
        wire.calls[-1][2]["multipart"]["extern[description]"]
        == f"item returned [{refunded} EUR = {sent} CCR]"
    )


def test_refund__no_note_vouches_for_the_rate__is_declined_unasked():
    found = a_transaction(amount=4899, currency_id=2)
    account, wire = an_account({"transactions": [http(200, {"transaction": found})]})
    assert account.refund(a_refund(payment=PAID_IN_CCR)).reason is Reason.REQUEST_REFUSED
    assert "refund" not in wire.paths()


def test_part_of__noted_for_another_amount_of_ours__is_nothing():
    assert (
        part_of(Booked(4899, "CCR"), NOTED["description"], Money(5000, "EUR"), Money(1500, "EUR"))
        is None
    )


def test_start__foreign_order_in_cashcredits__asks_for_euro_cents_and_notes_both():
    account, wire = an_account(
        {"currency-rate": [http(200, {"amount": {"2": {"3": 4532}}})], "request": [HASH]},
        cashcredits=True,
        **DOLLARS,
    )
    account.start(a_request(money=Money(4999, "USD"), pay_currency="CCR"))
    sent = wire.calls[-1][2]["multipart"]
    assert (sent["amount"], sent["extern.description"]) == (
        "4624",
        "Order 100000123 [4999 USD = 4624 EUR, 4532 CCR]",
    )
    for booked in (Booked(4624, "CCR"), Booked(4532, "CCR"), Booked(4624, "EUR")):
        assert in_our_words(booked, sent["extern.description"], "USD", "CCR") == Booked(4999, "USD")
    assert in_our_words(Booked(4532, "EUR"), sent["extern.description"], "USD", "CCR") == Booked(
        4532, "EUR"
    )


@pytest.mark.parametrize(
    ("money", "cents"), [(Money(4999, "USD"), "4624"), (Money(5000, "JPY"), "3050")]
)
def test_start__foreign_order_with_a_rate__asks_for_euro(money, cents):
    account, wire = an_account({"request": [HASH]}, **DOLLARS)
    account.start(a_request(money=money))
    sent = wire.calls[-1][2]["multipart"]
    assert (sent["amount"], sent["currency_id"]) == (cents, "1")
    assert in_our_words(
        Booked(int(cents), "EUR"), sent["extern.description"], money.currency, None
    ) == Booked(money.amount, money.currency)


@pytest.mark.parametrize(
    ("request_", "settings"),
    [
        (a_request(money=Money(4999, "USD")), {}),
        (a_request(money=Money(4999, "GBP")), DOLLARS),
        (a_request(pay_currency="CCR"), {}),
        (a_request(pay_currency="USD"), {"cashcredits": True}),
    ],
)
def test_start__currency_that_the_profile_does_not_allow__is_declined_unasked(request_, settings):
    account, wire = an_account(**settings)
    assert account.start(request_).answer.reason is Reason.CURRENCY_NOT_SUPPORTED
    assert not wire.calls


@given(
    whole=st.integers(1, 10**9),
    booked=st.integers(1, 10**9),
    parts=st.lists(st.integers(1, 10**9), max_size=5),
)
def test_part_of__parts_within_the_whole__never_add_up_to_more_than_was_booked(
    whole, booked, parts
):
    """What is given back stays within what was taken (I2)."""
    ours, theirs = Money(whole, "USD"), Booked(booked, "EUR")
    note = with_note("", Note(ours, theirs))
    within = [part for at, part in enumerate(parts) if sum(parts[: at + 1]) <= whole]
    assert (
        sum(part_of(theirs, note, ours, Money(part, "USD")).sent.amount for part in within)
        <= booked
    )
    assert part_of(theirs, note, ours, ours).sent == theirs


NUMBERS = st.integers(0, 10**12)
NOTES = st.builds(
    Note,
    NUMBERS.map(lambda n: Money(n, "USD")),
    NUMBERS.map(lambda n: Booked(n, "EUR")),
    st.none() | NUMBERS,
) | NUMBERS.flatmap(
    lambda n: st.builds(Note, st.just(Money(n, "EUR")), st.just(Booked(n, "EUR")), NUMBERS)
)


@given(text=st.text(max_size=40), note=NOTES)
def test_note__after_any_text__is_read_as_it_was_written(text, note):
    assert read_note(with_note(text, note)) == note


@given(text=st.text(max_size=40), amount=NUMBERS)
def test_note__of_euro_paid_in_euro__says_nothing(text, amount):
    assert with_note(text, Note(Money(amount, "EUR"), Booked(amount, "EUR"))) == text


def test_euro_cents__half_a_cent__is_rounded_up():
    assert euro_cents(Money(50, "USD"), "0.925") == 46
    assert euro_cents(Money(100, "USD"), "0.925") == 93
