"""Cashcloud's answers: JSON into our words. Strict in what it believes; anything else is Unreadable.

Source: Cashcloud sheet, sections Calls and Errors. Numbers may arrive as numbers or as digits: the server is PHP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bridge.domain.money import MAX_AMOUNT
from bridge.ports import HttpAnswer, PaymentReason
from bridge.providers.cashcloud.codes import ACTION_RECEIVE, CCR, CURRENCIES, CURRENCY_IDS
from bridge.providers.cashcloud.conversion import Booked

DONE = frozenset({200, 201})
MAX_TEXT = 200
MAX_NESTING = 4


class Unreadable(Exception):
    """The answer is not one that the sheet knows. The text is a short code of ours, fit for the log."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One money request or refund as Cashcloud's books have it; the amount as it stands there."""

    hash: str
    state: int
    booked: Booked
    our_reference: str
    description: str
    payment: str | None = None
    """The hash of the payment that a refund belongs to, where it is told."""


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """What `settings` answers: where callbacks go, and after how many seconds a request expires."""

    callback_url: str
    request_expiration: int


def read_object(answer: HttpAnswer) -> dict[str, Any]:
    """Return the JSON object of a successful answer: 200 or 201, and no `error`. Raises Unreadable."""
    if answer.status not in DONE:
        raise Unreadable(f"http.{answer.status}")
    fields = _object(_json(answer.body))
    if fields.get("error"):
        raise Unreadable("error")
    return fields


def read_text(answer: HttpAnswer, name: str) -> str:
    """Return one text of a successful answer: `salt` or `hash`. Raises Unreadable."""
    return _text(read_object(answer).get(name), name)


def read_transaction(answer: HttpAnswer, *, ours: bool = True) -> Transaction:
    """Return the one transaction of `GET transactions?hash=…`; what is not `ours` may lack our reference. Raises Unreadable."""
    return _transaction(read_object(answer).get("transaction"), ours=ours)


def read_transactions(answer: HttpAnswer) -> list[Transaction]:
    """Return the transactions of a filtered list; one that cannot be read makes the whole list unreadable. Raises Unreadable."""
    entries = read_object(answer).get("transactions")
    if not isinstance(entries, list):
        raise Unreadable("transactions")
    return [_transaction(entry) for entry in entries]


def read_refunds(answer: HttpAnswer, payment: str) -> list[Transaction]:
    """Return the refunds of one payment from a filtered list, others' too; a list that holds anything else was not filtered. Raises Unreadable."""
    entries = read_object(answer).get("transactions")
    if not isinstance(entries, list):
        raise Unreadable("transactions")
    found = [_transaction(entry, ours=False) for entry in entries]
    if any(refund.payment != payment for refund in found):
        raise Unreadable("list_not_filtered")
    return found


def read_settings(answer: HttpAnswer) -> AccountSettings:
    """Return the account's settings; a callback URL that was never set reads as empty. Raises Unreadable."""
    fields = read_object(answer)
    return AccountSettings(
        str(fields.get("callback_url") or ""),
        _number(fields.get("request_expiration") or 0, "request_expiration"),
    )


def read_reasons(answer: HttpAnswer) -> tuple[PaymentReason, ...]:
    """Return the payment reasons in the order in which they come. Raises Unreadable."""
    messages = _object(read_object(answer).get("messages"))
    return tuple(
        PaymentReason(_text(number, "messages"), _text(text, "messages"))
        for number, text in messages.items()
    )


def read_cashcredits(answer: HttpAnswer) -> int:
    """Return the price, a whole number of cashcredits: `amount["2"]["3"]` of the rate call as it stands there. Raises Unreadable."""
    actions = _object(_object(read_object(answer).get("amount")).get(str(CURRENCY_IDS[CCR])))
    price = _number(actions.get(str(ACTION_RECEIVE)), "rate")
    if not price:
        raise Unreadable("rate")
    return price


def read_validation(answer: HttpAnswer) -> tuple[str, ...]:
    """Return the codes of `validationFailed`, in any of its five shapes (Cashcloud sheet, section Errors). Raises Unreadable."""
    fields = _object(_json(answer.body))
    if "validationFailed" not in fields:
        raise Unreadable("validationFailed")
    return tuple(
        code if code.isprintable() else "unprintable"
        for code in _codes(fields["validationFailed"], "", MAX_NESTING)
    )


def _codes(failed: Any, field: str, levels: int) -> Iterator[str]:
    if isinstance(failed, bool):
        yield field
    elif isinstance(failed, str):
        yield _joined(field, failed)
    elif isinstance(failed, (list, dict)) and levels:
        # PHP writes a list with gaps as an object with digits for names.
        for name, value in (
            failed.items() if isinstance(failed, dict) else (("", value) for value in failed)
        ):
            yield from _codes(value, _joined(field, "" if name.isdigit() else name), levels - 1)


def _joined(field: str, code: str) -> str:
    return f"{field}.{code}" if field and code else field or code


def _transaction(value: Any, *, ours: bool = True) -> Transaction:
    fields = _object(value)
    extern = _object(fields.get("extern"))
    belongs_to = fields.get("request_hash")
    currency = CURRENCIES.get(_number(fields.get("currency_id"), "currency_id"))
    if currency is None:
        raise Unreadable("currency_id")
    return Transaction(
        hash=_text(fields.get("hash"), "hash"),
        state=_number(fields.get("transaction_state_id"), "transaction_state_id"),
        booked=Booked(_number(fields.get("amount"), "amount"), currency),
        our_reference=_text(extern.get("id"), "extern.id") if ours or extern.get("id") else "",
        description=str(extern.get("description") or ""),
        payment=belongs_to if isinstance(belongs_to, str) and belongs_to else None,
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Unreadable("json") from None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable("object")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT or not value.isprintable():
        raise Unreadable(name)
    return value


def _number(value: Any, name: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 13:
        value = int(value)
    if type(value) is not int or not 0 <= value <= MAX_AMOUNT:
        raise Unreadable(name)
    return value
