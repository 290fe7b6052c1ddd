"""The cart is a cookie: product names and quantities, nothing else, so there is nothing in it to protect."""

from __future__ import annotations

from collections.abc import Mapping

import falcon

from adapters.reference.catalogue import MOST, PRODUCTS

COOKIE = "cart"


def read(req: falcon.Request) -> dict[str, int]:
    """Return the cart of this browser; what does not belong in one is dropped."""
    entries = (entry.partition(".") for entry in req.cookies.get(COOKIE, "").split("-"))
    return {id: int(count) for id, _, count in entries if id in PRODUCTS and _is_quantity(count)}


def write(resp: falcon.Response, cart: Mapping[str, int]) -> None:
    """Hand the cart back to the browser."""
    text = "-".join(f"{id}.{count}" for id, count in cart.items())
    resp.set_cookie(COOKIE, text, path="/", secure=False, http_only=True, same_site="Lax")


def _is_quantity(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST
