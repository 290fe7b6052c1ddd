"""Reading requests: bytes to strict JSON to a model, with one FieldError per mistake. Nothing is coerced.

Raises MalformedBody for what is no JSON object in UTF-8, ValidationFailed for what is one but not acceptable, and
Falcon's own 413 and 415.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

from falcon import HTTPContentTooLarge, HTTPUnsupportedMediaType, Request
from pydantic import BaseModel, ValidationError

from bridge.errors import (
    FieldError,
    IdempotencyKeyRequired,
    MalformedBody,
    NotFound,
    ValidationFailed,
)
from bridge.ports import RawCallback

M = TypeVar("M", bound=BaseModel)

LIMIT = 64 * 1024
"""No request body may be larger, in bytes."""

CALLBACK_LIMIT = 16 * 1024
"""No callback or return may be larger, query and body together, in bytes: each genuine one is kept for more than a year."""

MAX_ERRORS = 50
"""A caller is told of that many mistakes at once."""

PATHS: Mapping[str, re.Pattern[str]] = {
    "payment_id": re.compile(r"pay_[0-9A-Za-z]{1,36}"),
    "refund_id": re.compile(r"ref_[0-9A-Za-z]{1,36}"),
    "token": re.compile(r"chk_[0-9A-Za-z_-]{1,60}"),
    "provider": re.compile(r"[a-z][0-9a-z_]{0,31}"),
    "shop": re.compile(r"[0-9a-z-]{1,40}"),
    "merchant": re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}"),
}
"""What the fields of a path may look like; anything else names nothing."""

CODES: Mapping[str, tuple[str, str]] = {
    "missing": ("required", "This field is required."),
    "extra_forbidden": ("unknown_field", "There is no such field; check the spelling."),
    "int_type": ("not_an_integer", "Write a whole number: no quotes, no decimal point."),
    "greater_than_equal": ("too_small", "Must not be smaller than {ge}."),
    "less_than_equal": ("too_large", "Must not be larger than {le}."),
    "string_type": ("not_a_string", "Write a string."),
    "string_unicode": ("invalid_characters", "This is no valid Unicode text."),
    "string_too_short": ("too_short", "Must have at least {min_length} characters."),
    "string_too_long": ("too_long", "Must have at most {max_length} characters."),
    "string_pattern_mismatch": ("invalid_format", "Must match {pattern}"),
    "literal_error": ("not_allowed", "Must be one of {expected}."),
    "dict_type": ("not_an_object", "Write an object."),
    "model_type": ("not_an_object", "Write an object."),
    "too_long": ("too_long", "Must have at most {max_length} entries."),
}
"""The kind of mistake, as the validator calls it → our stable code and what to do about it."""


def idempotency_key(req: Request) -> str:
    """Return the Idempotency-Key, quoted (RFC 8941 string) or bare: 1 to 255 visible ASCII characters.

    Raises IdempotencyKeyRequired, ValidationFailed.
    """
    given = (req.get_header("Idempotency-Key") or "").strip()
    quoted = len(given) >= 2 and given[0] == given[-1] == '"'
    key = re.sub(r'\\(["\\])', r"\1", given[1:-1]) if quoted else given
    if not key:
        raise IdempotencyKeyRequired
    if not re.fullmatch(r"[!-~]{1,255}", key):
        refuse(
            "/headers/Idempotency-Key",
            "invalid_format",
            "Write 1 to 255 visible ASCII characters, quoted or bare.",
        )
    return key


def path(params: Mapping[str, str]) -> None:
    """Check the fields of a path. Raises NotFound."""
    for name, value in params.items():
        if name in PATHS and not PATHS[name].fullmatch(value):
            raise NotFound


def body(req: Request, model: type[M], *, optional: bool = False) -> M:
    """Read a JSON body as `model`; `optional`: an empty body is an empty object."""
    raw = raw_body(req)
    if optional and not raw:
        return validated(model, {})
    _expect_json(req)
    return validated(model, read_object(raw))


def query(req: Request, model: type[M]) -> M:
    """Read the query string as `model`; unknown, repeated and unreadable parameters are mistakes."""
    return validated(model, read_query(req.query_string) if req.query_string else {})


def raw_callback(req: Request) -> RawCallback:
    """Return a request as it came, byte for byte; a zero byte in the query, which no database keeps, as %00. At most CALLBACK_LIMIT bytes."""
    query_string = req.query_string.replace("\0", "%00")
    return RawCallback(
        req.method,
        (req.content_type or "")[:255],
        query_string,
        raw_body(req, CALLBACK_LIMIT - len(query_string)),
    )


def raw_body(req: Request, limit: int = LIMIT) -> bytes:
    """Read the whole body, at most `limit` bytes."""
    if (req.content_length or 0) > limit or limit < 0:
        raise HTTPContentTooLarge
    raw = req.bounded_stream.read(limit + 1)
    if len(raw) > limit:
        raise HTTPContentTooLarge
    return raw


def read_object(raw: bytes) -> dict[str, Any]:
    """Read strict JSON: UTF-8, one object, no key twice, no NaN or Infinity. Raises MalformedBody."""
    try:
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(_why(error)) from error
    if not isinstance(found, dict):
        raise MalformedBody("The body is JSON, but not an object.")
    return found


def read_query(text: str) -> dict[str, str]:
    """Read a query string; raises ValidationFailed for parameters given twice and for broken encoding."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        refuse("", "invalid_query", "The query string cannot be read; percent-encode it as UTF-8.")
    found = dict(pairs)
    for name, _ in pairs if len(found) != len(pairs) else ():
        if sum(name == other for other, _ in pairs) > 1:
            refuse(_pointer((name,)), "repeated", "Write this parameter once.")
    return found


def validated(model: type[M], found: Mapping[str, Any]) -> M:
    """Build the model. Raises ValidationFailed with every mistake."""
    try:
        return model.model_validate(found)
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_input=False)[:MAX_ERRORS]
        raise ValidationFailed(
            errors=tuple(_field_error(mistake) for mistake in mistakes)
        ) from None


def refuse(pointer: str, code: str, detail: str) -> NoReturn:
    """Raise ValidationFailed for one field."""
    raise ValidationFailed(errors=(FieldError(pointer, code, detail),))


def _expect_json(req: Request) -> None:
    media_type = (req.content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPUnsupportedMediaType(
            description="Send the body as Content-Type: application/json."
        )
    if (req.get_header("Content-Encoding") or "identity").lower() != "identity":
        raise HTTPUnsupportedMediaType(description="Send the body without Content-Encoding.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("A field is given twice.")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON.")


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "The body is not UTF-8."
    if isinstance(error, json.JSONDecodeError):
        return f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
    return (
        f"The body is not acceptable JSON: {error}"
        if isinstance(error, ValueError)
        else "The body is nested too deeply."
    )


def _field_error(mistake: Mapping[str, Any]) -> FieldError:
    code, detail = CODES.get(mistake["type"], (mistake["type"], mistake["msg"]))
    return FieldError(_pointer(mistake["loc"]), code, detail.format_map(mistake.get("ctx", {})))


def _pointer(place: tuple[Any, ...]) -> str:
    steps = (
        str(step)[:100].replace("~", "~0").replace("/", "~1") for step in place if step != "[key]"
    )
    return "".join(f"/{step}" for step in steps)
