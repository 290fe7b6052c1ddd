"""Cashcloud's side of the wire, after the Cashcloud sheet; shares no code with the client beside it.

Reading order: the table of calls, the calls, what a payer does, callbacks, then the checks and the arithmetic of the signatures.
What the sheet leaves open is decided here and listed in `bridge/sandbox/README.md`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from bridge.sandbox.accounts import Account, Merchant
from bridge.sandbox.callbacks import Callback
from bridge.sandbox.calls import Call, Refused, Reply, Route
from bridge.sandbox.clock import rfc3339
from bridge.sandbox.desk import Desk
from bridge.sandbox.faults import Fault
from bridge.sandbox.ledger import Entry

EUR_ID, CCR_ID = "1", "2"
CURRENCY_IDS = frozenset({EUR_ID, CCR_ID})
REASONS = {
    "314": "Electronics",
    "315": "Computer",
    "316": "Home Appliances",
    "317": "Grocery",
    "318": "Beverages",
}
RATES = {"1": {"1": 100, "2": 100, "3": 100}, "2": {"1": 100, "2": 95, "3": 98}}
"""Euro cents, or cashcredits, per 100 euro cents: currency, then action (1 buy, 2 sell, 3 receive)."""

RECEIVE = "3"
"""The action whose value a payer sees as the price."""

ERROR_TRUE, EURO_CENTS = "error_true", "euro_cents"
OWN_FAULTS = {
    "request": frozenset({ERROR_TRUE}),
    "refund": frozenset({ERROR_TRUE}),
    "cashcredits": frozenset({EURO_CENTS}),
}
"""Faults that only Cashcloud knows; `cashcredits` is the moment at which a payment in cashcredits is asked for."""

MINIMUM = 20
"""The least that may be asked for, in cents (sheet, section Fees and limits)."""

DEFAULT_EXPIRATION = LONGEST_EXPIRATION = 691200
TOKEN_SECONDS = 15 * 60
REPEATS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
BY_ITSELF_AFTER = 0.3
"""Seconds until a payer who acts by himself has acted."""

PENDING, ACCEPTED, COMPLETED, DECLINED, CANCELLED, EXPIRED, FAILED, REFUNDED = range(1, 9)
UNKNOWN_STATE = 99

WORDS = {
    PENDING: "pending",
    COMPLETED: "succeeded",
    DECLINED: "declined",
    CANCELLED: "canceled",
    EXPIRED: "expired",
    FAILED: "failed",
    REFUNDED: "succeeded",
}
ACTIONS = {
    # kind        accept               decline               expire               fail
    "request": {"accept": COMPLETED, "decline": DECLINED, "expire": EXPIRED, "fail": FAILED},
    "refund": {"accept": COMPLETED, "decline": CANCELLED, "expire": CANCELLED, "fail": FAILED},
}
GONE = frozenset({CANCELLED, FAILED})
"""States in which a refund no longer counts against the amount."""

# What is wrong with the fields, in the five shapes that the sheet names (section Errors).
WRONG = {
    "not corporate+": {"isNotCorporateUser": True},
    "email missing": {"email": "missing"},
    "email": {"email": ["emailDomain"]},
    "currency": [{"currency": "invalid"}],
    "amount": {"currency": ["invalidAmount"]},
    "amount too small": [["minAmountTransactionPerTradeLimit"]],
    "amount too large": [["maxAmountTransactionPerTradeLimit"]],
    "reason": {"isReasonAvailable": False},
    "recipient unknown": {"recipient": "notFound"},
    "recipient blocked": ["blackList"],
    "balance": {"recipient": ["errorStatus"]},
    "hash": {"hash": "notFound"},
    "not completed": {"hash": ["notCompleted"]},
    "callback url": {"callback_url": "invalid"},
    "expiration": {"request_expiration": "invalid"},
}

DIGITS = re.compile(r"[0-9]{1,9}")
EMAIL = re.compile(r"[^@\s|]{1,64}@[^@\s|]+\.[^@\s|.]+")


class Cashcloud:
    """The merchant API and the payers' answers."""

    name: ClassVar[str] = "cashcloud"
    faults: ClassVar[Mapping[str, frozenset[str]]] = OWN_FAULTS

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[Route, ...]:
        """The table of calls (sheet, section Calls)."""
        return (
            Route("POST", "/salt", "salt", self._salt),
            Route("POST", "/request", "request", self._for_merchant(self._request)),
            Route("POST", "/refund", "refund", self._for_merchant(self._refund)),
            Route("GET", "/transactions", "transactions", self._for_merchant(self._transactions)),
            Route("GET", "/settings", "settings", self._for_merchant(self._settings)),
            Route("POST", "/settings", "settings", self._for_merchant(self._save_settings)),
            Route("GET", "/reasons", "reasons", self._for_merchant(self._reasons)),
            Route("GET", "/currency-rate", "currency-rate", self._for_merchant(self._rate)),
        )

    def merchant(
        self, username: str, password: str, account_type: str, name: str, locked: bool
    ) -> Merchant:
        """A merchant of which only the password's hash is kept. Raises ValueError for an impossible one."""
        if account_type not in ("corporate_plus", "corporate"):
            raise ValueError("a Cashcloud account is corporate_plus or corporate")
        if "|" in username:
            raise ValueError("a Cashcloud username holds no |, which parts the token")
        kept = {"password_hash": password_hash(password).hex()}
        settings = {"callback_url": "", "request_expiration": DEFAULT_EXPIRATION}
        return Merchant(self.name, username, name, account_type, locked, kept, settings)

    # The calls

    def _salt(self, call: Call) -> Reply:
        username, device = call.fields.get("username", ""), call.fields.get("device_id", "")
        if not device or not self._desk.merchants.get(self.name, username):
            raise _forbidden()
        salt = secrets.token_hex(16)
        self._desk.notes.add(self.name, _salt_key(username, device), salt, TOKEN_SECONDS)
        return Reply.json(200, {"error": False, "salt": salt})

    def _request(self, merchant: Merchant, call: Call) -> Reply:
        payer, amount, currency_id = self._asked(call)
        if _refuses_with_an_error(call):
            return _error_with_hash(secrets.token_hex(20))
        now = self._desk.clock.now()
        expires_at = now + merchant.settings["request_expiration"]
        entry = self._desk.ledger.add(
            Entry(
                self.name,
                merchant.username,
                secrets.token_hex(20),
                "request",
                amount,
                "EUR",
                payer=payer.email,
                our_reference=_extern(call)["id"] or None,
                details=_details(call)
                | (self._in_cashcredits(amount) if currency_id == CCR_ID else {}),
                expires_at=expires_at,
                **self._next("request", now, expires_at),
            )
        )
        self._desk.act_before_response(entry)
        return (
            _error_with_hash(entry.reference)
            if _says_error(call)
            else Reply.json(201, {"hash": entry.reference}, entry.reference)
        )

    def _in_cashcredits(self, cents: int) -> dict[str, Any]:
        """What is kept besides the euro cents: the price that the payer sees, and which of the two numbers inquiries tell (the sheet leaves it open)."""
        euro_cents = (
            self._desk.faults.take(self.name, "cashcredits", only=OWN_FAULTS["cashcredits"])
            is not None
        )
        return {
            "currency_id": CCR_ID,
            "cashcredits": _priced(cents, CCR_ID, RECEIVE),
            "told": EURO_CENTS if euro_cents else "cashcredits",
        }

    def _refund(self, merchant: Merchant, call: Call) -> Reply:
        request = self._own(merchant, call, kind="request")
        amount = _amount(call)
        if request.state != "succeeded":
            raise _wrong("not completed")
        if amount > request.amount - self._refunds_so_far(request):
            raise _wrong("amount too large")
        if _refuses_with_an_error(call):
            return _error_with_hash(secrets.token_hex(20))
        entry = self._desk.ledger.add(
            Entry(
                self.name,
                merchant.username,
                secrets.token_hex(20),
                "refund",
                amount,
                request.currency,
                parent=request.reference,
                payer=request.payer,
                our_reference=_extern(call)["id"] or None,
                details=_details(call) | _share_of_cashcredits(request, amount),
                **self._next("refund", self._desk.clock.now(), None),
            )
        )
        self._desk.act_before_response(entry)
        if _says_error(call):
            return _error_with_hash(entry.reference)
        return Reply.json(
            201, {"hash": entry.reference, "transaction_state_id": PENDING}, entry.reference
        )

    def _transactions(self, merchant: Merchant, call: Call) -> Reply:
        if "hash" in call.query:
            entry = self._own(merchant, call)
            return Reply.json(200, {"transaction": self._shown(entry)}, entry.reference)
        if "request_hash" in call.query:
            request = self._desk.ledger.get(self.name, call.query["request_hash"])
            found = (
                self._desk.ledger.children(request)
                if request and request.merchant == merchant.username
                else []
            )
            return Reply.json(
                200, {"transactions": [self._shown(entry) for entry in reversed(found)]}
            )
        wanted = next((call.query[name] for name in _spellings("id") if name in call.query), None)
        entries = self._desk.ledger.of_merchant(self.name, merchant.username, wanted)
        return Reply.json(
            200, {"transactions": [self._shown(entry) for entry in reversed(entries)]}
        )

    def _settings(self, merchant: Merchant, call: Call) -> Reply:
        return Reply.json(200, dict(merchant.settings))

    def _save_settings(self, merchant: Merchant, call: Call) -> Reply:
        changes: dict[str, Any] = {}
        if "callback_url" in call.fields:
            changes["callback_url"] = _callback_url(call.fields["callback_url"])
        if call.fields.get("request_expiration"):
            changes["request_expiration"] = _expiration(call.fields["request_expiration"])
        return Reply.json(
            200, {"error": False, **self._desk.merchants.save_settings(merchant, changes)}
        )

    def _reasons(self, merchant: Merchant, call: Call) -> Reply:
        return Reply.json(200, {"error": False, "messages": REASONS})

    def _rate(self, merchant: Merchant, call: Call) -> Reply:
        if "amount" not in call.query:
            return Reply.json(
                200,
                {
                    "rate": {
                        cur: {act: n / 100 for act, n in row.items()} for cur, row in RATES.items()
                    }
                },
            )
        cents = _number(call.query["amount"])
        prices = {cur: {act: _priced(cents, cur, act) for act in row} for cur, row in RATES.items()}
        return Reply.json(200, {"amount": prices})

    # What a payer, or time, does

    def act(self, entry: Entry, action: str, fault: Fault | None = None) -> Entry:
        """Bring a transaction to its end; see the table ACTIONS. Raises Refused (409) if it has ended otherwise."""
        state = ACTIONS[entry.kind][action]
        if entry.state != "pending":
            if entry.details["state"] in (state, REFUNDED if state == COMPLETED else state):
                return entry
            raise Refused(Reply.json(409, {"error": f"already {entry.state}"}))
        if state == COMPLETED:
            self._move_money(entry)
        ended = self._to_state(entry, state, fault)
        if state == COMPLETED and entry.kind == "refund":
            self._count_refund(entry)
        return ended

    def _move_money(self, entry: Entry) -> None:
        payer = entry.payer or ""
        account = self._desk.accounts.get(payer)
        if entry.kind == "request" and (account is None or account.balance < entry.amount):
            raise Refused(Reply.json(409, {"error": "balance too low"}))
        self._desk.accounts.move(payer, entry.amount if entry.kind == "refund" else -entry.amount)

    def _count_refund(self, refund: Entry) -> None:
        request = self._desk.ledger.get(self.name, refund.parent or "")
        if request is None:
            raise LookupError(f"{refund.reference} is of no payment")
        refunded = request.refunded_amount + refund.amount
        request = self._desk.ledger.change(request, refunded_amount=refunded)
        if refunded == request.amount:
            self._to_state(request, REFUNDED)

    def _to_state(self, entry: Entry, state: int, fault: Fault | None = None) -> Entry:
        before = entry.details["state"]
        entry = self._desk.ledger.change(
            entry, state=WORDS[state], details={"state": state}, next_at=None, next_action=None
        )
        self._tell(entry, before, fault)
        return entry

    def _next(self, kind: str, now: float, expires_at: float | None) -> dict[str, Any]:
        habit = self._desk.settings.get(f"auto_{kind}", "manual")
        if habit != "manual":
            return {"next_at": now + BY_ITSELF_AFTER, "next_action": habit}
        return {"next_at": expires_at, "next_action": "expire" if expires_at else None}

    def act_at_portal(self, entry: Entry, action: str, amount: int | None) -> Entry:
        """A refund that the merchant makes by hand; it carries no `extern.id`, and the payer takes it like any other. Raises Refused."""
        left = entry.amount - self._refunds_so_far(entry)
        amount = left if amount is None else amount
        if (
            action != "refund"
            or entry.kind != "request"
            or entry.state != "succeeded"
            or not 0 < amount <= left
        ):
            raise Refused(
                Reply.json(409, {"error": f"no {action} of {amount} from this {entry.kind}"})
            )
        extern = {"id": "", "reference": "", "description": ""}
        return self._desk.ledger.add(
            Entry(
                self.name,
                entry.merchant,
                secrets.token_hex(20),
                "refund",
                amount,
                entry.currency,
                parent=entry.reference,
                payer=entry.payer,
                details={"state": PENDING, "remark": "", "reason_id": "", "extern": extern},
                **self._next("refund", self._desk.clock.now(), None),
            )
        )

    # Callbacks

    def _tell(self, entry: Entry, before: int, fault: Fault | None) -> None:
        merchant = self._desk.merchants.known(self.name, entry.merchant)
        key, state = bytes.fromhex(merchant.secrets["password_hash"]), entry.details["state"]
        earlier = ACCEPTED if state == COMPLETED else before
        now = self._desk.clock.now()
        variants = {
            "forged": _callback_body(entry, state, now, password_hash(secrets.token_hex(8))),
            "unknown_status": _callback_body(entry, UNKNOWN_STATE, now, key),
            "reordered": _callback_body(entry, earlier, now - 1, key),
        }
        body = _callback_body(entry, state, now, key)
        url = merchant.settings["callback_url"]
        self._desk.callbacks.send(
            Callback(self.name, entry.reference, url, body, REPEATS, variants), fault
        )

    # Who calls, and for what

    def _for_merchant(self, handler: Callable[[Merchant, Call], Reply]) -> Callable[[Call], Reply]:
        def serve(call: Call) -> Reply:
            return handler(self._caller(call), call)

        return serve

    def _caller(self, call: Call) -> Merchant:
        token = _token(call.headers.get("authorization", ""))
        merchant = self._desk.merchants.get(self.name, token.username)
        if merchant is None or not self._fits(token, merchant):
            raise _forbidden()
        if merchant.locked:
            raise Refused(Reply.json(423, {"error": True, "message": "API locked"}))
        if merchant.account_type != "corporate_plus":
            raise _wrong("not corporate+")
        return merchant

    def _fits(self, token: Token, merchant: Merchant) -> bool:
        key = bytes.fromhex(merchant.secrets["password_hash"])
        salts = self._desk.notes.all(self.name, _salt_key(token.username, token.device))
        hashes = [token_hash(token.username, salt, key) for salt in salts]
        return any([hmac.compare_digest(token.hash.encode(), right.encode()) for right in hashes])

    def _own(self, merchant: Merchant, call: Call, kind: str | None = None) -> Entry:
        asked = call.fields if call.method == "POST" else call.query
        entry = self._desk.ledger.get(self.name, asked.get("hash", ""))
        if (
            entry is None
            or entry.merchant != merchant.username
            or entry.kind != (kind or entry.kind)
        ):
            raise _wrong("hash")
        return entry

    def _asked(self, call: Call) -> tuple[Account, int, str]:
        amount, currency_id = _amount(call), call.fields.get("currency_id", "")
        if currency_id not in CURRENCY_IDS:
            raise _wrong("currency")
        if amount < MINIMUM:
            raise _wrong("amount too small")
        if call.fields.get("reason_id") not in REASONS:
            raise _wrong("reason")
        return self._payer(call.fields.get("email", "").strip(), amount), amount, currency_id

    def _payer(self, email: str, amount: int) -> Account:
        if not email:
            raise _wrong("email missing")
        if not EMAIL.fullmatch(email):
            raise _wrong("email")
        account = self._desk.accounts.get(email)
        if account is None:
            raise _wrong("recipient unknown")
        if account.blocked:
            raise _wrong("recipient blocked")
        if account.balance < amount:
            raise _wrong("balance")
        return account

    def _refunds_so_far(self, request: Entry) -> int:
        refunds = self._desk.ledger.children(request)
        return sum(refund.amount for refund in refunds if refund.details["state"] not in GONE)

    def _shown(self, entry: Entry) -> dict[str, Any]:
        shown = {
            "hash": entry.reference,
            "method": entry.kind,
            "transaction_state_id": entry.details["state"],
            "amount": entry.details["cashcredits"]
            if entry.details.get("told") == "cashcredits"
            else entry.amount,
            "currency_id": int(entry.details.get("currency_id", EUR_ID)),
            "extern": dict(entry.details["extern"]),
            "email": entry.payer,
            "remark": entry.details["remark"],
            "reason_id": entry.details["reason_id"],
            "created": rfc3339(entry.created_at),
            "updated": rfc3339(entry.updated_at),
            "expires": rfc3339(entry.expires_at) if entry.expires_at else None,
        }
        if entry.kind == "refund":
            shown |= {"parent": entry.parent, "request_hash": entry.parent}
        for fault in self._desk.faults.disguises(self.name, entry.reference):
            DISGUISES[fault.name](shown, fault)
        return shown


