"""Compares what shop, bridge and provider have in their books about one payment."""

from __future__ import annotations

from bridge.demo.parties import Cast, Json
from bridge.demo.steps import must


def agree(cast: Cast, told: Json, ledger: list[Json]) -> None:
    """Raise ``Failed`` unless captured, refunded and refund-pending amounts are the same; ``told`` is the payment as the shop has it."""
    known = cast.bridge.payment(told["id"])
    entry = next(entry for entry in ledger if entry["reference"] == known["provider"]["reference"])
    books = {"shop": _sums(told), "bridge": _sums(known), "provider": _provider(entry, ledger)}
    must(len(set(books.values())) == 1, f"payment {told['id']}: {books}")


def agree_with_provider(known: Json, ledger: list[Json]) -> None:
    """The same for a payment of which no shop knows; ``known`` is the payment as the bridge has it."""
    entry = next(entry for entry in ledger if entry["reference"] == known["provider"]["reference"])
    books = {"bridge": _sums(known), "provider": _provider(entry, ledger)}
    must(len(set(books.values())) == 1, f"payment {known['id']}: {books}")


def _sums(payment: Json) -> tuple[int, int, int]:
    return payment["amount_captured"], payment["amount_refunded"], payment["amount_refund_pending"]


def _provider(entry: Json, ledger: list[Json]) -> tuple[int, int, int]:
    refunds = [
        *children(ledger, "refund", entry["reference"]),
        *children(ledger, "credit", entry["reference"]),
    ]
    if entry["kind"] == "authorization":
        captured = _sum(children(ledger, "capture", entry["reference"]), "succeeded")
    else:
        captured = entry["amount"] if entry["state"] == "succeeded" else 0
    return captured, _sum(refunds, "succeeded"), _sum(refunds, "pending")


def children(ledger: list[Json], kind: str, parent: str) -> list[Json]:
    """Return the ledger's entries of a kind that belong to a reference."""
    return [entry for entry in ledger if (entry["kind"], entry["parent"]) == (kind, parent)]


def _sum(entries: list[Json], state: str) -> int:
    return sum(entry["amount"] for entry in entries if entry["state"] == state)
