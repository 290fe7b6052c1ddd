"""What a shop may sell in: what its profile says and its account can do, the same for the offer and for the payment."""

from __future__ import annotations

import pytest

from bridge.errors import CurrencyNotSupported


@pytest.mark.parametrize(
    ("sells_in", "offered"), [(["EUR"], ["EUR"]), (["CHF", "EUR"], ["EUR"]), (["CHF"], [])]
)
def test_currencies__of_profile_and_account__are_offered_and_taken_where_both_have_them(
    new_stage, sells_in, offered
):
    stage = new_stage(shop={"currencies": sells_in})
    assert stage.services.describe_shop(stage.shop())["currencies"] == {"wallet": offered}
    [method] = stage.services.offer_methods(stage.shop(), None, None, "en")["data"]
    assert method["currencies"] == offered
    for_euro = stage.services.offer_methods(stage.shop(), 4999, "EUR", "en")["data"]
    if offered:
        assert for_euro and stage.create()["currency"] == "EUR"
        return
    assert for_euro == []
    with pytest.raises(CurrencyNotSupported):
        stage.create()
