"""Kills a process with SIGKILL at every fail-point that a scenario comes to, and holds the end against the end without any crash.

The points are found by reading the source. The table below says which scenario comes to which point in which process; a point that
is in no scenario, or that a scenario does not come to, fails. A client behaves like a shop: it repeats until it has a definite answer.
"""

from __future__ import annotations

import ast
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from crash_support import (
    PATIENCE,
    Installation,
    Process,
    assert_agreement,
    installations,
    order,
    pay,
    wallet,
)
from support import PAYER, ROOT, until

SLOTS = 5  # installations at work at once; most of their time is waiting
COME_TO_IT_WITHIN = 40.0  # seconds after the shop has all it wants

SENDING = ("payment_intended", "payment_asked", "payment_answer_uncommitted", "payment_answered")
OPERATING = (
    "operation_intended",
    "operation_asked",
    "operation_answer_uncommitted",
    "operation_answered",
)
CALLBACK = ("callback_uncommitted", "callback_stored")
WORK = ("job_claimed", "job_run")
TELLING = ("notification_posted", "notification_uncommitted")
INQUIRY = ("inquired", "inquiry_uncommitted")
OPERATION_INQUIRY = ("operation_inquired", "operation_inquiry_uncommitted")
LOOKING = ("look_after_uncommitted", "look_after_operation_uncommitted")

BY_THE_CLOCK = {*LOOKING, *INQUIRY, *OPERATION_INQUIRY, *SENDING, *OPERATING}
"""What a slow machine may come to in any scenario, because the worker looks after whatever takes long, and sends what was not sent in time."""


@dataclass
class Case:
    """One payment in a scenario."""

    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    body: dict[str, Any] = field(default_factory=lambda: order(**wallet()))
    payment: str = ""
    beside: str = ""

    def ask(self, at: Installation) -> dict[str, Any]:
        """Have the payment created, once however often this is called."""
        payment = at.shop.ask("/v1/payments", self.body, self.key)
        self.payment = payment["id"]
        return payment

    def reference(self, at: Installation) -> str:
        """Return the provider's name for it, as soon as there is one."""
        return until(lambda: at.payment(self.payment)["provider"]["reference"], patience=PATIENCE)

    def refund(self, at: Installation) -> dict[str, Any]:
        """Have a part given back, once however often this is called."""
        return at.shop.ask(
            f"/v1/payments/{self.payment}/refunds",
            {"amount": 1500, "refund_reference": "part"},
            f"{self.key}-refund",
        )

    def refund_entry(self, at: Installation) -> str:
        """Return the provider's name for the refund."""
        (entry,) = [entry for entry in at.ledger(self.payment) if entry["kind"] == "refund"]
        return entry["reference"]


Step = Callable[[Installation, Case], object]


@dataclass(frozen=True)
class Scenario:
    """`act` is what crashes come into; `prepare` and `finish` happen with sound processes, and nothing is left to do after `finish`.

    `serve` and `worker` name the points to crash at; `also` those that `act` comes to as well and another scenario crashes at.
    """

    prepare: Step
    act: Step
    finish: Step
    serve: tuple[str, ...] = ()
    worker: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


def _nothing(_at: Installation, _case: Case) -> None:
    return None


def _create(at: Installation, case: Case) -> None:
    assert case.ask(at)["status"] == "pending"
    case.reference(at)
    at.until_heard(case.payment, "payment.pending")


def _decline(at: Installation, case: Case) -> None:
    at.payer("decline", case.reference(at))
    at.until_heard(case.payment, "payment.declined")


def _open(at: Installation, case: Case) -> None:
    case.body = order()
    case.ask(at)
    at.until_heard(case.payment, "payment.created")


def _confirm(at: Installation, case: Case) -> None:
    at.shop.confirm(at.payment(case.payment)["checkout"]["token"], PAYER)
    case.reference(at)
    at.until_heard(case.payment, "payment.pending")


