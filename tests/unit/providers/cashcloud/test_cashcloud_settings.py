"""The profile block: what is refused, and with which words."""

from __future__ import annotations

import pytest
from cashcloud_script import PASSWORD, some_settings
from pydantic import ValidationError

from bridge.providers.cashcloud.settings import CashcloudSettings
from bridge.settings import Resolved


@pytest.mark.parametrize(
    "url",
    [
        "https://merchant-api.cashcloud.com",
        "https://merchant-api.cashcloud.com/",
        "http://127.0.0.1:8082/cashcloud",
        "http://localhost/x/",
        "http://[::1]:8082/cashcloud",
    ],
)
def test_base_url__https_or_loopback__ends_in_one_slash(url):
    assert some_settings(base_url=url).base_url == url.rstrip("/") + "/"


@pytest.mark.parametrize(
    "url",
    [
        "http://merchant-api.cashcloud.com/",
        "http://127.0.0.1.example/",
        "http://0.0.0.0/",
        "ftp://127.0.0.1/",
        "https://",
        "",
        "cashcloud",
        "https://user:pw@host/",
        "https://host/?a=1",
        "https://host/#a",
    ],
)
def test_base_url__anything_else__is_refused(url):
    with pytest.raises(ValidationError):
        some_settings(base_url=url)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account_type": "corporate"}, "may not use the API"),
        ({"account_type": "private"}, "corporate_plus"),
        ({"password": "plain text"}, "never the secret itself"),
        ({"username": "a|b"}, "pattern"),
        ({"device_id": ""}, "at least 1"),
        ({"device_id": 5}, "valid string"),
        ({"deadline": 0}, "greater than 0"),
        ({"deadline": True}, "valid number"),
        ({"reason_id": "x"}, "pattern"),
        ({"reason_id": None}, "write reason_id, or payer_chooses_reason"),
        ({"payer_chooses_reason": True}, "one of the two"),
        ({"cashcredits": "yes"}, "valid boolean"),
        ({"colour": "red"}, "not permitted"),
        ({"convert_foreign_currency": True}, "go together"),
        ({"euro_rates": {"USD": "0.92"}}, "go together"),
        ({"convert_foreign_currency": True, "euro_rates": {"USD": "0"}}, "above zero"),
        ({"convert_foreign_currency": True, "euro_rates": {"USD": "1e3"}}, "above zero"),
        ({"convert_foreign_currency": True, "euro_rates": {"EUR": "1"}}, "not a foreign"),
        ({"convert_foreign_currency": True, "euro_rates": {"XYZ": "1"}}, "not a foreign"),
    ],
)
def test_settings__a_mistake__is_refused_with_words(changes, words):
    with pytest.raises(ValidationError, match=words):
        some_settings(**changes)


def test_settings__every_field__has_its_sentence():
    for field in CashcloudSettings.model_fields.values():
        assert field.description.rstrip("}").endswith((".", '"'))


@pytest.mark.invariant("I16")
def test_settings__shown__hold_no_secret():
    shown = repr(
        some_settings(previous_password=Resolved("canary-before"), device_id="canary-device")
    )
    assert PASSWORD not in shown and "canary" not in shown
