"""Money is whole minor units; what is written can be read back, and nothing else can."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.fees import FeeSchedule
from bridge.domain.money import MAX_AMOUNT, Money, exponents, format_decimal, parse_decimal

CURRENCIES = st.sampled_from(sorted(exponents()))
AMOUNTS = st.integers(-MAX_AMOUNT, MAX_AMOUNT)
WALLET = FeeSchedule("EUR", free_up_to=100, basis_points=100, fixed=15, minimum=20, maximum=None)


@pytest.mark.parametrize(
    ("codes", "places"),
    [
        ("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 0),
        ("EUR USD CHF GBP PLN", 2),
        ("BHD IQD JOD KWD LYD OMR TND", 3),
        ("CLF UYW", 4),
    ],
)
def test_exponents__currency__has_the_places_of_the_iso_table(codes, places):
    """No yen times a hundred (lessons 51 and 52)."""
    assert {exponents()[code] for code in codes.split()} == {places}


def test_exponents__currencies_without_minor_unit_or_withdrawn__are_unknown():
    assert not {"XAU", "XTS", "XXX", "BGN", "HRK", "eur", ""} & set(exponents())


@pytest.mark.invariant("I15")
@given(AMOUNTS, CURRENCIES)
def test_decimal__any_amount_in_any_currency__is_read_back(amount, currency):
    """parse(format(x)) == x over the whole ISO table (I15)."""
    assert parse_decimal(format_decimal(amount, currency), currency) == amount


@pytest.mark.invariant("I15")
@given(AMOUNTS, CURRENCIES)
def test_format__any_amount__is_the_exact_decimal(amount, currency):
    """Written without a float in between (I15)."""
    assert Decimal(format_decimal(amount, currency)) == Decimal(amount).scaleb(
        -exponents()[currency]
    )


@pytest.mark.invariant("I15")
@given(AMOUNTS, CURRENCIES)
def test_parse__one_digit_too_many__is_refused(amount, currency):
    """Excess precision is refused at the door, even a zero (I15; lesson 54)."""
    text = format_decimal(amount, currency)
    with pytest.raises(ValueError, match="is not an amount"):
        parse_decimal(f"{text}0" if "." in text else f"{text}.0", currency)


def test_format__nothing__has_no_sign():
    assert format_decimal(0, "EUR") == "0.00" and format_decimal(-1, "EUR") == "-0.01"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        "1.",
        ".5",
        "1,00",
        "1e2",
        " 1",
        "+1",
        "1_000",
        "٣",
        "1.٣",
        "1._5",
        "--1",
        "NaN",
        "0x10",
        "1.0.0",
    ],
)
def test_parse__rubbish__is_refused(text):
    with pytest.raises(ValueError, match="is not an amount"):
        parse_decimal(text, "EUR")


@given(st.text(max_size=8))
def test_parse__any_text__is_an_amount_or_a_value_error(text):
    try:
        assert type(parse_decimal(text, "EUR")) is int
    except ValueError as error:
        assert "is not an amount" in str(error)


@pytest.mark.parametrize("amount", [1.0, True, "1", None, Decimal(1), 49.99])
def test_money__no_whole_number__is_refused(amount):
    """Floats and booleans are no money (lessons 53 and 55)."""
    with pytest.raises(ValueError, match="whole number"):
        Money(amount, "EUR")


@pytest.mark.parametrize("currency", ["XXX", "eur", "EURO", "", "DEM"])
def test_money__unknown_currency__is_refused(currency):
    with pytest.raises(ValueError, match="unknown currency"):
        Money(1, currency)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_money__of_one_currency__adds_subtracts_and_compares(a, b):
    one, other = Money(a, "EUR"), Money(b, "EUR")
    assert (
        (one + other).amount == a + b and (one - other).amount == a - b and (one < other) is (a < b)
    )


@pytest.mark.parametrize("act", [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a < b])
def test_money__of_two_currencies__does_not_mix(act):
    with pytest.raises(ValueError, match="do not mix"):
        act(Money(1, "EUR"), Money(1, "USD"))


def test_money__written_for_people__has_its_places():
    assert [
        str(Money(*money))
        for money in ((4999, "EUR"), (5, "EUR"), (-5, "EUR"), (500, "JPY"), (1, "KWD"))
    ] == ["49.99 EUR", "0.05 EUR", "-0.05 EUR", "500 JPY", "0.001 KWD"]


# --- fees and limits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        (20, 0),
        (99, 0),
        (100, 0),
        (101, 16),
        (149, 16),
        (150, 17),
        (1000, 25),
        (4999, 65),
        (5000, 65),
        (5050, 66),
        (100_000, 1015),
    ],
)
def test_fee__price_list__is_free_up_to_one_euro_then_one_percent_and_fifteen_cents(amount, fee):
    assert WALLET.estimate(amount) == fee


@given(st.integers(0, MAX_AMOUNT), st.integers(0, 1000))
def test_fee__more_money__never_costs_less(amount, more):
    assert WALLET.estimate(amount) <= WALLET.estimate(amount + more)


@pytest.mark.parametrize(
    ("maximum", "amount", "allowed"),
    [
        (None, 19, False),
        (None, 20, True),
        (None, MAX_AMOUNT, True),
        (500, 500, True),
        (500, 501, False),
        (500, 0, False),
    ],
)
def test_limits__amount__is_allowed_between_minimum_and_maximum(maximum, amount, allowed):
    assert FeeSchedule("EUR", 100, 100, 15, 20, maximum).allows(amount) is allowed
