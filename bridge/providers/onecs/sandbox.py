"""1cs' side of the wire, after the 1cs sheet, section 10; shares no code with the client beside it.

Reading order: the table of calls, the card form, the calls from server to server, what a payer or time does, callbacks, the checks,
the texts that are sealed and opened. What the sheet leaves open is decided here and listed in `README.md`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote_plus, urlencode, urlsplit

from Crypto.Cipher import AES, Blowfish
from jinja2 import Environment, FileSystemLoader, select_autoescape

from bridge.sandbox.accounts import Merchant
from bridge.sandbox.callbacks import Callback
from bridge.sandbox.calls import Call, Refused, Reply, Route
from bridge.sandbox.desk import Desk
from bridge.sandbox.faults import Fault
from bridge.sandbox.ledger import Entry

REPEATS = tuple(60.0 * minutes for minutes in (1, 8, 27, 64, 125, 216, 343, 512))
"""Waits between the tries of a callback (sheet, section 4.6)."""

FORM_TYPE = "application/x-www-form-urlencoded; charset=iso-8859-1"
OK, PENDING = "00000000", "60000000"
HOUR, DAY = 3600, 86400
TOKEN_SECONDS = 15 * 60
CHALLENGE_CODE, CHALLENGE_TRIES = "1234", 3

CARDS = {
    # number            brand         what happens (sheet, section 3.9)
    "4111111111111111": ("VISA", "good"),
    "5555555555554444": ("MasterCard", "good"),
    "4012888888881881": ("VISA", "declined"),
    "5105105105105100": ("MasterCard", "declined"),
    "4000019966199434": ("VISA", "good"),
    "5232122422543299": ("MasterCard", "good"),
    "375000000000007": ("AMEX", "good"),
    "4000012892688323": ("VISA", "challenge"),
    "5232125125401459": ("MasterCard", "challenge"),
    "371449635398431": ("AMEX", "challenge"),
    "4000011744135012": ("VISA", "not authenticated"),
    "5232122741507017": ("MasterCard", "not authenticated"),
}
OFFERED = (
    ("4111111111111111", "good"),
    ("4000012892688323", "challenge"),
    ("4012888888881881", "declined"),
    ("4000011744135012", "unproved"),
)
"""Cards that the form offers to fill in, and the word for what they do."""

CODES = {
    "good": OK,
    "declined": "22770305",
    "not authenticated": "22770200",
    "canceled": "22770053",
    "expired": "20180000",
    "failed": "22770073",
    "too old": "22770110",
}
STATES = {
    "declined": "declined",
    "not authenticated": "declined",
    "canceled": "canceled",
    "expired": "expired",
    "failed": "failed",
    "too old": "declined",
}
ACTIONS = {"accept": "good", "decline": "declined", "expire": "expired", "fail": "failed"}
CANCEL_DETAILS = frozenset({"0053", "0703", "0946"})

ANSWER_STYLES = frozenset(
    {
        "lower_keys",
        "extra_fields",
        "shuffled",
        "lower_hex",
        "padding_zero",
        "padding_pkcs7",
        "len_off",
        "truncated_data",
        "amp",
        "junk_before",
        "html",
        "other_merchant",
        "mac_blanks",
        "ampersand",
        "field_twice",
    }
)
RETURN_FAULTS = frozenset({"no_return", "wrong_url", "get", "pending", "letter_code"})

MANDATORY = (
    # field        detail  what it must look like
    ("TransID", "0002", re.compile(r"[ -~]{1,64}")),
    ("Amount", "0005", re.compile(r"0*[1-9][0-9]{0,9}")),
    ("Currency", "0006", re.compile(r"[A-Z]{3}")),
)
URLS = (("URLSuccess", "0020"), ("URLFailure", "0021"), ("URLNotify", "0022"))
HOURS = re.compile(r"[1-9][0-9]{0,2}")
SIMULATED = re.compile(r"\s*Test:\s?([0-9]{4})", re.IGNORECASE)
PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")

PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(["html"])
)

TEXTS = {
    "en": {
        "title": "Pay by card",
        "number": "Card number",
        "expiry": "Valid until",
        "cvc": "Security code",
        "holder": "Name on the card",
        "pay": "Pay {amount}",
        "cancel": "Cancel",
        "try": "Test cards",
        "good": "pays",
        "challenge": "asks for a code",
        "declined": "is declined",
        "unproved": "fails the bank's check",
        "bank": "Your bank asks",
        "prove": "Confirm the payment of {amount} to {merchant} with the code we sent you. In this sandbox it is 1234.",
        "code": "Code",
        "confirm": "Confirm",
        "wrong_code": "That is not the code.",
        "number_wrong": "Check the card number.",
        "expiry_wrong": "Write month and year, such as 12/30.",
        "cvc_wrong": "3 digits on the back; American Express: 4 on the front.",
        "leaving": "Back to the shop …",
        "go": "Continue",
        "done": "The payment is finished. You may close this window.",
        "over": "This payment is over.",
        "refused": "This payment cannot be carried out.",
        "sandbox": "Sandbox: no real card, no real money",
    },
    "de": {
        "title": "Mit Karte zahlen",
        "number": "Kartennummer",
        "expiry": "Gültig bis",
        "cvc": "Prüfziffer",
        "holder": "Name auf der Karte",
        "pay": "{amount} zahlen",
        "cancel": "Abbrechen",
        "try": "Testkarten",
        "good": "zahlt",
        "challenge": "fragt nach einem Code",
        "declined": "wird abgelehnt",
        "unproved": "scheitert bei der Bank",
        "bank": "Ihre Bank fragt nach",
        "prove": "Bestätigen Sie die Zahlung von {amount} an {merchant} mit dem Code, den Sie erhalten haben. In dieser Sandbox ist es 1234.",
        "code": "Code",
        "confirm": "Bestätigen",
        "wrong_code": "Das ist nicht der Code.",
        "number_wrong": "Prüfen Sie die Kartennummer.",
        "expiry_wrong": "Schreiben Sie Monat und Jahr, etwa 12/30.",
        "cvc_wrong": "3 Ziffern auf der Rückseite; American Express: 4 vorne.",
        "leaving": "Zurück zum Shop …",
        "go": "Weiter",
        "done": "Die Zahlung ist beendet. Sie können dieses Fenster schließen.",
        "over": "Diese Zahlung ist abgeschlossen.",
        "refused": "Diese Zahlung kann nicht ausgeführt werden.",
        "sandbox": "Sandbox: keine echte Karte, kein echtes Geld",
    },
}

Pairs = dict[str, str]
MacCheck = Callable[["Order", Entry | None], None]


class Wrong(Exception):
    """A call that is refused with this code (sheet, section 5.6)."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


