"""Shopware's amounts to minor units: decimal arithmetic on the text that the shop sent, never a float (Shopware sheet, section 4.9)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from bridge.domain.money import exponents, format_decimal

LARGEST = 10**15
NOISE = Decimal("0.001")
"""How much of a minor unit may be rounded away: PHP's floats write 0.30000000000000004 for 0.30."""


class BadAmount(ValueError):
    """An amount that is no amount in its currency. The text is for the shop's log."""


def minor_units(value: object, currency: str) -> int:
    """Return an amount in minor units; Shopware writes 10 for 10.0. Raises BadAmount."""
    if currency not in exponents():
        raise BadAmount(f"{currency!r} is no currency")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadAmount("the amount is no number")
    try:
        exact = Decimal(value).scaleb(exponents()[currency])
        rounded = exact.quantize(Decimal(1), ROUND_HALF_UP)
        rounded_away = abs(rounded - exact) > NOISE
    except ArithmeticError:
        raise BadAmount("the amount is no amount of money") from None
    if rounded_away:
        raise BadAmount(f"{value} has more places than {currency} has")
    if not 0 <= rounded <= LARGEST:
        raise BadAmount(f"{value} cannot be paid")
    return int(rounded)


def major_units(amount: int, currency: str) -> str:
    """Write minor units as people read them: 4999, EUR → 49.99."""
    return format_decimal(amount, currency)
