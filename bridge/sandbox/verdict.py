"""The judge: does a bridge believe what the ledger says?

Payments are matched by the provider's reference (a bridge payment that knows none yet by `our_reference`), refunds as the set of
(amount, currency, status) under their payment. What the bridge itself calls doubtful (`outcome_known: false`) and the ledger does not
know is no difference: it is listed and counted as in doubt. Both sides are read through their public doors only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

TIMEOUT = (5.0, 30.0)
PAYMENTS, REFUNDS, EVENTS = "payments", "refunds", "events"
PAYMENT_KINDS = frozenset({"request", "authorization"})
REFUND_KINDS = frozenset({"refund", "credit"})

AGREES = {
    # ledger      what the bridge may call it
    "pending": {"created", "pending", "canceled"},
    "succeeded": {"paid", "authorized"},
    "declined": {"declined", "canceled"},
    "canceled": {"canceled"},
    "expired": {"expired", "canceled"},
    "failed": {"failed", "canceled"},
}
"""A payment that the bridge has given up (`canceled`) agrees with every state in which no money moved."""

NEVER_ASKED = frozenset({"created", "declined", "failed", "canceled", "expired"})
"""What the bridge may call a payment of which the ledger knows nothing."""

ON_A_PAGE = "card"
"""A method whose payments are unknown to the provider until the payer comes to its page, and stay open there when he leaves."""

FINAL_EVENTS = {
    "paid": ("payment.paid", "payment.paid_late"),
    "declined": ("payment.declined",),
    "failed": ("payment.failed",),
    "expired": ("payment.expired",),
}
REFUND_EVENTS = {
    "succeeded": "refund.succeeded",
    "failed": "refund.failed",
    "canceled": "refund.canceled",
}

Row = Mapping[str, Any]


class CannotAsk(Exception):
    """The bridge or the sandbox did not answer as it should."""


@dataclass(slots=True)
class Verdict:
    """How many were compared and what differs, by kind."""

    compared: Counter[str] = field(default_factory=Counter)
    differences: list[tuple[str, str]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """True if nothing differs."""
        return not self.differences

    def check(self, kind: str, same: bool, about: str) -> None:
        """Count one comparison, and keep what it is about if the two sides differ."""
        self.compared[kind] += 1
        if not same:
            self.differences.append((kind, about))

    def doubt(self, kind: str, about: str) -> None:
        """Count one comparison in which the bridge says itself that it does not know."""
        self.compared[kind] += 1
        self.doubts.append(about)

    def lines(self) -> Iterator[str]:
        """Every difference and doubt, then one line of sums per kind, and the doubts if there are any."""
        yield from (about for _, about in self.differences)
        yield from self.doubts
        differ = Counter(kind for kind, _ in self.differences)
        for kind in (PAYMENTS, REFUNDS, EVENTS):
            yield f"{kind}: {self.compared[kind]} compared, {differ[kind]} differ"
        if self.doubts:
            yield f"in doubt: {len(self.doubts)}"


def judge(
    bridge_url: str, api_keys: Sequence[str], sandbox_url: str, merchants: Sequence[str] = ()
) -> Verdict:
    """Compare a bridge, seen through its shops' API keys, with the ledger of the sandbox, or of some accounts in it. Raises CannotAsk."""
    with requests.Session() as session:
        session.trust_env = False
        ledger = _of(
            merchants, _ask(session, f"{sandbox_url.rstrip('/')}/control/ledger")["entries"]
        )
        shops = [Shop(session, bridge_url.rstrip("/"), key) for key in api_keys]
        try:
            return compare(ledger, shops)
        except (KeyError, TypeError) as error:
            raise CannotAsk(
                f"{bridge_url} answered something else than the normalized API: {error!r}"
            ) from None


def _of(merchants: Sequence[str], ledger: Sequence[Row]) -> Sequence[Row]:
    found = [row for row in ledger if row["merchant"] in merchants or not merchants]
    if ledger and not found:
        known = {row["merchant"] for row in ledger}
        raise CannotAsk(
            f"the ledger has no entries of {', '.join(merchants)}; it has some of {', '.join(sorted(known))}"
        )
    return found


class Shop:
    """A bridge as one shop sees it."""

    def __init__(self, session: requests.Session, url: str, key: str) -> None:
        self._session, self._url, self._headers = session, url, {"Authorization": f"Bearer {key}"}

    def payments(self) -> Iterator[Row]:
        """All payments."""
        return self._pages("/v1/payments")

    def refunds(self, payment: Row) -> Iterator[Row]:
        """The refunds of one payment."""
        return self._pages(f"/v1/payments/{payment['id']}/refunds")

    def events(self) -> Iterator[Row]:
        """All notifications, asked for by the id of the last one."""
        query: dict[str, Any] = {"limit": 100}
        while page := _ask(self._session, f"{self._url}/v1/events", query, self._headers)["data"]:
            yield from page
            query["after"] = page[-1]["id"]

    def _pages(self, path: str) -> Iterator[Row]:
        query: dict[str, Any] = {"limit": 100}
        while True:
            page = _ask(self._session, self._url + path, query, self._headers)
            yield from page["data"]
            if not page.get("next_cursor"):
                return
            query["cursor"] = page["next_cursor"]


