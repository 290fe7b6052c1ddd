"""A Shopware 6 as an app sees it: handshake, payment calls, state machine by version, Admin API. For tests; shares no code with the endpoints.

Written from the Shopware sheet, sections 2 to 5 and 4.10, a second time and independently: an error in the adapter's tables
cannot cancel itself out here. A shop of 6.5, 6.6 or 6.7 rejects what that version rejects.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests

MACHINE_66 = {
    "open": "authorize cancel do_pay fail paid paid_partially pay pay_partially process_unconfirmed remind",
    "unconfirmed": "authorize cancel fail paid paid_partially reopen",
    "in_progress": "authorize cancel fail paid paid_partially pay_partially reopen",
    "authorized": "cancel fail paid paid_partially",
    "paid_partially": "cancel chargeback do_pay pay process_unconfirmed refund refund_partially remind reopen",
    "paid": "cancel chargeback refund refund_partially reopen",
    "refunded_partially": "cancel refund reopen refund_partially",
    "refunded": "",
    "reminded": "authorize cancel do_pay pay pay_partially process_unconfirmed reopen",
    "failed": "do_pay fail paid paid_partially pay pay_partially process_unconfirmed reopen",
    "cancelled": "paid process_unconfirmed refund refund_partially reopen",
    "chargeback": "cancel paid paid_partially",
}
MACHINE_67 = {
    "open": "authorize cancel fail paid paid_partially process process_unconfirmed remind",
    "unconfirmed": "authorize cancel fail paid paid_partially reopen",
    "in_progress": "authorize cancel fail paid paid_partially reopen",
    "authorized": "cancel fail paid paid_partially",
    "paid_partially": "cancel chargeback paid process process_unconfirmed refund refund_partially remind reopen",
    "paid": "cancel chargeback refund refund_partially reopen",
    "refunded_partially": "cancel refund reopen refund_partially",
    "refunded": "",
    "reminded": "authorize cancel paid paid_partially process process_unconfirmed reopen",
    "failed": "fail paid paid_partially process process_unconfirmed reopen",
    "cancelled": "paid process_unconfirmed refund refund_partially reopen",
    "chargeback": "cancel paid paid_partially",
}
LEADS_TO = {
    "authorize": "authorized",
    "cancel": "cancelled",
    "chargeback": "chargeback",
    "do_pay": "in_progress",
    "fail": "failed",
    "paid": "paid",
    "paid_partially": "paid_partially",
    "pay": "paid",
    "pay_partially": "paid_partially",
    "process": "in_progress",
    "process_unconfirmed": "unconfirmed",
    "refund": "refunded",
    "refund_partially": "refunded_partially",
    "remind": "reminded",
    "reopen": "open",
}
REFUND_MACHINE = {
    "open": {
        "process": "in_progress",
        "complete": "completed",
        "fail": "failed",
        "cancel": "cancelled",
    },
    "in_progress": {"complete": "completed", "fail": "failed", "cancel": "cancelled"},
    "completed": {"reopen": "open"},
    "failed": {"reopen": "open"},
    "cancelled": {"reopen": "open"},
}


class IllegalTransition(Exception):
    """SYSTEM__ILLEGAL_STATE_TRANSITION."""

    def __init__(self, possible: Mapping[str, str]) -> None:
        super().__init__(f"possible: {', '.join(possible)}")
        self.possible = possible


class Untrusted(Exception):
    """A reply whose signature does not hold, or that is no success."""


def sign(secret: str, message: bytes) -> str:
    """HMAC-SHA256, lower-case hex."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def php_json(value: Any) -> bytes:
    """JSON as PHP's json_encode writes it: slashes and everything that is no ASCII escaped, no blanks."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


@dataclass
class Transaction:
    """An order transaction. `amount` is a number as JSON has it."""

    id: str
    amount: Any
    method: str
    state: str = "open"
    fields: dict[str, Any] = field(default_factory=dict)
    past: list[str] = field(default_factory=list)


@dataclass
class Order:
    """An order and its transactions, oldest first."""

    id: str
    number: str
    currency: str
    transactions: list[Transaction]
    state: str = "open"
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def last(self) -> Transaction:
        """The newest transaction."""
        return self.transactions[-1]


@dataclass
class Refund:
    """A refund entity."""

    id: str
    order: Order
    transaction: Transaction
    amount: Any
    state: str = "open"


@dataclass
class FakeShop:
    """One shop. `bridge` is the app's address of one merchant: https://bridge.example/shopware/acme."""

    app_secret: str
    version: str = "6.7.1.0"
    app_name: str = "BridgePayments"
    shop_id: str = field(default_factory=lambda: secrets.token_hex(8))
    bridge: str = ""
    url: str = ""
    public_url: str = ""
    now: Callable[[], float] = time.time
    secret: str = ""
    old_secret: str = ""
    api_key: str = ""
    api_secret: str = ""
    orders: list[Order] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    api_calls: list[str] = field(default_factory=list)
    api_answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)
    finalize_tokens: dict[str, Transaction] = field(default_factory=dict)
    language: str = "de-DE"
    send: Callable[..., Any] | None = None
    hooks: bool = False
    may_update_orders: bool = True
    last_confirm: bytes = b""

    # --- the shop calls the app

    @property
    def minor(self) -> tuple[int, int]:
        """6.7 → (6, 7)."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    @property
    def is_new(self) -> bool:
        """6.6.5 and newer: one handler for all payments."""
        return tuple(int(one) for one in self.version.split(".")[:3]) >= (6, 6, 5)

    def http(self, method: str, url: str, body: bytes = b"", **headers: str) -> requests.Response:
        """Call the app as Shopware does; redirects are not followed."""
        said = {
            "sw-version": self.version,
            "sw-user-language": self.language,
            "Content-Type": "application/json",
            **headers,
        }
        if self.send is not None:
            reply: requests.Response = self.send(method, url, body, said)
            return reply
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, url, data=body, headers=said, timeout=20, allow_redirects=False
            )

    def register(
        self, *, dual: bool | None = None, **changes: str
    ) -> tuple[requests.Response, dict[str, str]]:
        """Step 1. Return the answer and the headers that were sent."""
        address = changes.get("url", self.public_url or self.url)
        query = f"shop-id={self.shop_id}&shop-url={quote(address, safe=':/?')}&timestamp={int(self.now())}"
        headers = {"shopware-app-signature": sign(self.app_secret, query.encode())}
        if self.secret and (self.minor >= (6, 7) if dual is None else dual):
            headers["shopware-shop-signature"] = sign(self.secret, query.encode())
        answer = self.http("GET", f"{self.bridge}/register?{query}", b"", **headers)
        if answer.status_code == 200:
            proof = sign(self.app_secret, f"{self.shop_id}{address}{self.app_name}".encode())
            assert answer.json()["proof"] == proof, "the proof is wrong"
        return answer, headers

    def confirm(
        self, offered: Mapping[str, str], *, dual: bool | None = None, repeat: bytes | None = None
    ) -> requests.Response:
        """Step 2, with the secret that was offered."""
        key, secret = f"SWIA{secrets.token_hex(8)}", secrets.token_hex(16)
        raw = repeat or php_json(
            {
                "apiKey": key,
                "secretKey": secret,
                "timestamp": str(int(self.now())),
                "shopUrl": self.public_url or self.url,
                "shopId": self.shop_id,
            }
        )
        headers = {"shopware-shop-signature": sign(offered["secret"], raw)}
        if self.secret and (self.minor >= (6, 7) if dual is None else dual):
            headers["shopware-shop-signature-previous"] = sign(self.secret, raw)
        answer = self.http("POST", offered["confirmation_url"], raw, **headers)
        if 200 <= answer.status_code < 300:
            self.api_key, self.api_secret = json.loads(raw)["apiKey"], json.loads(raw)["secretKey"]
            self.old_secret, self.secret = self.secret, offered["secret"]
            self.last_confirm = raw
        return answer

    def install(self, **how: Any) -> FakeShop:
        """Register and confirm; an app that refuses fails the test."""
        answer, _ = self.register(**how)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        confirmed = self.confirm(answer.json(), **how)
        assert confirmed.status_code == 204, (confirmed.status_code, confirmed.text)
        return self

    def ask(
        self, path: str, body: Mapping[str, Any], *, secret: str | None = None
    ) -> dict[str, Any]:
        """POST, and read a reply that is signed by the secret that we used. Raises Untrusted."""
        raw, used = php_json(body), secret or self.secret
        answer = self.http(
            "POST", f"{self.bridge}/{path}", raw, **{"shopware-shop-signature": sign(used, raw)}
        )
        if answer.status_code != 200:
            raise Untrusted(f"HTTP {answer.status_code}")
        if not hmac.compare_digest(
            answer.headers.get("shopware-app-signature", ""), sign(used, answer.content)
        ):
            raise Untrusted("Could not verify the authenticity of the response")
        reply: dict[str, Any] = answer.json()
        return reply

    def hook(
        self,
        event: str,
        payload: Any,
        *,
        secret: str | None = None,
        event_id: str | None = None,
        **source: Any,
    ) -> int:
        """Send an event; return the answer's status."""
        body = {
            "data": {"payload": payload, "event": event},
            "source": {**self._source(), "eventId": event_id or secrets.token_hex(16), **source},
            "timestamp": int(self.now()),
        }
        raw = php_json(body)
        return self.http(
            "POST",
            f"{self.bridge}/hook",
            raw,
            **{"shopware-shop-signature": sign(secret or self.secret, raw)},
        ).status_code

    def link(self, page: str, **more: str) -> str:
        """Return a signed address of one of the app's pages."""
        query = urlencode(
            {
                **more,
                "shop-id": self.shop_id,
                "shop-url": self.public_url or self.url,
                "timestamp": str(int(self.now())),
                "sw-version": self.version,
                "sw-context-language": "2fbb5fe2e29a4d70aa5854ce7ce3e20b",
                "sw-user-language": self.language,
            },
            safe=":/",
        )
        return f"{self.bridge}/{page}?{query}&shopware-shop-signature={sign(self.secret, query.encode())}"

    # --- checkout

    def place(self, amount: Any = 49.99, currency: str = "EUR", method: str = "wallet") -> Order:
        """A customer orders."""
        order = Order(
            secrets.token_hex(16),
            str(10000 + len(self.orders) + 1),
            currency,
            [Transaction(secrets.token_hex(16), amount, method)],
        )
        self.orders.append(order)
        return order

    def another(self, order: Order, method: str = "wallet") -> Transaction:
        """The customer chooses anew: the last transaction is cancelled where that is possible, a new one opened."""
        if "cancel" in self.allowed(order.last):
            self._move(order.last, "cancel")
        order.transactions.append(Transaction(secrets.token_hex(16), order.last.amount, method))
        return order.last

    def pay(self, order: Order, **more: Any) -> str | None:
        """Call pay-url and move the transaction as Shopware does; return where the browser goes. None: to the order's edit page."""
        transaction = order.last
        token = secrets.token_urlsafe(60)
        self.finalize_tokens[token] = transaction
        if not self.is_new:
            self._move(transaction, "process_unconfirmed")
        back = f"{self.url}/payment/finalize-transaction?_sw_payment_token={token}"
        try:
            reply = self.ask(
                "pay", {**self.payment_body(order, transaction), "returnUrl": back, **more}
            )
            self._apply(transaction, reply)
            return reply.get("redirectUrl") or f"{self.url}/checkout/finish?orderId={order.id}"
        except (Untrusted, IllegalTransition, ValueError):
            self._move(transaction, "fail")
            return None

    def finalize(self, token: str, parameters: Mapping[str, str]) -> tuple[int, str]:
        """The browser came back: (status, page)."""
        transaction = self.finalize_tokens[token]
        order = next(one for one in self.orders if transaction in one.transactions)
        body: dict[str, Any] = {
            "source": self._source(),
            "orderTransaction": self._transaction(order, transaction),
            "recurring": None,
        }
        if self.is_new:
            body |= {
                "order": self._order(order),
                "returnUrl": None,
                "requestData": dict(parameters) or [],
            }
        if self.minor < (6, 7):
            body |= {"queryParameters": dict(parameters) or []}
        try:
            reply = self.ask("finalize", body)
            default = (
                "paid"
                if not self.is_new
                else "process_unconfirmed"
                if self.minor < (6, 7)
                else None
            )
            self._apply(transaction, {"status": default, **reply} if default else reply)
        except (Untrusted, IllegalTransition, ValueError):
            try:
                self._move(transaction, "fail")
            except IllegalTransition:
                return 400, "SYSTEM__ILLEGAL_STATE_TRANSITION"
        return 200, "edit" if transaction.state in ("failed", "cancelled") else "finish"

    def refund(self, order: Order, amount: Any, transaction: Transaction | None = None) -> Refund:
        """A back office creates a refund entity and has it carried out."""
        one = Refund(secrets.token_hex(16), order, transaction or order.last, amount)
        self.refunds.append(one)
        return self.refund_again(one)

    def refund_again(self, one: Refund) -> Refund:
        """Have a refund entity carried out (only from open)."""
        assert one.state == "open"
        body = {
            "source": self._source(),
            "order": self._order(one.order),
            "refund": {
                "id": one.id,
                "captureId": secrets.token_hex(16),
                "externalReference": None,
                "reason": "item returned",
                "extensions": [],
                "amount": {
                    "unitPrice": one.amount,
                    "quantity": 1,
                    "totalPrice": one.amount,
                    "calculatedTaxes": [],
                    "taxRules": [],
                },
                "stateMachineState": {"technicalName": one.state},
                "transactionCapture": {
                    "id": secrets.token_hex(16),
                    "orderTransactionId": one.transaction.id,
                    "externalReference": None,
                    "amount": {"totalPrice": one.transaction.amount},
                },
            },
        }
        try:
            reply = self.ask("refund", body)
            action = "fail" if reply.get("message") else reply["status"]
        except Untrusted:
            action = "fail"
        one.state = REFUND_MACHINE[one.state][action]
        return one

    def payment_body(self, order: Order, transaction: Transaction) -> dict[str, Any]:
        """The body of pay-url, as far as all versions agree."""
        body: dict[str, Any] = {
            "source": self._source(),
            "orderTransaction": self._transaction(order, transaction),
            "order": self._order(order),
            "requestData": {"tos": "on"},
            "validateStruct": [],
            "recurring": None,
        }
        return {**body, "queryParameters": body["requestData"]} if self.minor == (6, 6) else body

    def _source(self) -> dict[str, Any]:
        return {"url": self.public_url or self.url, "shopId": self.shop_id, "appVersion": "1.0.0"}

    def _transaction(self, order: Order, one: Transaction) -> dict[str, Any]:
        return {
            "extensions": [],
            "id": one.id,
            "orderId": order.id,
            "amount": {
                "unitPrice": one.amount,
                "quantity": 1,
                "totalPrice": one.amount,
                "calculatedTaxes": [],
                "taxRules": [],
                "extensions": [],
            },
            "paymentMethod": {
                "handlerIdentifier": f"app\\{self.app_name}_{one.method}",
                "appPaymentMethod": {"identifier": one.method, "appName": self.app_name},
            },
            "stateMachineState": {"technicalName": one.state},
            "customFields": one.fields or [],
            "translated": [],
        }

    def _order(self, order: Order) -> dict[str, Any]:
        return {
            "extensions": [],
            "id": order.id,
            "orderNumber": order.number,
            "currency": {"isoCode": order.currency, "symbol": "€"},
            "price": {"totalPrice": order.last.amount, "calculatedTaxes": []},
            "orderCustomer": {"email": "juergen@example.com", "firstName": "Jürgen"},
            "lineItems": [],
            "customFields": [],
        }

    # --- the state machine

    def allowed(self, transaction: Transaction) -> dict[str, str]:
        """What is possible now: action → state."""
        machine = MACHINE_67 if self.minor >= (6, 7) else MACHINE_66
        actions = machine[transaction.state].split() + (["cancel"] if self.minor < (6, 7) else [])
        return {action: LEADS_TO[action] for action in actions}

    def _move(self, transaction: Transaction, action: str) -> None:
        if LEADS_TO.get(action) == transaction.state:
            return
        allowed = self.allowed(transaction)
        if action not in allowed:
            raise IllegalTransition(allowed)
        transaction.state = allowed[action]
        transaction.past.append(action)
        if self.hooks and transaction.state == "cancelled":
            order = next(one for one in self.orders if transaction in one.transactions)
            self.hook(
                "state_enter.order_transaction.state.cancelled",
                {
                    "order": {
                        **self._order(order),
                        "transactions": [
                            self._transaction(order, one) for one in order.transactions
                        ],
                    }
                },
            )

    def _apply(self, transaction: Transaction, reply: Mapping[str, Any]) -> None:
        """What a payment handler does with our reply: any message is a failure."""
        if reply.get("message"):
            raise ValueError(reply["message"])
        if reply.get("status"):
            self._move(transaction, reply["status"])

    # --- Admin API

    def api(
        self, method: str, path: str, headers: Mapping[str, str], raw: bytes
    ) -> tuple[int, dict[str, Any] | None, dict[str, str]]:
        """Answer one call: (status, JSON, headers)."""
        self.api_calls.append(f"{method} {path}")
        if self.api_answers:
            status, more = self.api_answers.pop(0)
            if status:
                return status, {"errors": [{"code": str(status)}]}, more
        body = json.loads(raw) if raw else {}
        if path == "/api/oauth/token":
            return self._token(headers, body)
        if (
            self.tokens.get(headers.get("authorization", "").removeprefix("Bearer "), 0)
            < self.now()
        ):
            return 401, {"errors": [{"code": "9"}]}, {}
        return (*self._answer(method, path.removeprefix("/api/").split("/"), body), {})

    def _token(
        self, headers: Mapping[str, str], body: Mapping[str, str]
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        given = (body.get("client_id"), body.get("client_secret"))
        if "client_secret" not in body and headers.get("authorization", "").startswith("Basic "):
            given = tuple(
                base64.b64decode(headers["authorization"][6:]).decode().partition(":")[::2]
            )  # type: ignore[assignment]
        if (
            given != (self.api_key, self.api_secret)
            or body.get("grant_type") != "client_credentials"
        ):
            return 401, {"errors": [{"code": "10"}]}, {}
        token = secrets.token_urlsafe(40)
        self.tokens[token] = self.now() + 600
        return 200, {"token_type": "Bearer", "expires_in": 600, "access_token": token}, {}

    def _answer(
        self, method: str, way: list[str], body: dict[str, Any]
    ) -> tuple[int, dict[str, Any] | None]:
        match method, way:
            case "POST", ["search", "order-transaction"]:
                rows = [
                    {
                        "id": one.id,
                        "amount": {"totalPrice": one.amount},
                        "stateMachineState": {"technicalName": one.state},
                    }
                    for one in self._transactions()
                    if one.id in body["ids"]
                ]
                return 200, {"data": rows, "total": len(rows)}
            case "GET", ["_action", "state-machine", kind, found, "state"]:
                return self._possible(kind, found)
            case "POST", ["_action", "state-machine", kind, found, "state", action]:
                return self._transition(kind, found, action)
            case "POST", ["_action", "order_transaction", found, "state", action]:
                return self._transition("order_transaction", found, action)
            case "PATCH", ["order-transaction", found]:
                one = next((one for one in self._transactions() if one.id == found), None)
                if one is None:
                    return 404, {"errors": [{"code": "FRAMEWORK__RESOURCE_NOT_FOUND"}]}
                one.fields.update(body["customFields"])
                return 204, None
            case "PATCH", ["order", found]:
                order = next((order for order in self.orders if order.id == found), None)
                if order is None or not self.may_update_orders:
                    return (404 if order is None else 403), {
                        "errors": [{"code": "FRAMEWORK__MISSING_PRIVILEGE_ERROR"}]
                    }
                order.fields.update(body["customFields"])
                return 204, None
            case "POST", ["notification"]:
                self.notices.append(body["message"])
                return 204, None
        return 404, {"errors": [{"code": "0"}]}

    def _transactions(self) -> list[Transaction]:
        return [one for order in self.orders for one in order.transactions]

    def _entity(self, kind: str, found: str) -> tuple[Any, dict[str, str]]:
        if kind == "order_transaction_capture_refund":
            refund = next((one for one in self.refunds if one.id == found), None)
            return refund, REFUND_MACHINE[refund.state] if refund else {}
        transaction = next((one for one in self._transactions() if one.id == found), None)
        return transaction, self.allowed(transaction) if transaction else {}

    def _possible(self, kind: str, found: str) -> tuple[int, dict[str, Any]]:
        entity, allowed = self._entity(kind, found)
        if entity is None:
            return 404, {"errors": [{"code": "SYSTEM__STATE_MACHINE_INVALID_ENTITY_ID"}]}
        return 200, {
            "transitions": [
                {
                    "name": to,
                    "technicalName": to,
                    "actionName": action,
                    "fromStateName": entity.state,
                    "toStateName": to,
                }
                for action, to in allowed.items()
            ]
        }

    def _transition(self, kind: str, found: str, action: str) -> tuple[int, dict[str, Any]]:
        entity, allowed = self._entity(kind, found)
        if entity is None:
            return 404, {"errors": [{"code": "SYSTEM__STATE_MACHINE_INVALID_ENTITY_ID"}]}
        if action not in allowed and LEADS_TO.get(action) != entity.state:
            return 400, {
                "errors": [
                    {
                        "code": "SYSTEM__ILLEGAL_STATE_TRANSITION",
                        "meta": {"parameters": {"possibleTransitions": list(allowed)}},
                    }
                ]
            }
        if kind == "order_transaction_capture_refund":
            entity.state = allowed[action]
        else:
            self._move(entity, action)
        return 200, {"technicalName": entity.state}

    # --- over HTTP

    def serve(self) -> Callable[[], None]:
        """Listen on a free port of this machine; return what stops it. Pages are plain words."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"shop": self}))
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()

        def stop() -> None:
            server.shutdown()
            thread.join()
            server.server_close()

        return stop


class _Handler(BaseHTTPRequestHandler):
    shop: FakeShop

    def _api(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, answer, more = self.shop.api(self.command, urlsplit(self.path).path, headers, raw)
        self._write(
            status, b"" if answer is None else json.dumps(answer).encode(), "application/json", more
        )

    do_POST = do_PATCH = _api

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/api/"):
            return self._api()
        if parts.path != "/payment/finalize-transaction":
            return self._write(
                200, f"<title>{parts.path}</title><h1>{parts.path}</h1>".encode(), "text/html", {}
            )
        asked = dict(parse_qsl(parts.query))
        status, page = self.shop.finalize(asked.pop("_sw_payment_token"), asked)
        if status != 200:
            return self._write(status, page.encode(), "application/json", {})
        where = "/checkout/finish" if page == "finish" else "/account/order/edit"
        self._write(302, b"", "text/html", {"Location": self.shop.url + where})

    def _write(self, status: int, body: bytes, kind: str, more: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "X-Frame-Options": "deny",
            **more,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing on stderr."""
