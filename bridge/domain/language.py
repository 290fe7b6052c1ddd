"""Languages that people ask for, in any spelling, and the ones we have. A wish for a language is never a reason to refuse anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LANGUAGES = ("en", "de")
"""Languages in which the bridge has texts for payers."""

_TAG = re.compile(
    r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?(?![0-9A-Za-z])"
)
_IN_TWO_LETTERS = {"eng": "en", "ger": "de", "deu": "de"}
_LONGEST = 500
"""Of a longer text only this many characters are read."""


@dataclass(frozen=True, slots=True)
class Locale:
    """A language in two letters (three where there are no two), and the tag that was read: language, script and region (BCP 47)."""

    language: str
    tag: str


def read_locale(text: str) -> Locale | None:
    """Read the beginning of a locale as shops, browsers and systems write it (`de-AT`, `de_DE_formal`, `de_DE.UTF-8@euro`); None: unreadable."""
    found = _TAG.match(text[:_LONGEST].strip())
    if found is None:
        return None
    language = found[1].lower()
    language = _IN_TWO_LETTERS.get(language, language)
    written = language if len(found[1]) > len(language) else found[1]
    return Locale(language, "-".join(part for part in (written, found[2], found[3]) if part))


def wishes(text: str | None, default: str) -> str:
    """Return the payer's languages, best first, as a priority list (RFC 4647, section 2.3): what `text` asks for, then the shop's default."""
    asked = read_locale(text or "")
    return default if asked is None or asked.tag == default else f"{asked.tag},{default}"


def first_of(listed: str | None) -> str:
    """Return the language of a priority list that is wished most; English where the list is empty."""
    asked = read_locale(listed or "")
    return asked.language if asked else "en"


def nearest(listed: str | None, offered: Sequence[str] = LANGUAGES) -> str:
    """Return the first language of a priority list that is offered; English where there is none."""
    asked = (read_locale(tag) for tag in (listed or "").split(","))
    return next((one.language for one in asked if one and one.language in offered), "en")
