"""The mobile SDK: its token through the bridge's own door, and what an app may make of a payment."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from falcon import testing
from onecs_stage import MERCHANTS

from bridge.providers.onecs import crypto
from bridge.web.app import build
from bridge.web.settings import WebSettings
from factories import API_KEYS

each = pytest.mark.parametrize
STATIC = Path(__file__).parents[4] / "static"
MID = MERCHANTS["acme"][0]
PROXY = "10.0.0.1"
SIX = ["AuthToken", "AuthLabel", "ExpiryDate", "Description", "Status", "Code"]


@pytest.fixture
def app(cards):
    (
        cards.services.authenticate_app._by_client._tries.clear(),
        cards.services.authenticate_app._by_shop._tries.clear(),
    )
    settings = WebSettings(
        public_url="http://127.0.0.1", static=STATIC, trusted_proxies=(f"{PROXY}/32",)
    )
    return testing.TestClient(build(cards.services, settings))


def ask(app, payment=None, merchant=MID, shop="acme-one", key=None, client="192.0.2.1", **body):
    """Ask as the SDK does, behind a proxy; with a payment at the address that holds its checkout token."""
    headers = {"X-Forwarded-For": client} | ({"Authorization": f"Bearer {key}"} if key else {})
    end = f"/{payment['checkout']['token']}" if payment else ""
    return app.simulate_post(
        f"/v1/mobile-sdk/{shop}/authentication{end}",
        json={"merchantID": merchant, **body},
        headers=headers,
        remote_addr=PROXY,
    )


def order(cards, payment, token, **changes):
    """What the SDK sends to the gateway: no MAC, and the token as key."""
    fields = {
        "MerchantID": MID,
        "TransID": payment["provider"]["our_reference"].replace("_", "-"),
        "Amount": str(payment["amount"]),
        "Currency": payment["currency"],
        "OrderDesc": "app",
        "URLSuccess": "https://app.example/ok",
        "URLFailure": "https://app.example/no",
        "URLNotify": f"{cards.outside.url}/v1/callbacks/onecs/acme",
    } | changes
    text = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    sealed = {
        "Len": len(text),
        "Data": crypto.encrypt(text, token["AuthToken"].encode()),
        "AuthLabel": token["AuthLabel"],
    }
    query = "&".join(
        f"{name}={value}"
        for name, value in {"MerchantID": MID, "URLBack": "Cancel", **sealed}.items()
    )
    return f"{cards.sandbox.url}/onecs/payssl.aspx?{query}"


def test_token__for_a_mobile_payment__has_the_six_attributes(cards, app):
    answer = ask(app, cards.card(channel="mobile"))
    assert (answer.status_code, list(answer.json), answer.headers["cache-control"]) == (
        200,
        SIX,
        "no-store",
    )
    assert (
        answer.json["Status"] == "OK"
        and 32 <= len(answer.json["AuthToken"]) <= 56
        and 32 <= len(answer.json["AuthLabel"]) <= 64
    )
    assert (
        all(isinstance(value, str) for value in answer.json.values())
        and answer.json["AuthToken"] not in answer.json["AuthLabel"]
    )


@each(
    ("wish", "key", "status"),
    [
        (None, None, 401),
        (None, API_KEYS["acme-one"], 200),
        (None, API_KEYS["acme-two"], 401),
        (None, "wrong", 401),
        ({"channel": "web"}, None, 401),
        ({"channel": "mobile"}, None, 200),
        ({"channel": "mobile"}, "wrong", 200),
    ],
)
def test_token__without_a_mobile_payment__needs_the_shops_key(cards, app, wish, key, status):
    assert ask(app, cards.card(**wish) if wish else None, key=key).status_code == status


def test_token__asked_for_with_the_public_merchant_id_alone__is_refused(cards, app):
    """Another payer's payment is open; who knows its shop and the MerchantID, which stand in every app, gets no token of it."""
    cards.card(channel="mobile")
    assert ask(app).status_code == 401 and cards.sandbox.calls("token") == 0


def test_token__of_another_shops_payment__is_refused(cards, app):
    payment = cards.card(channel="mobile")
    assert ask(app, payment, shop="acme-two").status_code == 401
    assert (
        ask(app, {"checkout": {"token": "chk_guessed"}}).status_code == 401
        and cards.sandbox.calls("token") == 0
    )


@each(
    ("body", "status"),
    [
        ({"merchant": "globex_cards"}, 422),
        ({"shop": "nobody"}, 404),
        ({"more": "x"}, 422),
        ({"merchant": ""}, 422),
    ],
)
def test_token__for_the_wrong_merchant_or_shop__is_refused(cards, app, body, status):
    assert (
        ask(app, cards.card(channel="mobile"), **body).status_code == status
        and cards.sandbox.calls("token") == 0
    )