SANDBOX = Cashcloud


@dataclass(frozen=True, slots=True)
class Token:
    """What an Authorization header says; the hash is not yet checked."""

    username: str
    device: str
    hash: str


# Disguises: how an inquiry shows a transaction whose callback carried such a fault


def _other_amount(shown: dict[str, Any], fault: Fault) -> None:
    shown["amount"] = fault.option("amount", shown["amount"] + 1)


def _other_currency(shown: dict[str, Any], fault: Fault) -> None:
    shown["currency_id"] = 3 - shown["currency_id"]


def _other_reference(shown: dict[str, Any], fault: Fault) -> None:
    shown["extern"]["id"] = f"other-{shown['extern']['id']}"


def _unknown_status(shown: dict[str, Any], fault: Fault) -> None:
    if fault.option("inquiry", True):
        shown["transaction_state_id"] = UNKNOWN_STATE


DISGUISES: Mapping[str, Callable[[dict[str, Any], Fault], None]] = {
    "other_amount": _other_amount,
    "other_currency": _other_currency,
    "other_reference": _other_reference,
    "unknown_status": _unknown_status,
}


# Fields


def _amount(call: Call) -> int:
    amount = _number(call.fields.get("amount", ""))
    if amount < 1:
        raise _wrong("amount")
    return amount


