"""`/wallet`: the payer's app as a page, and the few calls that the page makes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from pathlib import Path
from typing import Any

import falcon

from bridge.sandbox.accounts import Account
from bridge.sandbox.bodies import one_of, read_body, text
from bridge.sandbox.calls import Refused
from bridge.sandbox.clock import rfc3339
from bridge.sandbox.desk import Desk
from bridge.sandbox.ledger import Entry

PAGE = Path(__file__).with_name("wallet.html")
POLICY = "default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
SECURITY = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
KINDS = frozenset({"request", "refund"})
RECENT = 12


class Page:
    """The page itself."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Serve it."""
        page = PAGE.read_bytes()
        policy = POLICY.format(script=_allowed(page, b"script"), style=_allowed(page, b"style"))
        resp.set_headers(SECURITY | {"Content-Security-Policy": policy})
        resp.content_type = falcon.MEDIA_HTML
        resp.data = page


class Users:
    """Who has a wallet here; a convenience that a real wallet would not have."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List the wallet users."""
        resp.media = {"users": self._desk.accounts.emails()}


class Inbox:
    """What waits for one payer, and what was settled lately."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show one payer's wallet. Raises HTTP 404 for an unknown one."""
        account = _account(self._desk, req.get_param("user", default=""))
        entries = [
            entry for entry in self._desk.ledger.of_payer(account.email) if entry.kind in KINDS
        ]
        resp.set_header("Cache-Control", "no-store")
        resp.media = {
            "user": account.email,
            "balance": account.balance,
            "blocked": account.blocked,
            "waiting": [self._shown(entry) for entry in entries if entry.state == "pending"],
            "recent": [
                self._shown(entry) for entry in reversed(entries) if entry.state != "pending"
            ][:RECENT],
        }

    def _shown(self, entry: Entry) -> dict[str, Any]:
        merchant = self._desk.merchants.get(entry.provider, entry.merchant)
        left = (
            None
            if entry.expires_at is None
            else max(0, round(entry.expires_at - self._desk.clock.now()))
        )
        return {
            "reference": entry.reference,
            "kind": entry.kind,
            "merchant": merchant.name if merchant else entry.merchant,
            "amount": entry.amount,
            "currency": entry.currency,
            "cashcredits": entry.details.get("cashcredits"),
            "state": entry.state,
            "refunded_amount": entry.refunded_amount,
            "remark": str(entry.details.get("remark", "")),
            "created_at": rfc3339(entry.created_at),
            "updated_at": rfc3339(entry.updated_at),
            "seconds_left": left,
        }


class Decision:
    """The payer's yes or no to one entry."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_post(self, req: falcon.Request, resp: falcon.Response, reference: str) -> None:
        """Accept (money requests with the PIN) or decline. Raises HTTP 403, 404 or 409."""
        body = read_body(req)
        account, action = (
            _account(self._desk, text(body, "user")),
            one_of(body, "action", {"accept", "decline"}),
        )
        entry = self._desk.ledger.by_reference(reference)
        if entry is None or entry.payer != account.email:
            raise falcon.HTTPNotFound(description="nothing of that kind waits for you")
        if entry.kind == "request" and action == "accept" and not _pin_fits(account, body):
            raise falcon.HTTPForbidden(title="wrong_pin", description="that is not your PIN")
        resp.media = self._act(entry, action)

    def _act(self, entry: Entry, action: str) -> dict[str, Any]:
        try:
            return {"state": self._desk.act(entry, action).state}
        except Refused as refused:
            raise falcon.HTTPConflict(
                title="refused", description=refused.reply.body.decode()
            ) from None


def _allowed(page: bytes, tag: bytes) -> str:
    """The hash under which a content security policy lets the page's own script or style run."""
    found = re.search(rb"<%b[^>]*>(.*?)</%b>" % (tag, tag), page, re.DOTALL)
    inner = found.group(1) if found else b""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inner).digest()).decode()}'"


def _account(desk: Desk, email: str) -> Account:
    account = desk.accounts.get(email)
    if account is None:
        raise falcon.HTTPNotFound(description="no wallet with that name")
    return account


def _pin_fits(account: Account, body: dict[str, Any]) -> bool:
    return hmac.compare_digest(text(body, "pin", "-").encode(), account.pin.encode())


def mount(app: falcon.App[Any, Any], desk: Desk) -> None:
    """Add the wallet's paths to the app."""
    app.add_route("/wallet", Page())
    app.add_route("/wallet/users", Users(desk))
    app.add_route("/wallet/inbox", Inbox(desk))
    app.add_route("/wallet/inbox/{reference}", Decision(desk))
