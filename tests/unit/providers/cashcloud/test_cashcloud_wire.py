"""Reading answers: every shape that the sheet names, and no belief in any other."""

from __future__ import annotations

import json

import pytest
from cashcloud_script import a_transaction, http
from hypothesis import given
from hypothesis import strategies as st

from bridge.providers.cashcloud import wire
from bridge.providers.cashcloud.conversion import Booked
from bridge.providers.cashcloud.wire import AccountSettings, Unreadable

READERS = [
    wire.read_object,
    wire.read_transaction,
    wire.read_transactions,
    wire.read_settings,
    wire.read_reasons,
    wire.read_cashcredits,
    wire.read_validation,
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "transaction",
                    "transactions",
                    "extern",
                    "id",
                    "hash",
                    "amount",
                    "validationFailed",
                    "messages",
                    "2",
                    "3",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        (["blackList", "isBankAvailable"], ("blackList", "isBankAvailable")),
        ({"blackList": True, "isBankAvailable": False}, ("blackList", "isBankAvailable")),
        ({"recipient": "notFound"}, ("recipient.notFound",)),
        (
            {"recipient": ["notFound", "errorStatus"]},
            ("recipient.notFound", "recipient.errorStatus"),
        ),
        ([["blackList", "isBankAvailable"]], ("blackList", "isBankAvailable")),
        (
            [{"recipient": "notFound"}, {"currency": "invalid"}],
            ("recipient.notFound", "currency.invalid"),
        ),
        ({"1": "blackList", "2": {"email": "missing"}}, ("blackList", "email.missing")),
        ([], ()),
        ({}, ()),
        (None, ()),
        ("blackList", ("blackList",)),
        ([[[[[["deep"]]]]]], ()),
        ([7, None], ()),
        (["a\nb", "\ud800"], ("unprintable", "unprintable")),
    ],
)
def test_validation__each_shape__reads_as_joined_codes(failed, expected):
    assert wire.read_validation(http(412, {"validationFailed": failed})) == expected


def test_transaction__as_in_the_sheet__is_read():
    in_digits = a_transaction(amount="4999", transaction_state_id="3", currency_id="2")
    found = wire.read_transaction(http(200, {"transaction": in_digits}))
    assert (found.hash, found.state, found.booked, found.our_reference) == (
        "hash-1",
        3,
        Booked(4999, "CCR"),
        "pay_1-1",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"hash": None},
        {"hash": ""},
        {"hash": 7},
        {"hash": "x" * 201},
        {"hash": "a\n"},
        {"hash": "\ud800"},
        {"transaction_state_id": None},
        {"transaction_state_id": True},
        {"transaction_state_id": "x"},
        {"amount": None},
        {"amount": 49.99},
        {"amount": "49.99"},
        {"amount": -1},
        {"amount": True},
        {"amount": 10**12 + 1},
        {"amount": "٣"},
        {"currency_id": 3},
        {"currency_id": None},
        {"extern": None},
        {"extern": []},
        {"extern": {"id": ""}},
        {"extern": {"id": 5}},
    ],
)
def test_transaction__a_field_is_missing_or_odd__is_unreadable(changes):
    with pytest.raises(Unreadable):
        wire.read_transaction(http(200, {"transaction": a_transaction(**changes)}))


def test_transactions__one_of_them_is_odd__the_list_is_unreadable():
    with pytest.raises(Unreadable):
        wire.read_transactions(
            http(200, {"transactions": [a_transaction(), a_transaction(amount=None)]})
        )


@pytest.mark.parametrize("status", [202, 204, 301, 400, 403, 412, 500])
def test_object__status_is_neither_200_nor_201__is_unreadable(status):
    with pytest.raises(Unreadable, match=f"http.{status}"):
        wire.read_object(http(status, {"hash": "h"}))


@pytest.mark.parametrize("said", [True, "true", 1, {"code": 7}])
@pytest.mark.parametrize(
    "read", [wire.read_object, wire.read_transaction, wire.read_transactions, wire.read_settings]
)
def test_object__says_that_it_is_an_error__is_unreadable(said, read):
    answered = {
        "error": said,
        "hash": "h",
        "transaction": a_transaction(),
        "transactions": [],
        "callback_url": "",
        "request_expiration": 1,
    }
    with pytest.raises(Unreadable, match="error"):
        read(http(200, answered))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"a": 1',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_object__bytes_that_are_no_json_object__are_unreadable(body):
    with pytest.raises(Unreadable):
        wire.read_object(http(200, body))


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (
            {"callback_url": "https://b.example/c", "request_expiration": "1800"},
            AccountSettings("https://b.example/c", 1800),
        ),
        ({"callback_url": None, "request_expiration": None}, AccountSettings("", 0)),
    ],
)
def test_settings__saved_or_never_saved__are_read(answered, expected):
    assert wire.read_settings(http(200, answered)) == expected


@pytest.mark.parametrize(
    "answered",
    [
        {},
        {"amount": []},
        {"amount": {"2": {"1": 5}}},
        {"amount": {"2": {"3": 0}}},
        {"amount": {"2": {"3": 1.5}}},
    ],
)
def test_cashcredits__no_whole_price_above_zero__is_unreadable(answered):
    with pytest.raises(Unreadable):
        wire.read_cashcredits(http(200, answered))


@given(body=ANY_JSON, read=st.sampled_from(READERS))
def test_readers__any_json__is_read_or_unreadable(body, read):
    try:
        read(http(200, json.dumps(body).encode()))
    except Unreadable as error:
        assert len(str(error)) < 40


def test_request__text_with_any_letters__reaches_the_payer_as_it_was_written(stage):
    """Cashcloud takes UTF-8, so nothing is transliterated there (lesson 76)."""
    stage.create(description="Łódź & Møller, 100% æøå №")
    assert "Łódź & Møller, 100% æøå №" in "".join(map(str, stage.transcripts))
