"""`/control/…`: what a test, a demo or a developer does to the sandbox. JSON, from this machine only."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import falcon

from bridge.sandbox.accounts import ENOUGH, Merchant
from bridge.sandbox.bodies import bad, number, one_of, read_body, text, truth, whole
from bridge.sandbox.calls import Refused
from bridge.sandbox.desk import Desk, Provider
from bridge.sandbox.faults import CALLBACK, ON_CALLBACKS, ON_CALLS, ON_PURPOSE

TEN_YEARS = 10 * 365 * 86400
PAYER_ACTIONS = frozenset({"accept", "decline", "expire", "fail"})
PORTAL_ACTIONS = frozenset({"refund", "capture", "cancel"})
BY_THEMSELVES = frozenset({"accept", "decline", "manual"})
FAULT_FIELDS = frozenset({"provider", "on", "fault", "times", "minutes_as_seconds"})

Body = dict[str, Any]
Said = tuple[int, Any]


class Control:
    """The control calls; each takes a body and says a status and what to answer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def reset(self, body: Body) -> Said:
        """Empty ledger, faults and journal; first accounts again; the clock right again."""
        self._desk.reset()
        self._minutes_as_seconds(body)
        return 204, None

    def ledger(self, body: Body) -> Said:
        """Every movement of money."""
        return 200, {"entries": [entry.shown() for entry in self._desk.ledger.all()]}

    def journal(self, body: Body) -> Said:
        """Every call and callback, in order."""
        return 200, {"calls": self._desk.journal.shown()}

    def account(self, body: Body) -> Said:
        """Add a wallet account or write it anew; the balance in minor units."""
        email, pin = text(body, "email").strip().lower(), text(body, "pin", "123456")
        if "@" not in email:
            raise bad('"email" must be an e-mail address')
        if len(pin) != 6 or not (pin.isascii() and pin.isdecimal()):
            raise bad('"pin" must be six digits')
        self._desk.accounts.put(
            email, pin, whole(body, "balance", ENOUGH), truth(body, "blocked", False)
        )
        return 201, {"email": email}

    def merchant(self, body: Body) -> Said:
        """Add a merchant at a provider or write it anew; its saved settings stay."""
        provider = self._desk.providers[one_of(body, "provider", self._desk.providers)]
        try:
            merchant = (
                provider.merchant_from(body)
                if hasattr(provider, "merchant_from")
                else _merchant(provider, body)
            )
        except ValueError as error:
            raise bad(str(error)) from None
        self._desk.merchants.put(merchant)
        return 201, {"provider": merchant.provider, "username": merchant.username}

    def payer(self, body: Body, reference: str) -> Said:
        """What the payer does with one entry."""
        action = one_of(body, "action", PAYER_ACTIONS)
        entry = self._desk.ledger.by_reference(reference)
        if entry is None:
            raise falcon.HTTPNotFound(description="no entry with that reference")
        try:
            return 200, self._desk.act(entry, action).shown()
        except Refused as refused:
            raise falcon.HTTPConflict(description=refused.reply.body.decode()) from None

    def portal(self, body: Body, reference: str) -> Said:
        """What the merchant does by hand at the provider's portal with one payment, past the bridge."""
        action = one_of(body, "action", PORTAL_ACTIONS)
        amount = whole(body, "amount", 1, 1) if "amount" in body else None
        try:
            with self._desk.turn():
                entry = self._desk.act_at_portal(reference, action, amount)
        except Refused as refused:
            raise falcon.HTTPConflict(description=refused.reply.body.decode()) from None
        if entry is None:
            raise falcon.HTTPNotFound(description="no entry with that reference")
        return 200, entry.shown()

    def fault(self, body: Body) -> Said:
        """Script a fault."""
        provider = one_of(body, "provider", self._desk.providers)
        own = getattr(self._desk.providers[provider], "faults", {})
        calls = {route.name for route in self._desk.providers[provider].routes()}
        place = one_of(body, "on", calls | {CALLBACK} | set(own))
        common = (
            ON_CALLBACKS
            if place == CALLBACK
            else ON_CALLS | ON_PURPOSE
            if place in calls
            else frozenset()
        )
        name = one_of(body, "fault", common | own.get(place, frozenset()))
        options = _fault_options(body)
        self._desk.faults.add(provider, place, name, whole(body, "times", 1, 1, 10**6), options)
        self._minutes_as_seconds(body)
        return 201, {"provider": provider, "on": place, "fault": name}

    def faults(self, body: Body) -> Said:
        """The scripted faults that are still to come."""
        return 200, {"faults": self._desk.faults.shown()}

    def no_faults(self, body: Body) -> Said:
        """Delete all scripted faults and what they disguise."""
        self._desk.faults.clear()
        return 204, None

    def clock(self, body: Body) -> Said:
        """Move the clock on, and do at once what has become due."""
        self._desk.clock.advance(number(body, "advance_seconds", 0, TEN_YEARS))
        self._minutes_as_seconds(body)
        self._desk.tick()
        return 200, {"advanced_seconds": self._desk.settings.get("clock_advance", 0.0)}

    def refunds(self, body: Body) -> Said:
        """What payers do with refunds by themselves, from now on."""
        return self._by_themselves("refund", body)

    def requests(self, body: Body) -> Said:
        """What payers do with money requests by themselves, from now on."""
        return self._by_themselves("request", body)

    def _by_themselves(self, kind: str, body: Body) -> Said:
        self._desk.settings.put(f"auto_{kind}", one_of(body, "auto", BY_THEMSELVES))
        return 200, {"auto": self._desk.settings.get(f"auto_{kind}", "manual")}

    def _minutes_as_seconds(self, body: Body) -> None:
        if "minutes_as_seconds" in body:
            self._desk.settings.put("minutes_as_seconds", truth(body, "minutes_as_seconds", False))

    def routes(self) -> dict[str, dict[str, Callable[..., Said]]]:
        """The table of the control calls."""
        return {
            "/control/reset": {"POST": self.reset},
            "/control/ledger": {"GET": self.ledger},
            "/control/journal": {"GET": self.journal},
            "/control/accounts": {"POST": self.account},
            "/control/merchants": {"POST": self.merchant},
            "/control/payer/{reference}": {"POST": self.payer},
            "/control/portal/{reference}": {"POST": self.portal},
            "/control/faults": {"POST": self.fault, "GET": self.faults, "DELETE": self.no_faults},
            "/control/clock": {"POST": self.clock},
            "/control/refunds": {"POST": self.refunds},
            "/control/requests": {"POST": self.requests},
        }


