"""The invariants of money, held through any order of events: the machine of `invariants_machine.py` at work."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from invariants_machine import Bridge

EXAMPLES, STEPS = 30, int(os.environ.get("BRIDGE_STEPS", 25))
PHASES = (Phase.generate, Phase.shrink) if "BRIDGE_SHRINK" in os.environ else (Phase.generate,)
SETTINGS = settings(
    max_examples=int(os.environ.get("BRIDGE_EXAMPLES", EXAMPLES)),
    stateful_step_count=STEPS,
    deadline=None,
    derandomize="BRIDGE_RANDOM" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=PHASES,
    report_multiple_bugs=False,
)
"""The same runs every time; BRIDGE_EXAMPLES=1000 looks further, BRIDGE_SHRINK=1 makes a failure short (it takes minutes)."""


@pytest.mark.timeout(600)
@pytest.mark.invariant(
    "I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I12", "I19", "I25", "I31"
)
@pytest.mark.parametrize("late_payment", ["hold", "refund"])
def test_machine__anything_in_any_order__keeps_the_invariants_and_comes_to_its_end(
    new_stage, late_payment
):
    """Clients, payers, wire, worker and clock in any order; the sandbox's ledger is the judge."""
    shop = {"late_payment": late_payment}
    stage = new_stage(shop=shop, cashcloud={"deadline": 0.4})
    machine = type("BridgeOnStage", (Bridge,), {"stage": stage})
    run_state_machine_as_test(machine, settings=SETTINGS)
