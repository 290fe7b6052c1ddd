"""Languages that people ask for: read in every spelling, and never a reason to refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.language import first_of, nearest, read_locale, wishes


@pytest.mark.parametrize(
    ("asked", "default", "listed", "first", "ours"),
    [
        ("de-AT", "en", "de-AT,en", "de", "de"),
        ("de_DE_formal", "en", "de-DE,en", "de", "de"),
        ("de", "de", "de", "de", "de"),
        ("fr-FR", "de", "fr-FR,de", "fr", "de"),
        ("fr", "en", "fr,en", "fr", "en"),
        ("gibberish", "de", "de", "de", "de"),
        (None, "de", "de", "de", "de"),
        ("", "en", "en", "en", "en"),
        ("nds-DE", "de", "nds-DE,de", "nds", "de"),
    ],
)
def test_wishes__of_a_payer__are_the_readable_one_and_then_the_shops(
    asked, default, listed, first, ours
):
    assert (wishes(asked, default), first_of(listed), nearest(listed)) == (listed, first, ours)


@pytest.mark.parametrize(
    ("kept", "ours"), [(None, "en"), ("", "en"), ("de-DE", "de"), ("fr", "en"), ("EN_us", "en")]
)
def test_nearest__of_what_was_kept_before__is_english_where_there_is_no_other(kept, ours):
    assert nearest(kept) == ours


@given(st.text())
def test_wishes__any_text__fits_its_column_and_has_a_language(text):
    listed = wishes(text, "de")
    assert (
        len(listed) <= 35
        and listed.isascii()
        and nearest(listed) in ("en", "de")
        and first_of(listed)
    )
    assert read_locale(text) is None or "@" not in listed
