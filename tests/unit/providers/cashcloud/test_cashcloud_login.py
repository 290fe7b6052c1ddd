"""The token: made once, renewed once per call, and no doubt about money where only the login failed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from cashcloud_script import FIFTY, PASSWORD, SALT, SALTED, a_refund, a_request, an_account, http

from bridge.domain.outcome import Outcome
from bridge.errors import NoAnswer, NotSent
from bridge.ports import PaymentRef
from bridge.providers.cashcloud.crypto import token
from bridge.settings import Resolved

HASH, NO = http(201, {"hash": "hash-1"}), http(403)


def started(script, **settings):
    account, wire = an_account(script, **settings)
    answer = account.start(a_request()).answer
    return answer.outcome, answer.provider_code, wire.paths()


def test_token__two_calls__is_made_once_and_sent_in_the_header():
    account, wire = an_account({"request": [HASH]})
    account.start(a_request())
    account.start(a_request())
    assert wire.paths() == ["salt", "request", "request"]
    assert wire.calls[0][2]["multipart"] == {
        "username": "shop@merchant.example",
        "device_id": "dev-1",
    }
    assert {call[2]["headers"]["Authorization"] for call in wire.calls[1:]} == {
        token("shop@merchant.example", "dev-1", PASSWORD, SALT)
    }


def test_send__refused_once__is_repeated_under_a_new_token():
    salts = [SALTED, http(200, {"salt": "another"})]
    assert started({"salt": salts, "request": [NO, HASH]}) == (
        Outcome.PENDING,
        None,
        ["salt", "request", "salt", "request"],
    )


def test_send__refused_twice__was_not_executed():
    salts = [SALTED, http(200, {"salt": "another"})]
    assert started({"salt": salts, "request": [NO]}) == (
        Outcome.NOT_EXECUTED,
        "authorization",
        ["salt", "request", "salt", "request"],
    )


def test_send__the_password_has_not_changed_there_yet__the_previous_one_helps():
    script = {
        "salt": [SALTED, http(200, {"salt": "2"}), http(200, {"salt": "3"})],
        "request": [NO, NO, HASH],
    }
    account, wire = an_account(script, previous_password=Resolved("before"))
    assert account.start(a_request()).answer.outcome is Outcome.PENDING
    assert wire.calls[-1][2]["headers"]["Authorization"] == token(
        "shop@merchant.example", "dev-1", "before", "3"
    )


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(
    ("salt", "code"),
    [
        (http(403), "authorization"),
        (http(412, {}), "authorization"),
        (http(500), "not_sent"),
        (http(200, b"<html>"), "not_sent"),
        (http(200, {"salt": ""}), "not_sent"),
        (http(200, {"error": True}), "not_sent"),
        (NoAnswer(), "not_sent"),
        (NotSent(), "not_sent"),
    ],
)
def test_money_call__no_salt__was_never_sent(salt, code):
    """The money call was not made, whatever became of the login (I4)."""
    assert started({"salt": [salt]}) == (Outcome.NOT_EXECUTED, code, ["salt"])


@pytest.mark.invariant("I4")
@pytest.mark.parametrize("salt", [http(403), http(500), NoAnswer(), NotSent()])
def test_inquiry__no_salt__proves_nothing(salt):
    """NOT_EXECUTED would say that there is no such payment (I4)."""
    account, _ = an_account({"salt": [salt]})
    assert account.inquire(PaymentRef("pay_1-1", FIFTY)).outcome is Outcome.UNKNOWN
    assert account.inquire_operation("refund", a_refund()).outcome is Outcome.UNKNOWN


def test_money_call__renewal_fails_after_a_403__was_not_executed():
    assert started({"salt": [SALTED, NoAnswer()], "request": [NO]})[:2] == (
        Outcome.NOT_EXECUTED,
        "not_sent",
    )


def test_money_call__repeat_after_a_403_brings_no_answer__is_unknown():
    salts = [SALTED, http(200, {"salt": "another"})]
    assert started({"salt": salts, "request": [NO, NoAnswer()]})[:2] == (
        Outcome.UNKNOWN,
        "no_answer",
    )


def test_tokens__many_threads_at_once__share_one_login():
    account, wire = an_account({"request": [HASH]})
    together = Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: (together.wait(), account.start(a_request()).answer)[1], range(8))
        )
    assert {answer.outcome for answer in answers} == {Outcome.PENDING}
    assert wire.paths().count("salt") == 1


@pytest.mark.invariant("I16")
def test_transport__is_told_what_to_cut_out_of_the_transcript():
    account, wire = an_account({"request": [HASH]})
    account.start(a_request())
    header = wire.calls[1][2]["headers"]["Authorization"]
    assert (
        header in wire.calls[1][2]["secrets"] and header.split()[1] in wire.calls[1][2]["secrets"]
    )


@pytest.mark.invariant("I16")
def test_account__shown_with_all_it_keeps__shows_no_secret():
    account, _ = an_account({"request": [HASH]}, previous_password=Resolved("canary-before"))
    account.start(a_request())
    kept = {name: value for name, value in vars(account).items() if name != "_transport"}
    assert "canary" not in repr(account) + repr(kept)
