"""The judge: agrees where the bridge believes what the ledger says, and names every difference."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import falcon
import pytest
from click.testing import CliRunner
from sandbox_caller import Caller

from bridge.sandbox.command import sandbox as command

KEY = "key-1"


class Believed:
    """What a bridge believes, in the shape of its API; two rows a page, so that paging shows."""

    def __init__(self) -> None:
        self.payments: list[dict[str, Any]] = []
        self.refunds: dict[str, list[dict[str, Any]]] = {}
        self.events: list[dict[str, Any]] = []

    def paid(
        self, reference: str, amount: int = 4999, status: str = "paid", **other: Any
    ) -> dict[str, Any]:
        payment = {
            "id": f"pay_{len(self.payments)}",
            "status": status,
            "amount": amount,
            "currency": "EUR",
            "amount_captured": amount if status == "paid" else 0,
            "provider": {"name": "cashcloud", "reference": reference},
        } | other
        self.payments.append(payment)
        self.tell(f"payment.{status}", payment)
        return payment

    def refunded(self, payment: dict[str, Any], amount: int, status: str = "succeeded") -> None:
        refund = {
            "id": f"ref_{payment['id']}_{amount}",
            "amount": amount,
            "currency": "EUR",
            "status": status,
        }
        self.refunds.setdefault(payment["id"], []).append(refund)
        self.tell(f"refund.{status}", payment, refund)

    def tell(
        self, kind: str, payment: dict[str, Any], refund: dict[str, Any] | None = None
    ) -> None:
        self.events.append(
            {
                "id": f"evt_{len(self.events):03}",
                "type": kind,
                "data": {"payment": payment, "refund": refund},
            }
        )

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        assert req.get_header("Authorization") == f"Bearer {KEY}"
        start = int(req.get_param("cursor", default="0"))
        following = str(start + 2) if start + 2 < len(self.payments) else None
        resp.media = {"data": self.payments[start : start + 2], "next_cursor": following}

    def on_get_refunds(self, req: falcon.Request, resp: falcon.Response, payment: str) -> None:
        resp.media = {"data": self.refunds.get(payment, []), "next_cursor": None}

    def on_get_events(self, req: falcon.Request, resp: falcon.Response) -> None:
        later = [event for event in self.events if event["id"] > req.get_param("after", default="")]
        resp.media = {"data": later[:2], "next_cursor": None}


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def believed() -> Iterator[Believed]:
    belief, app = Believed(), falcon.App()
    app.add_route("/v1/payments", belief)
    app.add_route("/v1/payments/{payment}/refunds", belief, suffix="refunds")
    app.add_route("/v1/events", belief, suffix="events")
    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    belief.url = f"http://127.0.0.1:{server.server_port}"
    yield belief
    server.shutdown()
    server.server_close()


def judged(believed: Believed, merchant: Caller, *more: str) -> tuple[int, str]:
    args = [
        "verdict",
        "--bridge-url",
        believed.url,
        "--api-key",
        KEY,
        "--sandbox-url",
        merchant.url,
        *more,
    ]
    done = CliRunner().invoke(command, args)
    return done.exit_code, done.output


def test_verdict__bridge_believes_the_ledger__exit_0(merchant: Caller, believed: Believed):
    for number in range(3):
        reference = merchant.paid(1000 + number)
        merchant.payer(merchant.refund(reference, 100).json()["hash"], "accept")
        believed.refunded(believed.paid(reference, 1000 + number), 100)
    declined = merchant.request()
    merchant.payer(declined, "decline")
    believed.paid(declined, status="declined")
    code, output = judged(believed, merchant)
    assert (code, output.splitlines()[-3:]) == (
        0,
        [
            "payments: 4 compared, 0 differ",
            "refunds: 3 compared, 0 differ",
            "events: 7 compared, 0 differ",
        ],
    )


@pytest.mark.parametrize(
    "lie",
    [
        {"status": "pending", "amount_captured": 0},
        {"amount": 1, "amount_captured": 1},
        {"currency": "USD"},
        {"status": "declined"},
        {"amount_captured": 1},
    ],
)
def test_verdict__bridge_believes_otherwise__exit_1(
    merchant: Caller, believed: Believed, lie: dict[str, Any]
):
    believed.paid(merchant.paid(), **lie)
    code, output = judged(believed, merchant)
    assert code == 1 and "payments: 1 compared, 1 differ" in output


def test_verdict__payment_only_in_the_ledger__differs(merchant: Caller, believed: Believed):
    merchant.request()
    assert judged(believed, merchant)[0] == 1


def test_verdict__payment_only_in_the_bridge__differs(merchant: Caller, believed: Believed):
    believed.paid("nowhere")
    assert judged(believed, merchant)[0] == 1


def test_verdict__payment_that_was_never_asked_for__agrees(merchant: Caller, believed: Believed):
    believed.paid("", status="created")
    assert judged(believed, merchant)[0] == 0


@pytest.mark.invariant("I1")
def test_verdict__refund_twice_in_the_ledger__differs(merchant: Caller, believed: Believed):
    reference = merchant.paid()
    for _ in range(2):
        merchant.payer(merchant.refund(reference, 100).json()["hash"], "accept")
    believed.refunded(believed.paid(reference), 100)
    code, output = judged(believed, merchant)
    assert code == 1 and "refunds: 2 compared, 1 differ" in output


@pytest.mark.invariant("I7")
@pytest.mark.parametrize("times", [0, 2])
def test_verdict__event_told_not_exactly_once__differs(
    merchant: Caller, believed: Believed, times: int
):
    payment = believed.paid(merchant.paid())
    believed.events.clear()
    for _ in range(times):
        believed.tell("payment.paid", payment)
    code, output = judged(believed, merchant)
    assert code == 1 and "events: 1 compared, 1 differ" in output


def test_verdict__of_one_account__leaves_the_others_out_and_knows_who_is_there(
    merchant: Caller, believed: Believed
):
    believed.paid(merchant.paid())
    (account,) = {row["merchant"] for row in merchant.ledger()}
    assert judged(believed, merchant, "--merchant", account) == judged(believed, merchant)
    both = ("--merchant", account, "--merchant", "one-that-has-sold-nothing-yet")
    assert judged(believed, merchant, *both) == judged(believed, merchant)
    code, output = judged(believed, merchant, "--merchant", "acme")
    assert code == 2 and f"no entries of acme; it has some of {account}" in output


def test_verdict__of_one_account__before_anything_was_sold__agrees(
    merchant: Caller, believed: Believed
):
    assert judged(believed, merchant, "--merchant", "acme")[0] == 0


def test_verdict__nobody_answers__exit_2(merchant: Caller, believed: Believed):
    believed.url = "http://127.0.0.1:9"
    assert judged(believed, merchant)[0] == 2


@pytest.mark.parametrize(
    ("action", "agrees"), [("expire", True), ("decline", True), ("accept", False)]
)
def test_verdict__given_up_by_the_bridge__agrees_unless_money_moved(
    merchant: Caller, believed: Believed, action: str, agrees: bool
):
    reference = merchant.request()
    merchant.payer(reference, action)
    believed.paid(reference, status="canceled")
    assert judged(believed, merchant)[0] == (0 if agrees else 1)


@pytest.mark.parametrize(("provider_open", "code"), [(True, 0), (False, 1)])
def test_verdict__expired_by_the_bridge_and_pending_in_the_ledger__agrees_while_the_bridge_watches_it(
    merchant: Caller,
    believed: Believed,
    provider_open: bool,
    code: int,
):
    believed.paid(merchant.request(), status="expired", provider_open=provider_open)
    assert judged(believed, merchant)[0] == code


@pytest.mark.invariant("I5")
def test_verdict__in_doubt_and_nothing_in_the_ledger__is_told_but_agrees(
    merchant: Caller, believed: Believed
):
    believed.paid("", status="pending", outcome_known=False)
    code, output = judged(believed, merchant)
    assert code == 0 and output.endswith("in doubt: 1\n")


@pytest.mark.parametrize(("action", "code"), [(None, 0), ("accept", 1)])
def test_verdict__in_doubt_but_in_the_ledger__agrees_only_while_no_money_moved(
    merchant: Caller, believed: Believed, action: str | None, code: int
):
    reference = merchant.request(**{"extern.id": "pay_0-1"})
    if action:
        merchant.payer(reference, action)
    believed.paid("", status="pending", outcome_known=False)
    assert judged(believed, merchant)[0] == code


@pytest.mark.parametrize(("known", "code"), [(False, 0), (True, 1)])
def test_verdict__refund_only_in_the_bridge__differs_unless_in_doubt(
    merchant: Caller, believed: Believed, known: bool, code: int
):
    payment = believed.paid(merchant.paid())
    believed.refunded(payment, 100, "pending")
    believed.refunds[payment["id"]][0]["outcome_known"] = known
    assert judged(believed, merchant)[0] == code
