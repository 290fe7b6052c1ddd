"""Texts for providers that take ASCII only: names stay readable, and nothing vanishes without a trace."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.plain_text import in_ascii

WORDS = {"&": "and", "%": "percent", "+": "plus"}


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Łódź", "Lodz"),
        ("Møller", "Moller"),
        ("Đorđević", "Dordevic"),
        ("Işık", "Isik"),
        ("æøå", "aeoa"),
        ("Þórður", "Thordur"),
        ("Œuvre", "Oeuvre"),
        ("Müller, Größe ÄÖÜ", "Mueller, Groesse AeOeUe"),
        ("Mu\u0308ller", "Mueller"),
        ("STRAẞE", "STRASSE"),
        ("Ștefan Đặng", "Stefan Dang"),
        ("Бестелльнуммер № 5", "Bestell'nummer No 5"),
        ("Ελλάδα", "Ellada"),
        ("“x” – y…", '"x" - y...'),
        ("10 €", "10 EUR"),
        ("½ kg", "1/2 kg"),
        ("a\u00a0b\u200b c\u202ed\t\r\ne", "a b cd e"),
        ("\ue000", "?"),
        ("Meier & Söhne", "Meier and Soehne"),
        ("C＋＋", "C plus plus"),
        ("100% Wolle", "100 percent Wolle"),
        ("", ""),
    ],
)
def test_in_ascii__names_and_signs__stay_readable(text: str, plain: str) -> None:
    """Letters without a decomposition are transliterated, umlauts as Germans write them out (lesson 76)."""
    assert in_ascii(text, 100, WORDS) == plain


@given(st.text(), st.integers(4, 60))
def test_in_ascii__any_text__is_printable_ascii_of_that_length_at_most(
    text: str, longest: int
) -> None:
    plain = in_ascii(text, longest, WORDS)
    assert (
        plain.isascii()
        and plain.isprintable()
        and len(plain) <= longest
        and not set(plain) & set(WORDS)
        and plain == plain.strip()
    )


@given(st.characters(categories=("L", "N", "P", "S", "Lo", "Co")))
def test_in_ascii__any_character_that_is_seen__leaves_something(character: str) -> None:
    """What has no transliteration is a question mark, never nothing."""
    assert in_ascii(character, 100), unicodedata.name(character, "?")


def test_in_ascii__too_long__is_cut_and_says_so() -> None:
    assert (in_ascii("ä" * 6, 10), in_ascii("ä" * 5, 10)) == ("aeaeaea...", "aeaeaeaeae")
