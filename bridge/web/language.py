"""Which language a person reads: what the address asks for, else what the browser prefers, else English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from falcon import Request

from bridge.domain.language import LANGUAGES, read_locale

_LONGEST = 500
"""Of a longer Accept-Language header only this many characters are read."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A language that we have, and the locale that was asked for, for writing numbers."""

    language: str
    locale: str


def language_for(
    req: Request, asked: str | None = None, offered: Sequence[str] = LANGUAGES
) -> Reader:
    """Choose for a request; `asked` wins over Accept-Language (RFC 9110, section 12.5.4). What cannot be read asks for nothing."""
    for tag in (asked or "", *_preferred(req.get_header("Accept-Language") or "")):
        found = read_locale(tag)
        if found and found.language in offered:
            return Reader(found.language, found.tag)
    return Reader("en", "en")


def _preferred(header: str) -> Iterator[str]:
    weighed = []
    for part in header[:_LONGEST].split(","):
        tag, _, quality = part.partition(";")
        weight = (
            re.fullmatch(r"\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", quality, re.ASCII)
            if quality
            else None
        )
        weighed.append((float(weight[1]) if weight else 1.0, tag.strip()))
    return (tag for quality, tag in sorted(weighed, key=lambda pair: -pair[0]) if quality > 0)
