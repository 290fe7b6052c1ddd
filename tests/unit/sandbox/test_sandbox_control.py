"""The control calls and the wallet: rubbish is refused, nobody from elsewhere gets in."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import sys
from types import SimpleNamespace

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_caller import CUSTOMER, Caller

from bridge.sandbox.accounts import FIRST_ACCOUNTS
from bridge.sandbox.control import only_from_here

RUBBISH = [
    b"[]",
    b"1",
    b"{",
    b"\xff",
    b"[" * 100_000,
    b'{"a":' * 9999,
    b"NaN",
    b"1" * 5000,
    b'"' + b"x" * 70_000 + b'"',
]
BAD = [
    ("accounts", {"email": 5}),
    ("accounts", {"email": "a"}),
    ("accounts", {"email": "a@b.cc", "pin": "12345"}),
    ("accounts", {"email": "a@b.cc", "pin": "١٢٣٤٥٦"}),
    ("accounts", {"email": "a@b.cc", "balance": 1.5}),
    ("accounts", {"email": "a@b.cc", "balance": True}),
    ("accounts", {"email": "a@b.cc", "balance": 10**30}),
    ("accounts", {"email": "\ud800@b.cc"}),
    ("faults", {"provider": "nope"}),
    ("faults", {"provider": ["x"]}),
    ("faults", {"provider": "cashcloud", "on": "nope", "fault": "hang"}),
    ("faults", {"provider": "cashcloud", "on": "request", "fault": "lost"}),
    ("faults", {"provider": "cashcloud", "on": "callback", "fault": "hang"}),
    ("faults", {"provider": "cashcloud", "on": "request", "fault": "hang", "times": 0}),
    ("faults", {"provider": "cashcloud", "on": "request", "fault": "delay", "ms": "1"}),
    ("faults", {"provider": "cashcloud", "on": "request", "fault": "status", "code": 99}),
    ("clock", {"advance_seconds": -1}),
    ("clock", {"advance_seconds": True}),
    ("clock", {"advance_seconds": 1e300}),
    ("refunds", {"auto": "maybe"}),
    ("merchants", {"provider": "cashcloud", "username": "a"}),
    ("merchants", {"provider": "cashcloud", "username": "a|b", "password": "c"}),
    ("merchants", {"provider": "cashcloud", "username": "a", "password": "c", "account_type": "x"}),
]


@pytest.mark.parametrize("body", RUBBISH, ids=lambda body: body[:9])
@pytest.mark.parametrize("path", ["/control/faults", "/control/clock", "/wallet/inbox/x"])
def test_body__that_is_no_object__is_400(sandbox: Caller, path: str, body: bytes):
    assert requests.post(sandbox.url + path, data=body).status_code == 400


@pytest.mark.parametrize(("call", "body"), BAD)
def test_control__rubbish_in_a_field__is_400(sandbox: Caller, call: str, body: dict):
    assert sandbox.control(call, **body).status_code == 400


def test_payer__unknown_reference_or_action__is_refused(merchant: Caller):
    assert merchant.payer("nobody", "accept").status_code == 404
    assert merchant.payer(merchant.request(), "steal").status_code == 400


def test_reset__after_a_full_day__leaves_first_accounts_and_nothing_else(merchant: Caller):
    merchant.control("accounts", email="new@example.com")
    merchant.paid()
    merchant.fault("request", "hang")
    merchant.control("clock", advance_seconds=99999)
    assert merchant.control("reset").status_code == 204
    users = requests.get(f"{merchant.url}/wallet/users").json()["users"]
    faults = requests.get(f"{merchant.url}/control/faults").json()["faults"]
    assert (merchant.ledger(), merchant.journal("received"), faults) == ([], [], [])
    assert users == [account[0] for account in FIRST_ACCOUNTS]


@pytest.mark.parametrize(
    ("address", "origin", "refused"),
    [
        ("127.0.0.1", None, False),
        ("::1", None, False),
        ("127.9.9.9", "http://localhost:8082", False),
        ("10.0.0.1", None, True),
        ("203.0.113.5", "http://127.0.0.1", True),
        ("", None, True),
        ("127.0.0.1", "https://evil.example", True),
        ("127.0.0.1", "null", True),
        ("127.0.0.1", "http://127.0.0.1.evil.example", True),
    ],
)
def test_control__by_whom__only_this_machine(address: str, origin: str | None, refused: bool):
    import falcon

    req = SimpleNamespace(env={"REMOTE_ADDR": address}, get_header=lambda name: origin)
    try:
        only_from_here(req)
    except falcon.HTTPForbidden:
        assert refused
    else:
        assert not refused


def test_control__from_a_web_page_elsewhere__is_403(sandbox: Caller):
    answer = requests.post(
        f"{sandbox.url}/control/reset", headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


@pytest.mark.invariant("I16")
def test_journal_and_ledger__after_a_payment__hold_no_secret(merchant: Caller, heard):
    merchant.paid()
    told = json.dumps(merchant.ledger()) + requests.get(f"{merchant.url}/control/journal").text
    assert not [
        secret
        for secret in ("pass:word", "123456", merchant.session.headers["Authorization"][6:])
        if secret in told
    ]


@pytest.mark.parametrize(
    ("pin", "status"), [("123456", 200), ("654321", 403), ("", 400), ("١٢٣٤٥٦", 403)]
)
def test_wallet__accepts__only_with_the_pin(merchant: Caller, pin: str, status: int):
    reference = merchant.request()
    answer = decide(merchant, reference, action="accept", pin=pin)
    assert answer.status_code == status and merchant.state(reference) == (3 if status == 200 else 1)


def test_wallet__takes_a_refund_and_declines_a_request__without_pin(merchant: Caller):
    refund, request = merchant.refund(merchant.paid(), 100).json()["hash"], merchant.request()
    decide(merchant, refund, action="accept")
    decide(merchant, request, action="decline")
    assert (merchant.state(refund), merchant.state(request)) == (3, 4)


def test_wallet__of_somebody_else__sees_and_decides_nothing(merchant: Caller):
    reference = merchant.request()
    other = requests.get(f"{merchant.url}/wallet/inbox", params={"user": "poor@example.com"}).json()
    assert other["waiting"] == []
    assert (
        decide(
            merchant, reference, action="accept", pin="123456", user="poor@example.com"
        ).status_code
        == 404
    )


def test_wallet__inbox__shows_who_wants_what(merchant: Caller):
    reference = merchant.request(4999, remark="Order 100000123")
    [item] = requests.get(f"{merchant.url}/wallet/inbox", params={"user": CUSTOMER.upper()}).json()[
        "waiting"
    ]
    wanted = {
        "reference": reference,
        "kind": "request",
        "amount": 4999,
        "currency": "EUR",
        "remark": "Order 100000123",
        "merchant": "merchant@acme.example",
    }
    assert {name: item[name] for name in wanted} == wanted and item["seconds_left"] > 691000


def test_wallet__page__may_run_its_own_script_only(sandbox: Caller):
    answer = requests.get(f"{sandbox.url}/wallet")
    script = answer.text.split('<script type="module">')[1].split("</script>")[0]
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert f"script-src 'sha256-{hashed}'" in policy and "unsafe" not in policy


def decide(
    merchant: Caller, reference: str, user: str = CUSTOMER, **body: str
) -> requests.Response:
    return requests.post(f"{merchant.url}/wallet/inbox/{reference}", json={"user": user} | body)


MULTIPART = [
    b"",
    b"--x",
    b"--x\r\n\r\n",
    b'--x\r\nContent-Disposition: form-data; name="amount"\r\n\r\n\xff\xfe\r\n--x--\r\n',
    b"--x\r\nContent-Disposition: form-data\r\n\r\n5\r\n--x--\r\n",
    b"--x\r\n" + b"a" * 20_000 + b"\r\n--x--",
]


@pytest.mark.invariant("I17")
@pytest.mark.parametrize("body", MULTIPART, ids=range(len(MULTIPART)))
@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/x-www-form-urlencoded",
        "\u00ff/x",
    ],
)
def test_request__hostile_form__is_4xx(merchant: Caller, body: bytes, kind: str):
    answer = merchant.session.post(
        merchant.api + "request", data=body, headers={"Content-Type": kind.encode("latin-1")}
    )
    assert 400 <= answer.status_code < 500


@pytest.mark.invariant("I17")
def test_any_call__random_bytes__is_never_5xx(merchant: Caller):
    host = merchant.url.removeprefix("http://")
    paths = ["salt", "request", "refund", "transactions", "settings", "currency-rate", "reasons"]
    names = st.sampled_from(
        [
            "email",
            "amount",
            "hash",
            "currency_id",
            "extern.id",
            "callback_url",
            "request_expiration",
            "remark",
        ]
    )

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(["GET", "POST"]),
        st.sampled_from(paths),
        st.dictionaries(names, st.binary(max_size=20), max_size=5),
    )
    def holds(method: str, path: str, fields: dict[str, bytes]) -> None:
        from urllib.parse import quote

        encoded = "&".join(f"{quote(name)}={quote(value)}" for name, value in fields.items())
        connection = http.client.HTTPConnection(host, timeout=20)
        headers = {
            "Authorization": merchant.session.headers["Authorization"],
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request(method, f"/cashcloud/{path}?{encoded}", encoded, headers)
        assert connection.getresponse().status < 500
        connection.close()

    holds()


@pytest.mark.invariant("I17")
def test_body__of_a_megabyte__is_413(merchant: Caller):
    assert (
        merchant.session.post(
            merchant.api + "request", data={"remark": "x" * 1_000_000}
        ).status_code
        == 413
    )


def test_discovery__loads_the_sandbox_file__and_no_provider_client():
    import subprocess

    code = "import sys, bridge.sandbox.discover as d; d.discover(); print(*[m for m in sys.modules if m.startswith('bridge')])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    strangers = [
        name
        for name in loaded
        if not name.startswith("bridge.sandbox")
        and not name.endswith(".sandbox")
        and name != "bridge"
    ]
    assert "bridge.providers.cashcloud.sandbox" in loaded and strangers == []
