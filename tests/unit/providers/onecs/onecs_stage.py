"""A house with a card account, on the stage: real services and store, the real sandbox over HTTP, a browser made of requests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
import yaml

from bridge.config import load
from bridge.ports import RawCallback
from bridge.providers import discover
from bridge.sandbox.app import MOST_BODY, build
from bridge.sandbox.server import Server
from bridge.services.capture_payment import CaptureWish
from bridge.store import schema
from bridge.transport import Transcript
from factories import (
    NOON,
    NOTIFICATION_SECRETS,
    PASSWORDS,
    SHOPS_OF,
    FakeClock,
    a_house,
    a_key,
    a_profile,
)
from stage import BreakableTransport, Outside, Sandbox, Stage

MERCHANTS = {
    "acme": ("acme_cards", "canary-blowfish-of-acme", "canary-hmac-of-acme"),
    "globex": ("globex_cards", "canary-blowfish-of-globex", "canary-hmac-of-globex"),
}
GOOD, CHALLENGE, DECLINED, UNPROVED = (
    "4111111111111111",
    "4000012892688323",
    "4012888888881881",
    "4000011744135012",
)


@dataclass(frozen=True)
class Page:
    """What the gateway answered to the browser."""

    status: int
    text: str
    headers: Mapping[str, str]
    url: str

    @property
    def fields(self) -> dict[str, str]:
        """The hidden fields of its form."""
        found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', self.text)
        return {name: unescape(value) for name, value in found}

    @property
    def target(self) -> str:
        """Where its form goes."""
        return urljoin(
            self.url, unescape(re.search(r'<form method="post" action="([^"]*)"', self.text)[1])
        )


class Browser:
    """A payer's browser, without a look."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False

    def open(self, url: str) -> Page:
        """Go there."""
        return self._page(self._session.get(url, timeout=20, allow_redirects=False))

    def send(self, page: Page, **typed: str) -> Page:
        """Send the page's form."""
        return self._page(
            self._session.post(
                page.target, data={**page.fields, **typed}, timeout=20, allow_redirects=False
            )
        )

    def pay(self, url: str, number: str = GOOD, code: str = "1234") -> Page:
        """Fill the card form, and the challenge where there is one; return the page that leads back."""
        page = self.send(
            self.open(url),
            do="pay",
            number=number,
            expiry="12/39",
            cvc="123",
            holder="Erika Muster",
        )
        while 'id="code"' in page.text:
            page = self.send(page, do="pay", code=code)
        return page

    def _page(self, answer: requests.Response) -> Page:
        return Page(answer.status_code, answer.text, answer.headers, answer.url)


@dataclass(repr=False)
class CardStage(Stage):
    """The stage with cards."""

    browser: Browser = None  # type: ignore[assignment]

    def card(self, **wish: Any) -> dict[str, Any]:
        """Create a card payment."""
        return self.create(**{"method": "card", **wish})

    def page_url(self, payment: Mapping[str, Any]) -> str:
        """Where its card form is."""
        url = self.payment(payment).page_url
        assert url is not None
        return url

    def fill(self, payment: Mapping[str, Any], number: str = GOOD, code: str = "1234") -> Page:
        """Let the payer fill the form; all callbacks are out afterwards."""
        page = self.browser.pay(self.page_url(payment), number, code)
        self.sandbox.quiet()
        return page

    def come_back(self, payment: Mapping[str, Any], page: Page) -> None:
        """Let the browser bring back what the gateway's last page holds, by the method that it chose."""
        token = self.payment(payment).checkout_token
        if page.status == 303:
            raw = RawCallback("GET", "", urlsplit(page.headers["Location"]).query, b"")
        else:
            prepared = requests.Request("POST", page.target, data=page.fields).prepare()
            raw = RawCallback("POST", prepared.headers["Content-Type"], "", prepared.body.encode())
        self.services.receive_return(token, raw)
        self.work()

    def card_paid(self, **wish: Any) -> dict[str, Any]:
        """A card payment that was made, heard of and settled."""
        payment = self.card(**wish)
        self.fill(payment)
        self.hear(), self.work()
        return payment

    def status(self, payment: Mapping[str, Any]) -> str:
        """The payment's status."""
        return self.payment(payment).status.value

    def capture(
        self, payment: Mapping[str, Any], amount: int | None = None, key: str | None = None
    ) -> dict[str, Any]:
        """Capture; return it as the shop is answered."""
        return json.loads(
            self.services.capture_payment(
                self.shop(), payment["id"], key or a_key(), CaptureWish(amount)
            ).body
        )

    def cancel(self, payment: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
        """Cancel; return the payment as the shop is answered."""
        return json.loads(
            self.services.cancel_payment(self.shop(), payment["id"], key or a_key()).body
        )

    def entry(self, payment: Mapping[str, Any]) -> dict[str, Any]:
        """What the ledger has of the payment."""
        name = self.payment(payment).reference.replace("_", "-")
        return next(e for e in self.sandbox.ledger("authorization") if e["our_reference"] == name)

    def booked(self, payment: Mapping[str, Any]) -> dict[str, int]:
        """The ledger's sums by kind."""
        parent = self.entry(payment)["reference"]
        children = [
            e for e in self.sandbox.ledger() if e["parent"] == parent and e["state"] == "succeeded"
        ]
        return {
            kind: sum(e["amount"] for e in children if e["kind"] == kind)
            for kind in ("capture", "credit", "reversal")
        }

    def books_agree(self, payment: Mapping[str, Any]) -> bool:
        """Tell whether ledger and row have the same sums."""
        row, booked = self.payment(payment), self.booked(payment)
        return (row.amount_captured, row.amount_refunded) == (booked["capture"], booked["credit"])

    def card_fault(self, on: str, name: str, **options: Any) -> None:
        """Script a fault of 1cs."""
        self.sandbox.control("POST", "faults", provider="onecs", on=on, fault=name, **options)

    def raw(self, page: Page) -> RawCallback:
        """What a gateway's last page brings, as bytes."""
        prepared = requests.Request("POST", page.target, data=page.fields).prepare()
        return RawCallback("POST", prepared.headers["Content-Type"], "", prepared.body.encode())

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """The bridge's door hangs up without an answer meanwhile."""

        def hang_up(heard: Any) -> None:
            self.outside.callbacks.remove(heard)
            raise ConnectionAbortedError

        self.outside.on_callback = hang_up
        try:
            yield
        finally:
            self.outside.on_callback = None

    def tries(self) -> int:
        """How often the gateway has tried to call back."""
        return sum(
            line["direction"] == "sent" for line in self.sandbox.control("GET", "journal")["calls"]
        )

    def kept(self) -> list[dict[str, Any]]:
        """The kept callbacks and returns, oldest first."""
        with self.house.engine.connect() as connection:
            return [
                dict(row._mapping)
                for row in connection.execute(
                    schema.callbacks.select().order_by(schema.callbacks.c.id)
                )
            ]


def fields_of(url: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(url).query))


