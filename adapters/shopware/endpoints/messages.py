"""Reads what Shopware sends: numbers as Decimal, `[]` for an empty object, one order sometimes twice in several megabytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")

BODY_LIMIT = 8 * 1024 * 1024
"""The largest body that is read, bytes; orders are embedded whole."""


class Unreadable(Exception):
    """The body is no JSON object."""


def read(raw: bytes) -> dict[str, Any]:
    """Read a body; only after its signature was verified is it believed. Raises Unreadable."""
    try:
        found = json.loads(raw.decode("utf-8"), parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(found, dict):
        raise Unreadable
    return found


def part(body: Any, *way: str) -> Any:
    """Return what stands at the end of the way; None where it does not exist. PHP writes an empty object as `[]`."""
    for name in way:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body


def text(body: Any, *way: str, longest: int = 255) -> str:
    """Return a text at the end of the way; "" where there is none that is short enough and that a database can keep."""
    found = part(body, *way)
    return (
        found
        if isinstance(found, str) and len(found) <= longest and not _UNKEEPABLE.search(found)
        else ""
    )


def write(answer: Mapping[str, Any]) -> bytes:
    """Write an answer, once: these very bytes are signed and sent."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
