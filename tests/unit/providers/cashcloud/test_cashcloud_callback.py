"""Callbacks: genuine ones in both kinds of form, and everything else."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from cashcloud_script import PASSWORD, an_account
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import CallbackRejected
from bridge.ports import Callback, RawCallback
from bridge.providers.cashcloud.crypto import control
from bridge.settings import Resolved

FORM, LINE = "application/x-www-form-urlencoded", "\r\n"


def fields(method="request", status="3", time="2014-05-13 16:53:20", password=PASSWORD, **changes):
    told = {
        "method": method,
        "hash": "hash-1",
        "status": status,
        "time": time,
        "control": control(method, status, time, password),
    }
    return told | changes


def posted(form, content_type=FORM):
    return RawCallback("POST", content_type, "", urlencode(form).encode())


def multipart(form, boundary="b0"):
    parts = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form.items()
    )
    return RawCallback(
        "POST",
        f"multipart/form-data; boundary={boundary}",
        "",
        f"{parts}--{boundary}--\r\n".encode(),
    )


def read(raw, **settings):
    return an_account(**settings)[0].read_callback(raw)


@pytest.mark.parametrize("form", [posted, multipart])
@pytest.mark.parametrize("method", ["request", "refund"])
@pytest.mark.parametrize("status", ["1", "3", "77", "late"])
def test_callback__genuine__names_the_transaction_only(form, method, status):
    assert read(form(fields(method, status))) == Callback(
        "hash-1", None, method, f"{status} {fields()['time']}"
    )


def test_callback__bytes_with_the_control_value_of_the_original_module__are_genuine():
    """Cashcloud sheet, section Callback: nothing of this body comes from our own arithmetic."""
    body = b"method=request&hash=hash-1&status=3&time=2026-12-01+03%3A45%3A43&control=Wq1zH19DURfAlHoBkuXoUQ%3D%3D"
    assert read(RawCallback("POST", FORM, "", body), password=Resolved("om-pass")) == Callback(
        "hash-1", None, "request", "3 2026-12-01 03:45:43"
    )


@pytest.mark.invariant("I12")
@pytest.mark.parametrize("method", ["request", "refund"])
@pytest.mark.parametrize(
    "changes",
    [
        {"control": "x"},
        {"control": ""},
        {"control": "ü"},
        {"status": "4"},
        {"time": "0"},
        {"method": "payment"},
        {"hash": ""},
        {"hash": "x" * 201},
        {"hash": "a\r\nb"},
    ],
)
def test_callback__a_field_is_changed__is_rejected(method, changes):
    """Refunds are checked like requests (I12)."""
    with pytest.raises(CallbackRejected):
        read(posted(fields(method) | changes))


@pytest.mark.invariant("I12")
@pytest.mark.parametrize("name", ["method", "hash", "status", "time", "control"])
def test_callback__a_field_is_missing__is_rejected(name):
    form = fields()
    form.pop(name)
    with pytest.raises(CallbackRejected):
        read(posted(form))


def test_callback__signed_for_another_method__is_rejected():
    with pytest.raises(CallbackRejected, match="method"):
        read(posted(fields("payout")))


def test_callback__password_of_another_merchant__is_rejected():
    with pytest.raises(CallbackRejected, match="control"):
        read(posted(fields(password="another")))


@pytest.mark.parametrize("password", [PASSWORD, "before"])
def test_callback__while_the_password_changes__both_are_accepted(password):
    assert (
        read(
            posted(fields(password=password)), previous_password=Resolved("before")
        ).provider_reference
        == "hash-1"
    )


def test_callback__a_field_twice__is_rejected():
    raw = RawCallback("POST", FORM, "", urlencode(fields()).encode() + b"&hash=hash-2")
    with pytest.raises(CallbackRejected, match="twice"):
        read(raw)


@pytest.mark.parametrize(
    "raw",
    [
        RawCallback("GET", FORM, urlencode(fields()), urlencode(fields()).encode()),
        RawCallback("POST", FORM, urlencode(fields()), b""),
        RawCallback("POST", FORM, "", urlencode(fields()).encode() + b"&pad=" + b"x" * 20_000),
        RawCallback("POST", FORM, "", b"\xff\xfe"),
        RawCallback("POST", FORM, "", b"%ff=1"),
        RawCallback("POST", "multipart/form-data", "", b"--b0\r\n"),
        RawCallback("POST", "multipart/form-data; boundary=" + "b" * 9000, "", b""),
        RawCallback("POST", "application/json", "", b'{"method": "request"}'),
    ],
)
def test_callback__not_a_readable_form__is_rejected(raw):
    with pytest.raises(CallbackRejected):
        read(raw)


KINDS = [FORM, "multipart/form-data; boundary=b0", 'multipart/form-data; boundary="', ""]


@given(body=st.binary(max_size=200), content_type=st.sampled_from(KINDS) | st.text(max_size=30))
def test_callback__any_bytes__are_rejected_and_raise_nothing_else(body, content_type):
    with pytest.raises(CallbackRejected):
        read(RawCallback("POST", content_type, "", body))


@given(part=st.text(max_size=80))
def test_callback__any_multipart_heads__are_rejected_and_raise_nothing_else(part):
    body = f"--b0\r\n{part}\r\n\r\nx\r\n--b0--\r\n".encode("utf-8", "surrogatepass")
    with pytest.raises(CallbackRejected):
        read(RawCallback("POST", "multipart/form-data; boundary=b0", "", body))


def test_acknowledge__genuine_or_rejected__says_ok():
    account, wire = an_account()
    assert account.acknowledge(None).body == account.acknowledge(Callback("h")).body == b"OK"
    assert account.read_return(posted(fields())) is None and not wire.calls