def secret(folder: Path, name: str, value: str) -> dict[str, str]:
    """Keep a secret in a file; return the reference."""
    path = folder / name
    path.touch(mode=0o600)
    path.write_text(value)
    return {"file": str(path)}


def profile(
    folder: Path,
    merchant: str,
    sandbox_url: str,
    outside_url: str,
    shop: Mapping[str, Any],
    **account: Any,
) -> dict[str, Any]:
    """A merchant's profile with a card account beside the wallet; `shop` is laid over the defaults of every shop."""
    mid, blowfish, hmac = MERCHANTS[merchant]
    made = a_profile(
        merchant,
        sandbox_url,
        outside_url,
        shop={"methods": {"wallet": "cashcloud", "card": "onecs"}, **shop},
    )
    made["providers"]["onecs"] = {
        "base_url": f"{sandbox_url}/onecs/",
        "merchant_id": mid,
        "blowfish_key": secret(folder, f"{merchant}.blowfish", blowfish),
        "hmac_key": secret(folder, f"{merchant}.hmac", hmac),
        "mobile_url": f"{sandbox_url}/onecs/mobileauth",
        "deadline": 1.5,
        **account,
    }
    return made


@contextmanager
def card_sandbox(data: Path) -> Iterator[Sandbox]:
    """The sandbox with both merchants at both providers, on a thread, over real HTTP."""
    lines = [
        f"cashcloud:{merchant}@merchant.example:{password}"
        for merchant, password in PASSWORDS.items()
    ]
    lines += [f"onecs:{mid}:{blowfish}:{hmac}" for mid, blowfish, hmac in MERCHANTS.values()]
    app = build(data, lines)
    server = Server(app, "127.0.0.1:0", MOST_BODY)
    app.desk.start()
    server.start()
    try:
        yield Sandbox(app, server.url)
    finally:
        app.desk.holds.release()
        server.stop()
        app.desk.close()


@contextmanager
def card_stage(
    folder: Path,
    sandbox: Sandbox,
    outside: Outside,
    *,
    shop: Mapping[str, Any] | None = None,
    **account: Any,
) -> Iterator[CardStage]:
    """Compose a house with card accounts."""
    merchants = folder / "merchants"
    merchants.mkdir(parents=True, exist_ok=True)
    for name, password in PASSWORDS.items():
        secret(merchants, f"{name}.password", password)
    for name, value in NOTIFICATION_SECRETS.items():
        secret(merchants, f"{name}.notification", value)
    for merchant in SHOPS_OF:
        (merchants / f"{merchant}.yaml").write_text(
            yaml.safe_dump(
                profile(merchants, merchant, sandbox.url, outside.url, shop or {}, **account)
            )
        )
    settings = {
        "database": f"sqlite:///{folder}/bridge.db",
        "public_url": outside.url,
        "merchants": "merchants",
    }
    (folder / "bridge.yaml").write_text(yaml.safe_dump(settings))
    clock, transcripts = FakeClock(NOON), list[Transcript]()
    transport = BreakableTransport(transcripts.append)
    house = a_house(load(folder / "bridge.yaml", discover()), clock, transport)
    made = CardStage(house, sandbox, outside, clock, transport, transcripts, Browser())
    made.clear()
    try:
        yield made
    finally:
        house.close()
