"""The addresses that Shopware calls: raw bytes are verified before anything in them is believed, and an answer is signed by the very secret
that verified its question. Whoever cannot be verified hears 401 and nothing more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from falcon import HTTP_204, HTTP_401, HTTP_403, HTTPContentTooLarge, Request, Response

from adapters.shopware.endpoints.handshake import Handshake, Hello, NotWelcome, Refused, is_fresh
from adapters.shopware.endpoints.messages import BODY_LIMIT, Unreadable, part, read, text, write
from adapters.shopware.endpoints.pay import Call
from adapters.shopware.endpoints.shops import Book, Registration
from adapters.shopware.endpoints.signatures import (
    APP_SIGNATURE,
    PREVIOUS_SIGNATURE,
    SHOP_SIGNATURE,
    mac,
    matching,
)
from bridge.errors import NotFound
from bridge.platforms import Workbench

log = logging.getLogger("bridge.shopware")

UNAUTHORIZED = b'{"error":"unauthorized"}'


class Door:
    """What all doors have in common."""

    audience = "adapter"

    def refuse(self, resp: Response) -> None:
        """Say no, always in the same words."""
        resp.status = HTTP_401
        resp.data = UNAUTHORIZED


class RegisterDoor(Door):
    """GET /shopware/{merchant}/register"""

    def __init__(self, handshake: Handshake) -> None:
        """Take the story."""
        self._handshake = handshake

    def on_get(self, req: Request, resp: Response, merchant: str) -> None:
        """Take a registration."""
        hello = Hello(
            merchant,
            query_of(req),
            req.get_header(APP_SIGNATURE),
            req.get_header(SHOP_SIGNATURE),
            version_of(req),
        )
        try:
            resp.data = write(self._handshake.register(hello))
        except NotWelcome as error:
            resp.status = HTTP_403
            resp.data = write({"error": str(error)})
        except (Refused, NotFound):
            self.refuse(resp)


class ConfirmDoor(Door):
    """POST /shopware/{merchant}/confirm"""

    def __init__(self, handshake: Handshake) -> None:
        """Take the story."""
        self._handshake = handshake

    def on_post(self, req: Request, resp: Response, merchant: str) -> None:
        """Take a confirmation."""
        raw = body_of(req)
        try:
            self._handshake.confirm(
                merchant,
                raw,
                read(raw),
                req.get_header(SHOP_SIGNATURE),
                req.get_header(PREVIOUS_SIGNATURE),
            )
            resp.status = HTTP_204
        except (Refused, NotFound, Unreadable):
            self.refuse(resp)


class Gate:
    """Verifies a signed POST."""

    def __init__(self, bench: Workbench) -> None:
        """Take where registrations are kept."""
        self._bench = bench

    def __call__(self, req: Request, merchant: str) -> tuple[Call, str]:
        """Return the call and the secret that verified it. Raises Refused, NotFound, Unreadable."""
        raw = body_of(req)
        body = read(raw)
        one = self._registration(merchant, text(body, "source", "shopId"))
        secret = (
            matching(one.valid_secrets(self._bench.clock()), raw, req.get_header(SHOP_SIGNATURE))
            if one
            else None
        )
        if one is None or secret is None:
            raise Refused
        self._keep_version(one, version_of(req))
        return Call(one, body, language_of(req), version_of(req) or one.version), secret

    def fresh(self, call: Call) -> bool:
        """Tell whether an event was sent lately; clocks may differ twice as much here, as events wait in queues."""
        lasts = 2 * self._bench.settings(call.registration.merchant).freshness
        return is_fresh(part(call.body, "timestamp"), self._bench.clock(), lasts)

    def _registration(self, merchant: str, shop_id: str) -> Registration | None:
        with self._bench.units.read() as unit:
            return Book(unit, self._bench.settings(merchant).app_secrets()).find(merchant, shop_id)

    def _keep_version(self, one: Registration, version: str) -> None:
        if not version or version == one.version:
            return
        with self._bench.units() as unit:
            book = Book(unit, self._bench.settings(one.merchant).app_secrets())
            now = book.find(one.merchant, one.shop_id)
            if now is not None:
                book.save(replace(now, version=version))


class AnswerDoor(Door):
    """POST: a question that is answered with a signed document."""

    def __init__(self, gate: Gate, answer: Callable[[Call], Mapping[str, Any]]) -> None:
        """Take the guard, and the story that answers."""
        self._gate = gate
        self._answer = answer

    def on_post(self, req: Request, resp: Response, merchant: str) -> None:
        """Answer, signed by the secret that verified the question."""
        try:
            call, secret = self._gate(req, merchant)
            resp.data = write(self._answer(call))
        except (Refused, NotFound, Unreadable):
            return self.refuse(resp)
        resp.set_header(APP_SIGNATURE, mac(secret, resp.data))
        log.info(
            "Shopware asked",
            extra={
                "shop": call.registration.shop,
                "route": req.uri_template,
                "shopware_version": call.version,
                "transaction": text(call.body, "orderTransaction", "id"),
            },
        )


class HookDoor(Door):
    """POST /shopware/{merchant}/hook"""

    def __init__(self, gate: Gate, handle: Callable[[Call], None]) -> None:
        """Take the guard, and the story."""
        self._gate = gate
        self._handle = handle

    def on_post(self, req: Request, resp: Response, merchant: str) -> None:
        """Take an event; 204 whatever it says."""
        try:
            call, _ = self._gate(req, merchant)
            if not self._gate.fresh(call):
                raise Refused
            self._handle(call)
            resp.status = HTTP_204
        except (Refused, NotFound, Unreadable):
            self.refuse(resp)


def query_of(req: Request) -> bytes:
    """Return the query as it was on the wire."""
    return req.query_string.encode("latin-1", "replace")


def body_of(req: Request) -> bytes:
    """Return the body as it was on the wire."""
    if (req.content_length or 0) > BODY_LIMIT:
        raise HTTPContentTooLarge
    raw = req.bounded_stream.read(BODY_LIMIT + 1)
    if len(raw) > BODY_LIMIT:
        raise HTTPContentTooLarge
    return raw


def version_of(req: Request) -> str:
    """Return the shop's version; "" where it does not say or says rubbish."""
    said = req.get_header("sw-version") or ""
    return (
        said
        if len(said) <= 32 and said.replace(".", "").replace("-", "").isalnum() and said.isascii()
        else ""
    )


def language_of(req: Request) -> str:
    """Return the customer's language, such as de-DE; "" where it is not said."""
    said = req.get_header("sw-user-language") or ""
    return said if len(said) <= 10 and said.isascii() and said.replace("-", "").isalpha() else ""