def _accept(at: Installation, case: Case) -> None:
    at.payer("accept", case.reference(at))
    at.until_heard(case.payment, "payment.paid")


def _cancel(at: Installation, case: Case) -> None:
    at.shop.ask(f"/v1/payments/{case.payment}/cancel", {}, f"{case.key}-cancel")
    at.until_heard(case.payment, "payment.canceled")


def _pay(at: Installation, case: Case) -> None:
    case.payment = pay(at)


def _refund(at: Installation, case: Case) -> None:
    assert case.refund(at)["amount"] == 1500
    at.until_heard(case.payment, "refund.pending")
    _take_refund(at, case)


def _take_refund(at: Installation, case: Case) -> None:
    at.payer("accept", case.refund_entry(at))
    at.until_heard(case.payment, "refund.succeeded")


def _lose_request(at: Installation, _case: Case) -> None:
    at.fault("request", "drop_before")


def _lose_refund(at: Installation, case: Case) -> None:
    _pay(at, case)
    at.drain()
    at.fault("refund", "drop_before")


def _await_refund(at: Installation, case: Case) -> None:
    _pay(at, case)
    _ask_for_refund(at, case)


def _ask_for_refund(at: Installation, case: Case) -> None:
    case.refund(at)
    at.until_heard(case.payment, "refund.pending")
    until(
        lambda: [entry for entry in at.ledger(case.payment) if entry["kind"] == "refund"],
        patience=PATIENCE,
    )


def _open_beside(at: Installation, case: Case) -> None:
    """Leave a payment that is canceled and can still be accepted, and another one of the same order whose payer has the page."""
    _create(at, case)
    _cancel(at, case)
    case.beside = at.shop.ask(
        "/v1/payments", order(order_reference=case.body["order_reference"]), f"{case.key}-beside"
    )["id"]


def _accept_late(at: Installation, case: Case) -> None:
    at.payer("accept", case.reference(at))
    at.until_heard(case.payment, "payment.paid_late")
    at.until_heard(case.beside, "payment.canceled")


def _sync(at: Installation, case: Case) -> None:
    """Sync after a lost callback, without a worker: it would inquire as well, and one of the two would be first."""
    at.processes["worker"].stop()
    at.fault("callback", "lost")
    at.payer("accept", case.refund_entry(at))
    at.shop.sync(case.payment, lambda seen: seen["amount_refunded"] == 1500)
    at.start("worker")
    at.until_heard(case.payment, "refund.succeeded")


SCENARIOS: dict[str, Scenario] = {
    "create": Scenario(
        _nothing,
        _create,
        _decline,
        serve=("create_uncommitted", *SENDING),
        worker=(*WORK, *TELLING),
    ),
    "confirm": Scenario(
        _open, _confirm, _decline, serve=("confirm_uncommitted", *SENDING), worker=(*WORK, *TELLING)
    ),
    "paid": Scenario(
        _create,
        _accept,
        _nothing,
        serve=CALLBACK,
        worker=(*WORK, *TELLING, *INQUIRY, "callback_settled"),
    ),
    "refund": Scenario(
        _pay,
        _refund,
        _nothing,
        serve=("operation_uncommitted", *OPERATING, *CALLBACK),
        worker=(*WORK, *TELLING, *OPERATION_INQUIRY, "callback_settled"),
    ),
    "notification": Scenario(
        _nothing, _open, _cancel, serve=("create_uncommitted",), worker=(*WORK, *TELLING)
    ),
    "request lost": Scenario(
        _lose_request,
        _create,
        _decline,
        worker=("look_after_uncommitted", *INQUIRY, *SENDING),
        also=("create_uncommitted", *WORK, *TELLING),
    ),
    "refund lost": Scenario(
        _lose_refund,
        _ask_for_refund,
        _take_refund,
        worker=("look_after_operation_uncommitted", *OPERATION_INQUIRY, *OPERATING),
        also=("operation_uncommitted", *WORK, *TELLING),
    ),
    "order paid": Scenario(
        _open_beside,
        _accept_late,
        _nothing,
        worker=("other_checkout_uncommitted",),
        also=(*CALLBACK, *WORK, *TELLING, *INQUIRY, "callback_settled"),
    ),
    "callback lost": Scenario(
        _await_refund, _sync, _nothing, serve=(*INQUIRY, *OPERATION_INQUIRY), also=(*WORK, *TELLING)
    ),
}

