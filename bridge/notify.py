"""Signs a notification as Standard Webhooks 1.0 has it and posts it to a shop.

    WebhookNotifier(transport, clock, timeout=15.0)       fulfils ports.Notifier
    notifier(shop, url, secrets, event_id, body) -> Delivery

While a secret is being changed there is one signature per valid secret, so that a shop with either of them can verify.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from bridge.errors import TransportError
from bridge.ports import Clock, Delivery, HttpAnswer, Transport

TIMEOUT = 15.0
"""Seconds that a shop has for its answer."""

_SHOWN = 200


class WebhookNotifier:
    """Fulfils `ports.Notifier`. Safe to use from many threads."""

    def __init__(self, transport: Transport, clock: Clock, timeout: float = TIMEOUT) -> None:
        """Take how to post, the time of each try, and the seconds that a shop has for its answer."""
        self._transport = transport
        self._clock = clock
        self._timeout = timeout

    def __call__(
        self,
        shop: str,
        url: str,
        secrets: Sequence[str],
        event_id: str,
        body: str,
        auth: str | None = None,
    ) -> Delivery:
        """Post `body` (JSON text) under `event_id`, signed with every secret, with HTTP basic authentication where `auth` (USER:PASSWORD) is given.

        Never raises for what the shop does. The lane is the shop's own: another shop on the same host has its own breaker.
        """
        if not secrets:
            return Delivery(
                None, "not sent: the shop has no notification secret, and nothing is sent unsigned"
            )
        now = self._clock()
        login = _login(auth) if auth else {}
        hidden = [*secrets, *(auth.partition(":")[2:] if auth else ())]
        try:
            answer = self._transport(
                f"shop:{shop}",
                "POST",
                url,
                deadline=self._timeout,
                body=body.encode("utf-8"),
                secrets=hidden,
                headers=_headers(event_id, now, body, secrets) | login,
            )
        except TransportError as error:
            return Delivery(None, _shown(str(error), hidden))
        return Delivery(answer.status, _detail(answer, hidden), answer.retry_after(now))


def sign(event_id: str, at: datetime, body: str, secrets: Sequence[str]) -> str:
    """Return the value of webhook-signature: one entry per secret, joined by a blank. `at` is the time of this try, UTC.

    Raises ValueError for an id with a dot (dots separate what is signed) or a time that is not UTC.
    """
    if "." in event_id or at.utcoffset() != UTC.utcoffset(None):
        raise ValueError("an event id has no dots, and the time of a signature is UTC")
    return " ".join(Webhook(secret).sign(event_id, at, body) for secret in secrets)


def _login(auth: str) -> dict[str, str]:
    """Return the header of HTTP basic authentication (RFC 7617, UTF-8)."""
    return {"Authorization": f"Basic {b64encode(auth.encode()).decode()}"}


def _headers(event_id: str, at: datetime, body: str, secrets: Sequence[str]) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": sign(event_id, at, body, secrets),
    }


def _detail(answer: HttpAnswer, secrets: Sequence[str]) -> str:
    text = _shown(answer.body.decode("utf-8", "replace"), secrets)
    if 300 <= answer.status < 400:
        text = "redirects are not followed; write the final address into the profile"
    return f"{answer.status} {text}".strip()


def _shown(text: str, secrets: Sequence[str]) -> str:
    """Cut out secrets, then shorten: half a secret is one too."""
    for secret in secrets:
        text = text.replace(secret, "[cut out]").replace(secret.removeprefix("whsec_"), "[cut out]")
    return "".join(character if character.isprintable() else " " for character in text[:_SHOWN])
