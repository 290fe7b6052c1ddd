"""What callbacks and answers say about the merchants' accounts, one row per account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select, update

from bridge.ports import AccountSigns
from bridge.store.dialects import DIALECTS, Dialect
from bridge.store.schema import account_signs

_C = account_signs.c
_NOTHING = {
    "rejected": 0,
    "rejected_at": None,
    "rejected_why": None,
    "unheard": 0,
    "unheard_since": None,
}
_COUNTED = 1_000
"""Counters stop here, so that a busy account with a lasting fault does not make every transaction wait for one row."""

_HEARD_EVERY = timedelta(minutes=1)
"""How exact the time of the last genuine callback is: a busy account writes it once in this time."""

# Built once: SQLAlchemy needs longer to build a statement than the database needs to carry it out.
_THIS = and_(_C.merchant == bindparam("of_merchant"), _C.provider == bindparam("of_provider"))
_SEE = select(account_signs).where(_THIS)
_MAKE = {dialect: dialect.insert(account_signs).on_conflict_do_nothing() for dialect in DIALECTS}
_HEARD = update(account_signs).where(_THIS).values(heard_at=bindparam("at"), **_NOTHING)
_REJECTED = (
    update(account_signs)
    .where(_THIS, _C.rejected < _COUNTED)
    .values(rejected=_C.rejected + 1, rejected_at=bindparam("at"), rejected_why=bindparam("why"))
)
_UNHEARD = (
    update(account_signs)
    .where(_THIS, _C.unheard < _COUNTED)
    .values(
        unheard=_C.unheard + 1,
        unheard_since=func.coalesce(_C.unheard_since, bindparam("at", type_=_C.unheard_since.type)),
    )
)
_REFUSED = (
    update(account_signs)
    .where(_THIS, _C.refused < _COUNTED)
    .values(
        refused=_C.refused + 1,
        refused_since=func.coalesce(_C.refused_since, bindparam("at", type_=_C.refused_since.type)),
    )
)
_ACCEPTED = update(account_signs).where(_THIS, _C.refused > 0).values(refused=0, refused_since=None)
_ALL = select(account_signs).order_by(_C.merchant, _C.provider)


class SqlSigns:
    """See `ports.Signs`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        """Work on one connection."""
        self._connection = connection
        self._dialect = dialect

    def heard(self, merchant: str, provider: str, at: datetime) -> None:
        """Note a genuine callback."""
        row = self._connection.execute(_SEE, _key(merchant, provider)).first()
        if row is None:
            self._make(merchant, provider)
        elif (
            not (row.rejected or row.unheard or row.heard_at is None)
            and at - row.heard_at < _HEARD_EVERY
        ):
            return
        self._connection.execute(_HEARD, _key(merchant, provider) | {"at": at})

    def rejected(self, merchant: str, provider: str, at: datetime, why: str) -> None:
        """Note a callback that was not genuine."""
        self._count(_REJECTED, merchant, provider, at=at, why=why)

    def unheard(self, merchant: str, provider: str, at: datetime) -> None:
        """Note a payment that an inquiry found paid."""
        self._count(_UNHEARD, merchant, provider, at=at)

    def login_refused(self, merchant: str, provider: str, at: datetime) -> None:
        """Note a call whose login was refused."""
        self._count(_REFUSED, merchant, provider, at=at)

    def login_accepted(self, merchant: str, provider: str) -> None:
        """Note a call whose login was accepted."""
        self._connection.execute(_ACCEPTED, _key(merchant, provider))

    def all(self) -> Sequence[AccountSigns]:
        """Return what is known of every account."""
        return [AccountSigns(**row._mapping) for row in self._connection.execute(_ALL)]

    def _count(self, statement: Any, merchant: str, provider: str, **values: Any) -> None:
        self._make(merchant, provider)
        self._connection.execute(statement, _key(merchant, provider) | values)

    def _make(self, merchant: str, provider: str) -> None:
        self._connection.execute(
            _MAKE[self._dialect],
            {"merchant": merchant, "provider": provider, "refused": 0} | _NOTHING,
        )


def _key(merchant: str, provider: str) -> dict[str, Any]:
    return {"of_merchant": merchant, "of_provider": provider}