MATRIX = [
    (name, role, point)
    for name, scenario in SCENARIOS.items()
    for role, points in (("serve", scenario.serve), ("worker", scenario.worker))
    for point in points
]


def failpoints_in_source() -> list[str]:
    """Return the name at every call of `failpoint` in the bridge's source."""
    found = []
    for file in sorted((ROOT / "bridge").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", None)) == "failpoint"
            ):
                found.append(ast.literal_eval(node.args[0]))
    return found


@pytest.mark.invariant("I10")
def test_failpoints__of_the_source__each_is_crashed_at_in_some_scenario() -> None:
    """I10: a new step without a crash test, a name used twice, and a row about a point that is gone all fail here."""
    found = failpoints_in_source()
    assert len(found) == len(set(found))
    assert set(found) == {point for _, _, point in MATRIX}


def run(
    at: Installation, scenario: Scenario, during: Callable[[Callable[[], None]], None]
) -> dict[str, Any]:
    """Go through a scenario; `during` is given its `act` to run. Return the outcome when nothing is left to be done."""
    case = Case()
    scenario.prepare(at, case)
    at.drain("notify", "callback")
    during(lambda: scenario.act(at, case))
    scenario.finish(at, case)
    at.drain()
    return assert_agreement(at, case.payment)


def crash(at: Installation, scenario: Scenario, role: str, point: str) -> dict[str, Any]:
    """Go through a scenario in which a process dies at a point and is started again; return the outcome."""

    def during(act: Callable[[], None]) -> None:
        doomed = at.restart(role, point)
        acting = _in_background(act)
        _await_death(doomed, acting, point)
        at.start(role)
        acting.result(timeout=200)

    return run(at, scenario, during)


def _await_death(doomed: Process, acting: Future[None], point: str) -> None:
    deadline = None
    while doomed.code is None:
        if acting.done() and deadline is None:
            deadline = time.monotonic() + COME_TO_IT_WITHIN
            acting.result()
        assert deadline is None or time.monotonic() < deadline, (
            f"{doomed.name} never came to {point}"
        )
        time.sleep(0.05)
    assert doomed.code == -signal.SIGKILL, doomed.last_words()


def _in_background(act: Callable[[], None]) -> Future[None]:
    future: Future[None] = Future()

    def work() -> None:
        try:
            future.set_result(act())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return future


@dataclass(frozen=True)
class Untroubled:
    """A scenario without a crash: its outcome, and the points that its `act` came to, by process."""

    outcome: dict[str, Any]
    came_to: dict[str, set[str]]


def go_untroubled(at: Installation, scenario: Scenario) -> Untroubled:
    """Go through a scenario with traced processes."""
    came_to: dict[str, set[str]] = {}

    def during(act: Callable[[], None]) -> None:
        before = {role: len(points) for role, points in at.traces().items()}
        act()
        at.drain("notify", "callback")
        came_to.update({role: set(points[before[role] :]) for role, points in at.traces().items()})

    return Untroubled(run(at, scenario, during), came_to)


