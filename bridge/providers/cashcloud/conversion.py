"""Amounts asked for in another currency than the order's: cashcredits, or euro for a foreign order.

Cashcloud then books another amount than the payment's, and the account remembers nothing. So the note
"[4999 EUR = 5249 CCR]" (minor units, ours = theirs) travels in the transaction's own description, and whoever reads the
transaction can check what was booked against it and say it in the payment's currency. A transaction whose booked amount
is not the noted one is told as it was booked, and then fails the comparison with our row.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from bridge.domain.money import Money, exponents

_NOTE = re.compile(r"\[([0-9]{1,13}) ([A-Z]{3}) = ([0-9]{1,13}) ([A-Z]{3})\]$")


@dataclass(frozen=True, slots=True)
class Booked:
    """An amount in one of Cashcloud's two currencies, minor units; CCR is no ISO currency, so this is no Money."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Note:
    """What we asked for, in our words and in theirs."""

    ours: Money
    theirs: Booked


def with_note(text: str, ours: Money, theirs: Booked) -> str:
    """Return `text`, followed by the note where the two differ in currency."""
    if ours.currency == theirs.currency:
        return text
    return f"{text} [{ours.amount} {ours.currency} = {theirs.amount} {theirs.currency}]".lstrip()


def read_note(text: str) -> Note | None:
    """Return the note at the end of a transaction's description; None where there is none."""
    match = _NOTE.search(text)
    if not match or match[2] not in exponents():
        return None
    return Note(Money(int(match[1]), match[2]), Booked(int(match[3]), match[4]))


def in_our_words(booked: Booked, description: str, currency: str) -> Booked:
    """Return what was booked in `currency`, the payment's, when the note vouches for exactly this; else as it was booked."""
    note = read_note(description) if booked.currency != currency else None
    if note is None or note.theirs != booked or note.ours.currency != currency:
        return booked
    return Booked(note.ours.amount, currency)


def part_of(booked: Booked, description: str, whole: Money, part: Money) -> Booked | None:
    """Return how much of what was booked for `whole` belongs to `part`; None where no note vouches for it.

    Rounded down, so that parts never add up to more than what was booked; the whole gives exactly what was booked.
    """
    if booked.currency == part.currency:
        return Booked(part.amount, booked.currency)
    note = read_note(description)
    if note is None or note.theirs != booked or note.ours != whole or not whole.amount:
        return None
    return Booked(booked.amount * part.amount // whole.amount, booked.currency)


def euro_cents(money: Money, rate: str) -> int:
    """Return foreign money in euro cents at `rate` euro per unit, rounded half up."""
    units = Decimal(money.amount).scaleb(-exponents()[money.currency])
    return int((units * Decimal(rate) * 100).quantize(Decimal(1), ROUND_HALF_UP))
