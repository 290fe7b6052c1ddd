"""A payer's locale is a wish: it chooses the language and is no condition."""

from __future__ import annotations

import pytest

from bridge.domain.payment import Payer


@pytest.mark.parametrize(
    ("locale", "shop_reads", "told"),
    [
        ("de_DE_formal", "en", "de"),
        ("de-AT", "en", "de"),
        ("gibberish!", "de", "de"),
        ("gibberish!", "en", "en"),
        (None, "de", "de"),
        ("fr-FR", "de", "de"),
        ("en-GB", "de", "en"),
        ("x" * 5000, "en", "en"),
    ],
)
def test_create__payers_locale_in_any_spelling__chooses_the_nearest_language_or_the_shops(
    new_stage, locale, shop_reads, told
):
    stage = new_stage(shop={"language": shop_reads})
    payment = stage.create(payer=Payer("poor@example.com", None, locale))
    in_english = stage.create(payer=Payer("poor@example.com", None, "en"), order_reference="o-2")[
        "failure"
    ]["message"]
    in_german = stage.create(payer=Payer("poor@example.com", None, "de"), order_reference="o-3")[
        "failure"
    ]["message"]
    assert payment["status"] == "declined" and in_english != in_german
    assert payment["failure"]["message"] == (in_german if told == "de" else in_english)
    assert stage.payment(payment).payer.locale.endswith(shop_reads)