class Matrix:
    """Runs the cells of the matrix on a few installations at once; a cell that fails costs its installation, not the others."""

    def __init__(self, make: Callable[..., Installation], say: Callable[[str], None]) -> None:
        self._make, self._say = make, say
        self._pool = ThreadPoolExecutor(SLOTS)
        self._free: SimpleQueue[Installation] = SimpleQueue()
        self._untroubled: dict[str, Future[Untroubled]] = {}
        self._cells: dict[tuple[str, str, str], Future[dict[str, Any]]] = {}
        self._done = 0

    def plan(self, cells: list[tuple[str, str, str]], scenarios: list[str]) -> None:
        """Set to work: the untroubled runs first, one after the other on an installation of their own."""
        names = [
            name for name in SCENARIOS if name in scenarios or name in {cell[0] for cell in cells}
        ]
        self._untroubled = {name: Future() for name in names}
        if names:
            self._pool.submit(self._go_untroubled, names)
        slow_first = sorted(cells, key=lambda cell: not cell[0].endswith("lost"))
        self._cells = {cell: self._pool.submit(self._cell, *cell) for cell in slow_first}

    def untroubled(self, name: str) -> Untroubled:
        """Return a scenario's run without a crash."""
        return self._untroubled[name].result()

    def cell(self, name: str, role: str, point: str) -> dict[str, Any]:
        """Return the outcome of a scenario with a crash."""
        return self._cells[name, role, point].result()

    def close(self) -> None:
        """Begin nothing more, and wait for what runs."""
        self._pool.shutdown(cancel_futures=True)

    def _go_untroubled(self, names: list[str]) -> None:
        at = self._make(traced=True)
        for name in names:
            try:
                if not at.processes:
                    at.start_all()
                self._untroubled[name].set_result(go_untroubled(at, SCENARIOS[name]))
            except BaseException as error:
                error.add_note(at.last_words())
                self._untroubled[name].set_exception(error)
                at.close()
                at = self._make(traced=True)
        at.close()

    def _cell(self, name: str, role: str, point: str) -> dict[str, Any]:
        began = time.monotonic()
        at = self._free.get() if not self._free.empty() else self._make().start_all()
        try:
            outcome = crash(at, SCENARIOS[name], role, point)
        except BaseException as error:
            error.add_note(at.last_words())
            at.close()
            raise
        finally:
            self._done += 1
            self._say(
                f"{self._done}/{len(self._cells)}: {name}, {role} killed at {point}, {time.monotonic() - began:.0f} s"
            )
        self._free.put(at)
        return outcome


@pytest.fixture(scope="module")
def matrix(
    request: pytest.FixtureRequest, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Matrix]:
    """Set all cells to work that are wanted in this run; each test waits for its own."""
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    wanted = [
        item.callspec.params
        for item in request.session.items
        if item.path == Path(__file__) and hasattr(item, "callspec")
    ]
    with installations(postgres, tmp_path_factory.mktemp("crash")) as make:
        matrix = Matrix(
            make, lambda line: reporter.write_line(line) if reporter.verbosity >= 0 else None
        )
        matrix.plan(
            [params["cell"] for params in wanted if "cell" in params],
            [params["name"] for params in wanted if "name" in params],
        )
        try:
            yield matrix
        finally:
            matrix.close()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.invariant("I10")
def test_scenario__without_a_crash__comes_to_the_points_of_the_table(
    matrix: Matrix, name: str
) -> None:
    """I10: the table is the truth, so no pair of a scenario and a point is left out of the matrix unnoticed."""
    scenario, came_to = SCENARIOS[name], matrix.untroubled(name).came_to
    assert (
        set(scenario.serve) <= came_to["serve"] <= {*scenario.serve, *scenario.also, *BY_THE_CLOCK}
    )
    assert (
        set(scenario.worker)
        <= came_to["worker"]
        <= {*scenario.worker, *scenario.also, *BY_THE_CLOCK}
    )


@pytest.mark.timeout(900)
@pytest.mark.parametrize("cell", MATRIX, ids=lambda cell: "-".join(cell).replace(" ", "_"))
@pytest.mark.invariant("I1", "I8", "I10")
def test_process__killed_at_a_failpoint__ends_as_if_nothing_had_happened(
    matrix: Matrix, cell: tuple[str, str, str]
) -> None:
    """I1, I8, I10: same statuses, sums, events and their order; the provider's books show nothing twice; the shop heard all."""
    assert matrix.cell(*cell) == matrix.untroubled(cell[0]).outcome
