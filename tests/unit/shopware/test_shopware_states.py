"""The way through the state machine: whatever we answer must be allowed there, in that version."""

from __future__ import annotations

import itertools

import pytest

from adapters.shopware.endpoints.finalize import answer_for
from adapters.shopware.endpoints.states import (
    BY_STATUS,
    allowed_in,
    is_there,
    next_action,
    target_of,
)
from adapters.shopware.tests.fake_shop import (
    LEADS_TO,
    MACHINE_66,
    MACHINE_67,
    FakeShop,
    IllegalTransition,
    Transaction,
)

TARGETS = sorted({*BY_STATUS.values(), "paid_partially", "refunded", "refunded_partially"})
CASES = list(itertools.product(MACHINE_66, TARGETS, ("6.5.8.14", "6.6.7.1", "6.7.1.0")))


@pytest.mark.parametrize(("current", "target", "version"), CASES)
def test_answer__every_state_target_and_version__is_accepted_by_the_shop(
    current: str, target: str, version: str
) -> None:
    shop, transaction = FakeShop("", version), Transaction("t", 10, "wallet", current)
    answer = answer_for(current, target, version)
    try:
        shop._move(transaction, answer.get("status") or "") if answer else None
    except IllegalTransition as error:
        pytest.fail(f"{answer} is illegal in {current}: {error}")
    failed = transaction.state in ("failed", "cancelled")
    assert bool(answer.get("message")) == (answer.get("status") == "fail") and (
        not failed or answer.get("status") in ("fail", "cancel")
    )


@pytest.mark.parametrize(("current", "target", "version"), CASES)
def test_next_action__every_step__comes_nearer_and_ends(
    current: str, target: str, version: str
) -> None:
    state, seen = current, [current]
    while (action := next_action(state, target, allowed_in(state, version))) is not None:
        state = LEADS_TO[action]
        assert state not in seen
        seen.append(state)
    assert is_there(state, target) or state == current


@pytest.mark.parametrize(
    ("start", "target", "version", "way"),
    [
        ("unconfirmed", "paid", "6.6.7.1", ["paid"]),
        ("failed", "paid", "6.7.1.0", ["paid"]),
        ("cancelled", "paid", "6.7.1.0", ["paid"]),
        ("failed", "authorized", "6.7.1.0", ["process_unconfirmed", "authorize"]),
        ("cancelled", "authorized", "6.5.8.14", ["process_unconfirmed", "authorize"]),
        ("paid_partially", "paid", "6.6.7.1", ["pay"]),
        ("paid_partially", "paid", "6.7.1.0", ["paid"]),
        ("unconfirmed", "refunded_partially", "6.7.1.0", ["paid", "refund_partially"]),
        ("authorized", "cancelled", "6.7.1.0", ["cancel"]),
        ("refunded", "paid", "6.7.1.0", []),
        ("paid", "failed", "6.7.1.0", []),
        ("cancelled", "failed", "6.7.1.0", []),
    ],
)
def test_way__late_result__is_the_sheets(
    start: str, target: str, version: str, way: list[str]
) -> None:
    taken, state = [], start
    while (action := next_action(state, target, allowed_in(state, version))) is not None:
        taken.append(action)
        state = LEADS_TO[action]
    assert taken == way


def test_tables__adapter_and_fake_shop__agree() -> None:
    for version, machine in (("6.6.7.1", MACHINE_66), ("6.7.0.0", MACHINE_67)):
        for state, actions in machine.items():
            ours = set(allowed_in(state, version))
            assert ours == set(actions.split()) - (
                {"refund_partially"} if state == "refunded_partially" else set()
            )


@pytest.mark.parametrize(
    ("status", "captured", "refunded", "target"),
    [
        ("created", 0, 0, "unconfirmed"),
        ("pending", 0, 0, "unconfirmed"),
        ("authorized", 0, 0, "authorized"),
        ("declined", 0, 0, "failed"),
        ("expired", 0, 0, "failed"),
        ("canceled", 0, 0, "cancelled"),
        ("paid", 100, 0, "paid"),
        ("paid", 40, 0, "paid_partially"),
        ("paid", 100, 30, "refunded_partially"),
        ("paid", 100, 100, "refunded"),
        ("paid", 40, 40, "refunded"),
    ],
)
def test_target__amounts_decide__refunded_is_a_sum(
    status: str, captured: int, refunded: int, target: str
) -> None:
    assert (
        target_of(
            {
                "status": status,
                "amount": 100,
                "amount_captured": captured,
                "amount_refunded": refunded,
            }
        )
        == target
    )
