"""Calls a shop's Admin API with the keys that its confirmation brought (Shopware sheet, section 5).

A token is fetched when one is needed and kept until half a minute before its end; one that is refused is thrown away and the call is
made once more. Redirects are not followed: one means that the shop's address is wrong.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from adapters.shopware.endpoints.addresses import AddressRefused, Resolve, check_reachable, resolve
from adapters.shopware.endpoints.shops import Registration
from bridge.errors import TransportError
from bridge.platforms import Workbench
from bridge.ports import HttpAnswer

DEADLINE = 5.0
"""Seconds for each call; all calls for one event together stay below the worker's lease."""

EARLY = timedelta(seconds=30)
LONGEST_WAIT = 86_400


class ApiFailed(Exception):
    """The shop did not do what was asked. `status` None: it did not answer; `retry_after` in seconds."""

    def __init__(
        self, detail: str, status: int | None = None, retry_after: int | None = None
    ) -> None:
        """Take what may stand in a log: never a body, a token or a key."""
        super().__init__(detail)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class _Token:
    until: datetime
    text: str = field(repr=False)


class AdminApi:
    """All shops' Admin APIs. Safe to use from many threads; tokens are kept in memory only."""

    def __init__(self, bench: Workbench, look_up: Resolve = resolve) -> None:
        """Take the transport and the clock."""
        self._bench = bench
        self._look_up = look_up
        self._tokens: dict[tuple[str, str], _Token] = {}
        self._lock = threading.Lock()

    def state(self, one: Registration, transaction: str) -> str | None:
        """Return the state of an order transaction; None: the shop has no such transaction any more. Raises ApiFailed."""
        found = self._json(
            one,
            "POST",
            "/search/order-transaction",
            {"ids": [transaction], "associations": {"stateMachineState": {}}},
        )
        rows = found.get("data") if isinstance(found, dict) else None
        if not rows:
            return None
        machine = rows[0].get("stateMachineState") or {}
        return str(machine.get("technicalName") or "")

    def transitions(self, one: Registration, entity: str, entity_id: str) -> dict[str, str]:
        """Return what is possible now: action → state to which it leads. Raises ApiFailed."""
        return {
            str(row.get("actionName")): str(row.get("toStateName"))
            for row in self._ways(one, entity, entity_id)
        }

    def stands_in(self, one: Registration, entity: str, entity_id: str) -> str:
        """Return the state that an entity is in; "" where it has no way out of it. Raises ApiFailed."""
        return next(
            (str(row.get("fromStateName")) for row in self._ways(one, entity, entity_id)), ""
        )

    def transition(self, one: Registration, entity: str, entity_id: str, action: str) -> None:
        """Carry out an action. Raises ApiFailed."""
        self._call(
            one,
            "POST",
            f"/_action/state-machine/{entity}/{quote(entity_id, safe='')}/state/{quote(action, safe='')}",
            {},
        )

    def remember(self, one: Registration, transaction: str, fields: Mapping[str, Any]) -> None:
        """Write custom fields of an order transaction; others are left alone. Raises ApiFailed."""
        self._call(
            one,
            "PATCH",
            f"/order-transaction/{quote(transaction, safe='')}",
            {"customFields": dict(fields)},
        )

    def annotate(self, one: Registration, order: str, note: str) -> None:
        """Write the order's custom field `bridge_note`; others are left alone. Raises ApiFailed."""
        self._call(
            one, "PATCH", f"/order/{quote(order, safe='')}", {"customFields": {"bridge_note": note}}
        )

    def notify(self, one: Registration, message: str) -> None:
        """Show the merchant a warning in the administration. Raises ApiFailed."""
        self._call(
            one,
            "POST",
            "/notification",
            {"status": "warning", "message": message, "adminOnly": False, "requiredPrivileges": []},
        )

    def _ways(self, one: Registration, entity: str, entity_id: str) -> list[dict[str, Any]]:
        found = self._json(
            one, "GET", f"/_action/state-machine/{entity}/{quote(entity_id, safe='')}/state"
        )
        rows = found.get("transitions") if isinstance(found, dict) else None
        return [row for row in rows or () if isinstance(row, dict)]

    def _json(
        self, one: Registration, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Any:
        return _read(self._call(one, method, path, body))

    def _call(
        self, one: Registration, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> HttpAnswer:
        answer = self._send(one, method, path, body, self._token(one))
        if answer.status == 401:
            answer = self._send(one, method, path, body, self._token(one, anew=True))
        if not 200 <= answer.status < 300:
            raise ApiFailed(
                f"{method} {_shape(path)}: HTTP {answer.status} {_code(answer)}".strip(),
                answer.status,
                _retry_after(answer),
            )
        return answer

    def _token(self, one: Registration, *, anew: bool = False) -> str:
        key = (one.url, one.api_key)
        with self._lock:
            known = self._tokens.get(key)
        if known is not None and not anew and self._bench.clock() < known.until:
            return known.text
        answer = self._send(
            one,
            "POST",
            "/oauth/token",
            {
                "grant_type": "client_credentials",
                "client_id": one.api_key,
                "client_secret": one.api_secret,
            },
        )
        if answer.status != 200:
            raise ApiFailed(
                f"the shop gives no token: HTTP {answer.status}",
                answer.status,
                _retry_after(answer),
            )
        found = _read(answer)
        text, lasts = found.get("access_token"), found.get("expires_in")
        if not isinstance(text, str) or not text or not text.isascii() or not text.isprintable():
            raise ApiFailed("the shop's token cannot be read")
        seconds = (
            lasts
            if isinstance(lasts, int) and not isinstance(lasts, bool) and 0 < lasts < LONGEST_WAIT
            else 60
        )
        with self._lock:
            self._tokens[key] = _Token(
                self._bench.clock() + timedelta(seconds=seconds) - EARLY, text
            )
        return text

    def _send(
        self,
        one: Registration,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        token: str = "",
    ) -> HttpAnswer:
        headers = {"Accept": "application/json", "Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        try:
            check_reachable(
                one.url,
                private=self._bench.settings(one.merchant).private_addresses,
                look_up=self._look_up,
            )
            return self._bench.transport(
                f"shop:{one.shop}",
                method,
                f"{one.url}/api{path}",
                deadline=DEADLINE,
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                secrets=[secret for secret in (one.api_secret, token) if secret],
            )
        except (TransportError, AddressRefused) as error:
            raise ApiFailed(str(error)) from error


def _read(answer: HttpAnswer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise ApiFailed("the shop's answer is no JSON", None) from None
    if not isinstance(found, dict):
        raise ApiFailed("the shop's answer is no JSON object", None)
    return found


def _code(answer: HttpAnswer) -> str:
    try:
        code = json.loads(answer.body)["errors"][0]["code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return str(code)[:80]


def _shape(path: str) -> str:
    return "/".join(piece for piece in path.split("/") if len(piece) < 32)


def _retry_after(answer: HttpAnswer) -> int | None:
    text = answer.headers.get("retry-after", "")
    return (
        min(int(text), LONGEST_WAIT)
        if text.isascii() and text.isdigit() and len(text) < 10
        else None
    )
