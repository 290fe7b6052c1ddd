"""Reads the JSON bodies of the control calls: small, and of the right types, or an HTTP 400 that says what to write instead."""

from __future__ import annotations

import json
from typing import Any

import falcon

MOST = 64 * 1024
LARGEST = 10**12


def read_body(req: falcon.Request) -> dict[str, Any]:
    """The body as an object; nothing counts as `{}`. Raises HTTP 400."""
    raw = req.bounded_stream.read(MOST + 1)
    try:
        body = (
            json.loads(raw.decode("utf-8"))
            if raw.strip() and len(raw) <= MOST
            else {}
            if not raw.strip()
            else None
        )
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise bad("the body must be a JSON object of at most 64 KiB")
    return body


def bad(text: str) -> falcon.HTTPBadRequest:
    """An HTTP 400 with that text."""
    return falcon.HTTPBadRequest(title="This cannot be read", description=text)


def text(body: dict[str, Any], name: str, default: str | None = None) -> str:
    """A text of 1 to 500 characters. Raises HTTP 400."""
    value = body.get(name, default)
    if not isinstance(value, str) or not 0 < len(value) <= 500 or not value.isprintable():
        raise bad(f'"{name}" must be a text of 1 to 500 printable characters')
    return value


def one_of(body: dict[str, Any], name: str, known: Any, default: str | None = None) -> str:
    """One of the known words. Raises HTTP 400."""
    value = body.get(name, default)
    if not isinstance(value, str) or value not in known:
        raise bad(f'"{name}" must be one of {", ".join(sorted(known))}')
    return value


def whole(
    body: dict[str, Any], name: str, default: int | None = None, least: int = 0, most: int = LARGEST
) -> int:
    """A whole number within bounds. Raises HTTP 400."""
    value = body.get(name, default)
    if type(value) is not int or not least <= value <= most:
        raise bad(f'"{name}" must be a whole number from {least} to {most}')
    return value


def number(body: dict[str, Any], name: str, default: float, most: float) -> float:
    """A number from 0. Raises HTTP 400."""
    value = body.get(name, default)
    if type(value) not in (int, float) or not 0 <= value <= most:
        raise bad(f'"{name}" must be a number from 0 to {most}')
    return float(value)


def truth(body: dict[str, Any], name: str, default: bool) -> bool:
    """True or false. Raises HTTP 400."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise bad(f'"{name}" must be true or false')
    return value
