"""Notifications: signed as Standard Webhooks 1.0 has it, posted over real HTTP, and what the shop's answer becomes."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from bridge.notify import WebhookNotifier, sign
from bridge.ports import LONGEST_WAIT, Delivery, HttpAnswer
from bridge.transport import HttpTransport
from bridge.version import software_version

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another secret of 24 byte").decode()
NOW = datetime(2026, 8, 17, 12, 0, 0, tzinfo=UTC)
BODY = '{"type": "payment.paid", "name": "Müller"}'


class Receiver(ThreadingHTTPServer):
    """A shop: keeps what it is sent, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.headers, self.body = 200, {}, b""
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/notifications"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(
            ({name.lower(): value for name, value in self.headers.items()}, body)
        )
        self.send_response(self.server.status)
        for name, value in {
            **self.server.headers,
            "Content-Length": str(len(self.server.body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with Receiver() as receiver:
        threading.Thread(target=receiver.serve_forever, args=(0.02,), daemon=True).start()
        yield receiver
        receiver.shutdown()


@pytest.fixture(scope="module")
def notifier() -> Iterator[WebhookNotifier]:
    transport = HttpTransport(connect=2, failures=0)
    yield WebhookNotifier(transport, lambda: datetime.now(UTC), timeout=5)
    transport.close()


def answered(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Delivery:
    """Return what a notifier makes of this answer at NOW."""
    notifier = WebhookNotifier(
        lambda *_, **__: HttpAnswer(status, headers or {}, body), lambda: NOW
    )
    return notifier("acme", "https://shop.example/n", [SECRET], "evt_1", BODY)


def test_sign__the_published_vector__is_met() -> None:
    signed = sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        '{"test": 2432232314}',
        [SECRET],
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "at",
    [datetime(2026, 8, 17, 12), datetime(2026, 8, 17, 12, tzinfo=timezone(timedelta(hours=2)))],
)
def test_sign__a_time_that_is_not_utc__is_a_programming_error(at: datetime) -> None:
    with pytest.raises(ValueError, match="UTC"):
        sign("evt_1", at, BODY, [SECRET])


def test_sign__an_id_with_a_dot__is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="dots"):
        sign("evt.1", NOW, BODY, [SECRET])


def test_notify__a_shop_that_listens__can_verify_what_it_received(
    shop: Receiver, notifier: WebhookNotifier
) -> None:
    delivery = notifier("acme", shop.url, [SECRET], "evt_1", BODY)
    [(headers, body)] = shop.received
    Webhook(SECRET).verify(body, headers)
    assert delivery.ok and body == BODY.encode()
    assert (headers["webhook-id"], headers["content-type"], headers["user-agent"]) == (
        "evt_1",
        "application/json",
        f"payment-bridge/{software_version()}",
    )


def test_notify__another_secret_or_a_changed_body__does_not_verify(
    shop: Receiver, notifier: WebhookNotifier
) -> None:
    notifier("acme", shop.url, [SECRET], "evt_1", BODY)
    [(headers, body)] = shop.received
    for secret, changed in ((OTHER, body), (SECRET, body + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(changed, headers)


@pytest.mark.invariant("I14")
@pytest.mark.parametrize(
    ("valid", "verify", "fail"),
    [
        ([SECRET], [SECRET], [OTHER]),
        ([SECRET, OTHER], [SECRET, OTHER], []),
        ([OTHER], [OTHER], [SECRET]),
    ],
)
def test_notify__while_a_secret_is_changed__every_valid_one_verifies_and_no_retired_one(
    shop: Receiver, notifier: WebhookNotifier, valid: list[str], verify: list[str], fail: list[str]
) -> None:
    """I14: old only, both, new only."""
    notifier("acme", shop.url, valid, "evt_1", BODY)
    [(headers, body)] = shop.received
    assert len(headers["webhook-signature"].split(" ")) == len(valid)
    for secret in verify:
        Webhook(secret).verify(body, headers)
    for secret in fail:
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


def test_notify__again__keeps_the_id_and_signs_the_time_of_this_try(shop: Receiver) -> None:
    times = iter([NOW, NOW + timedelta(hours=2)])
    again = WebhookNotifier(HttpTransport(), lambda: next(times))
    for _ in range(2):
        again("acme", shop.url, [SECRET], "evt_1", BODY)
    first, second = (headers for headers, _ in shop.received)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 7200


def test_notify__without_a_secret__nothing_is_sent(
    shop: Receiver, notifier: WebhookNotifier
) -> None:
    delivery = notifier("acme", shop.url, [], "evt_1", BODY)
    assert (delivery.ok, delivery.status, shop.received) == (False, None, [])


def test_notify__a_shop_that_is_down__is_no_answer_and_no_exception(
    notifier: WebhookNotifier,
) -> None:
    delivery = notifier("acme", "http://127.0.0.1:9/", [SECRET], "evt_1", BODY)
    assert (delivery.status, delivery.ok, delivery.retry_after) == (None, False, None)
    assert "Connection refused" in delivery.detail


def test_notify__a_redirect__is_not_followed_and_says_so(
    shop: Receiver, notifier: WebhookNotifier
) -> None:
    shop.status, shop.headers = 307, {"Location": shop.url + "/elsewhere"}
    delivery = notifier("acme", shop.url, [SECRET], "evt_1", BODY)
    assert (len(shop.received), delivery.status, delivery.ok) == (1, 307, False)
    assert "redirects are not followed" in delivery.detail


@pytest.mark.invariant("I18")
def test_notify__a_shop_that_hangs__is_given_up() -> None:
    """I18: the worker is not held by a shop that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        hasty = WebhookNotifier(HttpTransport(), lambda: NOW, timeout=0.2)
        assert (
            hasty(
                "acme", f"http://127.0.0.1:{deaf.getsockname()[1]}/", [SECRET], "evt_1", BODY
            ).status
            is None
        )


@pytest.mark.parametrize(
    ("status", "ok", "gone"),
    [
        (200, True, False),
        (204, True, False),
        (299, True, False),
        (300, False, False),
        (404, False, False),
        (410, False, True),
        (500, False, False),
    ],
)
def test_delivery__of_a_status__is_done_gone_or_neither(status: int, ok: bool, gone: bool) -> None:
    assert (answered(status).ok, answered(status).gone) == (ok, gone)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        (" 5 ", 5),
        ("99999999999999999999", LONGEST_WAIT),
        ("Mon, 17 Aug 2026 12:01:00 GMT", 60),
        ("Mon, 17 Aug 2026 11:00:00 GMT", 0),
        ("Mon, 17 Aug 2099 11:00:00 GMT", LONGEST_WAIT),
        ("Mon, 17 Aug 2026 14:01:00 +0200", 60),
        ("", None),
        ("-1", None),
        ("soon", None),
        ("1.5", None),
        ("²", None),
        ("Mon, 99 Aug 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after__seconds_a_date_or_rubbish__is_read_and_capped(
    text: str, seconds: int | None
) -> None:
    assert answered(503, {"retry-after": text}).retry_after == seconds


def test_retry_after__of_a_success__is_ignored() -> None:
    assert answered(200, {"retry-after": "60"}).retry_after is None


@pytest.mark.invariant("I16")
def test_detail__of_a_long_answer_with_a_secret__is_short_printable_and_without_it() -> None:
    """I16: a shop that shows its settings in an error page does not bring them into our records."""
    body = f"<pre>\x1b[31m{SECRET} {SECRET.removeprefix('whsec_')}\n".encode() + b"\xff" * 10_000
    detail = answered(500, body=body).detail
    assert (
        SECRET.removeprefix("whsec_") not in detail and detail.isprintable() and len(detail) <= 204
    )


def test_notify__the_shop_repeats_its_password__is_not_shown(
    shop: Receiver, notifier: WebhookNotifier
) -> None:
    shop.status, shop.body = 401, b"canary is wrong for staging"
    told = notifier("acme", shop.url, [SECRET], "evt_1", BODY, "staging:canary")
    assert told.status == 401 and "canary" not in told.detail
    assert shop.received[-1][0]["authorization"] == "Basic c3RhZ2luZzpjYW5hcnk="


@pytest.mark.invariant("I26")
def test_breaker__of_a_shop__is_not_that_of_another_on_the_same_host() -> None:
    """I26: two merchants at one hoster do not stop each other."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    notifier = WebhookNotifier(HttpTransport(failures=2, seconds=600), lambda: NOW)
    told = [
        notifier("acme", f"http://127.0.0.1:{port}/", [SECRET], "evt_1", BODY).detail
        for _ in range(3)
    ]
    assert "Connection refused" in told[1] and "not asked" in told[2]
    assert (
        "Connection refused"
        in notifier("globex", f"http://127.0.0.1:{port}/", [SECRET], "evt_1", BODY).detail
    )
