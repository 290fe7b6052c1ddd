"""The vectors of the Shopware sheet, section 3.5, made with the HTTP stack that Shopware uses."""
from __future__ import annotations

import pytest

from adapters.shopware.endpoints.signatures import mac, matching, proof, split_query

APP, SHOP_ID, NAME = "s3cr3t-app", "abcDEF1234567890", "MyApp"
S1, S2 = "A1b2" * 16, "Z9y8" * 16

R1 = "shop-id=abcDEF1234567890&shop-url=https://shop.example&timestamp=1700000000"
R2 = "shop-id=abcDEF1234567890&shop-url=https://shop.example/en/&timestamp=1700000000"
R3 = "tenant=t1&shop-id=abcDEF1234567890&shop-url=https://m%C3%BCller.example/sub%20dir&timestamp=1700000000"
C1 = (r'{"apiKey":"SWIAEXAMPLEKEY","secretKey":"EXAMPLESECRET","timestamp":"1700000000","shopUrl":"https:\/\/shop.example",'
      r'"shopId":"abcDEF1234567890"}')
G1 = ("shop-id=abcDEF1234567890&shop-url=https://shop.example&timestamp=1700000000&sw-version=6.7.0.0"
      "&sw-context-language=2fbb5fe2e29a4d70aa5854ce7ce3e20b&sw-user-language=de-DE")
G1_SIGNATURE = "31bba14a5964b2c9c777436b2e8e60423dccd9a20e63dc124464e16087506750"
P1 = (r'{"source":{"url":"https:\/\/shop.example","shopId":"abcDEF1234567890","appVersion":"1.0.0"},"orderTransaction":'
      r'{"id":"55e858b413b54f8a97c64a040610b359","amount":{"totalPrice":395.01}},"order":{"orderNumber":"10077","orderCustomer":'
      r'{"firstName":"J\u00fcrgen"}},"returnUrl":"https:\/\/shop.example\/payment\/finalize-transaction?_sw_payment_token=abc"}')
A1 = '{"redirectUrl":"https://pay.example/p/1","status":"process_unconfirmed"}'

VECTORS = [
    ("R1 app", APP, R1, "52bf70e07c4fc30a1899b6fbcf29b79c05416ad19dbfed7a5a3db5f748315af0"),
    ("R1 shop", S1, R1, "0886d037f34515c968daa358d59752205c2891cc452d6174c2b786a7c2054640"),
    ("R2 app", APP, R2, "55d35dc270ee7d397b14a8f6d67b752ad29efe2a1456b386ee42d960abaa43b3"),
    ("R3 app", APP, R3, "18456b77b81bf67f89c69af057234b4559058b8f3ad2fbf78b1d8bec0071578f"),
    ("C1 new", S2, C1, "d111c944ba00cbc06132f924011a4791d3decee54621713176330774015a2bed"),
    ("C1 old", S1, C1, "ab3f75454f2607ba2913e05795dbf8aa955509dbdb17cc36578ef9e89f93189a"),
    ("G1", S1, G1, G1_SIGNATURE),
    ("P1", S1, P1, "55dc3a6e480b7f10b5fa5d4b3cfe277c5d5cf3d6b34c779ee0a675f141490b3a"),
    ("A1", S1, A1, "4f626063069372b1e4b89f79d381348770aec8b1797ad78e413a00f5c6ecd721"),
    ("A0", S1, "", "329e17f5e957b9d845532eee322e2196d5749f61d9eb40140da29b816559747b"),
]


@pytest.mark.parametrize(("secret", "message", "signature"), [vector[1:] for vector in VECTORS], ids=[vector[0] for vector in VECTORS])
def test_mac__published_vector__is_met(secret: str, message: str, signature: str) -> None:
    assert mac(secret, message.encode()) == signature
    assert matching([S2 if secret == S1 else S1, secret], message.encode(), signature) == secret
    assert matching([secret], message.encode() + b" ", signature) is None


@pytest.mark.parametrize(("url", "expected"), [
    ("https://shop.example", "87778ec6cdfd9a30ed2392370e6cf3adac7be6e1d1ca0b1c2ac84fe345ea7dbc"),
    ("https://shop.example/en/", "c8c33b3619c81469755f232a835be8e3fbaac6444b568b8bf3ef992170485437"),
    ("https://müller.example/sub dir", "e0465a5d8ed9a5579e04b14e7d9b39bf6cca419775eca13bac8dbedad9314818"),
])
def test_proof__published_vector__is_met(url: str, expected: str) -> None:
    assert proof(APP, SHOP_ID, url, NAME) == expected


def test_split_query__signed_link__gives_all_other_parameters_as_they_came() -> None:
    assert split_query(f"{G1}&shopware-shop-signature={G1_SIGNATURE}".encode()) == (G1.encode(), G1_SIGNATURE)
    assert split_query(f"a=1&shopware-shop-signature=x&b=2&shopware-shop-signature={G1_SIGNATURE}".encode())[1] is None


@pytest.mark.parametrize("rubbish", [None, "", "é", G1_SIGNATURE.upper(), f" {G1_SIGNATURE}"])
def test_matching__rubbish__is_nobodys(rubbish: str | None) -> None:
    assert matching([S1, S2, ""], G1.encode(), rubbish) is None


def test_matching__empty_secret__matches_nothing() -> None:
    assert matching([""], b"x", mac("", b"x")) is None
