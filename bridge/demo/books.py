"""Compares what shop, bridge and provider have in their books about one payment."""

from __future__ import annotations

from bridge.demo.parties import Cast, Json
from bridge.demo.steps import must


def agree(cast: Cast, told: Json, ledger: list[Json]) -> None:
    """Raise ``Failed`` unless captured, refunded and refund-pending amounts are the same; ``told`` is the payment as the shop has it."""
    known = cast.bridge.payment(told["id"])
    entry = next(entry for entry in ledger if entry["reference"] == known["provider"]["reference"])
    refunds = children(ledger, "refund", entry["reference"])
    captured = entry["amount"] if entry["state"] == "succeeded" else 0
    books = {
        "shop": (told["amount_captured"], told["amount_refunded"], told["amount_refund_pending"]),
        "bridge": (known["amount_captured"], known["amount_refunded"], known["amount_refund_pending"]),
        "provider": (captured, _sum(refunds, "succeeded"), _sum(refunds, "pending")),
    }
    must(len(set(books.values())) == 1, f"payment {told['id']}: {books}")


def children(ledger: list[Json], kind: str, parent: str) -> list[Json]:
    """Return the ledger's entries of a kind that belong to a reference."""
    return [entry for entry in ledger if (entry["kind"], entry["parent"]) == (kind, parent)]


def _sum(entries: list[Json], state: str) -> int:
    return sum(entry["amount"] for entry in entries if entry["state"] == state)
