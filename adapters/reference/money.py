"""Amounts are whole minor units everywhere; text exists only at the edge, where a person reads or types it."""

from __future__ import annotations

import re
from decimal import Decimal

DIGITS = {"EUR": 2, "CHF": 2, "GBP": 2, "USD": 2, "JPY": 0}


def minor_units(text: str, currency: str) -> int:
    """Read an amount as a person types it, ``12.50`` or ``12,50``, as whole minor units.

    Raises ``ValueError`` for anything that is not a positive amount with at most the currency's digits.
    """
    digits = DIGITS[currency]
    fraction = rf"(?:[.,][0-9]{{1,{digits}}})?" if digits else ""
    if not re.fullmatch(rf"[0-9]{{1,9}}{fraction}", text.strip(), re.ASCII):
        raise ValueError(f"not an amount of {currency} with at most {digits} decimal places")
    amount = int(Decimal(text.strip().replace(",", ".")).scaleb(digits))
    if amount == 0:
        raise ValueError("an amount must be more than zero")
    return amount


def plain(amount: int, currency: str) -> str:
    """Return minor units as decimal text without a currency sign, as a form field shows it."""
    digits = DIGITS[currency]
    return f"{Decimal(amount).scaleb(-digits):.{digits}f}"


def readable(amount: int, currency: str, language: str = "en") -> str:
    """Return minor units as a price in the reader's language: ``€49.99`` or ``49,99 €``."""
    sign = {"EUR": "€", "GBP": "£", "USD": "$"}.get(currency, f"{currency}\u00a0")
    number = f"{Decimal(plain(amount, currency)):,}"
    if language != "de":
        return f"{sign}{number}"
    german = number.translate(str.maketrans(",.", ".,"))
    return f"{german}\u00a0{sign.strip()}"
