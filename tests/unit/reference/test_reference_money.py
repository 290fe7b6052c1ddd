"""Amounts are read from people's text exactly, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.reference.money import DIGITS, minor_units, plain, readable


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12.50", "EUR", 1250),
        ("12,5", "EUR", 1250),
        (" 12 ", "EUR", 1200),
        ("0.01", "EUR", 1),
        ("1200", "JPY", 1200),
        ("87.95", "EUR", 8795),
    ],
)
def test_minor_units__amount_as_typed__is_exact(text: str, currency: str, amount: int) -> None:
    assert minor_units(text, currency) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.00",
        "-1",
        "+1",
        "1.234",
        "1e3",
        "1.000,00",
        "1,000.00",
        "NaN",
        "Infinity",
        "٣",
        "1.",
        ".5",
        "€5",
        "1_0",
        "9" * 10,
    ],
)
def test_minor_units__not_an_amount__is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        minor_units(text, "EUR")


def test_minor_units__decimals_in_a_currency_without__is_refused() -> None:
    with pytest.raises(ValueError):
        minor_units("12.00", "JPY")


@pytest.mark.invariant("I15")
@given(st.integers(min_value=1, max_value=10**9 - 1), st.sampled_from(sorted(DIGITS)))
def test_plain__read_again__is_the_same_amount(amount: int, currency: str) -> None:
    """I15: what the form shows is what it sends."""
    assert minor_units(plain(amount, currency), currency) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (4999, "EUR", "en", "€49.99"),
        (4999, "EUR", "de", "49,99\u00a0€"),
        (123456789, "EUR", "de", "1.234.567,89\u00a0€"),
        (80, "CHF", "en", "CHF\u00a00.80"),
        (0, "JPY", "de", "0\u00a0JPY"),
    ],
)
def test_readable__price__is_written_as_the_reader_writes_it(
    amount: int, currency: str, language: str, text: str
) -> None:
    assert readable(amount, currency, language) == text
