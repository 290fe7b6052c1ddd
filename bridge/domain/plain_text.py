"""Texts for people in ASCII, for a provider that takes nothing else: transliterated so that names stay readable.

The table of all letters is that of the library `anyascii`. What German readers expect stands here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from anyascii import anyascii

GERMAN: Mapping[str, str] = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "Ä": "Ae",
    "Ö": "Oe",
    "Ü": "Ue",
    "ß": "ss",
    "ẞ": "SS",
}
"""Umlauts as Germans write them out; the library drops their dots."""

UNREADABLE = "?"
"""What stands for a character that has no transliteration, so that a reader sees that something was there."""

UNSEEN = frozenset({"Cf", "Mn", "Me"})
"""Categories of Unicode that have no place of their own in a text: marks of direction, accents."""

CUT = "..."
"""What ends a text that was cut."""


def in_ascii(text: str, longest: int, words: Mapping[str, str] | None = None) -> str:
    """Return `text` in printable ASCII, one blank between words, at most `longest` characters; a longer one is cut and says so.

    `words` gives a word for each ASCII character that may not stand in the result. Only what has no place of its own in a text, such as a
    mark of direction, is left out.
    """
    letters = "".join(map(_letter, unicodedata.normalize("NFC", text)))
    for character, word in (words or {}).items():
        letters = letters.replace(character, f" {word} ")
    whole = " ".join(letters.split())
    return whole if len(whole) <= longest else whole[: longest - len(CUT)].rstrip() + CUT


def _letter(character: str) -> str:
    if character in GERMAN:
        return GERMAN[character]
    if " " <= character <= "~":
        return character
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    return anyascii(character) or ("" if category in UNSEEN else UNREADABLE)
