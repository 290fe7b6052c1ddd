"""Column types for migrations. They never change: a migration makes the same tables for ever, whatever the schema of today says."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine


def utc() -> TypeEngine[str]:
    """Return the type of a point in time: `timestamptz` on PostgreSQL, 24 characters of ISO text on SQLite."""
    return sa.String(24).with_variant(TIMESTAMP(timezone=True), "postgresql")
