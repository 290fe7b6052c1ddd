"""Which state an order transaction should be in, and how to get there (Shopware sheet, section 4.10).

An action is the name of a transition, never of a state; 6.7 renamed some, and an action that is not allowed in the present
state breaks the customer's page. So: the ledger says where to, the shop (or, without asking it, the table) says how.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Actions = Mapping[str, str]
"""Action → state to which it leads."""

TARGETS: Actions = {
    "paid": "paid",
    "pay": "paid",
    "paid_partially": "paid_partially",
    "pay_partially": "paid_partially",
    "process": "in_progress",
    "do_pay": "in_progress",
    "process_unconfirmed": "unconfirmed",
    "authorize": "authorized",
    "fail": "failed",
    "cancel": "cancelled",
    "refund": "refunded",
    "refund_partially": "refunded_partially",
    "remind": "reminded",
    "reopen": "open",
    "chargeback": "chargeback",
}

OLD: Mapping[str, str] = {
    "open": "authorize cancel do_pay fail paid paid_partially pay pay_partially process_unconfirmed remind",
    "unconfirmed": "authorize cancel fail paid paid_partially reopen",
    "in_progress": "authorize cancel fail paid paid_partially pay_partially reopen",
    "authorized": "cancel fail paid paid_partially",
    "paid_partially": "cancel chargeback do_pay pay process_unconfirmed refund refund_partially remind reopen",
    "paid": "cancel chargeback refund refund_partially reopen",
    "refunded_partially": "cancel refund reopen",
    "refunded": "",
    "reminded": "authorize cancel do_pay pay pay_partially process_unconfirmed reopen",
    "failed": "do_pay fail paid paid_partially pay pay_partially process_unconfirmed reopen",
    "cancelled": "paid process_unconfirmed refund refund_partially reopen",
    "chargeback": "cancel paid paid_partially",
}
"""Actions by state, up to 6.6."""

NEW: Mapping[str, str] = {
    **OLD,
    "open": "authorize cancel fail paid paid_partially process process_unconfirmed remind",
    "in_progress": "authorize cancel fail paid paid_partially reopen",
    "paid_partially": "cancel chargeback paid process process_unconfirmed refund refund_partially remind reopen",
    "reminded": "authorize cancel paid paid_partially process process_unconfirmed reopen",
    "failed": "fail paid paid_partially process process_unconfirmed reopen",
}
"""The same from 6.7 on."""

VIA: Mapping[tuple[str, str], str] = {
    ("failed", "authorized"): "unconfirmed",
    ("cancelled", "authorized"): "unconfirmed",
    ("cancelled", "paid_partially"): "unconfirmed",
}
"""Where no single action leads: the state between."""

REFUNDED = ("refunded", "refunded_partially")
WITHOUT_MONEY = frozenset({"failed", "cancelled"})
"""Two words for an end without money; the shop may know better which."""

PREFERRED = ("paid", "paid_partially", "process", "pay", "pay_partially", "do_pay")


def target_of(payment: Mapping[str, Any]) -> str:
    """Return the state that a payment (as the API shows it) asks for. It follows the amounts, as refunded is a sum."""
    captured, refunded = payment["amount_captured"], payment["amount_refunded"]
    if not captured:
        return BY_STATUS[payment["status"]]
    if refunded:
        return "refunded" if refunded >= captured else "refunded_partially"
    return "paid" if captured >= payment["amount"] else "paid_partially"


BY_STATUS: Mapping[str, str] = {
    "created": "unconfirmed",
    "pending": "unconfirmed",
    "authorized": "authorized",
    "paid": "paid",
    "declined": "failed",
    "failed": "failed",
    "expired": "failed",
    "canceled": "cancelled",
}


def is_there(current: str, target: str) -> bool:
    """Tell whether a transaction is where it should be."""
    return current == target or {current, target} <= WITHOUT_MONEY


def next_action(current: str, target: str, allowed: Actions) -> str | None:
    """Return the next action on the way to `target`; None: there is no way, or nothing to do."""
    if is_there(current, target):
        return None
    between = VIA.get((current, target)) or (
        "paid" if target in REFUNDED and current not in REFUNDED else None
    )
    return _action_to(target, allowed) or (_action_to(between, allowed) if between else None)


def _action_to(state: str, allowed: Actions) -> str | None:
    leading = [action for action, to in allowed.items() if to == state]
    return min(
        leading,
        key=lambda action: PREFERRED.index(action) if action in PREFERRED else len(PREFERRED),
        default=None,
    )


def allowed_in(current: str, version: str) -> Actions:
    """Return the actions of a state in a shop of `version` (6.6.7.1), as far as the table knows."""
    table = NEW if is_new(version) else OLD
    return {action: TARGETS[action] for action in table.get(current, "").split()}


def is_new(version: str) -> bool:
    """Tell whether the shop is 6.7 or newer; an unknown version counts as old, whose words 6.7 understands for what we send."""
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    return (
        (int(major), int(minor)) >= (6, 7)
        if major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit()
        else False
    )


def repeat(current: str) -> str | None:
    """Return the action that leads to the present state: saying it again does nothing."""
    return next(
        (
            action
            for action, state in TARGETS.items()
            if state == current and action not in ("pay", "pay_partially")
        ),
        None,
    )
