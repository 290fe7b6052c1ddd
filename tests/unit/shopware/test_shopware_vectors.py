"""The vectors of the Shopware sheet, section 3.5, made with the HTTP stack that Shopware uses; they stand in the adapter's `contract/`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.shopware.endpoints.signatures import mac, matching, proof, split_query

CONTRACT = json.loads(
    (Path(__file__).parents[3] / "adapters" / "shopware" / "contract" / "vectors.json").read_text(
        "utf-8"
    )
)
VECTORS = [
    (one["name"], one["secret"], one["message"], one["signature"]) for one in CONTRACT["signatures"]
]
S1 = "A1b2" * 16
LINK, LINK_SIGNATURE = CONTRACT["link"]["signed"], CONTRACT["link"]["signature"]


@pytest.mark.parametrize(
    ("secret", "message", "signature"),
    [vector[1:] for vector in VECTORS],
    ids=[vector[0] for vector in VECTORS],
)
def test_mac__published_vector__is_met(secret: str, message: str, signature: str) -> None:
    assert mac(secret, message.encode()) == signature
    assert matching(["another", secret], message.encode(), signature) == secret
    assert matching([secret], message.encode() + b" ", signature) is None


@pytest.mark.parametrize(
    "one", CONTRACT["proofs"], ids=[one["shop_url"] for one in CONTRACT["proofs"]]
)
def test_proof__published_vector__is_met(one: dict[str, str]) -> None:
    assert (
        proof(CONTRACT["app_secret"], CONTRACT["shop_id"], one["shop_url"], CONTRACT["app_name"])
        == one["proof"]
    )


def test_split_query__signed_link__gives_all_other_parameters_as_they_came() -> None:
    assert split_query(f"{LINK}&shopware-shop-signature={LINK_SIGNATURE}".encode()) == (
        LINK.encode(),
        LINK_SIGNATURE,
    )
    assert (
        split_query(
            f"a=1&shopware-shop-signature=x&b=2&shopware-shop-signature={LINK_SIGNATURE}".encode()
        )[1]
        is None
    )


@pytest.mark.parametrize("rubbish", [None, "", "é", LINK_SIGNATURE.upper(), f" {LINK_SIGNATURE}"])
def test_matching__rubbish__is_nobodys(rubbish: str | None) -> None:
    assert matching([S1, ""], LINK.encode(), rubbish) is None


def test_matching__empty_secret__matches_nothing() -> None:
    assert matching([""], b"x", mac("", b"x")) is None