class ControlPath:
    """The Falcon resource of one control path; refuses everybody who is not on this machine."""

    def __init__(self, calls: dict[str, Callable[..., Said]]) -> None:
        self._calls = calls

    def on_get(self, req: falcon.Request, resp: falcon.Response, **params: str) -> None:
        """Serve a GET."""
        self._serve(req, resp, params)

    def on_post(self, req: falcon.Request, resp: falcon.Response, **params: str) -> None:
        """Serve a POST."""
        self._serve(req, resp, params)

    def on_delete(self, req: falcon.Request, resp: falcon.Response, **params: str) -> None:
        """Serve a DELETE."""
        self._serve(req, resp, params)

    def _serve(self, req: falcon.Request, resp: falcon.Response, params: dict[str, str]) -> None:
        only_from_here(req)
        if req.method not in self._calls:
            raise falcon.HTTPMethodNotAllowed(list(self._calls))
        resp.status, resp.media = self._calls[req.method](read_body(req), **params)


def only_from_here(req: falcon.Request) -> None:
    """Raises HTTP 403 unless the caller is on this machine, and not a web page from elsewhere in a browser on it."""
    origin = req.get_header("Origin")
    if not _is_here(req.env.get("REMOTE_ADDR", "")) or (
        origin and not _is_here(urlsplit(origin).hostname or "")
    ):
        raise falcon.HTTPForbidden(description="control is for this machine only")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _merchant(provider: Provider, body: Body) -> Merchant:
    username = text(body, "username")
    return provider.merchant(
        username,
        text(body, "password"),
        text(body, "account_type", "corporate_plus"),
        text(body, "name", username),
        truth(body, "locked", False),
    )


def _fault_options(body: Body) -> Body:
    options = {name: value for name, value in body.items() if name not in FAULT_FIELDS}
    if "ms" in options:
        whole(options, "ms", most=86_400_000)
    if "code" in options:
        whole(options, "code", least=200, most=599)
    if "action" in options:
        one_of(options, "action", PAYER_ACTIONS | PORTAL_ACTIONS)
    return options
