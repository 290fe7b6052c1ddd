"""What must be refused: by the sandbox (sheet, section 10.2), and by the bridge (callbacks and returns that are not what they seem)."""

from __future__ import annotations

import re

import pytest
import requests
from onecs_stage import GOOD as CARD
from onecs_stage import MERCHANTS, Page, fields_of

from bridge.ports import RawCallback
from bridge.providers.onecs import crypto, wire

each = pytest.mark.parametrize

MID, BLOWFISH, HMAC = MERCHANTS["acme"]
FORM = "application/x-www-form-urlencoded"
GOOD = {
    "MerchantID": MID,
    "TransID": "T-1",
    "Amount": "1150",
    "Currency": "EUR",
    "OrderDesc": "Order 1",
    "URLSuccess": "https://shop.example/ok",
    "URLFailure": "https://shop.example/no",
    "URLNotify": "http://127.0.0.1:9/notify",
    "Response": "encrypt",
    "Capture": "AUTO",
}


def sealed(fields, *, mac=True, key=BLOWFISH, hmac_key=HMAC):
    if mac:
        said = (
            fields.get(name, "")
            for name in ("PayID", "TransID", "MerchantID", "Amount", "Currency")
        )
        fields = fields | {"MAC": crypto.request_mac(hmac_key.encode(), *said)}
    text = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    return {"MerchantID": MID, "Len": str(len(text)), "Data": crypto.encrypt(text, key.encode())}


def without(name, **more):
    return {key: value for key, value in (GOOD | more).items() if key != name}


@pytest.fixture
def gateway(cards):
    def post(path, form):
        return requests.post(f"{cards.sandbox.url}/onecs/{path}", data=form, timeout=10)

    return post


def code_of(answer):
    envelope = wire.read_envelope(answer.content)
    text = crypto.decrypt(*envelope, BLOWFISH.encode()) if envelope else answer.content
    return wire.read_pairs(text)["code"]


@each(
    ("form", "told"),
    [
        (sealed(GOOD) | {"MerchantID": "nobody"}, "Unexpected exception"),
        (sealed(GOOD) | {"MerchantID": ""}, "Unexpected exception"),
        (sealed(GOOD) | {"Len": "x"}, "20120008"),
        (sealed(GOOD) | {"Len": "9999"}, "20120008"),
        (sealed(GOOD) | {"Data": "xyz"}, "20010007"),
        (sealed(GOOD) | {"Data": "00" * 7}, "20010007"),
        (sealed(GOOD, key="another-key"), "20010007"),
        (sealed(GOOD | {"MerchantID": "globex_cards"}), "20120003"),
        (sealed(without("TransID")), "20100002"),
        (sealed(without("Amount")), "20100005"),
        (sealed(GOOD | {"Amount": "11.50"}), "20110005"),
        (sealed(GOOD | {"Amount": "0"}), "20110005"),
        (sealed(GOOD | {"Currency": "EURO"}), "20120006"),
        (sealed(GOOD | {"Capture": "697"}), "20120009"),
        (sealed(GOOD | {"Capture": "DELAYED"}), "20120009"),
        (sealed(without("OrderDesc")), "20100011"),
        (sealed(without("URLSuccess")), "20100020"),
        (sealed(GOOD | {"URLNotify": "ftp://shop.example/"}), "20120022"),
        (sealed(GOOD | {"URLFailure": "shop.example/no"}), "20120021"),
        (sealed(GOOD, mac=False), "20100044"),
        (sealed(GOOD, hmac_key="another"), "20120044"),
    ],
    ids=str,
)
def test_form__each_mistake_of_a_request__is_refused_and_makes_no_payment(
    cards, gateway, form, told
):
    assert told in gateway("payssl.aspx", form).text
    assert not cards.sandbox.ledger()


def test_form__trans_id_used_before__is_refused(cards, gateway):
    gateway("payssl.aspx", sealed(GOOD))
    assert "20170002" in gateway("payssl.aspx", sealed(GOOD | {"Amount": "99"})).text
    assert len(cards.sandbox.ledger()) == 1


def test_form__opened_again__is_the_same_payment(cards):
    payment = cards.card()
    assert all("Card number" in cards.browser.open(cards.page_url(payment)).text for _ in range(3))
    cards.fill(payment)
    assert (
        "Card number" not in cards.browser.open(cards.page_url(payment)).text
        and len(cards.sandbox.ledger("authorization")) == 1
    )


STEP = {"MerchantID": MID, "TransID": "T-9", "Amount": "100", "Currency": "EUR"}


@each(
    ("path", "paid", "changes", "code"),
    [
        ("capture.aspx", "manual", {"PayID": "0" * 32}, "20600061"),
        ("capture.aspx", "manual", {"Amount": "5000"}, "20600074"),
        ("capture.aspx", "automatic", {}, "20600072"),
        ("capture.aspx", "nobody", {}, "20600075"),
        ("capture.aspx", "manual", {"Currency": "USD"}, "20120006"),
        ("capture.aspx", "manual", {"Amount": ""}, "20100005"),
        ("credit.aspx", "automatic", {"Amount": "5000"}, "20600074"),
        ("credit.aspx", "manual", {}, "20600069"),
        ("reverse.aspx", "nobody", {}, "20601815"),
        ("inquire.aspx", "manual", {"PayID": "0" * 32}, "20600061"),
        ("inquire24.aspx", "manual", {"PayID": "", "TransID": "T-nobody"}, "20600061"),
    ],
    ids=str,
)
def test_step__each_mistake__is_refused_with_its_code_and_books_nothing(
    cards, gateway, path, paid, changes, code
):
    payment = cards.card(capture="automatic" if paid == "nobody" else paid)
    cards.browser.open(cards.page_url(payment)) if paid == "nobody" else cards.fill(payment)
    before = cards.booked(payment)
    assert (
        code_of(
            gateway(path, sealed(STEP | {"PayID": cards.entry(payment)["reference"]} | changes))
        )
        == code
    )
    assert cards.booked(payment) == before


@each(("mac", "hmac_key", "code"), [(False, HMAC, "20100044"), (True, "another", "20120044")])
@each("path", ["capture.aspx", "credit.aspx", "reverse.aspx"])
def test_step__mac_missing_or_wrong__is_refused(cards, gateway, path, mac, hmac_key, code):
    payment = cards.card_paid(capture="manual")
    form = sealed(STEP | {"PayID": cards.entry(payment)["reference"]}, mac=mac, hmac_key=hmac_key)
    assert code_of(gateway(path, form)) == code


def test_step__another_merchants_payment__is_not_found(cards, gateway):
    theirs = cards.create(shop="globex-shop", method="card")
    cards.fill(theirs)
    fields = STEP | {"PayID": cards.entry(theirs)["reference"]}
    assert code_of(gateway("credit.aspx", sealed(fields))) == "20600061"


@each(
    ("detail", "status", "reason"),
    [
        ("0000", "paid", None),
        ("0305", "declined", "card_declined"),
        ("0053", "canceled", "payer_canceled"),
    ],
)
def test_simulation__test_and_four_digits__decides(cards, gateway, detail, status, reason):
    page = gateway("payssl.aspx", sealed(GOOD | {"OrderDesc": f"Test:{detail} Order"}))
    payment = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    gateway(
        "card",
        {
            "payment": payment["payment"],
            "session": payment["session"],
            "do": "pay",
            "number": "4111111111111111",
            "expiry": "12/39",
            "cvc": "123",
        },
    )
    state = cards.sandbox.ledger("authorization")[0]["state"]
    assert state == {"paid": "succeeded"}.get(status, status)


# --- what other clients do, and the gateway takes ----------------------------------------------------------------------


def inquiry(entry, amount="", currency="", **more):
    """An inquiry whose MAC is made over an amount and a currency that it does not send."""
    fields = {
        "MerchantID": MID,
        "PayID": entry["reference"],
        "TransID": entry["our_reference"],
        **more,
    }
    mac = crypto.request_mac(
        HMAC.encode(), entry["reference"], entry["our_reference"], MID, amount, currency
    )
    return sealed(fields | {"MAC": mac}, mac=False)


@each(
    ("amount", "currency", "code"),
    [
        ("", "", "00000000"),
        ("4999", "EUR", "00000000"),
        ("4998", "EUR", "20120044"),
        ("4999", "USD", "20120044"),
    ],
)
def test_inquiry__mac_over_the_amount_that_is_not_sent__is_right_too(
    cards, gateway, amount, currency, code
):
    """Spryker's (1cs sheet, section 12)."""
    payment = cards.card()
    cards.fill(payment)
    assert code_of(gateway("inquire.aspx", inquiry(cards.entry(payment), amount, currency))) == code


@each("path", ["inquire.aspx", "INQUIRE.ASPX", "Inquire.aspx", "inquire24.ASPX"])
@each("method", ["GET", "POST"])
def test_call__by_get_and_under_a_name_in_any_case__is_served(cards, path, method):
    """OXID 7 and computop-tester ask by GET (1cs sheet, section 12)."""
    payment = cards.card()
    cards.fill(payment)
    content = {"params" if method == "GET" else "data": inquiry(cards.entry(payment))}
    assert (
        code_of(
            requests.request(method, f"{cards.sandbox.url}/onecs/{path}", timeout=10, **content)
        )
        == "00000000"
    )


def test_capture__by_get__is_booked_once(cards):
    payment = cards.card(capture="manual")
    cards.fill(payment)
    form = sealed(STEP | {"PayID": cards.entry(payment)["reference"], "ReqId": "r-1"})
    assert {
        code_of(requests.get(f"{cards.sandbox.url}/onecs/capture.aspx", params=form, timeout=10))
        for _ in range(2)
    } == {"00000000"}
    assert cards.booked(payment)["capture"] == 100


def test_form__file_name_in_capitals_and_addresses_with_a_query__lead_back_there(cards, gateway):
    """OXID returns to index.php?cl=…; the bridge itself sends none (1cs sheet, section 12)."""
    back = f"{cards.outside.url}/index.php?cl=order"
    page = gateway(
        "PAYSSL.ASPX",
        sealed(
            GOOD
            | {
                "URLSuccess": back,
                "URLFailure": back,
                "URLNotify": f"{cards.outside.url}/notify/onecs?a=b",
            }
        ),
    )
    assert "Card number" in page.text
    cards.card_fault("return", "get")
    returned = cards.browser.send(
        Page(200, page.text, page.headers, page.url),
        do="pay",
        number=CARD,
        expiry="12/39",
        cvc="123",
        holder="E",
    )
    assert returned.headers["Location"].startswith(f"{back}&Len=")


def test_call__under_a_name_that_nobody_knows__is_not_found(cards, gateway):
    assert gateway("other.aspx", {}).status_code == 404


# --- what the bridge refuses -----------------------------------------------------------------------------------------


def result(**changes):
    """A result as the gateway would sign it, with changes."""
    fields = {
        "mid": MID,
        "PayID": "0" * 32,
        "XID": "1" * 32,
        "TransID": "pay-none-1",
        "Status": "OK",
        "Description": "ok",
        "Code": "00000000",
    } | changes
    said = (fields[name] for name in ("PayID", "TransID", "mid", "Status", "Code"))
    return {"MAC": crypto.answer_mac(HMAC.encode(), *said)} | fields


def callback(fields, key=BLOWFISH):
    text = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    return RawCallback(
        "POST", FORM, "", f"Len={len(text)}&Data={crypto.encrypt(text, key.encode())}".encode()
    )


BAD = {
    "wrong MAC": lambda good: callback(good | {"MAC": "0" * 64}),
    "MAC of a failure under a success": lambda good: callback(
        result(**{**good, "Code": "22770305", "Status": "FAILED"}) | {"Code": "00000000"}
    ),
    "no MAC": lambda good: callback({name: value for name, value in good.items() if name != "MAC"}),
    "another merchant's": lambda good: callback(result(**{**good, "mid": "globex_cards"})),
    "another merchant's key": lambda good: callback(good, MERCHANTS["globex"][1]),
    "no PayID": lambda good: callback(result(**{**good, "PayID": ""})),
    "a MAC twice, neither right": lambda good: callback(good | {"MAC": "0" * 64, "mac ": "1" * 64}),
    "Len twice": lambda good: RawCallback("POST", FORM, "", callback(good).body + b"&Len=3"),
    "in the clear": lambda good: RawCallback(
        "POST", FORM, "", "&".join(f"{k}={v}" for k, v in good.items()).encode()
    ),
}


@pytest.mark.invariant("I12")
@each("what", BAD)
def test_callback__that_is_not_genuine__is_answered_ok_kept_and_changes_nothing(cards, what):
    """A repeat would not mend it, so the answer is OK; it is kept, with the reason (I12)."""
    payment = cards.card()
    cards.browser.open(cards.page_url(payment))
    good = result(
        PayID=cards.entry(payment)["reference"],
        TransID=cards.payment(payment).reference.replace("_", "-"),
    )
    before = cards.payment(payment)
    assert cards.services.receive_callback("onecs", "acme", BAD[what](good)).body == b"OK"
    cards.work()
    (kept,) = cards.kept()
    assert (cards.payment(payment), kept["state"]) == (before, "rejected") and kept["note"]


@pytest.mark.invariant("I12")
def test_callback__genuine_success_for_an_unpaid_payment__is_not_believed(cards):
    """Who holds both passwords can sign a success; only the amounts of an inquiry count (I12)."""
    payment = cards.card()
    cards.browser.open(cards.page_url(payment))
    good = result(
        PayID=cards.entry(payment)["reference"],
        TransID=cards.payment(payment).reference.replace("_", "-"),
    )
    cards.services.receive_callback("onecs", "acme", callback(good))
    cards.work()
    assert cards.status(payment) == "pending" and cards.kept()[0]["state"] == "applied"


@pytest.mark.invariant("I12")
@each("door", ["callback", "return"])
def test_result__small_success_replayed_on_a_big_order__pays_nothing(cards, door):
    """A result is about the payment that it names itself (I12)."""
    small, big = cards.card(amount=100), cards.card(amount=999_900)
    page = cards.fill(small)
    cards.hear(), cards.work()
    if door == "return":
        cards.come_back(big, page)
    else:
        cards.services.receive_callback("onecs", "acme", cards.raw(page))
    cards.work(), cards.advance(30)
    assert (cards.status(small), cards.status(big)) == ("paid", "pending") and cards.payment(
        big
    ).review is None


@pytest.mark.invariant("I12", "I13")
def test_result__another_merchants_at_our_door__changes_nothing(cards):
    """Acme's door does not open for Globex's result (I12, I13)."""
    theirs, ours = cards.create(shop="globex-shop", method="card"), cards.card()
    page = cards.fill(theirs)
    cards.services.receive_callback("onecs", "acme", cards.raw(page))
    cards.come_back(ours, page)
    assert [one["state"] for one in cards.kept()] == ["rejected", "rejected"]
    assert cards.status(ours) == "pending"


@pytest.mark.invariant("I12")
def test_return__success_data_at_the_failure_address__is_judged_by_the_inquiry(cards):
    """Both addresses are one route; what is brought is kept and looked into (I12)."""
    payment = cards.card()
    cards.card_fault("callback", "lost")
    cards.card_fault("return", "wrong_url")
    cards.come_back(payment, cards.fill(payment))
    assert cards.status(payment) == "paid" and [one["state"] for one in cards.kept()] == ["applied"]


def test_return__with_nothing__is_not_kept_and_has_the_provider_asked(cards):
    payment = cards.card()
    cards.card_fault("callback", "lost")
    cards.fill(payment)
    cards.services.receive_return(
        cards.payment(payment).checkout_token, RawCallback("GET", "", "", b"")
    )
    cards.work()
    assert cards.status(payment) == "paid" and cards.kept() == []


@pytest.mark.invariant("I16")
def test_books_and_logs__after_a_payment__hold_no_secret(cards, caplog):
    """Neither password nor ciphertext shows up in what was recorded (I16)."""
    caplog.set_level("DEBUG")
    payment = cards.card_paid()
    cards.refund(payment, amount=100)
    logged = "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("bridge")
    )  # not this test's browser
    told = (
        logged
        + "".join(map(str, cards.transcripts))
        + repr(cards.house.accounts.get("acme", "onecs"))
    )
    data = fields_of(cards.page_url(payment))["Data"]
    assert "credit.aspx" in told and not [
        word for word in (BLOWFISH, HMAC, data, data.upper()) if word in told
    ]
