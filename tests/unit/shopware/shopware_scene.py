"""A house with the Shopware adapter, two fake shops of merchant acme and one of globex, and the sandbox; one clock for all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import waitress
import yaml
from falcon.testing import TestClient
from pydantic import SecretStr

import adapters
from adapters.shopware.tests.fake_shop import FakeShop, Order
from bridge.config import load
from bridge.ports import PaymentFilter
from bridge.providers import discover
from bridge.web.app import build as build_app
from bridge.web.settings import WebSettings
from factories import IN_MEMORY, PASSWORDS, PAYER, FakeClock, a_house, key_hash
from stage import BreakableTransport, Outside, Sandbox, Stage

APP_SECRETS = {
    "acme": "canary-app-secret-of-acme-0123456789abcdef",
    "globex": "canary-app-secret-of-globex-0123456789ab",
}
STATIC = Path(__file__).parents[3] / "static"


@dataclass
class Reply:
    """An answer of the application in the words of the `requests` library."""

    status_code: int
    headers: Any
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Scene:
    """The house at work, seen from shops."""

    stage: Stage
    client: TestClient
    shops: dict[str, FakeShop]
    app: Any
    stops: list[Callable[[], None]] = field(default_factory=list)

    @property
    def clock(self) -> FakeClock:
        return self.stage.clock

    def send(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Call the application without a socket."""
        parts = urlsplit(url)
        answer = self.client.simulate_request(
            method, parts.path, query_string=parts.query, body=body, headers=headers
        )
        return Reply(answer.status_code, answer.headers, answer.content)

    def shop(self, name: str = "acme-one", version: str = "6.7.1.0", **more: Any) -> FakeShop:
        """An installed shop of a version."""
        shop = self.shops[name]
        shop.version = version
        for key, value in more.items():
            setattr(shop, key, value)
        return shop.install()

    def payment(self, shop: FakeShop, order: Order, name: str = "acme-one") -> dict[str, Any]:
        """The newest payment of an order, as the API shows it."""
        return self.payments(order, name)[0]

    def payments(self, order: Order, name: str = "acme-one") -> list[dict[str, Any]]:
        """All payments of an order, newest first."""
        return self.stage.services.list_payments(
            self.stage.shop(name), PaymentFilter(order_reference=order.number), 100, None
        ).data

    def ask_wallet(self, shop: FakeShop, order: Order, name: str = "acme-one") -> dict[str, Any]:
        """The payer types the wallet's name on the checkout page."""
        payment = self.payment(shop, order, name)
        self.stage.services.confirm_checkout(payment["checkout"]["token"], PAYER, None, None, "en")
        return payment

    def wallet(
        self, shop: FakeShop, order: Order, action: str = "accept", name: str = "acme-one"
    ) -> dict[str, Any]:
        """The payer answers in the wallet, and the bridge hears of it; the shop is told nothing yet."""
        payment = self.ask_wallet(shop, order, name)
        assert self.stage.pay(payment, action)
        self.stage.hear()
        self.stage.work()
        return self.payment(shop, order, name)

    def come_back(self, shop: FakeShop, **parameters: str) -> tuple[int, str]:
        """The customer's browser returns with the newest token."""
        return shop.finalize(list(shop.finalize_tokens)[-1], parameters)

    def tell(self, seconds: float = 15) -> None:
        """Let time pass, so that the courier goes."""
        self.stage.advance(seconds)

    @contextmanager
    def over_http(self) -> Iterator[str]:
        """Serve the application on a free port."""
        server = waitress.create_server(
            self.app, listen="127.0.0.1:0", threads=4, max_request_body_size=8 << 20
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.effective_port}"
        finally:
            server.close()
            thread.join(5)


def a_scene(
    folder: Path, sandbox: Sandbox, outside: Outside, database: str = IN_MEMORY, **settings: Any
) -> Scene:
    """Build all of it; call each of `stops` afterwards. `settings` are laid over the merchants' adapter block."""
    clock, transcripts = FakeClock(), []
    shops, stops = {}, []
    for name, merchant in (("acme-one", "acme"), ("acme-two", "acme"), ("globex-shop", "globex")):
        shop = FakeShop(
            APP_SECRETS[merchant],
            bridge=f"{outside.url}/shopware/{merchant}",
            now=lambda: clock().timestamp(),
        )
        stops.append(shop.serve())
        shops[name] = shop
    _write(folder, sandbox.url, outside.url, shops, settings)
    config = load(folder / "bridge.yaml", discover(), adapters.discover())
    config = replace(
        config, service=config.service.model_copy(update={"database": SecretStr(database)})
    )
    transport = BreakableTransport(transcripts.append)
    house = a_house(config, clock, transport)
    stage = Stage(house, sandbox, outside, clock, transport, transcripts)
    stage.clear()
    app = build_app(house.services, WebSettings(outside.url, STATIC), doors=house.doors())
    scene = Scene(stage, TestClient(app), shops, app, [*stops, house.close])
    for shop in shops.values():
        shop.send = scene.send
    return scene


def _write(
    folder: Path,
    sandbox_url: str,
    outside_url: str,
    shops: dict[str, FakeShop],
    settings: dict[str, Any],
) -> None:
    merchants = folder / "merchants"
    merchants.mkdir(parents=True)
    (folder / "bridge.yaml").write_text(
        yaml.safe_dump(
            {
                "database": f"sqlite:///{folder}/unused.db",
                "public_url": outside_url,
                "merchants": "merchants",
            }
        )
    )
    for merchant, names in (("acme", ("acme-one", "acme-two")), ("globex", ("globex-shop",))):
        for kind, secret in (("password", PASSWORDS[merchant]), ("app", APP_SECRETS[merchant])):
            (merchants / f"{merchant}.{kind}").touch(mode=0o600)
            (merchants / f"{merchant}.{kind}").write_text(secret)
        (merchants / f"{merchant}.yaml").write_text(
            yaml.safe_dump(
                {
                    "merchant": merchant,
                    "name": f"{merchant.title()} GmbH",
                    "providers": {
                        "cashcloud": {
                            "base_url": f"{sandbox_url}/cashcloud/",
                            "username": f"{merchant}@merchant.example",
                            "device_id": f"device-of-{merchant}",
                            "password": {"file": f"{merchant}.password"},
                            "deadline": 5,
                            "reason_id": "314",
                        }
                    },
                    "adapters": {
                        "shopware": {
                            "secrets": [{"file": f"{merchant}.app"}],
                            "private_addresses": True,
                            **settings,
                        }
                    },
                    "shops": [
                        {
                            "shop": name,
                            "platform": "shopware",
                            "api_keys": [key_hash(f"sk_{name}")],
                            "origins": [shops[name].url],
                            "methods": {"wallet": "cashcloud"},
                            "respond_within": 5,
                            "currencies": ["EUR"],
                        }
                        for name in names
                    ],
                }
            )
        )
