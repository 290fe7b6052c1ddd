"""Money requests, refunds and what inquiries show (Cashcloud sheet, sections Calls, Transaction states, Errors)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from sandbox_caller import CUSTOMER, Caller, until

REFUSALS = [
    ({"email": ""}, {"email": "missing"}),
    ({"email": "nobody"}, {"email": ["emailDomain"]}),
    ({"email": "a|b@example.com"}, {"email": ["emailDomain"]}),
    ({"email": "unknown@example.com"}, {"recipient": "notFound"}),
    ({"email": "poor@example.com"}, {"recipient": ["errorStatus"]}),
    ({"email": "blocked@example.com"}, ["blackList"]),
    ({"currency_id": "3"}, [{"currency": "invalid"}]),
    ({"currency_id": ""}, [{"currency": "invalid"}]),
    ({"reason_id": "999"}, {"isReasonAvailable": False}),
    ({"reason_id": ""}, {"isReasonAvailable": False}),
    ({"reason_id": None}, {"isReasonAvailable": False}),
    ({"amount": "19"}, [["minAmountTransactionPerTradeLimit"]]),
    *(
        ({"amount": rubbish}, {"currency": ["invalidAmount"]})
        for rubbish in (
            "",
            "0",
            "-1",
            "+5",
            "49.99",
            "4,99",
            "1e3",
            " 50",
            "0x20",
            "١٢٣",
            "9" * 30,
            "NaN",
        )
    ),
]


@pytest.mark.parametrize(("fields", "shape"), REFUSALS)
def test_request__at_fault__is_412_and_nothing_is_written(
    merchant: Caller, fields: dict[str, str], shape: object
):
    asked = {"email": CUSTOMER, "amount": "4999", "currency_id": "1", "reason_id": "314"} | fields
    answer = merchant.post("request", **asked)
    assert (answer.status_code, answer.json()) == (412, {"validationFailed": shape})
    assert merchant.ledger() == []


@pytest.mark.parametrize("name", ["extern.id", "extern_id", "extern[id]"])
@pytest.mark.parametrize("how", ["data", "files"])
def test_request__any_form_and_spelling__is_found_by_our_reference(
    merchant: Caller, name: str, how: str
):
    fields = {
        "email": CUSTOMER,
        "amount": "20",
        "currency_id": "2",
        "reason_id": "314",
        "remark": "Bücher & mehr",
        name: "pay_ä",
    }
    sent = fields if how == "data" else {key: (None, value) for key, value in fields.items()}
    answer = merchant.session.post(merchant.api + "request", **{how: sent})
    [found] = merchant.get("transactions", **{name: "pay_ä"}).json()["transactions"]
    assert answer.status_code == 201 and found["hash"] == answer.json()["hash"]
    assert (found["extern"]["id"], found["remark"], found["currency_id"]) == (
        "pay_ä",
        "Bücher & mehr",
        2,
    )


def test_request__made__stands_in_the_ledger_under_our_words(merchant: Caller):
    reference = merchant.request(4999)
    [entry] = merchant.ledger()
    wanted = {
        "provider": "cashcloud",
        "merchant": "merchant@acme.example",
        "reference": reference,
        "kind": "request",
        "parent": None,
        "amount": 4999,
        "currency": "EUR",
        "state": "pending",
        "our_reference": "pay_1",
    }
    assert {name: entry[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("action", "state", "word"),
    [
        ("accept", 3, "succeeded"),
        ("decline", 4, "declined"),
        ("expire", 6, "expired"),
        ("fail", 7, "failed"),
    ],
)
def test_payer__acts_on_a_request__state_and_ledger_say_so(
    merchant: Caller, action: str, state: int, word: str
):
    reference = merchant.request()
    assert merchant.payer(reference, action).json()["state"] == word
    assert merchant.state(reference) == state


def test_payer__repeats_himself__changes_nothing(merchant: Caller):
    reference = merchant.paid()
    before = merchant.ledger()
    assert merchant.payer(reference, "accept").status_code == 200 and merchant.ledger() == before


def test_payer__changes_his_mind_too_late__is_409(merchant: Caller):
    reference = merchant.paid()
    assert (
        merchant.payer(reference, "decline").status_code == 409 and merchant.state(reference) == 3
    )


def test_payer__poor_by_now__cannot_accept(merchant: Caller):
    reference = merchant.request(4999)
    merchant.control("accounts", email=CUSTOMER, pin="123456", balance=4998, blocked=False)
    assert merchant.payer(reference, "accept").status_code == 409 and merchant.state(reference) == 1


def test_payer__accepts_and_takes_a_refund__balance_follows(merchant: Caller):
    merchant.control("accounts", email=CUSTOMER, pin="123456", balance=5000, blocked=False)
    reference = merchant.paid(4999)
    merchant.payer(merchant.refund(reference, 1000).json()["hash"], "accept")
    inbox = requests.get(f"{merchant.url}/wallet/inbox", params={"user": CUSTOMER}).json()
    assert inbox["balance"] == 1 + 1000


def test_request__past_its_expiration__expires_by_itself(merchant: Caller):
    merchant.post("settings", request_expiration=120)
    reference = merchant.request()
    merchant.control("clock", advance_seconds=119)
    assert merchant.state(reference) == 1
    merchant.control("clock", advance_seconds=2)
    assert merchant.state(reference) == 6


@pytest.mark.parametrize(
    ("action", "state", "word"),
    [("accept", 3, "succeeded"), ("decline", 5, "canceled"), ("fail", 7, "failed")],
)
def test_payer__acts_on_a_refund__state_and_ledger_say_so(
    merchant: Caller, action: str, state: int, word: str
):
    request = merchant.paid()
    refund = merchant.refund(request, 1000).json()["hash"]
    assert merchant.state(refund) == 1
    merchant.payer(refund, action)
    assert merchant.state(refund) == state
    assert [(e["kind"], e["parent"], e["state"]) for e in merchant.ledger()[1:]] == [
        ("refund", request, word)
    ]


@pytest.mark.invariant("I2")
def test_refund__of_more_than_is_left__is_412(merchant: Caller):
    request = merchant.paid(1000)
    assert merchant.refund(request, 600).status_code == 201
    assert merchant.refund(request, 401).json() == {
        "validationFailed": [["maxAmountTransactionPerTradeLimit"]]
    }
    assert merchant.refund(request, 400).status_code == 201


@pytest.mark.invariant("I2")
def test_refund__many_at_once_each_legal_alone__never_exceed_the_amount(merchant: Caller):
    request = merchant.paid(1000)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: merchant.refund(request, 300).status_code, range(8)))
    assert sorted(statuses) == [201] * 3 + [412] * 5


def test_refund__turned_down__counts_no_longer(merchant: Caller):
    request = merchant.paid(1000)
    merchant.payer(merchant.refund(request, 1000).json()["hash"], "decline")
    assert merchant.refund(request, 1000).status_code == 201


def test_refund__of_all_in_parts__makes_the_request_refunded_only_at_the_end(merchant: Caller):
    request = merchant.paid(1000)
    states = []
    for part in (400, 600):
        merchant.payer(merchant.refund(request, part).json()["hash"], "accept")
        states.append(merchant.state(request))
    assert states == [3, 8]
    assert (merchant.ledger()[0]["state"], merchant.ledger()[0]["refunded_amount"]) == (
        "succeeded",
        1000,
    )


def test_refund__of_an_unpaid_request__is_412(merchant: Caller):
    assert merchant.refund(merchant.request(), 10).status_code == 412


def test_refund__of_a_refund__is_412(merchant: Caller):
    refund = merchant.refund(merchant.paid(), 1000).json()["hash"]
    assert merchant.refund(refund, 10).json() == {"validationFailed": {"hash": "notFound"}}


@pytest.mark.invariant("I13")
def test_transactions__of_another_merchant__are_unknown(merchant: Caller):
    reference = merchant.request()
    merchant.control("merchants", provider="cashcloud", username="other@b.example", password="p")
    merchant.session.headers["Authorization"] = merchant.token("other@b.example", "p")
    assert merchant.get("transactions", hash=reference).status_code == 412
    assert merchant.get("transactions").json() == {"transactions": []}


def test_transactions__list__is_newest_first_with_refunds_naming_their_request(merchant: Caller):
    first, second = merchant.paid(), merchant.request()
    refund = merchant.refund(first, 100).json()["hash"]
    listed = merchant.get("transactions").json()["transactions"]
    assert [row["hash"] for row in listed] == [refund, second, first]
    assert (listed[0]["method"], listed[0]["request_hash"], listed[2]["method"]) == (
        "refund",
        first,
        "request",
    )


def test_refunds__set_to_accept__settle_by_themselves_but_later(merchant: Caller):
    merchant.control("refunds", auto="accept")
    answer = merchant.refund(merchant.paid(), 1000).json()
    assert answer["transaction_state_id"] == 1
    until(lambda: merchant.state(answer["hash"]) == 3)


@pytest.mark.parametrize(
    "fields",
    [
        {"callback_url": "ftp://x/y"},
        {"callback_url": "http://"},
        {"callback_url": "http://[::"},
        {"callback_url": "http://a/ b"},
        {"request_expiration": "0"},
        {"request_expiration": "691201"},
        {"request_expiration": "soon"},
    ],
)
def test_settings__rubbish__is_412_and_changes_nothing(merchant: Caller, fields: dict[str, str]):
    before = merchant.get("settings").json()
    assert (
        merchant.post("settings", **fields).status_code == 412
        and merchant.get("settings").json() == before
    )


def test_currency_rate__with_and_without_amount__has_the_price_in_cashcredits(merchant: Caller):
    assert merchant.get("currency-rate", amount=4999).json()["amount"]["2"]["3"] == 4899
    assert merchant.get("currency-rate").json()["rate"]["2"]["3"] == 0.98


def test_request__in_cashcredits__is_euro_cents_and_costs_the_converted_price(merchant: Caller):
    """Cashcloud sheet, section Calls, notes: `amount` is in euro cents whatever the currency."""
    reference = merchant.request(4999, currency_id=2)
    [entry] = merchant.ledger()
    assert (entry["amount"], entry["currency"]) == (4999, "EUR")
    assert (merchant.shown(reference)["amount"], merchant.shown(reference)["currency_id"]) == (
        4899,
        2,
    )
    merchant.payer(reference, "accept")
    refund = merchant.refund(reference, 1500).json()["hash"]
    assert merchant.ledger()[1]["amount"] == 1500 and merchant.shown(refund)["amount"] == 1470


def test_request__in_cashcredits_told_in_euro_cents__inquiries_say_what_was_sent(merchant: Caller):
    merchant.fault("cashcredits", "euro_cents")
    told, converted = merchant.request(4999, currency_id=2), merchant.request(4999, currency_id=2)
    assert [
        (merchant.shown(one)["amount"], merchant.shown(one)["currency_id"])
        for one in (told, converted)
    ] == [(4999, 2), (4899, 2)]


def test_settings__expiry_left_empty__keeps_the_one_before(merchant: Caller):
    """The original client posts both fields, also the one that it was not given."""
    merchant.post("settings", request_expiration=120)
    answer = merchant.post("settings", callback_url="https://shop.example/c", request_expiration="")
    assert answer.ok and merchant.get("settings").json() == {
        "callback_url": "https://shop.example/c",
        "request_expiration": 120,
    }


def test_restart__keeps_ledger_settings_and_accounts(tmp_path):
    from bridge.sandbox.app import running

    with running(tmp_path, ["cashcloud:merchant@acme.example:pass:word"]) as url:
        reference = Caller(url).sign_in().paid(100)
    with running(tmp_path) as url:
        assert Caller(url).sign_in().state(reference) == 3


def test_portal__refunds__are_in_the_list_of_the_request_without_our_name_and_count(
    merchant: Caller,
):
    request = merchant.paid(4999)
    made = merchant.control(f"portal/{request}", action="refund", amount=1000).json()["reference"]
    assert merchant.payer(made, "accept").status_code == 200
    listed = merchant.get("transactions", request_hash=request).json()["transactions"]
    assert [(one["hash"], one["extern"]["id"], one["request_hash"]) for one in listed] == [
        (made, "", request)
    ]
    assert merchant.control(f"portal/{request}", action="refund").json()["amount"] == 3999
    assert merchant.control(f"portal/{request}", action="refund", amount=1).status_code == 409
    assert merchant.control(f"portal/{request}", action="capture").status_code == 409
    assert merchant.control("portal/nothing", action="refund").status_code == 404
