"""Codes, settings and wire without a network."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onecs_stage import fields_of
from pydantic import ValidationError

from bridge.domain.money import Money
from bridge.domain.outcome import Outcome
from bridge.domain.payment import Payer
from bridge.domain.reasons import Reason
from bridge.errors import CallbackRejected
from bridge.ports import HttpAnswer, OperationRequest, PaymentRef, PaymentRequest, RawCallback
from bridge.providers.onecs import codes, crypto, provider, wire
from bridge.providers.onecs.provider import OnecsAccount
from bridge.providers.onecs.settings import OnecsSettings
from bridge.providers.onecs.wire import Unreadable, Unwritable
from bridge.settings import Resolved

each = pytest.mark.parametrize
KEY, HMAC = "S1mBlowf1shKey16", "0123456789abcdefFEDCBA9876543210"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def settings(**changes):
    return OnecsSettings(
        **{
            "merchant_id": "sim_merchant",
            "blowfish_key": Resolved(KEY),
            "hmac_key": Resolved(HMAC),
            **changes,
        }
    )


def account(**changes):
    return OnecsAccount(settings(**changes), None, lambda: NOW)


def request(**changes):
    fields = {
        "reference": "pay_01JZ3X4Y5Z6A7B8C9D0E1F2G3H-1",
        "payment_id": "pay_01JZ3X4Y5Z6A7B8C9D0E1F2G3H",
        "order_reference": "1000",
        "money": Money(1150, "EUR"),
        "payer": Payer(),
        "channel": "web",
        "capture": "automatic",
        "description": "Order 1000",
        "matching_number": "42",
        "language": "de",
        "expires_at": NOW + timedelta(minutes=30),
        "return_url": "https://bridge.example/checkout/chk_x/return",
        "callback_url": "https://bridge.example/v1/callbacks/onecs/acme",
    }
    return PaymentRequest(**{**fields, **changes})


def sent(start, cipher="blowfish", key=KEY):
    query = fields_of(start.page_url)
    return dict(
        part.split("=", 1)
        for part in crypto.decrypt(query["Len"], query["Data"], key.encode(), cipher)
        .decode()
        .split("&")
    )


# --- codes -----------------------------------------------------------------------------------------------------------


def details_of(*ranges):
    return [detail for text in ranges for detail in text.split()]


SHEET = details_of(
    "0000 0001 0002 0003 0004 0005 0006 0007 0008 0009 0010 0011 0013 0014 0015 0016 0017 0018 0019 0020 0021 0022 1990 0026 0023 1930 1931",
    "1932 0032 003E 0040 0044 0045 0049 0050 0051 0052 0053 0054 0060 0061 0062 0063 0064 0065 0066 0068 0069 0070 0071 0072 0073 0074 0075",
    "0076 0077 0078 0080 0081 0090 0095 0097 0098 0200 0201 0091 0096 0203 0094 0110 0333 0100 0302 0305 0385 0101 0102 0314 0103 0104 0361",
    "0111 0112 0113 0114 0115 0120 0121 0130 0131 0190 0191 0192 0193 0194 0304 0313 0351 0312 0321 0349 0350 0703 0946 0705 0709 0934 0901",
    "0906 0950 0951 0952 0958 0959 0960 0985 1431 1515 1542 1815 1884",
    " ".join(f"01{row}{column}" for row in "1234" for column in "ABCDEFGHI"),
    " ".join(f"016{number}" for number in range(1, 10)),
)


def test_codes__every_detail_of_the_sheet__and_no_other__is_in_the_table():
    assert sorted(codes.DETAILS) == sorted(SHEET)


def test_codes__each_detail__stands_under_one_reason():
    listed = [
        detail for _, text in codes._BY_REASON for detail in text.split()
    ] + codes._INQUIRE.split()
    assert len(listed) == len(set(listed))


@each(
    ("code", "outcome", "reason"),
    [
        ("00000000", "succeeded", None),
        ("60000000", "pending", None),
        ("70000000", "pending", None),
        ("22060200", "declined", "authentication_failed"),
        ("2206014H", "declined", "suspected_fraud"),
        ("22890703", "declined", "payer_canceled"),
        ("20100044", "declined", "request_refused"),
        ("20180000", "declined", "expired"),
        ("21200000", "declined", "authentication_failed"),
        ("42770305", "declined", "card_declined"),
        ("22770050", "unknown", None),
        ("22779999", "unknown", None),
        ("12770305", "unknown", None),
        ("82770305", "unknown", None),
        ("", "unknown", None),
        ("0", "unknown", None),
        ("000000000", "unknown", None),
        ("2206014h", "unknown", None),
        ("２2770305", "unknown", None),
    ],
)
def test_code__each_kind__means_what_the_sheet_says(code, outcome, reason):
    meaning = codes.meaning_of(code)
    assert (meaning.outcome.value, meaning.reason and meaning.reason.value) == (outcome, reason)


@given(st.text(max_size=12))
def test_code__any_text__is_never_a_success_unless_it_begins_with_zero(code):
    meaning = codes.meaning_of(code)
    assert meaning.outcome is not Outcome.SUCCEEDED or re.fullmatch(r"0[0-9]{3}[0-9A-Z]{4}", code)


# --- settings --------------------------------------------------------------------------------------------------------


@each(
    "changes",
    [
        {"base_url": "http://www.computop-paygate.com/"},
        {"base_url": "https://evil.example/"},
        {"base_url": "https://www.computop-paygate.com@evil.example/"},
        {"base_url": "ftp://127.0.0.1/"},
        {"mobile_url": "https://evil.example/x"},
        {"blowfish_key": Resolved("abc")},
        {"blowfish_key": Resolved("a" * 57)},
        {"hmac_key": Resolved("")},
        {"cipher": "aes", "blowfish_key": Resolved("a" * 20)},
        {"previous_blowfish_key": Resolved("abc")},
        {"merchant_id": "a b"},
        {"capture_after_hours": 697},
        {"capture_after_hours": 0},
        {"mobile_minutes": 1441},
        {"simulation": "12"},
        {"order_text": "Test:0000"},
        {"currencies": ["EUX"]},
        {"languages": ["DE"]},
        {"time_zone": "Mars/Base"},
        {"minimum": 200, "maximum": 100},
        {"hmac_key": "in the clear"},
        {"unknown": 1},
    ],
    ids=str,
)
def test_settings__each_mistake__is_refused_without_telling_a_secret(changes):
    with pytest.raises(ValidationError) as refused:
        settings(**changes)
    assert KEY not in str(refused.value) and HMAC not in str(refused.value)


@each(
    "changes",
    [
        {"base_url": "https://test.computop-paygate.com"},
        {"base_url": "http://127.0.0.1:1/onecs"},
        {"base_url": "http://[::1]:1/"},
        {"base_url": "https://pay.example/", "other_hosts": ["pay.example"]},
        {"cipher": "aes"},
        {"time_zone": "Europe/Berlin"},
    ],
    ids=str,
)
def test_settings__each_allowed_place__is_taken(changes):
    assert settings(**changes).base_url.endswith("/")


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_start__any_request__calls_nobody_and_holds_what_the_sheet_wants():
    start = account().start(request())
    fields = sent(start)
    assert start.answer.outcome is Outcome.PENDING and start.page_url.startswith(
        "https://www.computop-paygate.com/payssl.aspx?MerchantID=sim_merchant&"
    )
    assert (fields["TransID"], fields["Amount"], fields["Currency"], fields["Capture"]) == (
        "pay-01JZ3X4Y5Z6A7B8C9D0E1F2G3H-1",
        "1150",
        "EUR",
        "AUTO",
    )
    assert fields["MAC"] == crypto.request_mac(
        HMAC.encode(), "", fields["TransID"], "sim_merchant", "1150", "EUR"
    )
    assert (
        fields["Response"] == "encrypt" and len(fields["ReqId"]) <= 32 and fields["RefNr"] == "1000"
    )


@each(
    ("changes", "request_changes", "name", "value"),
    [
        ({}, {"capture": "manual"}, "Capture", "MANUAL"),
        ({"capture_after_hours": 696}, {}, "Capture", "696"),
        ({"capture_after_hours": 5}, {"capture": "manual"}, "Capture", "MANUAL"),
        ({"time_zone": "Europe/Berlin"}, {}, "expirationTime", "2026-03-01T13:30:00"),
        ({}, {}, "expirationTime", None),
        ({}, {"order_reference": "ÄB-1"}, "RefNr", None),
        ({"simulation": "0305"}, {}, "OrderDesc", "Test:0305 Order 1000"),
        ({}, {"description": "Bücher & mehr"}, "OrderDesc", "Order 1000 - Buecher and mehr"),
        ({}, {"description": "Łódź, Møller"}, "OrderDesc", "Order 1000 - Lodz, Moller"),
        ({}, {"order_reference": "DE-A_1"}, "RefNr", None),
        ({"ref_nr_letters": True}, {"order_reference": "DE-A_1"}, "RefNr", "DE-A_1"),
        ({"ref_nr_letters": True}, {"order_reference": "A 1"}, "RefNr", None),
    ],
)
def test_start__each_setting__shows_in_its_field(changes, request_changes, name, value):
    assert sent(account(**changes).start(request(**request_changes))).get(name) == value


@each(("wanted", "shown"), [("de", "de"), ("en", "en"), ("fr", "en")])
def test_start__language_of_the_form__is_the_payers_or_the_first_of_the_account(wanted, shown):
    assert (
        fields_of(account(languages=["en", "de"]).start(request(language=wanted)).page_url)[
            "Language"
        ]
        == shown
    )


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from(["Order", "Test", "test"]))
def test_order_text__whatever_the_shop_writes__never_simulates_and_can_travel(
    reference, description, word
):
    text = sent(
        account(order_text=word).start(request(order_reference=reference, description=description))
    )["OrderDesc"]
    assert (
        not re.match(r"\s*test\s*:", text, re.IGNORECASE)
        and re.fullmatch(r"[ -~]{1,330}", text)
        and not set(text) & set("&%+")
    )


def test_start__address_too_long_for_the_gateway__is_declined():
    answer = account().start(request(return_url="https://bridge.example/" + "x" * 250)).answer
    assert (answer.outcome, answer.reason) == (Outcome.DECLINED, Reason.REQUEST_REFUSED)


def test_start__aes__is_sealed_anew_each_time():
    made = account(cipher="aes")
    first, second = made.start(request()), made.start(request())
    assert first.page_url != second.page_url and sent(first, "aes") == sent(second, "aes")


def test_req_id__two_tries_of_one_operation__is_the_same():
    payment = PaymentRef("pay_1-1", Money(1, "EUR"), "f" * 32)
    tries = [
        account()._fields_for_operation(
            OperationRequest(f"ref_1-{n}", payment, payment.money), "f" * 32, f"ref-1-{n}", 1
        )
        for n in (1, 2)
    ]
    assert tries[0]["ReqId"] == tries[1]["ReqId"] and tries[0]["TransID"] != tries[1]["TransID"]


def test_req_id__longer_than_the_gateway_takes__is_a_short_name_of_its_own():
    names = {
        provider._req_id(f"pay_01JZ3X4Y5Z6A7B8C9D0E1F2G3H-{attempt}")
        for attempt in (1, 10, 11, 100)
    }
    assert len(names) == 4 and all(re.fullmatch(r"[0-9A-Za-z-]{32}", name) for name in names)


# --- what is read ----------------------------------------------------------------------------------------------------


@each("text", ["a&b", "a%41", "a+b", "ä", "a\nb", "\0"])
def test_write__what_cannot_travel__is_refused(text):
    with pytest.raises(Unwritable):
        wire.write({"Name": text})


@given(st.binary(max_size=200))
def test_read__any_bytes__are_read_or_unreadable(raw):
    try:
        wire.read_result(wire.read_pairs(raw))
        wire.read_envelope(raw)
    except Unreadable:
        pass


@given(
    st.binary(max_size=300),
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(["", "application/json", "multipart/form-data; boundary=x"]),
)
def test_callback__any_bytes__are_rejected(body, method, kind):
    with pytest.raises(CallbackRejected):
        account().read_callback(RawCallback(method, kind, body.decode("latin-1"), body))


def test_pairs__base64_and_second_equals_sign__stay_as_they_are():
    assert wire.read_pairs(b"Card=YWI+Yw==&mid=a \0&&amp;Code=00000000") == {
        "card": "YWI+Yw==",
        "mid": "a",
        "code": "00000000",
    }


def inquiry(**changes):
    fields = {
        "mid": "sim_merchant",
        "PayID": "f" * 32,
        "XID": "e" * 32,
        "TransID": "pay-1-1",
        "Status": "OK",
        "Description": "success",
        "Code": "00000000",
        "AmountAuth": "1150",
        "AmountCap": "1150",
        "AmountCred": "0",
        "Currency": "EUR",
    } | changes
    text = "&".join(f"{name}={value}" for name, value in fields.items() if value is not None)
    return wire.read_result(wire.read_pairs(text.encode()))


@each(
    ("changes", "outcome", "reason"),
    [
        ({}, "succeeded", None),
        ({"AmountCap": "0"}, "succeeded", None),
        ({"AmountCap": None}, "succeeded", None),
        ({"Currency": None}, "unknown", None),
        ({"LastStatus": "FAILED", "LastXCode": "22060305"}, "succeeded", None),
        ({"Code": "22779999", "Status": "FAILED"}, "unknown", None),
        ({"Status": "FAILED"}, "unknown", None),
        ({"PayID": None}, "unknown", None),
        ({"Code": "20600061", "Status": "FAILED"}, "not_executed", None),
        (
            {"Code": "20600000", "Status": "FAILED", "Description": "PAYMENT NOT FOUND"},
            "not_executed",
            None,
        ),
        ({"AmountAuth": "", "AmountCap": "0"}, "pending", None),
        ({"AmountAuth": None, "AmountCap": None}, "pending", None),
        (
            {"AmountAuth": "0", "AmountCap": "0", "LastXCode": "22770305"},
            "declined",
            "card_declined",
        ),
        ({"AmountAuth": "0", "AmountCap": "0", "LastXCode": "22779999"}, "pending", None),
        ({"AmountAuth": "0", "AmountCap": "0", "LastXCode": "00000000"}, "declined", "given_up"),
        ({"AmountAuth": None, "AmountCap": None, "LastXCode": "00000000"}, "pending", None),
    ],
)
def test_inquiry__each_answer__is_judged_by_amounts_and_code(changes, outcome, reason):
    answer = provider._payment_answer_from(inquiry(**changes))
    assert (answer.outcome.value, answer.reason and answer.reason.value) == (outcome, reason)


@each("amount", ["11.50", "-1", "1e3", " 5x", "１１"])
def test_inquiry__amount_that_is_no_number__is_unreadable(amount):
    with pytest.raises(Unreadable):
        inquiry(AmountAuth=amount)


@each(
    ("credited", "done", "in_doubt", "outcome"),
    [
        (0, 0, (), "not_executed"),
        (300, 0, (), "succeeded"),
        (500, 200, (), "succeeded"),
        (200, 200, (), "not_executed"),
        (299, 0, (), "unknown"),
        (300, 0, (300,), "unknown"),
        (600, 0, (300,), "succeeded"),
        (0, 0, (300,), "not_executed"),
        (200, 0, (200,), "not_executed"),
        (500, 0, (200,), "succeeded"),
        (100, 300, (), "unknown"),
        (400, 0, (100, 200), "succeeded"),
        (300, 0, (100, 200), "unknown"),
    ],
)
def test_refund_in_doubt__each_sum__is_told_only_where_it_fits_one_answer(
    credited, done, in_doubt, outcome
):
    wanted = OperationRequest(
        "ref_1-1",
        PaymentRef("pay_1-1", Money(1150, "EUR"), "f" * 32),
        Money(300, "EUR"),
        done=done,
        in_doubt=in_doubt,
    )
    assert (
        provider._refund_answer_from(inquiry(AmountCred=str(credited)), wanted).outcome.value
        == outcome
    )


@each(
    ("changes", "outcome"),
    [
        ({"AmountAuth": "0", "AmountCap": "0"}, "succeeded"),
        ({"AmountCap": "0"}, "not_executed"),
        ({"AmountCap": "100"}, "declined"),
        ({"AmountAuth": "0", "AmountCap": "0", "AmountCred": "5"}, "declined"),
        ({"AmountAuth": None, "AmountCap": "0"}, "unknown"),
        ({"AmountAuth": "0", "AmountCap": None}, "unknown"),
        ({"AmountAuth": "0", "AmountCap": "0", "Code": "22779999", "Status": "FAILED"}, "unknown"),
    ],
)
def test_cancel_in_doubt__only_sums_that_are_there__tell_that_nothing_is_reserved_any_more(
    changes, outcome
):
    wanted = OperationRequest(
        "can_1-1", PaymentRef("pay_1-1", Money(1150, "EUR"), "f" * 32), Money(1150, "EUR")
    )
    assert provider._cancel_answer_from(inquiry(**changes), wanted).outcome.value == outcome


def test_answer_in_the_clear__a_refusal__is_believed():
    assert provider._refusal_from(b"Status=FAILED&Code=22060305")["code"] == "22060305"


@each(
    "body",
    [
        b"Status=OK&Code=00000000",
        b"Status=OK&Code=22060305",
        b"Status=FAILED&Code=00000000",
        b"Status=FAILED&Code=",
        b"Code=22060305",
        b"",
        b"\xff",
    ],
)
def test_answer_in_the_clear__anything_else__is_unreadable(body):
    """Without a cipher everybody could have written it; that nothing was done is all that it may say."""
    with pytest.raises(Unreadable):
        provider._refusal_from(body)


@each(
    ("changes", "outcome"),
    [
        ({}, "succeeded"),
        ({"Status": "CREDIT_REQUEST"}, "pending"),
        ({"Status": "pending"}, "pending"),
        ({"Status": "FAILED"}, "unknown"),
        ({"Status": None}, "unknown"),
        ({"PayID": None}, "unknown"),
        ({"PayID": "a" * 32}, "unknown"),
        ({"TransID": "pay-2-1"}, "unknown"),
        ({"Code": "22060305", "Status": "FAILED"}, "declined"),
        ({"Code": "22779999"}, "unknown"),
        ({"Code": None}, "unknown"),
    ],
)
def test_step__each_answer__is_judged_by_code_status_and_whose_it_is(changes, outcome):
    assert provider._answer_from(inquiry(**changes), "f" * 32, "pay-1-1").outcome.value == outcome


@each("status", [201, 204, 302, 400, 500, 503])
def test_answer__with_any_status_but_200__is_unreadable_whatever_it_says(status):
    with pytest.raises(Unreadable, match=f"http.{status}"):
        account()._opened(HttpAnswer(status, {}, b"Status=FAILED&Code=22060305"))


def test_answer__about_another_merchant__is_unreadable():
    """A key that two merchants share by mistake makes the answers of one readable to the other."""
    assert account()._believed(inquiry()).pay_id == "f" * 32
    with pytest.raises(Unreadable, match="another_merchant"):
        account()._believed(inquiry(mid="somebody_else"))


@each(
    "body",
    [b"Len=8&Data=aa&Data=bb", b"Len=8&Len=9&Data=aa", b"Data=aa", b"x" * (wire.MOST_BODY + 1)],
)
def test_envelope__not_one_of_each__is_unreadable(body):
    with pytest.raises(Unreadable):
        wire.read_envelope(body)


@each(("cipher", "most"), [("blowfish", 15), ("aes", 16)])
def test_decrypt__length_and_data__fit_only_up_to_one_padding(cipher, most):
    """A short Len would cut the end of an answer off, and nobody would miss it."""
    data = crypto.encrypt(b"x" * 32, KEY.encode(), cipher)
    whole = 32 if cipher == "blowfish" else 48
    assert crypto.decrypt(str(whole - most), data, KEY.encode(), cipher)[:16] == b"x" * 16
    for length in (0, whole - most - 1, whole + 1):
        with pytest.raises(crypto.Undecipherable):
            crypto.decrypt(str(length), data, KEY.encode(), cipher)
