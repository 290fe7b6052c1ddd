"""Cashcloud's callbacks: a posted form, read without believing a word of it.

Source: Cashcloud sheet, section Callback.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from urllib.parse import parse_qsl

from bridge.errors import CallbackRejected
from bridge.ports import RawCallback

MAX_CALLBACK = 16 * 1024
MAX_FIELDS = 30


def read_form(raw: RawCallback) -> Mapping[str, str]:
    """Return the fields of a posted form, url-encoded or multipart, UTF-8; a field sent twice is a mistake. Raises CallbackRejected."""
    if raw.method.upper() != "POST" or len(raw.body) > MAX_CALLBACK:
        raise CallbackRejected("not a form post, or too large")
    kind = raw.content_type.partition(";")[0].strip().lower()
    try:
        pairs = _multipart(raw) if kind == "multipart/form-data" else _urlencoded(raw)
    except (ValueError, LookupError, RecursionError):
        raise CallbackRejected("the form cannot be read") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise CallbackRejected("a field was sent twice")
    return fields


def _urlencoded(raw: RawCallback) -> list[tuple[str, str]]:
    return parse_qsl(
        raw.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
    )


def _multipart(raw: RawCallback) -> list[tuple[str, str]]:
    head = f"Content-Type: {raw.content_type}\r\n\r\n".encode("latin-1")
    parts = BytesParser().parsebytes(head + raw.body).get_payload()
    if not isinstance(parts, list) or len(parts) > MAX_FIELDS:
        raise ValueError("not a multipart body")
    return [_field(part) for part in parts if isinstance(part, Message)]


def _field(part: Message) -> tuple[str, str]:
    name = part.get_param("name", header="content-disposition")
    content = part.get_payload(decode=True)
    if not isinstance(name, str) or not isinstance(content, bytes):
        raise ValueError("a part without a name or a content")
    return name, content.decode("utf-8")
