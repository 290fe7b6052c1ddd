"""Machines whose clocks are off, beside a database whose clock is right: real processes under libfaketime."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crash_support import PATIENCE, Installation, Shop, installations, order, wallet
from support import until

SLOW_WAY, DEADLINE = 7, 9  # seconds

SLEEP_ANOTHER_WAY = """
import select, time
time.sleep = lambda seconds: select.select((), (), (), seconds)
"""
"""libfaketime 0.9.10 refuses Python's way to sleep where it leaves the monotonic clock alone, which Python's locks need."""


@pytest.fixture
def make(postgres: str, tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    with installations(postgres, tmp_path) as make:
        yield make


def clock_ahead(folder: Path, by: str) -> dict[str, str]:
    """The environment of a process whose machine's clock is so far ahead of the right time."""
    (folder / "sitecustomize.py").write_text(SLEEP_ANOTHER_WAY)
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    return {
        "PYTHONPATH": str(folder),
        "LD_PRELOAD": str(library),
        "FAKETIME": by,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


@pytest.mark.timeout(300)
@pytest.mark.invariant("I1", "I32")
def test_worker__five_minutes_fast_while_a_request_is_slow_on_its_way__asks_once(
    make: Callable[..., Installation], tmp_path: Path
) -> None:
    """I1, I32: whether a request can still arrive is judged by the database's clock; a machine whose clock is hours off says so."""
    at = make(nodes=2, deadline=DEADLINE)
    at.start("sandbox"), at.wait_for("sandbox", "/livez")
    (
        at.start("serve"),
        at.start("serve2", **clock_ahead(tmp_path, "+2h")),
        at.start("worker", **clock_ahead(tmp_path, "+300s")),
    )
    at.wait_for("serve", "/readyz"), at.wait_for("serve2", "/readyz"), at.wait_for_worker("worker")
    at.fault("request", "slow", ms=SLOW_WAY * 1000)

    answer = at.shop.call(
        "POST", "/v1/payments", order(**wallet()), uuid.uuid4().hex, at.url("serve")
    )
    assert answer is not None and answer.ok
    payment = answer.json()["id"]
    until(lambda: at.payment(payment), lambda seen: seen["provider"]["reference"], PATIENCE)
    until(
        lambda: [call["outcome"] for call in at.journal("request")],
        lambda seen: all(outcome.startswith("201") for outcome in seen),
        PATIENCE,
    )
    assert len(at.ledger(payment)) == len(at.journal("request")) == 1
    assert at.payment(payment)["provider"]["our_reference"] == f"{payment}-1"

    off = Shop(at.url("serve2"))
    ready, right = off.get("/readyz"), Shop(at.url("serve")).get("/readyz")
    assert (ready["status"], ready["checks"]["clock"], right["checks"]["clock"]) == (
        "warn",
        False,
        True,
    )
    ahead = re.search(
        r"^bridge_clock_ahead_seconds (\S+)$", off.call("GET", "/metrics").text, re.MULTILINE
    )
    assert abs(float(ahead[1]) - 7200) < 60