def _number(text: str) -> int:
    if not DIGITS.fullmatch(text):
        raise _wrong("amount")
    return int(text)


def _spellings(part: str) -> tuple[str, str, str]:
    return f"extern.{part}", f"extern_{part}", f"extern[{part}]"


def _extern(call: Call) -> dict[str, str]:
    """Read `extern.id`, `extern_id` or `extern[id]` alike (sheet, section Calls, notes)."""
    parts = ("id", "reference", "description")
    return {
        part: next((call.fields[name] for name in _spellings(part) if name in call.fields), "")
        for part in parts
    }


def _details(call: Call) -> dict[str, Any]:
    fields = call.fields
    return {
        "state": PENDING,
        "remark": fields.get("remark", ""),
        "reason_id": fields.get("reason_id", ""),
        "extern": _extern(call),
    }


def _priced(cents: int, currency_id: str, action: str) -> int:
    return (cents * RATES[currency_id][action] + 50) // 100


def _share_of_cashcredits(request: Entry, amount: int) -> dict[str, Any]:
    """What a refund keeps of a payment in cashcredits: the share of its price, rounded half up. The amount itself is euro cents."""
    kept = {
        name: request.details[name]
        for name in ("currency_id", "cashcredits", "told")
        if name in request.details
    }
    return kept | (
        {"cashcredits": (2 * kept["cashcredits"] * amount + request.amount) // (2 * request.amount)}
        if kept
        else {}
    )


def _says_error(call: Call) -> bool:
    return call.fault is not None and call.fault.name == ERROR_TRUE


def _refuses_with_an_error(call: Call) -> bool:
    """Tell whether the call is answered by an error with a hash, and is not carried out."""
    return call.fault is not None and _says_error(call) and not call.fault.option("executed", True)


def _error_with_hash(reference: str) -> Reply:
    return Reply.json(200, {"error": True, "hash": reference}, reference)


def _callback_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = (
            parts.scheme in ("http", "https")
            and parts.hostname
            and parts.port != 0
            and len(url) <= 2000
        )
    except ValueError:
        good = False
    if not good or not url.isascii() or not url.isprintable() or " " in url:
        raise _wrong("callback url")
    return url


def _expiration(text: str) -> int:
    if not DIGITS.fullmatch(text) or not 1 <= int(text) <= LONGEST_EXPIRATION:
        raise _wrong("expiration")
    return int(text)


def _wrong(what: str) -> Refused:
    return Refused(Reply.json(412, {"validationFailed": WRONG[what]}))


def _forbidden() -> Refused:
    return Refused(Reply.json(403, {"error": True, "message": "authorization failed"}))


# Signatures (sheet, sections Authorization token and Callback)


def password_hash(password: str) -> bytes:
    """`md5_raw(sha1_raw(password))`: 16 bytes, all that Cashcloud needs to know of a password."""
    return hashlib.md5(hashlib.sha1(password.encode()).digest()).digest()


def token_hash(username: str, salt: str, key: bytes) -> str:
    """`md5_hex(sha1_raw(username ‖ salt ‖ password_hash))`."""
    return hashlib.md5(hashlib.sha1(username.encode() + salt.encode() + key).digest()).hexdigest()


def control_value(method: str, status: str, time: str, key: bytes) -> str:
    """`base64(md5_raw(sha1_raw("method|status|time|" ‖ password_hash)))`: 24 characters."""
    inner = hashlib.sha1(f"{method}|{status}|{time}|".encode() + key).digest()
    return base64.b64encode(hashlib.md5(inner).digest()).decode()


def _token(header: str) -> Token:
    scheme, _, encoded = header.partition(" ")
    try:
        parts = base64.b64decode(encoded.strip(), validate=True).decode().split("|")
    except ValueError:
        parts = []
    if scheme != "Token" or len(parts) != 3:
        raise _forbidden()
    return Token(*parts)


def _salt_key(username: str, device: str) -> str:
    return f"salt|{username}|{device}"


def _callback_body(entry: Entry, state: int, at: float, key: bytes) -> bytes:
    time = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    control = control_value(entry.kind, str(state), time, key)
    fields = {
        "method": entry.kind,
        "hash": entry.reference,
        "status": str(state),
        "time": time,
        "control": control,
    }
    return urlencode(fields).encode()
