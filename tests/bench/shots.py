"""What is asked of a bridge: one function per kind of request, each returning a Shot to be changed with `replace`."""

from __future__ import annotations

import json
from dataclasses import replace
from http.client import HTTPConnection
from itertools import count

from tests.bench.houses import House, api_key, callback_body
from tests.bench.load import Shot
from tests.bench.parties import Party

ROOM = 1_000_000
"""Every Shot numbers its requests from a multiple of this on, so that no order and no key comes twice."""

_numbers = count(1)


def fresh(shot: Shot, **changes: object) -> Shot:
    """Return a Shot with numbers never used before."""
    return replace(shot, first=next(_numbers) * ROOM, **changes)  # type: ignore[arg-type]


def hello(server: Party) -> Shot:
    """Ask the anchor."""
    return Shot(server.port, "/hello")


def read(server: Party, house: House) -> Shot:
    """Read one payment, an authenticated shop."""
    return Shot(server.port, "/v1/payments/{v}", headers=_shop("now"), values=house.ids())


def read_list(server: Party) -> Shot:
    """Read the first page of the list."""
    return Shot(server.port, "/v1/payments?limit=20&status=paid", headers=_shop("now"))


def poll(server: Party, house: House) -> Shot:
    """Ask for the checkout's status, which has not changed."""
    values = house.tokens()[:1]  # an entity tag is its payment's own
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", f"/v1/checkout/{values[0]}")
    answer = connection.getresponse()
    answer.read()
    return Shot(
        server.port,
        "/v1/checkout/{v}",
        headers={"If-None-Match": answer.headers["ETag"]},
        values=values,
    )


def create(server: Party, merchant: str, **changes: object) -> Shot:
    """Create a payment; the wallet's name is known, so the provider is asked at once."""
    wish = {
        "order_reference": "{n}",
        "amount": 4999,
        "currency": "EUR",
        "method": "wallet",
        "return_url": "https://shop.example/done",
        "payer": {"wallet_username": "customer@example.com"},
        "description": "A lamp",
    }
    shot = Shot(
        server.port,
        "/v1/payments",
        "POST",
        _shop(merchant) | {"Content-Type": "application/json", "Idempotency-Key": "k{n}"},
        json.dumps(wish).replace('"{n}"', '"o{n}"'),
        connections=12,
    )
    return replace(shot, **changes)  # type: ignore[arg-type]


def callback(server: Party) -> Shot:
    """Send a genuine callback of a provider."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Shot(server.port, "/v1/callbacks/cashcloud/now", "POST", headers, callback_body())


def provider(server: Party, place: str) -> Shot:
    """Ask the stand-in for money, as the bridge does."""
    part = 'Content-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    fields = {"amount": "4999", "extern.id": "p{n}", "extern.description": "A lamp"}
    body = (
        "".join(f"--b\r\n{part.format(name, value)}" for name, value in fields.items())
        + "--b--\r\n"
    )
    return Shot(
        server.port,
        f"/{place}/request",
        "POST",
        {"Content-Type": "multipart/form-data; boundary=b"},
        body,
        connections=12,
    )


def _shop(merchant: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api_key(merchant)}"}