def compare(ledger: Sequence[Row], shops: Iterable[Shop]) -> Verdict:
    """Hold every payment, refund and event of the shops against the ledger."""
    verdict, seen = Verdict(), set()
    entries = {row["reference"]: row for row in ledger}
    by_ours = {key: row for row in ledger if row["kind"] in PAYMENT_KINDS for key in _our_keys(row)}
    refunded = _by_parent(row for row in ledger if row["kind"] in REFUND_KINDS)
    captured = _by_parent(row for row in ledger if row["kind"] == "capture")
    for shop in shops:
        events = Counter(_event_keys(shop.events()))
        for payment in shop.payments():
            entry = entries.get(_reference(payment)) or by_ours.get(payment["id"])
            seen.add(entry and entry["reference"])
            refunds = list(shop.refunds(payment))
            _compare_payment(verdict, payment, entry, captured[entry["reference"]] if entry else [])
            _compare_refunds(
                verdict, payment, refunds, refunded[entry["reference"]] if entry else []
            )
            _compare_events(verdict, payment, refunds, events)
    for row in ledger:
        if row["kind"] in PAYMENT_KINDS and row["reference"] not in seen:
            verdict.check(
                PAYMENTS,
                False,
                f"{row['reference']}: {row['state']} in the ledger, unknown to the bridge",
            )
    return verdict


def _compare_payment(
    verdict: Verdict, payment: Row, entry: Row | None, captures: Sequence[Row]
) -> None:
    name = payment["id"]
    if entry is None and _doubtful(payment):
        verdict.doubt(
            PAYMENTS,
            f"{name}: {payment['status']} and in doubt in the bridge, unknown to the ledger",
        )
        return
    if entry is None:
        waiting = payment.get("method") == ON_A_PAGE and payment["status"] == "pending"
        same = (waiting or payment["status"] in NEVER_ASKED) and not _reference(payment)
        verdict.check(
            PAYMENTS, same, f"{name}: {payment['status']} in the bridge, unknown to the ledger"
        )
        return
    ours = (payment["amount"], payment["currency"])
    theirs = (entry["amount"], entry["currency"])
    watched = payment.get("method") == ON_A_PAGE or payment.get("provider_open") is True
    left_open = watched and (payment["status"], entry["state"]) == ("expired", "pending")
    agrees = left_open or payment["status"] in AGREES[entry["state"]]
    same = ours == theirs and agrees and _captured_agrees(payment, entry, captures)
    verdict.check(
        PAYMENTS,
        same,
        f"{name}: {payment['status']} {ours} in the bridge, {entry['state']} {theirs} in the ledger",
    )


def _captured_agrees(payment: Row, entry: Row, captures: Sequence[Row]) -> bool:
    ours: int = payment.get("amount_captured", 0)
    if entry["kind"] == "authorization":
        return ours == sum(int(row["amount"]) for row in captures)
    return ours == int(entry["amount"] if entry["state"] == "succeeded" else 0)


def _compare_refunds(
    verdict: Verdict, payment: Row, refunds: Sequence[Row], entries: Sequence[Row]
) -> None:
    ours = Counter(_refund_key(row) for row in refunds if row["status"] != "failed")
    theirs = Counter(
        (row["amount"], row["currency"], row["state"])
        for row in entries
        if row["state"] != "failed"
    )
    doubtful = (ours - theirs) & Counter(_refund_key(row) for row in refunds if _doubtful(row))
    for refund in (ours & theirs).elements():
        verdict.check(REFUNDS, True, str(refund))
    for refund in doubtful.elements():
        verdict.doubt(
            REFUNDS, f"{payment['id']}: refund {refund} in doubt in the bridge, not in the ledger"
        )
    for refund in (ours - theirs - doubtful).elements():
        verdict.check(
            REFUNDS, False, f"{payment['id']}: refund {refund} in the bridge, not in the ledger"
        )
    for refund in (theirs - ours).elements():
        verdict.check(
            REFUNDS, False, f"{payment['id']}: refund {refund} in the ledger, not in the bridge"
        )


def _compare_events(
    verdict: Verdict, payment: Row, refunds: Sequence[Row], events: Counter[tuple[str, str]]
) -> None:
    expected = FINAL_EVENTS.get(payment["status"], ())
    if expected:
        times = sum(events[(name, payment["id"])] for name in expected)
        verdict.check(
            EVENTS,
            times == 1,
            f"{payment['id']}: {' or '.join(expected)} told {times} times, not once",
        )
    for refund in refunds:
        if name := REFUND_EVENTS.get(refund["status"]):
            times = events[(name, refund["id"])]
            verdict.check(
                EVENTS, times == 1, f"{refund['id']}: {name} told {times} times, not once"
            )


def _event_keys(events: Iterable[Row]) -> Iterator[tuple[str, str]]:
    for event in events:
        about = (
            event["data"].get("refund")
            if event["type"].startswith("refund.")
            else event["data"].get("payment")
        )
        yield event["type"], (about or {}).get("id", "")


def _refund_key(refund: Row) -> tuple[int, str, str]:
    return refund["amount"], refund["currency"], refund["status"]


def _doubtful(row: Row) -> bool:
    return row.get("outcome_known") is False


def _by_parent(rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    by_parent: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_parent[row["parent"]].append(row)
    return by_parent


def _our_keys(row: Row) -> tuple[str, ...]:
    """Our reference, and what stands before its last hyphen: the payment's id, where attempts are numbered `pay_…-1` or `pay-…-1`."""
    ours = row["our_reference"] or ""
    tried = ours.rpartition("-")[0]
    return tuple(filter(None, (ours, tried, tried.replace("-", "_", 1))))


def _reference(payment: Row) -> str:
    return (payment.get("provider") or {}).get("reference") or ""


def _ask(
    session: requests.Session,
    url: str,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    try:
        with session.get(
            url, params=query, headers=headers, timeout=TIMEOUT, allow_redirects=False
        ) as answer:
            answer.raise_for_status()
            if answer.status_code != 200:
                raise CannotAsk(f"{url} answered {answer.status_code}")
            return answer.json()
    except (requests.RequestException, ValueError) as error:
        raise CannotAsk(f"{url}: {type(error).__name__}") from None
