"""Small JSON values owned by a provider, an adapter or the house."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, select

from bridge.store.dialects import Dialect
from bridge.store.schema import documents

_VALUE = select(documents.c.value).where(
    documents.c.owner == bindparam("owner"), documents.c.name == bindparam("name")
)

_LOCKED_VALUE = _VALUE.with_for_update()


class SqlDocuments:
    """See `ports.Documents`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        """Work on one connection."""
        self._connection = connection
        self._dialect = dialect

    def get(self, owner: str, name: str, *, lock: bool = False) -> Any | None:
        """Return a value; `lock` holds it until the unit ends."""
        return self._connection.execute(
            _LOCKED_VALUE if lock else _VALUE, {"owner": owner, "name": name}
        ).scalar()

    def count(self, owner: str, prefix: str) -> int:
        """Return how many values have a name that begins so."""
        c = documents.c
        query = select(func.count()).where(
            c.owner == owner, c.name.startswith(prefix, autoescape=True)
        )
        return self._connection.execute(query).scalar_one()

    def put(self, owner: str, name: str, value: Any) -> None:
        """Store a value."""
        query = self._dialect.insert(documents).values(owner=owner, name=name, value=value)
        self._connection.execute(
            query.on_conflict_do_update(
                index_elements=["owner", "name"], set_={"value": query.excluded.value}
            )
        )

    def delete(self, owner: str, name: str) -> None:
        """Remove a value."""
        c = documents.c
        self._connection.execute(delete(documents).where(and_(c.owner == owner, c.name == name)))
