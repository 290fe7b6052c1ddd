"""The state machine: anything may happen in any order, and after each step the invariants hold.

Every rule drives the real services over a real store against the real sandbox. The random part is only which rules run with which
arguments; clock, faults and callbacks are scripted, so a failure shrinks and repeats. What the sandbox's ledger says is the truth.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from bridge.domain.operation import FINAL, Operation, OperationStatus, Origin
from bridge.domain.payment import TRANSITIONS, Fact, Payer, Payment, Status
from bridge.errors import BridgeError
from bridge.ports import PaymentFilter
from bridge.services.refund_payment import RefundWish
from bridge.services.schedule import INQUIRY_OFFSETS
from factories import FIFTY, a_key, a_wish
from stage import Heard, PowerCut, Stage

FORWARD = {
    (before, after) for (before, fact), after in TRANSITIONS.items() if fact is not Fact.TAKEN_BACK
} | {(status, status) for status in Status}
LOSING = st.sampled_from(["drop_before", "drop_after", "garbage", "truncate", "status", "hang"])
DISGUISE = st.sampled_from(["other_amount", "other_currency", "other_reference", "unknown_status"])
AMOUNTS = st.sampled_from([None, 1, 1000, 2500, FIFTY])
SECONDS = st.sampled_from([1, 5, 16, 30, 61, 120, 600, 1801, 4000, 90_000])
PICK = st.integers(0, 50)
NEVER_ASKED = {"created", "declined", "failed", "canceled", "expired"}

AGREES = {
    # ledger        what the bridge may call it in the end
    "pending": {"pending", "canceled", "expired"},
    "succeeded": {"paid"},
    "declined": {"declined", "canceled", "expired"},
    "expired": {"expired", "canceled"},
    "failed": {"failed", "canceled", "expired"},
    "canceled": {"canceled", "expired"},
}


class Bridge(RuleBasedStateMachine):
    """One bridge, three shops, one payer with a wallet, and a provider that misbehaves."""

    stage: Stage
    payments = Bundle("payments")
    refunds = Bundle("refunds")

    @initialize()
    def begin(self) -> None:
        self.stage.clear()
        self.callbacks: list[Heard] = []
        self.keys: dict[str, tuple[str, Any, str]] = {}
        self.seen: dict[str, Payment] = {}
        self.seen_operations: dict[str, OperationStatus] = {}
        self.asked = 0

    # --- what shops do

    @rule(
        target=payments,
        shop=st.sampled_from(["acme-one", "acme-two", "globex-shop"]),
        named=st.booleans(),
    )
    def create(self, shop: str, named: bool) -> dict[str, Any]:
        wish, key = a_wish(payer=Payer("customer@example.com") if named else Payer()), a_key()
        payment = json.loads(
            self.stage.services.create_payment(self.stage.shop(shop), key, wish).body
        )
        self.keys[payment["id"]] = (key, wish, shop)
        return payment

    @rule(target=payments, payment=payments)
    def create_beside(self, payment: dict[str, Any]) -> Any:
        """The customer begins the same order's payment anew; welcome only where no other payment is open or has the money."""
        _, wish, shop = self.keys[payment["id"]]
        key = a_key()
        try:
            beside = json.loads(
                self.stage.services.create_payment(self.stage.shop(shop), key, wish).body
            )
        except BridgeError as error:
            assert error.code == "payment_exists", error
            return payment
        self.keys[beside["id"]] = (key, wish, shop)
        return beside

    @rule(payment=payments)
    def create_again(self, payment: dict[str, Any]) -> None:
        """The shop repeats its request."""
        key, wish, shop = self.keys[payment["id"]]
        try:
            again = self.stage.services.create_payment(self.stage.shop(shop), key, wish)
        except BridgeError as error:
            assert error.code == "idempotency_running", error
        else:
            assert again.replayed and again.resource == payment["id"]

    @rule(target=refunds, payment=payments, amount=AMOUNTS)
    def refund(self, payment: dict[str, Any], amount: int | None) -> Any:
        key = a_key()
        left = self.stage.payment(payment)
        try:
            refund = self.stage.refund(payment, key, amount=amount)
        except BridgeError as error:
            assert error.code in ("payment_not_paid", "amount_too_large"), error
            assert left.status is not Status.PAID or left.amount_refundable < (amount or 1)
            return None
        self.keys[refund["id"]] = (key, amount, payment["shop"])
        return refund | {"payment": payment}

    @precondition(lambda self: any(name.startswith("ref_") for name in self.keys))
    @rule(refund=refunds)
    def refund_again(self, refund: dict[str, Any] | None) -> None:
        if refund is None:
            return
        key, amount, shop = self.keys[refund["id"]]
        try:
            again = self.stage.services.refund_payment(
                self.stage.shop(shop), refund["payment"]["id"], key, RefundWish(amount)
            )
        except BridgeError as error:
            assert error.code == "idempotency_running", error
        else:
            assert again.replayed and again.resource == refund["id"]

    @rule(payment=payments)
    def cancel(self, payment: dict[str, Any]) -> None:
        try:
            self.stage.services.cancel_payment(
                self.stage.shop(payment["shop"]), payment["id"], a_key()
            )
        except BridgeError as error:
            assert error.code in ("not_cancelable", "outcome_unknown"), error

    @rule(payment=payments)
    def sync(self, payment: dict[str, Any]) -> None:
        self.stage.services.sync_payment(self.stage.shop(payment["shop"]), payment["id"])

    # --- what the payer does

    @rule(
        payment=payments,
        name=st.sampled_from(["customer@example.com", "poor@example.com", "nobody@example.com"]),
    )
    def confirm(self, payment: dict[str, Any], name: str) -> None:
        try:
            self.stage.services.confirm_checkout(
                payment["checkout"]["token"], name, None, None, "en"
            )
        except BridgeError as error:
            assert error.code in (
                "checkout_closed",
                "wallet_username_refused",
                "too_many_tries",
                "checkout_gone",
            ), error

    @rule(
        payment=payments, action=st.sampled_from(["accept", "accept", "decline", "expire", "fail"])
    )
    def answer(self, payment: dict[str, Any], action: str) -> None:
        for entry in self.stage.sandbox.requests_of(payment["id"]):
            self.stage.sandbox.payer(entry["reference"], action)
        self.take_callbacks()

    @rule(refund=refunds, action=st.sampled_from(["accept", "accept", "decline", "fail"]))
    def answer_refund(self, refund: dict[str, Any] | None, action: str) -> None:
        for entry in self.stage.sandbox.refunds_of(refund["id"]) if refund else ():
            self.stage.sandbox.payer(entry["reference"], action)
        self.take_callbacks()

    @rule(payment=payments, amount=AMOUNTS, taken=st.booleans())
    def give_back_at_the_portal(
        self, payment: dict[str, Any], amount: int | None, taken: bool
    ) -> None:
        """The merchant gives money back past the bridge; the payer takes it now, or may with a later rule."""
        for entry in self.stage.sandbox.requests_of(payment["id"]):
            made = self.stage.sandbox.try_control(
                "POST",
                f"portal/{entry['reference']}",
                action="refund",
                **({} if amount is None else {"amount": amount}),
            )
            if made.status_code == 200 and taken:
                self.stage.sandbox.payer(made.json()["reference"], "accept")
        self.take_callbacks()

    @rule(pick=PICK, action=st.sampled_from(["accept", "decline"]))
    def answer_the_portal(self, pick: int, action: str) -> None:
        given = [
            entry for entry in self.stage.sandbox.ledger("refund") if not entry["our_reference"]
        ]
        if given:
            self.stage.sandbox.payer(given[pick % len(given)]["reference"], action)
        self.take_callbacks()

    @rule(on=st.sampled_from(["refund", "transactions"]), payment=payments, amount=AMOUNTS)
    def give_back_at_the_portal_just_before(
        self, on: str, payment: dict[str, Any], amount: int | None
    ) -> None:
        """The same, between the intent and the call that it races."""
        for entry in self.stage.sandbox.requests_of(payment["id"]):
            self.stage.sandbox.fault(
                on,
                "portal",
                reference=entry["reference"],
                action="refund",
                **({} if amount is None else {"amount": amount}),
            )

    def take_callbacks(self) -> None:
        self.callbacks += self.stage.outside.callbacks
        self.stage.outside.callbacks.clear()

    # --- what the wire does

    @rule(on=st.sampled_from(["request", "refund", "transactions"]), fault=LOSING)
    def misbehave(self, on: str, fault: str) -> None:
        self.stage.sandbox.fault(on, fault)

    @rule(fault=DISGUISE)
    def disguise_next(self, fault: str) -> None:
        self.stage.sandbox.fault("callback", fault)

    @rule()
    def behave(self) -> None:
        self.stage.sandbox.no_faults()

    @rule(on=st.sampled_from(["/request", "/refund"]), moment=st.sampled_from(["before", "after"]))
    def die_at_the_next(self, on: str, moment: str) -> None:
        """The process that makes the next such call ends before or after it."""
        self.stage.transport.cut = (moment, on)

    @precondition(lambda self: self.callbacks)
    @rule(pick=PICK, times=st.integers(0, 3), keep=st.booleans())
    def deliver_callback(self, pick: int, times: int, keep: bool) -> None:
        """Any of the callbacks so far arrives: late, repeatedly, out of order, or (0 times, not kept) never."""
        heard = self.callbacks[pick % len(self.callbacks)]
        for _ in range(times):
            self.stage.services.receive_callback(heard.provider, heard.merchant, heard.raw)
        if not keep:
            self.callbacks.remove(heard)

    @precondition(lambda self: self.callbacks)
    @rule(pick=PICK, field=st.sampled_from(["control", "status", "time", "method", "merchant"]))
    def forge_callback(self, pick: int, field: str) -> None:
        """A callback with one thing changed and the signature kept changes nothing at all."""
        heard = self.callbacks[pick % len(self.callbacks)]
        forged = (
            replace(heard, merchant={"acme": "globex", "globex": "acme"}[heard.merchant])
            if field == "merchant"
            else _changed(heard, field)
        )
        before = self.stage.rows("outbox")
        self.stage.services.receive_callback(forged.provider, forged.merchant, forged.raw)
        assert self.stage.rows("outbox") == before

    # --- what time does

    @rule()
    def work(self) -> None:
        with suppress(PowerCut):
            self.stage.work()

    @rule(seconds=SECONDS, sandbox=st.booleans())
    def wait(self, seconds: int, sandbox: bool) -> None:
        self.stage.clock.advance(seconds)
        if sandbox:
            self.stage.sandbox.advance(seconds)
            self.take_callbacks()
        self.work()

    @rule(status=st.sampled_from([500, 503, 429]), times=st.integers(1, 3))
    def shop_is_down(self, status: int, times: int) -> None:
        self.stage.outside.answers["acme-one"] = [(status, {})] * times

    # --- what must hold after each step

    def rows(self) -> list[Payment]:
        with self.stage.house.units.read() as unit:
            return list(unit.payments.list(None, _ANY, 1000, None))

    @invariant()
    def holds(self) -> None:
        """Everything below."""
        for check in (
            self.sums_are_in_order,
            self.nothing_goes_back,
            self.every_transition_has_one_event,
            self.the_ledger_agrees,
            self.no_second_payment_is_kept_silently,
            self.shops_hear_in_order,
            self.nothing_is_forgotten,
        ):
            check()

    def sums_are_in_order(self) -> None:
        """I2."""
        for p in self.rows():
            assert (
                0
                <= p.amount_refunded + p.amount_refund_pending
                <= p.amount_captured
                <= p.amount_authorized
                <= p.amount
            ), p
            operations = self.stage.operations({"id": p.id})
            in_doubt = [o.attempt.sent_at for o in operations if o.in_doubt]
            assert p.operations_doubtful_since == min(in_doubt, default=None), p
            assert p.amount_refunded == sum(
                o.amount for o in operations if o.status is OperationStatus.SUCCEEDED
            )
            assert p.amount_refund_pending == sum(
                o.amount for o in operations if o.status is OperationStatus.PENDING
            )

    def nothing_goes_back(self) -> None:
        """I6, and I5: what is in doubt has not ended by itself."""
        for p in self.rows():
            before = self.seen.get(p.id, p)
            assert (before.status, p.status) in _REACHABLE, (before, p)
            assert not p.in_doubt or p.status is Status.PENDING, p
            self.seen[p.id] = p
            for o in self.stage.operations({"id": p.id}):
                was = self.seen_operations.get(o.id, OperationStatus.PENDING)
                assert was is o.status or was is OperationStatus.PENDING, o
                assert o.outcome_known or o.status is OperationStatus.PENDING, o
                self.seen_operations[o.id] = o.status

    def every_transition_has_one_event(self) -> None:
        """I7 and I8: the events of a payment are numbered 1, 2, 3 …, each status is told once, the last is the row's."""
        for p in self.rows():
            events = [
                event for event in self.stage.history({"id": p.id}) if event.sequence is not None
            ]
            assert [event.sequence for event in events] == list(range(1, p.sequence + 1))
            told = [
                event.type.removeprefix("payment.")
                for event in events
                if event.type.startswith("payment.")
            ]
            assert len(told) == len(set(told)), told
            assert told[-1].removesuffix("_late") == p.status.value, (told, p.status)
            ends = [
                event.type
                for event in events
                if event.type.startswith("refund.") and event.type != "refund.pending"
            ]
            assert len(ends) == sum(o.status in FINAL for o in self.stage.operations({"id": p.id}))

    def the_ledger_agrees(self) -> None:
        """I1 and I4: money moved once, and nothing is called paid, refunded, declined or failed that the ledger does not call so."""
        ledger = self.stage.sandbox.ledger()
        requests = _by_intent(ledger, "request")
        refunds = _by_intent(ledger, "refund")
        assert all(len(entries) <= 1 for entries in refunds.values()), refunds
        assert all(len(entries) <= 1 for entries in requests.values()), requests
        for p in self.rows():
            states = {entry["state"] for entry in requests.get(p.id, ())}
            assert p.status is not Status.PAID or states == {"succeeded"}, (p, states)
            assert p.status is not Status.DECLINED or states <= {"declined"}, (p, states)
            assert not p.outcome_known or p.status is not Status.FAILED or states <= {"failed"}, (
                p,
                states,
            )
            for o in self.stage.operations({"id": p.id}):
                ended = {entry["state"] for entry in _of_operation(o, ledger, refunds)}
                assert o.status is not OperationStatus.SUCCEEDED or ended == {"succeeded"}, (
                    o,
                    ended,
                )
                assert o.status in (
                    OperationStatus.SUCCEEDED,
                    OperationStatus.PENDING,
                ) or ended <= {"canceled", "failed"}, (o, ended)

    def no_second_payment_is_kept_silently(self) -> None:
        """Of an order's paid payments of which nothing goes back, all but one say which other has the money."""
        kept = [
            (p.shop, p.order_reference)
            for p in self.rows()
            if p.status is Status.PAID
            and p.duplicate_of is None
            and not self.stage.operations({"id": p.id})
        ]
        assert len(kept) == len(set(kept)), kept

    def shops_hear_in_order(self) -> None:
        """I9: a shop has taken 1 … n of each payment, none before the one before it."""
        taken: dict[str, list[int]] = {}
        for one in self.stage.outside.notifications:
            if one.status < 300:
                taken.setdefault(one.body["data"]["payment"]["id"], []).append(one.body["sequence"])
        for sequences in taken.values():
            first = list(dict.fromkeys(sequences))
            assert first == list(range(1, len(first) + 1)), sequences

    def nothing_is_forgotten(self) -> None:
        """I19: whatever is not settled has a job, or an operator's eye."""
        jobs = {job[1] for job in self.stage.jobs()}
        for p in self.rows():
            unsettled = p.status in (Status.CREATED, Status.PENDING) or p.in_doubt
            assert not unsettled or p.id in jobs or p.review, p
            for o in self.stage.operations({"id": p.id}):
                assert o.status in FINAL or o.id in jobs or o.review, o

    # --- how it ends

    def teardown(self) -> None:
        """I19: when the provider can be reached again, all comes to its end, with a bounded number of questions, and the books agree."""
        if not hasattr(self, "seen"):
            return
        stage = self.stage
        stage.sandbox.no_faults()
        stage.transport.cut = None
        stage.outside.answers.clear()
        before, started = stage.sandbox.calls("transactions"), stage.clock()
        stage.drain()
        looks = stage.sandbox.calls("transactions") - before
        subjects = stage.rows("payments") + stage.rows("operations")
        assert looks <= subjects * (len(INQUIRY_OFFSETS) + 4) + 12 * stage.rows("callbacks"), (
            looks,
            subjects,
        )  # of a paid payment, its refunds too
        assert not [job for job in stage.jobs() if job[0] != "callback"], (started, stage.jobs())
        self._look_at_what_is_paid()
        self._books_agree()
        self.holds()
        told = {one.body["id"] for one in stage.outside.notifications if one.status < 300}
        events = {
            event.id
            for p in self.rows()
            for event in stage.history({"id": p.id})
            if event.sequence is not None
        }
        assert told >= events, "I8: every event was taken by its shop"

    def _look_at_what_is_paid(self) -> None:
        """The next inquiry, whatever caused it."""
        for p in self.rows():
            self.stage.services.sync_payment(self.stage.shop(p.shop), p.id)
        self.stage.work()

    def _books_agree(self) -> None:
        ledger = self.stage.sandbox.ledger()
        requests, refunds = _by_intent(ledger, "request"), _by_intent(ledger, "refund")
        for p in self.rows():
            entries = requests.get(p.id, [])
            allowed = AGREES[entries[0]["state"]] if entries else NEVER_ASKED
            assert p.outcome_known and not p.attempt.sending and p.status.value in allowed, (
                p,
                entries,
            )
            given = sum(
                e["amount"]
                for e in ledger
                if e["kind"] == "refund"
                and e["state"] == "succeeded"
                and e["parent"] == p.provider_reference
            )
            assert (
                not p.provider_reference
                or p.status is not Status.PAID
                or p.amount_refunded == given
            ), ("I25, I31", p, given)
            for o in self.stage.operations({"id": p.id}):
                states = [entry["state"] for entry in _of_operation(o, ledger, refunds)]
                assert o.outcome_known and (
                    states == [o.status.value]
                    or (not states and o.status is OperationStatus.FAILED)
                ), (o, states)


def _changed(heard: Heard, field: str) -> Heard:
    pairs = dict(parse_qsl(heard.raw.body.decode()))
    other = {
        "control": "bm90IGl0",
        "status": "7" if pairs["status"] != "7" else "3",
        "time": "2020-01-01 00:00:00",
        "method": "refund" if pairs["method"] == "request" else "request",
    }
    return replace(
        heard, raw=replace(heard.raw, body=urlencode({**pairs, field: other[field]}).encode())
    )


def _by_intent(ledger: list[dict[str, Any]], kind: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in ledger:
        if entry["kind"] == kind:
            found.setdefault(
                (entry["our_reference"] or entry["reference"]).rpartition("-")[0]
                or entry["reference"],
                [],
            ).append(entry)
    return found


def _of_operation(
    operation: Operation, ledger: list[dict[str, Any]], refunds: dict[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """What the ledger has of an operation: of ours by its intent, of others' by the provider's reference."""
    if operation.source is not Origin.PROVIDER:
        return refunds.get(operation.id, [])
    found = [entry for entry in ledger if entry["reference"] == operation.provider_reference]
    assert [entry["amount"] for entry in found] == [operation.amount] and not found[0][
        "our_reference"
    ], (operation, found)
    return found


def _closure(steps: set[tuple[Status, Status]]) -> set[tuple[Status, Status]]:
    reached = set(steps)
    while more := {(a, d) for a, b in reached for c, d in reached if b is c} - reached:
        reached |= more
    return reached


_REACHABLE = _closure(FORWARD)
_ANY = PaymentFilter()
