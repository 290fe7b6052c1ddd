"""The web application over use cases that tests word themselves: what the doors do, without what lies behind them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from falcon import testing

from bridge.errors import NotFound, Unauthorized
from bridge.ports import Reply
from bridge.services.show_checkout import Shown
from bridge.web.app import build
from bridge.web.settings import WebSettings

STATIC = Path(__file__).parents[3] / "static"
KEY = "sk_unit"
TOKEN = "chk_unit"


def an_address(**changes: Any) -> WebSettings:
    """Settings of a bridge on the internet."""
    return WebSettings(**{"public_url": "https://bridge.example", "static": STATIC, **changes})


def authenticate(api_key: str | None) -> str:
    """Know one shop."""
    if api_key != KEY:
        raise Unauthorized
    return "unit-shop"


def a_view(**changes: Any) -> dict[str, Any]:
    """What the checkout page needs at least."""
    return {"token": TOKEN, "merchant": {"name": "Acme"}, "page": None, **changes}


def show_checkout(token: str, language: str, **changes: Any) -> Shown:
    """Know one checkout."""
    if token != TOKEN:
        raise NotFound
    return Shown(
        a_view(**changes),
        "7-open-" + language,
        ("https://shop.example", "https://www.shop.example"),
    )


def a_client(settings: WebSettings | None = None, **use_cases: Any) -> testing.TestClient:
    """An application with these use cases; everything not given is missing."""
    known = {
        "authenticate": authenticate,
        "show_checkout": show_checkout,
        "measure": dict,
        "check_health": lambda: {"database": True},
        "receive_callback": lambda *_: Reply(),
    }
    more = {name: use_cases.pop(name) for name in ("bind_request_id",) if name in use_cases}
    return testing.TestClient(
        build(SimpleNamespace(**{**known, **use_cases}), settings or an_address(), **more)
    )


def shop_call(client: testing.TestClient, method: str, path: str, **options: Any) -> testing.Result:
    """Call as the shop."""
    headers = {"Authorization": f"Bearer {KEY}", **options.pop("headers", {})}
    return client.simulate_request(method, path, headers=headers, **options)


def raising(error: BaseException) -> Any:
    """A use case that cannot do it."""

    def use_case(*_: Any) -> None:
        raise error

    return use_case