@dataclass(frozen=True, slots=True)
class Order:
    """A call that could be opened: whose it is, and its fields under names in small letters."""

    merchant: Merchant
    fields: Mapping[str, str] = field(repr=False)
    label: str = ""

    def get(self, name: str) -> str:
        """One field, whatever the capitals."""
        return self.fields.get(name.lower(), "")

    @property
    def amount(self) -> int:
        """Minor units."""
        return int(self.get("Amount"))


class Onecs:
    """The card form and the calls from server to server."""

    name: ClassVar[str] = "onecs"
    any_case: ClassVar[bool] = True

    faults: ClassVar[Mapping[str, frozenset[str]]] = {
        **dict.fromkeys(("capture", "credit", "reverse", "token"), ANSWER_STYLES),
        "inquire": ANSWER_STYLES | {"bare"},
        "payssl": frozenset({"no_framing"}),
        "return": RETURN_FAULTS,
        "callback": (ANSWER_STYLES - {"html", "junk_before"}) | {"no_mac", "replay"},
    }
    """Faults that only this provider knows, by place."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """The table of calls (sheet, section 3.3)."""
        calls = {
            "/payssl.aspx": ("payssl", self._open),
            "/paymentPage.aspx": ("payssl", self._open),
            "/capture.aspx": ("capture", self._served(self._capture)),
            "/credit.aspx": ("credit", self._served(self._credit)),
            "/reverse.aspx": ("reverse", self._served(self._reverse)),
            "/inquire.aspx": ("inquire", self._served(self._inquire, _check_inquiry_mac)),
            "/inquire24.aspx": ("inquire", self._served(self._inquire, _check_inquiry_mac)),
            "/mobileauth": ("token", self._served(self._register, _check_no_mac)),
        }
        either = (
            Route(method, path, name, handler)
            for path, (name, handler) in calls.items()
            for method in ("GET", "POST")
        )
        return (
            *either,
            Route("POST", "/card", "card", self._card),
            Route("POST", "/challenge", "challenge", self._challenge),
        )

    def merchant(
        self, username: str, password: str, account_type: str, name: str, locked: bool
    ) -> Merchant:
        """A merchant; the password is `BLOWFISH:HMAC`, with `:aes` after it for that cipher. Raises ValueError."""
        blowfish_key, _, rest = password.partition(":")
        hmac_key, _, cipher = rest.partition(":")
        return self._merchant(username, blowfish_key, hmac_key, cipher or "blowfish", name, locked)

    def merchant_from(self, body: Mapping[str, Any]) -> Merchant:
        """A merchant from a control call: `username` (or `merchant_id`), `blowfish_key`, `hmac_key`, `cipher`. Raises ValueError."""
        username = body.get("username") or body.get("merchant_id")
        given = (
            username,
            body.get("blowfish_key"),
            body.get("hmac_key"),
            body.get("cipher", "blowfish"),
            body.get("name", username),
        )
        texts = [text for text in given if isinstance(text, str) and text]
        if len(texts) < len(given):
            raise ValueError('a 1cs merchant needs "username", "blowfish_key" and "hmac_key"')
        username, blowfish_key, hmac_key, cipher, name = texts
        return self._merchant(
            username, blowfish_key, hmac_key, cipher, name, body.get("locked") is True
        )

    def _merchant(
        self, username: str, blowfish_key: str, hmac_key: str, cipher: str, name: str, locked: bool
    ) -> Merchant:
        if not re.fullmatch(r"[0-9A-Za-z._-]{1,30}", username):
            raise ValueError(
                "a MerchantID has 1 to 30 letters, digits, dots, hyphens and underscores"
            )
        fits = {"blowfish": range(4, 57), "aes": (16, 24, 32)}.get(cipher, ())
        if len(blowfish_key.encode()) not in fits or not hmac_key:
            raise ValueError(
                "write BLOWFISH:HMAC, the first with 4 to 56 bytes; or KEY:HMAC:aes with a key of 16, 24 or 32"
            )
        return Merchant(
            self.name,
            username,
            name,
            cipher,
            locked,
            {"blowfish_key": blowfish_key, "hmac_key": hmac_key, "cipher": cipher},
            {},
        )

    # The card form

    def _open(self, call: Call) -> Reply:
        given = {**call.query, **call.fields}
        language = given.get("Language", "en").lower()
        try:
            order = self._opened(given)
        except Wrong as wrong:
            return self._notice(language, wrong)
        try:
            _check_payment(order)
            if not order.label:
                _check_mac(order)
            entry = self._payment_of(order, given, language)
        except Wrong as wrong:
            return self._refused_payment(order, language, wrong)
        reply = (
            self._form(entry)
            if entry.state == "pending" and not entry.details["steps"]
            else self._over(entry)
        )
        return _unframed(reply) if call.fault and call.fault.name == "no_framing" else reply

    def _card(self, call: Call) -> Reply:
        entry = self._by_session(call)
        if entry is None or entry.state != "pending":
            return self._over(entry)
        if call.fields.get("do") == "cancel":
            return self._finished(entry, "canceled")
        number = re.sub(r"[ -]", "", call.fields.get("number", ""))
        brand, behaviour = CARDS.get(
            number, ("VISA" if number.startswith("4") else "MasterCard", "good")
        )
        errors = _mistakes(number, brand, call.fields)
        if errors:
            return self._form(entry, errors, call.fields)
        if _is_past(call.fields.get("expiry", ""), self._desk.clock.now()):
            behaviour = "too old"
        entry = self._desk.ledger.change(
            entry,
            details={
                "card": {
                    "PCNr": f"0{number[1:7]}000000{number[-3:]}"[:16],
                    "CCBrand": brand,
                    "CCExpiry": _year_month(call.fields["expiry"]),
                }
            },
        )
        if behaviour == "challenge" and not entry.details["simulate"]:
            return self._challenge_page(entry)
        return self._finished(entry, behaviour)

    def _challenge(self, call: Call) -> Reply:
        entry = self._by_session(call)
        if entry is None or entry.state != "pending" or not entry.details["card"]:
            return self._over(entry)
        if call.fields.get("do") == "cancel":
            return self._finished(entry, "canceled")
        if call.fields.get("code", "").strip() == CHALLENGE_CODE:
            return self._finished(entry, "good")
        entry = self._desk.ledger.change(entry, details={"tries": entry.details["tries"] + 1})
        if entry.details["tries"] >= CHALLENGE_TRIES:
            return self._finished(entry, "not authenticated")
        return self._challenge_page(entry, wrong=True)

    def _finished(self, entry: Entry, behaviour: str) -> Reply:
        fault = self._desk.faults.take(self.name, "return", only=RETURN_FAULTS)
        name = fault.name if fault else ""
        if fault and name == "pending":
            entry = self._wait(entry, fault.option("ms", 3000) / 1000)
        else:
            entry = self._end(entry, behaviour, code="2206014H" if name == "letter_code" else None)
        return self._over(entry, name)

    def _payment_of(self, order: Order, given: Mapping[str, str], language: str) -> Entry:
        known = [
            e
            for e in self._desk.ledger.of_merchant(
                self.name, order.merchant.username, order.get("TransID")
            )
            if e.kind == "authorization"
        ]
        if (
            known
            and (known[0].details["req_id"], known[0].amount) == (order.get("ReqId"), order.amount)
            and order.get("ReqId")
        ):
            return known[0]
        if known:
            raise Wrong("20170002", "TransID was used before")
        if order.label:
            self._use_up(order)
        return self._desk.ledger.add(self._new_payment(order, given, language))

    def _new_payment(self, order: Order, given: Mapping[str, str], language: str) -> Entry:
        simulated = SIMULATED.match(order.get("OrderDesc"))
        ends = _seconds(order.get("expirationTime"))
        details: dict[str, Any] = {
            "ref_nr": order.get("RefNr"),
            "capture": order.get("Capture") or "AUTO",
            "custom": order.get("Custom"),
            "plain": order.get("Plain"),
            "user_data": order.get("UserData"),
            "req_id": order.get("ReqId"),
            "language": language,
            "success": order.get("URLSuccess"),
            "failure": order.get("URLFailure"),
            "notify": order.get("URLNotify"),
            "back": given.get("URLBack") or order.get("URLBack"),
            "session": secrets.token_urlsafe(24),
            "tries": 0,
            "card": {},
            "remark": order.get("OrderDesc"),
            "simulate": simulated[1] if simulated else "",
            "auth": 0,
            "cap": 0,
            "cred": 0,
            "steps": [],
        }
        return Entry(
            self.name,
            order.merchant.username,
            secrets.token_hex(16),
            "authorization",
            order.amount,
            order.get("Currency"),
            our_reference=order.get("TransID"),
            expires_at=ends,
            next_at=ends,
            next_action="expire" if ends else None,
            details=details,
        )

    def _by_session(self, call: Call) -> Entry | None:
        entry = self._desk.ledger.get(self.name, call.fields.get("payment", ""))
        given = call.fields.get("session", "").encode()
        return (
            entry
            if entry and hmac.compare_digest(entry.details["session"].encode(), given)
            else None
        )

    # Pages

    def _form(
        self,
        entry: Entry,
        errors: Mapping[str, str] | None = None,
        given: Mapping[str, str] | None = None,
    ) -> Reply:
        return self._page(entry, "form", 200, errors=errors or {}, given=given or {}, cards=OFFERED)

    def _challenge_page(self, entry: Entry, wrong: bool = False) -> Reply:
        return self._page(
            entry, "challenge", 200, wrong=wrong, brand=entry.details["card"]["CCBrand"]
        )

    def _over(self, entry: Entry | None, fault: str = "") -> Reply:
        """Send the browser back with the result; without a payment or an address, say that it is over."""
        if entry is None or fault == "no_return" or not entry.details["steps"]:
            return self._page(entry, "notice", 200, message="done" if fault else "over")
        good = entry.details["steps"][-1]["status"] != "FAILED"
        if (
            not good
            and entry.details["steps"][-1]["code"] == CODES["canceled"]
            and entry.details["back"].startswith("http")
        ):
            return Reply(
                303, b"", headers={"Location": entry.details["back"]}, reference=entry.reference
            )
        return self._back(entry, "success" if good != (fault == "wrong_url") else "failure", fault)

    def _back(self, entry: Entry, where: str, fault: str) -> Reply:
        body = self._sealed(self._merchant_of(entry), _result(entry), "")
        fields = {"Len": body[0], "Data": body[1], **_echo(entry)}
        if fault == "get":
            joint = "&" if "?" in entry.details[where] else "?"
            return Reply(
                303,
                b"",
                headers={"Location": f"{entry.details[where]}{joint}{urlencode(fields)}"},
                reference=entry.reference,
            )
        return self._page(entry, "leave", 200, target=entry.details[where], fields=fields)

    def _refused_payment(self, order: Order, language: str, wrong: Wrong) -> Reply:
        """A browser call with a mistake: an error page, and FAILED to the shop where that can be done (sheet, section 10.2)."""
        details: dict[str, Any] = {
            "success": "",
            "failure": order.get("URLFailure"),
            "notify": order.get("URLNotify"),
            "language": language,
            "card": {},
            "custom": order.get("Custom"),
            "plain": order.get("Plain"),
            "user_data": order.get("UserData"),
            "ref_nr": order.get("RefNr"),
            "steps": [_step("auth", 0, "FAILED", wrong.code, wrong.description)],
        }
        entry = Entry(
            self.name,
            order.merchant.username,
            secrets.token_hex(16),
            "authorization",
            1,
            "EUR",
            our_reference=order.get("TransID"),
            details=details,
        )
        if "MAC" in wrong.description or not _is_url(details["notify"]) or not order.get("TransID"):
            return self._notice(language, wrong)
        self._tell(entry, None)
        body = self._sealed(order.merchant, _result(entry), "")
        fields = {"Len": body[0], "Data": body[1]}
        return self._page(
            entry,
            "notice",
            200,
            message="refused",
            code=wrong.code,
            target=details["failure"],
            fields=fields,
        )

    def _notice(self, language: str, wrong: Wrong) -> Reply:
        text = "Unexpected exception" if wrong.code in ("20100003", "20160003") else ""
        return self._page(
            None, "notice", 200, message="refused", code=wrong.code, plain=text, language=language
        )

    def _page(
        self, entry: Entry | None, page: str, status: int, language: str = "en", **more: Any
    ) -> Reply:
        language = entry.details["language"] if entry else language
        texts = TEXTS.get(language, TEXTS["en"])
        merchant = self._merchant_of(entry) if entry else None
        amount = _money(entry, language) if entry else ""
        told = {
            name: text.format(amount=amount, merchant=merchant.name if merchant else "")
            for name, text in texts.items()
        }
        body = (
            PAGES.get_template("card.html")
            .render(
                page=page,
                t=told,
                lang=language if language in TEXTS else "en",
                entry=entry,
                amount=amount,
                merchant=merchant.name if merchant else "",
                **more,
            )
            .encode()
        )
        return Reply(
            status,
            body,
            "text/html; charset=utf-8",
            _headers(body, entry),
            entry.reference if entry else None,
        )

    # The calls from server to server

    def _served(
        self, work: Callable[[Order], tuple[Pairs, str | None]], check: MacCheck | None = None
    ) -> Callable[[Call], Reply]:
        def serve(call: Call) -> Reply:
            given = {**call.query, **call.fields}
            try:
                order = self._opened(given)
            except Wrong as wrong:
                clear = {
                    "mid": given.get("MerchantID", "")[:30],
                    "Status": "FAILED",
                    "Description": wrong.description,
                    "Code": wrong.code,
                }
                return Reply(
                    200,
                    "&".join(f"{k}={v}" for k, v in clear.items()).encode("latin-1", "replace"),
                    "text/plain",
                )
            try:
                (check or _check_mac)(order, self._known(order))
                pairs, reference = work(order)
            except Wrong as wrong:
                pairs, reference = _refusal(order, wrong), None
            return self._answer(order.merchant, pairs, call.fault, reference)

        return serve

    def _capture(self, order: Order) -> tuple[Pairs, str | None]:
        def book(entry: Entry) -> dict[str, int]:
            left = entry.details["auth"] - entry.details["cap"]
            if not entry.details["auth"]:
                raise Wrong("20600075", "nothing is authorized")
            if not left:
                raise Wrong("20600072", "already captured")
            if order.amount > left:
                raise Wrong("20600074", "more than what is left")
            return {"cap": entry.details["cap"] + order.amount}

        return self._carry_out(order, "capture", book)

    def _credit(self, order: Order) -> tuple[Pairs, str | None]:
        def book(entry: Entry) -> dict[str, int]:
            left = entry.details["cap"] - entry.details["cred"]
            if not entry.details["cap"]:
                raise Wrong("20600069", "nothing is captured")
            if order.amount > left:
                raise Wrong("20600074" if left else "20600958", "more than what is left")
            return {"cred": entry.details["cred"] + order.amount}

        return self._carry_out(order, "credit", book)

    def _reverse(self, order: Order) -> tuple[Pairs, str | None]:
        """Undo the last successful step, whatever it was (sheet, sections 3.5 and 10.3)."""

        def book(entry: Entry) -> dict[str, int]:
            last = next(
                (
                    step
                    for step in reversed(entry.details["steps"])
                    if step["status"] != "FAILED" and step["kind"] != "reverse"
                ),
                None,
            )
            if last is None or not entry.details["auth"]:
                raise Wrong("20601815", "nothing to reverse")
            if last["kind"] == "credit":
                raise Wrong("20600054", "a credit is not reversed")
            if last["kind"] == "capture" or entry.details["cap"]:
                return {"cred": min(entry.details["cap"], entry.details["cred"] + last["amount"])}
            return {"auth": 0}

        return self._carry_out(order, "reverse", book)

    def _carry_out(
        self, order: Order, kind: str, book: Callable[[Entry], dict[str, int]]
    ) -> tuple[Pairs, str | None]:
        _check_formats(order)
        entry = self._own(order)
        before = next(
            (
                s
                for s in entry.details["steps"]
                if order.get("ReqId") and (s["kind"], s["req_id"]) == (kind, order.get("ReqId"))
            ),
            None,
        )
        if before is not None:
            return _step_answer(order, entry, before), entry.reference
        if order.get("Currency") != entry.currency:
            raise Wrong("20120006", "another currency")
        try:
            amounts, code, description = book(entry), OK, "success"
        except Wrong as wrong:
            amounts, code, description = {}, wrong.code, wrong.description
        step = _step(
            kind,
            order.amount,
            "OK" if code == OK else "FAILED",
            code,
            description,
            order.get("ReqId"),
        )
        entry = self._desk.ledger.change(
            entry, details={**amounts, "steps": [*entry.details["steps"], step]}
        )
        if amounts:
            self._book(entry, order, step, amounts)
        return _step_answer(order, entry, step), entry.reference

    def _book(
        self, entry: Entry, order: Order, step: Mapping[str, Any], amounts: Mapping[str, int]
    ) -> None:
        kind = {
            "capture": "capture",
            "credit": "credit",
            "reverse": "credit" if "cred" in amounts else "reversal",
        }[step["kind"]]
        self._add_child(entry, kind, order.amount, step["xid"], order.get("TransID"))
        if "cred" in amounts:
            self._desk.ledger.change(entry, refunded_amount=amounts["cred"])
        elif amounts.get("auth") == 0:
            self._desk.ledger.change(entry, state="canceled", next_at=None, next_action=None)

    def _add_child(
        self, entry: Entry, kind: str, amount: int, xid: str, our_reference: str | None
    ) -> None:
        self._desk.ledger.add(
            Entry(
                self.name,
                entry.merchant,
                xid,
                kind,
                amount,
                entry.currency,
                state="succeeded",
                parent=entry.reference,
                our_reference=our_reference,
            )
        )

    def _inquire(self, order: Order) -> tuple[Pairs, str | None]:
        entry = self._own(order)
        last = entry.details["steps"][-1] if entry.details["steps"] else None
        shown = {
            "mid": entry.merchant,
            "PayID": entry.reference,
            "XID": last["xid"] if last else entry.reference,
            "TransID": entry.our_reference or "",
            "Status": "OK",
            "Description": "success",
            "Code": OK,
            "AmountAuth": str(entry.details["auth"]),
            "AmountCap": str(entry.details["cap"]),
            "AmountCred": str(entry.details["cred"]),
            "Currency": entry.currency,
        }
        if last:
            shown |= {
                "LastStatus": last["status"],
                "LastXCode": last["code"],
                "LastXAmount": str(last["amount"]),
            }
        for fault in self._desk.faults.disguises(self.name, entry.reference):
            DISGUISES[fault.name](shown, fault)
        return shown, entry.reference

    def _own(self, order: Order) -> Entry:
        """The payment that is meant. Raises Wrong."""
        entry = self._known(order)
        if entry is None:
            raise Wrong("20600061", "PAYMENT NOT FOUND")
        return entry

    def _known(self, order: Order) -> Entry | None:
        """The payment that is meant: by PayID, else by TransID."""
        pay_id = order.get("PayID").lower()
        if pay_id:
            entry = self._desk.ledger.get(self.name, pay_id)
        else:
            found = self._desk.ledger.of_merchant(
                self.name, order.merchant.username, order.get("TransID") or "-"
            )
            entry = next((one for one in found if one.kind == "authorization"), None)
        mine = (
            entry is not None
            and entry.merchant == order.merchant.username
            and entry.kind == "authorization"
        )
        return entry if mine else None

    # The mobile SDK's tokens (sheet, section 6)

    def _register(self, order: Order) -> tuple[Pairs, str | None]:
        token, label, now = order.get("AuthToken"), order.get("AuthLabel"), self._desk.clock.now()
        for text, detail, least, most in ((token, "0113", 16, 56), (label, "0112", 32, 64)):
            if not re.fullmatch(r"[0-9A-Za-z]*", text):
                raise Wrong(f"2011{detail}", "wrong format")
            if not least <= len(text) <= most:
                raise Wrong(f"{'2013' if len(text) < least else '2014'}{detail}", "wrong length")
        ends = _seconds(order.get("ExpiryDate")) if order.get("ExpiryDate") else now + TOKEN_SECONDS
        if ends is None or not now < ends <= now + DAY:
            raise Wrong("20120114", "ExpiryDate is not within 24 hours")
        if self._desk.notes.all(self.name, f"label|{label}"):
            raise Wrong("20170112", "AuthLabel was used before")
        self._desk.notes.add(
            self.name,
            f"label|{label}",
            json.dumps([order.merchant.username, token, ends]),
            ends - now + DAY,
        )
        at = datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return {
            "MID": order.merchant.username,
            "Status": "OK",
            "Description": "success",
            "Code": OK,
            "ExpiryDate": at,
        }, None

    def _token_of(self, merchant: Merchant, label: str) -> str:
        noted = self._desk.notes.all(self.name, f"label|{label}")
        mid, token, ends = json.loads(noted[0]) if noted else ("", "", 0)
        if mid != merchant.username:
            raise Wrong("20160112", "AuthLabel is unknown")
        if ends <= self._desk.clock.now() or self._desk.notes.all(self.name, f"used|{label}"):
            raise Wrong("20180112", "AuthLabel has expired")
        return token

    def _use_up(self, order: Order) -> None:
        self._desk.notes.add(self.name, f"used|{order.label}", order.get("TransID"), 2 * DAY)

    # What a payer, or time, does

    def act(self, entry: Entry, action: str, fault: Fault | None = None) -> Entry:
        """Bring a started card payment to its end without a browser, capture what is due, or let an authorization lapse."""
        if entry.kind != "authorization":
            raise Refused(Reply.json(409, {"error": f"a {entry.kind} is done at once"}))
        if action == "capture":
            return self._capture_by_itself(entry)
        if entry.state == "pending":
            return self._end(entry, ACTIONS[action], fault=fault)
        if action == "expire" and entry.state == "succeeded" and not entry.details["cap"]:
            return self._lapse(entry)
        if (action == "accept") != (entry.state == "succeeded"):
            raise Refused(Reply.json(409, {"error": f"already {entry.state}"}))
        return entry

    def act_at_portal(self, entry: Entry, action: str, amount: int | None) -> Entry:
        """A credit, capture or reversal that the merchant makes by hand; nobody is told. `amount` None: all that can be. Raises Refused."""
        if entry.kind != "authorization":
            raise Refused(Reply.json(409, {"error": f"no {action} of a {entry.kind}"}))
        step, left = {
            "refund": (self._credit, entry.details["cap"] - entry.details["cred"]),
            "capture": (self._capture, entry.details["auth"] - entry.details["cap"]),
            "cancel": (self._reverse, entry.details["auth"]),
        }[action]
        fields = {
            "payid": entry.reference,
            "transid": f"portal-{secrets.token_hex(8)}",
            "currency": entry.currency,
            "amount": str(left or 1 if amount is None else amount),
        }
        pairs, _ = step(Order(self._merchant_of(entry), fields))
        if pairs["Code"] != OK:
            raise Refused(Reply.json(409, {"error": f"{pairs['Code']} {pairs['Description']}"}))
        return self._desk.ledger.get(self.name, entry.reference) or entry

    def _end(
        self, entry: Entry, behaviour: str, code: str | None = None, fault: Fault | None = None
    ) -> Entry:
        code = code or self._code_for(entry, behaviour)
        if code != OK:
            state = (
                STATES.get(behaviour, "declined") if code == CODES.get(behaviour) else "declined"
            )
            state = "canceled" if code[4:] in CANCEL_DETAILS else state
            step = _step("auth", entry.amount, "FAILED", code, "declined")
            return self._told(
                entry, fault, state=state, details={"steps": [*entry.details["steps"], step]}
            )
        at_once = entry.details["capture"] == "AUTO"
        step = _step("auth", entry.amount, "OK" if at_once else "AUTHORIZED", OK, "success")
        steps = [*entry.details["steps"], step]
        amounts = {"auth": entry.amount, "cap": entry.amount if at_once else 0}
        if at_once:
            steps.append(_step("capture", entry.amount, "OK", OK, "success"))
            self._add_child(entry, "capture", entry.amount, steps[-1]["xid"], entry.our_reference)
        return self._told(
            entry,
            fault,
            state="succeeded",
            expires_at=None,
            **self._capture_time(entry),
            details={**amounts, "steps": steps},
        )

    def _code_for(self, entry: Entry, behaviour: str) -> str:
        if entry.details["simulate"] and behaviour not in ("canceled", "expired"):
            return OK if entry.details["simulate"] == "0000" else f"2277{entry.details['simulate']}"
        return CODES[behaviour]

    def _capture_time(self, entry: Entry) -> dict[str, Any]:
        hours = entry.details["capture"]
        if not HOURS.fullmatch(hours):
            return {"next_at": None, "next_action": None}
        return {"next_at": self._desk.clock.now() + int(hours) * HOUR, "next_action": "capture"}

    def _capture_by_itself(self, entry: Entry) -> Entry:
        """A delayed capture, of which nobody is told (sheet, section 4.6)."""
        left = entry.details["auth"] - entry.details["cap"]
        if entry.state != "succeeded" or not left:
            return entry
        step = _step("capture", left, "OK", OK, "success")
        self._add_child(entry, "capture", left, step["xid"], entry.our_reference or "")
        return self._desk.ledger.change(
            entry, details={"cap": entry.details["auth"], "steps": [*entry.details["steps"], step]}
        )

    def _lapse(self, entry: Entry) -> Entry:
        step = _step("auth", entry.amount, "FAILED", CODES["expired"], "authorization expired")
        return self._desk.ledger.change(
            entry,
            state="expired",
            next_at=None,
            next_action=None,
            details={"auth": 0, "steps": [*entry.details["steps"], step]},
        )

    def _wait(self, entry: Entry, seconds: float) -> Entry:
        """Not final: say so now, and pay a little later."""
        step = _step("auth", entry.amount, "PENDING", PENDING, "pending")
        return self._told(
            entry,
            None,
            next_at=self._desk.clock.now() + seconds,
            next_action="accept",
            details={"steps": [*entry.details["steps"], step]},
        )

    def _told(self, entry: Entry, fault: Fault | None, **changes: Any) -> Entry:
        changes = {"next_at": None, "next_action": None} | changes
        entry = self._desk.ledger.change(entry, **changes)
        self._tell(entry, fault)
        return entry

    # Callbacks

    def _tell(self, entry: Entry, fault: Fault | None) -> None:
        merchant, pairs = self._merchant_of(entry), _result(entry)
        waiting = _result(
            replace(
                entry,
                details={
                    **entry.details,
                    "steps": [_step("auth", entry.amount, "PENDING", PENDING, "pending")],
                },
            )
        )
        variants = {
            name: self._callback_body(merchant, entry, pairs, name)
            for name in self.faults["callback"] - {"replay"}
        }
        variants |= {
            "forged": self._callback_body(
                merchant, entry, pairs, "", hmac_key=secrets.token_hex(16)
            ),
            "unknown_status": self._callback_body(
                merchant, entry, pairs | {"Status": "ODD", "Code": "59990000"}, ""
            ),
            "reordered": self._callback_body(merchant, entry, waiting, ""),
            "replay": self._replayed(merchant, entry),
        }
        body = self._callback_body(merchant, entry, pairs, "")
        self._desk.callbacks.send(
            Callback(
                self.name,
                entry.reference,
                entry.details["notify"],
                body,
                REPEATS,
                variants,
                FORM_TYPE,
            ),
            fault,
        )

    def _callback_body(
        self,
        merchant: Merchant,
        entry: Entry,
        pairs: Pairs,
        style: str,
        hmac_key: str | None = None,
    ) -> bytes:
        length, data = self._sealed(merchant, pairs, style, hmac_key)
        return _joined({"Len": length, "Data": data, **_echo(entry)}, style)

    def _replayed(self, merchant: Merchant, entry: Entry) -> bytes:
        """An older genuine success of the same merchant, where there is one."""
        older = [
            one
            for one in self._desk.ledger.of_merchant(self.name, merchant.username)
            if one.kind == "authorization"
            and one.state == "succeeded"
            and one.reference != entry.reference
        ]
        return (
            self._callback_body(merchant, older[-1], _result(older[-1]), "")
            if older
            else b"Len=8&Data=0000000000000000"
        )

    # Who calls, and with what

    def _opened(self, given: Mapping[str, str]) -> Order:
        """Open a call (sheet, section 10.2, steps 1 to 4). Raises Wrong."""
        given = {name.lower(): value for name, value in given.items()}
        mid = given.get("merchantid", "")
        merchant = self._desk.merchants.get(self.name, mid) if mid else None
        if merchant is None or merchant.locked:
            raise Wrong("20160003" if mid else "20100003", "MerchantID is unknown")
        label = given.get("authlabel", "")
        keys = (
            merchant.secrets
            if not label
            else {"blowfish_key": self._token_of(merchant, label), "cipher": "blowfish"}
        )
        fields = _fields(_open_text(given.get("len", ""), given.get("data", ""), keys))
        if fields.get("merchantid", mid) != mid:
            raise Wrong("20120003", "another MerchantID in Data")
        return Order(merchant, fields, label)

    def _merchant_of(self, entry: Entry) -> Merchant:
        return self._desk.merchants.known(self.name, entry.merchant)

    def _sealed(
        self, merchant: Merchant, pairs: Pairs, style: str, hmac_key: str | None = None
    ) -> tuple[str, str]:
        if style == "other_merchant":
            pairs = {
                name: "other_merchant" if name.lower() == "mid" else value
                for name, value in pairs.items()
            }
        if "signed" in pairs:
            pairs = {name: value for name, value in pairs.items() if name != "signed"}
            mac = _mac(
                hmac_key or merchant.secrets["hmac_key"],
                *(pairs[name] for name in ("PayID", "TransID", "mid", "Status", "Code")),
            )
            pairs |= (
                {} if style == "no_mac" else {"MAC": mac + ("   " if style == "mac_blanks" else "")}
            )
        return _seal_text(_written(pairs, style), merchant.secrets, style)

    def _answer(
        self, merchant: Merchant, pairs: Pairs, fault: Fault | None, reference: str | None
    ) -> Reply:
        style = fault.name if fault and fault.name in ANSWER_STYLES | {"bare"} else ""
        if style == "html":
            return Reply(
                200,
                b"<html><body><h1>Unexpected exception</h1></body></html>",
                "text/html",
                reference=reference,
            )
        if style == "bare":
            pairs = {
                name: pairs[name]
                for name in ("mid", "PayID", "XID", "TransID", "Status", "Description", "Code")
                if name in pairs
            }
        length, data = self._sealed(merchant, pairs, style)
        body = (b"\r\n  \xef\xbb\xbf" if style == "junk_before" else b"") + _joined(
            {"Len": length, "Data": data}, style
        )
        return Reply(200, body, "text/plain; charset=iso-8859-1", reference=reference)


SANDBOX = Onecs


# Disguises: how an inquiry shows a payment whose callback carried such a fault


def _other_amount(shown: Pairs, fault: Fault) -> None:
    for name in ("AmountAuth", "AmountCap"):
        if shown[name] != "0":
            shown[name] = str(fault.option("amount", int(shown[name]) - 1))


def _other_currency(shown: Pairs, fault: Fault) -> None:
    shown["Currency"] = "USD" if shown["Currency"] != "USD" else "EUR"


def _other_reference(shown: Pairs, fault: Fault) -> None:
    shown["TransID"] = f"other-{shown['TransID']}"[:64]


def _unknown_status(shown: Pairs, fault: Fault) -> None:
    if fault.option("inquiry", True):
        shown |= {"Status": "ODD", "Code": "59990000"}


DISGUISES: Mapping[str, Callable[[Pairs, Fault], None]] = {
    "other_amount": _other_amount,
    "other_currency": _other_currency,
    "other_reference": _other_reference,
    "unknown_status": _unknown_status,
}


# Checks


def _check_payment(order: Order) -> None:
    _check_formats(order)
    for name, detail in URLS:
        if not order.get(name):
            raise Wrong(f"2010{detail}", f"{name} is missing")
        if not _is_url(order.get(name)):
            raise Wrong(f"2012{detail}", f"{name} is no plain address")
    if not order.get("OrderDesc"):
        raise Wrong("20100011", "OrderDesc is missing")
    capture = order.get("Capture") or "AUTO"
    if capture not in ("AUTO", "MANUAL") and not (HOURS.fullmatch(capture) and int(capture) <= 696):
        raise Wrong("20120009", "Capture is wrong")


def _check_formats(order: Order) -> None:
    for name, detail, look in MANDATORY:
        if not order.get(name):
            raise Wrong(f"2010{detail}", f"{name} is missing")
        if not look.fullmatch(order.get(name)):
            raise Wrong(
                f"2012{detail}" if name == "Currency" else f"2011{detail}", f"{name} is wrong"
            )


def _check_mac(order: Order, _entry: Entry | None = None) -> None:
    if not order.get("MAC"):
        raise Wrong("20100044", "MAC is missing")
    if not _mac_fits(order, order.get("Amount"), order.get("Currency")):
        raise Wrong("20120044", "MAC INVALID")


def _check_no_mac(order: Order, entry: Entry | None) -> None:
    """None is listed for this call; one that is sent must be right."""
    if order.get("MAC"):
        _check_mac(order, entry)


def _check_inquiry_mac(order: Order, entry: Entry | None) -> None:
    """None need be sent; one over the payment's amount and currency, which an inquiry does not send, is taken too (sheet, section 12)."""
    if entry is None or not _mac_fits(order, str(entry.amount), entry.currency):
        _check_no_mac(order, entry)


def _mac_fits(order: Order, amount: str, currency: str) -> bool:
    said = (order.get("PayID"), order.get("TransID"), order.merchant.username, amount, currency)
    right = _mac(order.merchant.secrets["hmac_key"], *said)
    return hmac.compare_digest(right.lower().encode(), order.get("MAC").strip().lower().encode())


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        here = parts.hostname in ("localhost", "127.0.0.1", "::1")
        return (
            len(text) <= 256
            and bool(parts.hostname)
            and (parts.scheme == "https" or (here and parts.scheme == "http"))
        )
    except ValueError:
        return False


def _mistakes(number: str, brand: str, given: Mapping[str, str]) -> dict[str, str]:
    mistakes = {}
    if not (re.fullmatch(r"[0-9]{12,19}", number) and _luhn(number)):
        mistakes["number"] = "number_wrong"
    if not re.fullmatch(r"(0[1-9]|1[0-2])\s?/\s?(20)?[0-9]{2}", given.get("expiry", "").strip()):
        mistakes["expiry"] = "expiry_wrong"
    if not re.fullmatch(
        r"[0-9]{4}" if brand == "AMEX" else r"[0-9]{3}", given.get("cvc", "").strip()
    ):
        mistakes["cvc"] = "cvc_wrong"
    return mistakes


