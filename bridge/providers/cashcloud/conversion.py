"""Amounts of which Cashcloud's books may say another number than our row: cashcredits, and euro for a foreign order.

`amount` of a call is always euro cents (Cashcloud sheet, section Calls, notes). Cashcloud itself converts to cashcredits. Its books may then
tell the euro cents or the number of cashcredits. The account remembers nothing, so a note travels in the transaction's own description:
"[4999 EUR, 4899 CCR]", "[5000 USD = 4624 EUR]" or both. First stands our amount, after "=" the amount that was sent, last the price in
cashcredits. Whoever reads the transaction can check what was booked and say it in the payment's currency. Any other booked amount is told
as it was booked, and then fails the comparison with our row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from bridge.domain.money import Money, exponents
from bridge.providers.cashcloud.codes import CCR, EUR

_NOTE = re.compile(
    r"\[([0-9]{1,13}) ([A-Z]{3})(?: = ([0-9]{1,13}) ([A-Z]{3}))?(?:, ([0-9]{1,13}) CCR)?\]$"
)


@dataclass(frozen=True, slots=True)
class Booked:
    """A number of the wire with its currency: euro cents, or cashcredits; CCR is no ISO currency, so this is no Money."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Note:
    """What was asked for: in our words, as sent, and the price in cashcredits where the payer pays in them.

    What earlier versions sent for a payment in cashcredits is noted as "[4999 EUR = 4899 CCR]": `sent` is in CCR then.
    """

    ours: Money
    sent: Booked
    cashcredits: int | None = None

    def vouches_for(self, booked: Booked) -> bool:
        """Tell whether the books may say `booked` about this: what was sent, or either number of a payment in cashcredits."""
        if booked == self.sent or self.cashcredits is None:
            return booked == self.sent
        return booked in (Booked(self.sent.amount, CCR), Booked(self.cashcredits, CCR))

    def share(self, part: Money) -> Note:
        """Return the note of a part of it. What is sent is rounded down, so that parts never add up to more; the whole gives the whole."""
        sent = Booked(self.sent.amount * part.amount // self.ours.amount, self.sent.currency)
        return Note(
            part,
            sent,
            None
            if self.cashcredits is None
            else _nearest(self.cashcredits * sent.amount, self.sent.amount),
        )


def with_note(text: str, note: Note) -> str:
    """Return `text`, followed by the note where it says more than the transaction itself."""
    sent = (
        ""
        if note.sent.currency == note.ours.currency
        else f" = {note.sent.amount} {note.sent.currency}"
    )
    cashcredits = "" if note.cashcredits is None else f", {note.cashcredits} {CCR}"
    return (
        f"{text} [{note.ours.amount} {note.ours.currency}{sent}{cashcredits}]".lstrip()
        if sent or cashcredits
        else text
    )


def read_note(text: str) -> Note | None:
    """Return the note at the end of a transaction's description; None where there is none."""
    match = _NOTE.search(text)
    if not match or match[2] not in exponents() or (match[3], match[5]) == (None, None):
        return None
    ours = Money(int(match[1]), match[2])
    sent = Booked(int(match[3]), match[4]) if match[3] else Booked(ours.amount, ours.currency)
    return Note(ours, sent, int(match[5]) if match[5] else None)


def in_our_words(
    booked: Booked, description: str, currency: str, pay_currency: str | None
) -> Booked:
    """Return what was booked in `currency`, the payment's, when the note vouches for exactly this; else as it was booked.

    Cashcredits are believed of a payment that was asked for in them (`pay_currency`) and of no other.
    """
    note = (
        read_note(description)
        if booked.currency in (EUR, pay_currency) and booked.currency != currency
        else None
    )
    if note is None or not note.vouches_for(booked) or note.ours.currency != currency:
        return booked
    return Booked(note.ours.amount, currency)


def part_of(booked: Booked, description: str, whole: Money, part: Money) -> Note | None:
    """Return the note of `part` of what was asked for `whole`; None where nothing vouches for what was booked."""
    note = read_note(description)
    if note is None and whole.currency == EUR:
        note = Note(whole, Booked(whole.amount, EUR))
    if note is None or note.ours != whole or not note.vouches_for(booked) or not whole.amount:
        return None
    return note.share(part)


def euro_cents(money: Money, rate: str) -> int:
    """Return foreign money in euro cents at `rate` euro per unit, rounded half up."""
    units = Decimal(money.amount).scaleb(-exponents()[money.currency])
    return int((units * Decimal(rate) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _nearest(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)