def test_token__a_fourth_for_one_payment__is_refused(cards, app):
    payment, other = cards.card(channel="mobile"), cards.card(channel="mobile")
    assert [ask(app, payment).status_code for _ in range(4)] == [200, 200, 200, 401]
    assert ask(app, other).status_code == 200


def test_token__too_many_from_one_client__is_refused_to_him_alone(cards, app):
    """Ten strangers' questions through the proxy must not stop every merchant's app."""
    payment = cards.card(channel="mobile")
    assert [ask(app).status_code for _ in range(12)] == [401] * 10 + [429] * 2
    assert [
        ask(app, client="192.0.2.2", shop=shop, key=API_KEYS[shop]).status_code
        for shop in ("acme-one", "acme-two")
    ] == [200, 200]
    assert (
        ask(app, shop="acme-two", key=API_KEYS["acme-two"]).status_code == 200
        and ask(app, payment, client="2001:db8::1").status_code == 200
    )


def test_token__asked_for_by_many_strangers__leaves_the_shops_own_limit_alone(cards, app):
    payment = cards.card(channel="mobile")
    assert {ask(app, client=f"198.51.100.{number}").status_code for number in range(150)} == {401}
    assert ask(app, payment).status_code == 200


def test_token__expired_payment__is_refused(cards, app):
    payment = cards.card(channel="mobile", expires_in=60)
    cards.clock.advance(61)
    assert ask(app, payment).status_code == 401


@each(
    ("fault", "options", "status"),
    [
        ("drop_before", {}, 502),
        ("status", {"code": 500}, 502),
        ("html", {}, 502),
        ("lower_keys", {}, 200),
    ],
)
def test_token__gateway_does_not_answer__is_a_bad_gateway(cards, app, fault, options, status):
    payment = cards.card(channel="mobile")
    cards.card_fault("token", fault, **options)
    assert ask(app, payment).status_code == status


def test_token__gateway_refuses__is_told_as_the_sdk_expects(cards, app):
    payment = cards.card(channel="mobile")
    cards.sandbox.control(
        "POST",
        "merchants",
        provider="onecs",
        username=MID,
        blowfish_key=MERCHANTS["acme"][1],
        hmac_key="x",
        locked=True,
    )
    answer = ask(app, payment)
    cards.sandbox.control(
        "POST",
        "merchants",
        provider="onecs",
        username=MID,
        blowfish_key=MERCHANTS["acme"][1],
        hmac_key=MERCHANTS["acme"][2],
    )
    assert (
        answer.status_code,
        answer.json["Status"],
        answer.json["Code"],
        answer.json["AuthToken"],
    ) == (200, "FAILED", "20160003", "")


def test_app__pays_what_was_ordered__is_paid(cards, app):
    payment = cards.card(channel="mobile")
    cards.browser.pay(order(cards, payment, ask(app, payment).json))
    cards.sandbox.quiet(), cards.hear(), cards.work()
    assert cards.status(payment) == "paid" and cards.books_agree(payment)


@pytest.mark.invariant("I12")
@each("changes", [{"Amount": "1"}, {"Currency": "USD"}, {"Amount": "499900"}])
def test_app__pays_another_amount_or_currency__is_not_believed(cards, app, changes):
    """Nothing signs what an app orders, so the gateway's books are compared with our row (I12)."""
    payment = cards.card(channel="mobile")
    cards.browser.pay(order(cards, payment, ask(app, payment).json, **changes))
    cards.sandbox.quiet(), cards.hear(), cards.work()
    assert cards.status(payment) == "pending" and "note.integrity_failure" in cards.types(payment)


def test_token__used_a_second_time__is_refused_by_the_gateway(cards, app):
    payment = cards.card(channel="mobile")
    token = ask(app, payment).json
    cards.browser.open(order(cards, payment, token))
    assert "20180112" in cards.browser.open(order(cards, payment, token, TransID="T-2")).text


@pytest.mark.invariant("I16")
def test_token__after_it_was_given__is_in_no_log_transcript_or_row(cards, app, caplog):
    """A token is a key to one checkout (I16)."""
    caplog.set_level(logging.DEBUG)
    token = ask(app, cards.card(channel="mobile")).json["AuthToken"]
    with cards.house.engine.connect() as connection:
        rows = "".join(
            str(connection.exec_driver_sql(f"SELECT * FROM {name}").all())
            for name in ("documents", "payments", "callbacks")
        )
    assert token not in caplog.text + rows + "".join(map(str, cards.transcripts))