def _luhn(number: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0


def _year_month(expiry: str) -> str:
    month, _, year = expiry.replace(" ", "").partition("/")
    return f"20{year[-2:]}{month}"


def _is_past(expiry: str, now: float) -> bool:
    return _year_month(expiry) < datetime.fromtimestamp(now, UTC).strftime("%Y%m")


def _seconds(text: str) -> float | None:
    """Read `dttm` as UTC; None for nothing and for what cannot be read."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


# What is said


def _step(
    kind: str, amount: int, status: str, code: str, description: str, req_id: str = ""
) -> dict[str, Any]:
    return {
        "xid": secrets.token_hex(16),
        "kind": kind,
        "amount": amount,
        "status": status,
        "code": code,
        "description": description,
        "req_id": req_id,
    }


def _result(entry: Entry) -> Pairs:
    """The fields of a payment's result (sheet, section 5.1); `signed` asks for the MAC."""
    steps = entry.details["steps"]
    step = next((one for one in reversed(steps) if one["kind"] == "auth"), steps[-1])
    last = steps[-1] if step["status"] != "FAILED" else step
    pairs = {
        "mid": entry.merchant,
        "PayID": entry.reference,
        "XID": last["xid"],
        "TransID": entry.our_reference or "",
        "Status": step["status"],
        "Description": step["description"],
        "Code": step["code"],
        "Type": "SSL",
    }
    more = {"refnr": entry.details["ref_nr"], "UserData": entry.details["user_data"]}
    card = entry.details["card"] if step["status"] != "FAILED" else {}
    return (
        pairs | {name: value for name, value in more.items() if value} | dict(card) | {"signed": ""}
    )


def _echo(entry: Entry) -> Pairs:
    """Custom and Plain come back in the clear (sheet, section 4.3)."""
    parts = (part.partition("=") for part in entry.details["custom"].split("|") if "=" in part)
    echoed = {name: value for name, _, value in parts if name not in ("Len", "Data")}
    return echoed | ({"Plain": entry.details["plain"]} if entry.details["plain"] else {})


def _step_answer(order: Order, entry: Entry, step: Mapping[str, Any]) -> Pairs:
    return {
        "mid": entry.merchant,
        "PayID": entry.reference,
        "XID": step["xid"],
        "TransID": order.get("TransID"),
        "Status": step["status"],
        "Description": step["description"],
        "Code": step["code"],
    }


def _refusal(order: Order, wrong: Wrong) -> Pairs:
    echoed = {name: order.get(name) for name in ("PayID", "TransID") if order.get(name)}
    return {
        "mid": order.merchant.username,
        **echoed,
        "Status": "FAILED",
        "Description": wrong.description,
        "Code": wrong.code,
    }


def _written(pairs: Pairs, style: str) -> str:
    items = list(pairs.items())
    if style == "lower_keys":
        items = [(name.lower(), value) for name, value in items]
    if style == "extra_fields":
        items += [("NewField", "something=new"), ("schemeReferenceID", "abc/+==")]
    if style == "shuffled":
        items.reverse()
    if style == "ampersand":
        items = [
            (name, f"{value} & more" if name == "Description" else value) for name, value in items
        ]
    if style == "field_twice":
        items += [("Status", "ODD"), ("UserData", "a"), ("UserData", "b")]
    return "&".join(f"{name}={value}" for name, value in items)


def _joined(fields: Pairs, style: str) -> bytes:
    return (
        ("&amp;" if style == "amp" else "&")
        .join(urlencode({name: value}) for name, value in fields.items())
        .encode()
    )


def _money(entry: Entry, language: str) -> str:
    places = 0 if entry.currency in ("JPY", "KRW", "ISK", "CLP") else 2
    whole = f"{entry.amount / 10**places:,.{places}f}"
    return f"{whole.translate(str.maketrans(',.', '.,')) if language == 'de' else whole} {entry.currency}"


def _headers(body: bytes, entry: Entry | None) -> dict[str, str]:
    targets = {f"{parts.scheme}://{parts.netloc}" for parts in _targets(entry)}
    policy = (
        f"default-src 'none'; style-src {_hash(body, b'style')}; script-src {_hash(body, b'script')}; base-uri 'none'; "
        f"form-action 'self' {' '.join(sorted(targets))}; frame-ancestors http: https:"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _unframed(reply: Reply) -> Reply:
    """The same page, which browsers show in no frame."""
    policy = reply.headers["Content-Security-Policy"].replace(
        "frame-ancestors http: https:", "frame-ancestors 'none'"
    )
    return replace(
        reply,
        headers={**reply.headers, "Content-Security-Policy": policy, "X-Frame-Options": "DENY"},
    )


def _targets(entry: Entry | None) -> Iterable[Any]:
    urls = (entry.details.get(name, "") for name in ("success", "failure", "back")) if entry else ()
    return [urlsplit(url) for url in urls if url.startswith("http")]


def _hash(page: bytes, tag: bytes) -> str:
    inner = re.search(rb"<%b>(.*?)</%b>" % (tag, tag), page, re.DOTALL)
    return (
        f"'sha256-{base64.b64encode(hashlib.sha256(inner[1]).digest()).decode()}'"
        if inner
        else "'none'"
    )


# Seals: Data, Len and MAC (sheet, sections 1 and 2)


def _mac(key: str, *parts: str) -> str:
    return hmac.digest(key.encode(), "*".join(parts).encode(), "sha256").hex().upper()


def _seal_text(text: str, keys: Mapping[str, str], style: str) -> tuple[str, str]:
    raw, key = text.encode("latin-1", "replace"), keys["blowfish_key"].encode()
    if keys["cipher"] == "aes":
        data = _aes_data(raw, key)
    else:
        rest = 8 - len(raw) % 8
        padding = {"padding_zero": b"\0" * (rest % 8), "padding_pkcs7": bytes([rest]) * rest}.get(
            style, b" " * (rest % 8)
        )
        data = Blowfish.new(key, Blowfish.MODE_ECB).encrypt(raw + padding).hex().upper()
    if style == "truncated_data":
        data = data[: len(data) // 2 // 16 * 16]
    return str(len(raw) - (style == "len_off")), data.lower() if style == "lower_hex" else data


def _aes_data(raw: bytes, key: bytes) -> str:
    machine = AES.new(key, AES.MODE_CBC)
    rest = 16 - len(raw) % 16
    return f"{machine.iv.hex().upper()}-{machine.encrypt(raw + bytes([rest]) * rest).hex().upper()}"


def _open_text(length: str, data: str, keys: Mapping[str, str]) -> str:
    if not re.fullmatch(r"[0-9]{1,5}", length):
        raise Wrong("20120008", "Len is no number")
    key, vector, sealed = keys["blowfish_key"].encode(), *data.rpartition("-")[::2]
    try:
        blocks = bytes.fromhex(sealed)
        if keys["cipher"] == "aes":
            opened = AES.new(key, AES.MODE_CBC, iv=bytes.fromhex(vector)).decrypt(blocks)
        elif vector or not blocks:
            raise ValueError
        else:
            opened = Blowfish.new(key, Blowfish.MODE_ECB).decrypt(blocks)
    except ValueError:
        raise Wrong("20010007", "Data cannot be deciphered") from None
    if not 0 < int(length) <= len(opened) < int(length) + 17:
        raise Wrong("20120008", "Len does not fit Data")
    raw = opened[: int(length)]
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _fields(text: str) -> Pairs:
    """Read pairs, URL-encoded inside or not (sheet, section 1.1). Raises Wrong."""
    encoded, found = bool(PERCENT.search(text)), {}
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        if not equals or not re.fullmatch(r"[0-9A-Za-z_]{1,40}", name) or name.lower() in found:
            raise Wrong("20010007", "Data cannot be deciphered")
        found[name.lower()] = (unquote_plus(value) if encoded else value).rstrip(" \0")
    return found
