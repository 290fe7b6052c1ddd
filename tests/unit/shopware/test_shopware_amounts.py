"""Amounts as PHP writes them, to minor units."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.shopware.endpoints.amounts import BadAmount, minor_units
from adapters.shopware.endpoints.messages import read
from bridge.domain.money import format_decimal


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("395.01", "EUR", 39501),
        ("10", "EUR", 1000),
        ("0.30000000000000004", "EUR", 30),
        ("19.989999999999998", "EUR", 1999),
        ("0", "EUR", 0),
        ("1000", "JPY", 1000),
        ("12.345", "KWD", 12345),
        ("12.35", "CHF", 1235),
        ("1.0e+3", "EUR", 100000),
    ],
)
def test_minor_units__as_php_writes_it__is_exact(written: str, currency: str, minor: int) -> None:
    assert minor_units(read(f'{{"a":{written}}}'.encode())["a"], currency) == minor


@pytest.mark.parametrize(
    ("value", "currency"),
    [
        (Decimal("10.005"), "EUR"),
        (Decimal("10.5"), "JPY"),
        (Decimal("-1"), "EUR"),
        (Decimal("NaN"), "EUR"),
        (Decimal("1.0e25"), "EUR"),
        (Decimal("Infinity"), "EUR"),
        (Decimal("1e999999"), "EUR"),
        ("10.00", "EUR"),
        (True, "EUR"),
        (None, "EUR"),
        ([], "EUR"),
        (10, "XXY"),
        (10, ""),
        (10**400, "EUR"),
    ],
)
def test_minor_units__no_payable_amount__is_refused(value: object, currency: str) -> None:
    with pytest.raises(BadAmount):
        minor_units(value, currency)


@given(amount=st.integers(0, 10**12), currency=st.sampled_from(["EUR", "JPY", "KWD", "CHF"]))
def test_minor_units__float_of_any_amount__comes_back(amount: int, currency: str) -> None:
    written = json.dumps(float(format_decimal(amount, currency)))
    assert minor_units(Decimal(written), currency) == amount
