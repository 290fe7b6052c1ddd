"""1cs' texts: pairs joined by `&`, written in a narrow ASCII, read with tolerance but never with trust.

Nothing is percent-decoded: a base64 value holds `+` and `=`, and a form parser would spoil it (1cs sheet, section 1.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product

from bridge.domain.plain_text import in_ascii

MOST_BODY = 64 * 1024
NO_SUCH_PAYMENT = "PAYMENT NOT FOUND"

SIGNED = ("payid", "transid", "mid", "status", "code", "mac")
"""The fields of a result over which its MAC is made, and the MAC (1cs sheet, section 2.2)."""

MOST_READINGS = 32

_READ = frozenset(
    {
        *SIGNED,
        "xid",
        "description",
        "currency",
        "amountauth",
        "amountcap",
        "amountcred",
        "lastxcode",
        "expirydate",
    }
)
"""The fields that count."""

_UNSAFE = re.compile(r"[^ -~]|[&%+]")
_LEN = re.compile(r"(?<![0-9A-Za-z])Len=([0-9]{1,6})(?![0-9])", re.IGNORECASE)
_DATA = re.compile(r"(?<![0-9A-Za-z])Data=([0-9A-Fa-f-]+)", re.IGNORECASE)
_ID = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_AMOUNT = re.compile(r"[0-9]{1,10}")
_WORDS = {"&": "and", "%": "percent", "+": "plus"}
"""What stands in a text for the characters that may not travel; a percent-decoder or a form parser would spoil them."""


class Unreadable(Exception):
    """The text is not one that the sheet knows. Our short word for it is fit for the log."""


class Unwritable(Exception):
    """A value holds what cannot travel inside Data: anything but printable ASCII without `&`, `%` and `+`."""


Fields = Mapping[str, str]
"""What was read: names in small letters, values without blanks and zero bytes at their end."""


@dataclass(frozen=True, slots=True)
class Result:
    """One answer or one callback. Amounts in minor units; None: not written. Texts that were not written are empty."""

    merchant_id: str
    pay_id: str
    xid: str
    trans_id: str
    status: str
    code: str
    description: str
    mac: str
    currency: str
    authorized: int | None
    captured: int | None
    credited: int | None
    last_code: str


def write(pairs: Mapping[str, str]) -> bytes:
    """Join pairs to the text that is encrypted. Raises Unwritable."""
    for name, value in pairs.items():
        if _UNSAFE.search(value):
            raise Unwritable(name)
    return "&".join(f"{name}={value}" for name, value in pairs.items()).encode("ascii")


def plain(text: str, longest: int) -> str:
    """Return a text for people in the ASCII that may travel (1cs sheet, sections 1.1 and 12)."""
    return in_ascii(text, longest, _WORDS)


def read_pairs(raw: bytes) -> Fields:
    """Read an answer: any order and case of the names, fields nobody knows, `&amp;` for `&`.

    Raises Unreadable where a field that counts is given twice with two values.
    """
    found = _values(raw)
    if any(len(found.get(name, ())) > 1 for name in _READ):
        raise Unreadable("field_twice")
    return {name: values[0] for name, values in found.items()}


def read_readings(raw: bytes) -> Iterator[Fields]:
    """Read a callback in every way in which its signed fields can be read, where one was given twice; the MAC tells which is right."""
    found = _values(raw)
    ways = product(*(found.get(name, ("",)) for name in SIGNED))
    return (
        {name: values[0] for name, values in found.items()} | dict(zip(SIGNED, way, strict=True))
        for way in islice(ways, MOST_READINGS)
    )


def _values(raw: bytes) -> dict[str, tuple[str, ...]]:
    """Return the different values of each field. What stands behind a raw `&` inside a value has no name and is passed over. Raises Unreadable."""
    found: dict[str, tuple[str, ...]] = {}
    for part in raw.decode("latin-1").replace("&amp;", "&").split("&"):
        name, equals, value = part.partition("=")
        name, value = name.strip().lower(), value.rstrip(" \0\r\n")
        if equals and value not in found.get(name, ()):
            found[name] = (*found.get(name, ()), value)
    if not found:
        raise Unreadable("pairs")
    return found


def read_envelope(body: bytes) -> tuple[str, str] | None:
    """Find Len and Data in an answer's body, whatever stands before them; None: it is not encrypted. Raises Unreadable."""
    if len(body) > MOST_BODY:
        raise Unreadable("too_large")
    text = body.decode("latin-1")
    length, data = _LEN.findall(text), _DATA.findall(text)
    if not data:
        return None
    if len(length) != 1 or len(data) != 1:
        raise Unreadable("envelope")
    return length[0], data[0]


def read_result(fields: Fields) -> Result:
    """Read what an answer or a callback says. Raises Unreadable."""
    return Result(
        merchant_id=_text(fields, "mid"),
        pay_id=_id(fields, "payid"),
        xid=_id(fields, "xid"),
        trans_id=_id(fields, "transid"),
        status=_text(fields, "status"),
        code=_text(fields, "code"),
        description=_text(fields, "description"),
        mac=_text(fields, "mac"),
        currency=_text(fields, "currency").upper(),
        authorized=_amount(fields, "amountauth"),
        captured=_amount(fields, "amountcap"),
        credited=_amount(fields, "amountcred"),
        last_code=_text(fields, "lastxcode"),
    )


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name, "")
    if len(value) > 1024:
        raise Unreadable(name)
    return value


def _id(fields: Fields, name: str) -> str:
    value = fields.get(name, "")
    if value and not _ID.fullmatch(value):
        raise Unreadable(name)
    return value


def _amount(fields: Fields, name: str) -> int | None:
    value = fields.get(name, "")
    if value and not _AMOUNT.fullmatch(value):
        raise Unreadable(name)
    return int(value) if value else None
