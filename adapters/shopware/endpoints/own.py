"""Whose payment is it: an order's number proves nothing, as shops are restored from a backup, cloned and renumbered.

Shopware gives each order and each order transaction a random id, and every payment carries both in its metadata. A payment belongs to an
order or a transaction only by these ids, and only in the bridge's own shop: another merchant's Shopware may have the same shop id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.shopware.endpoints.shops import Book, Registration
from bridge.platforms import Workbench
from bridge.services.represent import Represent

View = Mapping[str, Any]


class Own:
    """Reads the payments that belong to an order or an order transaction, as the API shows them."""

    def __init__(self, bench: Workbench) -> None:
        """Take what the reading needs."""
        self._bench = bench
        self._represent = Represent(bench.public_url)

    def payments(self, one: Registration, subject: str) -> list[View]:
        """Return the payments of an order transaction or order by its id, oldest first; none for an empty id."""
        if not subject:
            return []
        with self._bench.units.read() as unit:
            found = [
                unit.payments.get(payment) for payment in Book(unit, ()).payments_of(one, subject)
            ]
        views = (self._represent.payment(payment) for payment in found)
        return [view for view in views if is_of(view, one, subject)]


def is_of(view: View, one: Registration, subject: str) -> bool:
    """Tell whether this Shopware asked for a payment, for the order or order transaction with the id `subject`."""
    marks = view["metadata"]
    made_here = view["shop"] == one.shop and marks.get("shopware_shop") in (
        one.shop_id,
        *one.predecessors,
    )
    return (
        made_here
        and bool(subject)
        and subject in (marks.get("shopware_transaction"), marks.get("shopware_order"))
    )


def decisive(views: Sequence[View]) -> View:
    """Return the payment of an order transaction (one or more, oldest first) that decides its state.

    It is the one that has its money; a second payment of an order (`duplicate_of`) pays nothing. Without money it is the newest.
    """
    firsts = [view for view in views if view["duplicate_of"] is None]
    return next((view for view in firsts if view["amount_captured"]), (firsts or views)[-1])
