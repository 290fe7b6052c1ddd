"""Makes ids, tokens and matching numbers."""

from __future__ import annotations

import secrets
from datetime import datetime

from ulid import ULID


def new_id(prefix: str, at: datetime) -> str:
    """Return `prefix_` and a ULID: ids of one kind sort by the time they were made (UTC, milliseconds)."""
    return f"{prefix}_{ULID.from_datetime(at)}"


def new_token() -> str:
    """Return a checkout token: `chk_` and 256 random bits."""
    return f"chk_{secrets.token_urlsafe(32)}"


def new_matching_number() -> str:
    """Return two digits that the payer compares between the page and the wallet."""
    return f"{secrets.randbelow(90) + 10}"
