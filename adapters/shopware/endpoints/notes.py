"""What the merchant must know about an order's payments beside their states: a note on the order (its custom field `bridge_note`), and a
notification in the administration for what has to be acted on.

A note is written from the ledger as it is now, so that it is right whichever event comes late or twice. It is written when it changes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.shopware.endpoints.admin_api import AdminApi, ApiFailed
from adapters.shopware.endpoints.amounts import major_units
from adapters.shopware.endpoints.shops import Book, Registration
from bridge.domain.operation import Kind
from bridge.platforms import Workbench
from bridge.services.represent import Represent

log = logging.getLogger("bridge.shopware")

NOT_ALLOWED = (400, 403, 404)
"""Answers of a shop that takes no note: an older zip without the permission, an order that is gone. They stop nothing else."""

LONGEST = 4_000

View = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One fact about an order's payments. `urgent`: the merchant has to act."""

    text: str
    urgent: bool = False


class Notes:
    """Writes the notes of all shops. Safe to use from many threads."""

    def __init__(self, bench: Workbench, api: AdminApi) -> None:
        """Take where payments are kept, and how to tell a shop."""
        self._bench = bench
        self._api = api
        self._represent = Represent(bench.public_url)

    def write(self, one: Registration, order: str) -> None:
        """Bring the note of an order up to date. Raises ApiFailed where the shop cannot be reached."""
        with self._bench.units.read() as unit:
            book = Book(unit, ())
            payments = [unit.payments.get(payment) for payment in book.payments_of(one, order)]
            refunds = [
                (payment, refund)
                for payment in payments
                for refund in unit.operations.of_payment(payment.id, Kind.REFUND.value)
            ]
            views = [self._represent.payment(payment) for payment in payments]
            before, refused = book.note_of(one, order), book.refusal_of(one, order)
            turned_down = [self._represent.operation(refund) for _, refund in refunds]
        sentences = [*_of_refusal(refused, views), *_of_payments(views), *_of_refunds(turned_down)]
        texts = [sentence.text for sentence in sentences]
        if texts == before:
            return
        try:
            self._api.annotate(one, order, "\n".join(texts)[:LONGEST])
            for sentence in sentences:
                if sentence.urgent and sentence.text not in before:
                    self._api.notify(one, sentence.text)
        except ApiFailed as error:
            if error.status not in NOT_ALLOWED:
                raise
            log.warning(
                "the order's note could not be written: %s", error, extra={"shop": one.shop}
            )
        with self._bench.units() as unit:
            Book(unit, ()).keep_note(one, order, texts)


def _of_refusal(refused: str, views: Sequence[View]) -> list[Sentence]:
    paid = any(view["amount_captured"] for view in views)
    return (
        [Sentence(f"The payment service did not ask for the money: {refused}")]
        if refused and not paid
        else []
    )


def _of_payments(views: Sequence[View]) -> list[Sentence]:
    return [
        sentence
        for view in views
        for tells in (_foreign, _refused, _second, _still_open)
        if (sentence := tells(view))
    ]


def _foreign(view: View) -> Sentence | None:
    number = view["metadata"].get("shopware_number")
    return (
        Sentence(
            f"The order number {number} was already used for another order at the payment service. Payment {view['id']} of this order is "
            f"listed there as {view['order_reference']}.",
            urgent=True,
        )
        if number
        else None
    )


def _refused(view: View) -> Sentence | None:
    failure = view["failure"] if view["status"] in ("declined", "failed") else None
    return Sentence(f"Payment {view['id']} was not made: {failure['code']}.") if failure else None


def _second(view: View) -> Sentence | None:
    if not view["duplicate_of"] or not view["amount_refundable"]:
        return None
    return Sentence(
        f"The order was paid twice: {_money(view['amount_captured'], view)} came by payment {view['id']}, and the order is paid by payment "
        f"{view['duplicate_of']}. The button Refund offers both payments, the second one first.",
        urgent=True,
    )


def _still_open(view: View) -> Sentence | None:
    return (
        Sentence(
            f"Payment {view['id']} ({_money(view['amount'], view)}) was given up here, and the payer may still accept it at the provider. "
            "If money comes, it is told here; the button Refund gives it back."
        )
        if view["provider_open"]
        else None
    )


def _of_refunds(refunds: Sequence[View]) -> list[Sentence]:
    return [
        Sentence(
            f"Refund {refund['id']} of {_money(refund['amount'], refund)} was turned down: no money went back. The button Refund tries it again."
        )
        for refund in refunds
        if refund["status"] in ("failed", "canceled")
    ]


def _money(amount: int, view: View) -> str:
    return f"{major_units(amount, view['currency'])} {view['currency']}"
