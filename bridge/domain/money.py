"""Money: whole minor units and an ISO 4217 currency. No floats, anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from iso4217 import Currency

MAX_AMOUNT = 10**12
"""No amount on the wire may be larger, in minor units."""


@cache
def exponents() -> dict[str, int]:
    """Decimal places by currency code, for every ISO 4217 currency that has a minor unit (0 to 4 places)."""
    return {c.code: c.exponent for c in Currency if c.exponent is not None}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency. Adding or comparing two currencies is a programming error (ValueError)."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse what is not money: a float, a boolean, an unknown currency (ValueError)."""
        if type(self.amount) is not int:
            raise ValueError("an amount is a whole number of minor units")
        if self.currency not in exponents():
            raise ValueError(f"unknown currency {self.currency!r}")

    def __add__(self, other: Money) -> Money:
        """Add money of the same currency."""
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        """Subtract money of the same currency."""
        return Money(self.amount - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        """Compare with money of the same currency."""
        return self.amount < self._same(other)

    def __str__(self) -> str:
        """Write the amount for people and logs: 49.99 EUR."""
        return f"{format_decimal(self.amount, self.currency)} {self.currency}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other.amount


def format_decimal(amount: int, currency: str) -> str:
    """Write minor units as a decimal text with the currency's places: 4999, EUR → "49.99"."""
    places = exponents()[currency]
    digits = f"{abs(amount):0{places + 1}d}"
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if amount < 0 else text


def parse_decimal(text: str, currency: str) -> int:
    """Read a decimal text as minor units; the inverse of `format_decimal`. Raises ValueError on excess digits or rubbish."""
    places = exponents()[currency]
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, point, fraction = digits.partition(".")
    if (
        not (whole.isascii() and whole.isdigit())
        or bool(point) != bool(fraction)
        or len(fraction) > places
    ):
        raise ValueError(f"{text!r} is not an amount in {currency}")
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        raise ValueError(f"{text!r} is not an amount in {currency}")
    return sign * int(whole + fraction.ljust(places, "0"))
