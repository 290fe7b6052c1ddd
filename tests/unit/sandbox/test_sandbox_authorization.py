"""Who may call Cashcloud (Cashcloud sheet, section Authorization token)."""

from __future__ import annotations

import base64

import pytest
import requests
from sandbox_caller import DEVICE, PASSWORD, USERNAME, Caller

from bridge.providers.cashcloud import sandbox as cashcloud

REFUSED = {
    "no token": "",
    "other scheme": "Bearer abc",
    "not base64": "Token ###",
    "not utf-8": "Token " + base64.b64encode(b"\xff|\xff|\xff").decode(),
    "two parts": "Token " + base64.b64encode(b"a|b").decode(),
    "unknown user": "Token " + base64.b64encode(b"a|b|c").decode(),
    "wrong hash": "Token " + base64.b64encode(f"{USERNAME}|{DEVICE}|{'0' * 32}".encode()).decode(),
    "odd letters": "Token " + base64.b64encode(f"{USERNAME}|{DEVICE}|ä".encode()).decode(),
}


def test_token_hash__published_vector__is_met():
    hashed = cashcloud.token_hash("email", "salt", cashcloud.password_hash("pass"))
    token = base64.b64encode(f"email|devId|{hashed}".encode()).decode()
    assert token == "ZW1haWx8ZGV2SWR8M2E0ZmZhOTE3NWE2OTJjMWZmNWVkZDNkOTAyYzdkMDY="


def test_call__with_a_token_from_the_salt__is_served(merchant: Caller):
    assert merchant.get("reasons").json()["messages"]["315"] == "Computer"


@pytest.mark.parametrize("header", REFUSED.values(), ids=REFUSED)
def test_call__without_a_right_token__is_403(sandbox: Caller, header: str):
    answer = requests.get(sandbox.api + "reasons", headers={"Authorization": header})
    assert answer.status_code == 403


def test_token__for_another_device__is_403(sandbox: Caller):
    username, _, hashed = base64.b64decode(sandbox.token()[6:]).decode().split("|")
    sandbox.session.headers["Authorization"] = (
        "Token " + base64.b64encode(f"{username}|other|{hashed}".encode()).decode()
    )
    assert sandbox.get("reasons").status_code == 403


def test_token__from_a_wrong_password__is_403(sandbox: Caller):
    sandbox.session.headers["Authorization"] = sandbox.token(password=PASSWORD + "x")
    assert sandbox.get("reasons").status_code == 403


def test_salt__asked_twice__differs_and_both_tokens_work(sandbox: Caller):
    first, second = sandbox.token(), sandbox.token()
    served = [
        requests.get(sandbox.api + "reasons", headers={"Authorization": token}).status_code
        for token in (first, second)
    ]
    assert first != second and served == [200, 200]


@pytest.mark.parametrize(
    "fields",
    [{}, {"username": USERNAME}, {"device_id": "d"}, {"username": "x@y.zz", "device_id": "d"}],
)
def test_salt__for_nobody__is_403(sandbox: Caller, fields: dict[str, str]):
    assert requests.post(sandbox.api + "salt", data=fields).status_code == 403


def test_token__after_fifteen_minutes__is_403_until_made_anew(merchant: Caller):
    merchant.control("clock", advance_seconds=901)
    assert merchant.get("reasons").status_code == 403
    assert merchant.sign_in().get("reasons").status_code == 200


def test_merchant__with_a_corporate_account__may_not_use_the_api(sandbox: Caller):
    sandbox.control(
        "merchants",
        provider="cashcloud",
        username=USERNAME,
        password=PASSWORD,
        account_type="corporate",
    )
    answer = sandbox.sign_in().get("reasons")
    assert answer.status_code == 412 and answer.json() == {
        "validationFailed": {"isNotCorporateUser": True}
    }


def test_merchant__locked__is_423(sandbox: Caller):
    sandbox.control(
        "merchants", provider="cashcloud", username=USERNAME, password=PASSWORD, locked=True
    )
    assert sandbox.sign_in().get("reasons").status_code == 423


def test_merchant__added_by_control__survives_a_reset_with_settings(sandbox: Caller):
    sandbox.control("merchants", provider="cashcloud", username=USERNAME, password=PASSWORD)
    sandbox.sign_in().post("settings", request_expiration=120)
    sandbox.control("reset")
    assert sandbox.sign_in().get("settings").json()["request_expiration"] == 120


def test_unknown_url__is_404(merchant: Caller):
    assert merchant.get("nothing").status_code == 404
