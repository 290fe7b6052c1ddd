"""Foreign code agrees with us: Shopware's official SDK as a twin, and a shop over PHP's Guzzle, the stack that Shopware uses.

Both are installed by `.ci/prepare tests`. Each takes one JSON command per line and answers with one.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from shopware_scene import Scene
from test_shopware_vectors import VECTORS

from adapters.shopware.tests.fake_shop import FakeShop, php_json, sign

ROOT = Path(__file__).parents[3]
PEERS = ROOT / "adapters" / "shopware" / "tests" / "peers"
MODULES = ROOT / ".venv" / "npm" / "shopware"


class Peer:
    """A foreign process."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, op: str, **said: Any) -> dict[str, Any]:
        """Say something, return what is answered."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"op": op, **said}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        """Let it go."""
        assert self._process.stdin
        self._process.stdin.close()
        assert self._process.wait(10) == 0


@pytest.fixture(scope="module")
def node() -> Iterator[Peer]:
    assert (MODULES / "node_modules").is_dir(), "the SDK is not installed: run .ci/prepare tests"
    peer = Peer(["node", str(PEERS / "sdk_peer.mjs"), str(MODULES)])
    yield peer
    peer.end()


@pytest.fixture(scope="module")
def php() -> Iterator[Peer]:
    peer = Peer(["php", str(PEERS / "guzzle_peer.php")])
    yield peer
    peer.end()


class Twin:
    """The SDK beside our server: the same request to both, and both verdicts."""

    def __init__(self, scene: Scene, peer: Peer) -> None:
        self.scene, self.peer, self.shop = scene, peer, scene.shops["acme-one"]
        self.address = "https://bridge.example/shopware/acme"
        peer(
            "start",
            appName=self.shop.app_name,
            appSecret=self.shop.app_secret,
            confirmUrl=f"{self.address}/confirm",
        )
        self.clock()

    def clock(self, seconds: float = 0) -> None:
        self.peer("clock", at=round(self.scene.clock.advance(seconds).timestamp() * 1000))

    def register(self, *, secret: str = "", wrong: bool = False) -> tuple[int, int, dict[str, Any]]:
        query = (
            f"shop-id={self.shop.shop_id}&shop-url={self.shop.url}&timestamp={int(self.shop.now())}"
        )
        headers = {
            "shopware-app-signature": sign(
                "wrong" if wrong else self.shop.app_secret, query.encode()
            )
        }
        headers |= {"shopware-shop-signature": sign(secret, query.encode())} if secret else {}
        ours = self.shop.http("GET", f"{self.shop.bridge}/register?{query}", **headers)
        theirs = self.peer("register", url=f"{self.address}/register?{query}", headers=headers)
        if ours.status_code == theirs["status"] == 200:
            assert (
                ours.json()["proof"] == theirs["body"]["proof"]
                and ours.json()["secret"] != theirs["body"]["secret"]
            )
            self.peer("offer", shopId=self.shop.shop_id, secret=ours.json()["secret"])
        return ours.status_code, theirs["status"], ours.json()

    def confirm(self, new: str, old: str = "") -> tuple[int, int]:
        raw = php_json(
            {
                "apiKey": "K",
                "secretKey": "S",
                "timestamp": str(int(self.shop.now())),
                "shopUrl": self.shop.url,
                "shopId": self.shop.shop_id,
            }
        )
        headers = {"shopware-shop-signature": sign(new, raw)} | (
            {"shopware-shop-signature-previous": sign(old, raw)} if old else {}
        )
        ours = self.shop.http("POST", f"{self.shop.bridge}/confirm", raw, **headers)
        theirs = self.peer(
            "confirm",
            url=f"{self.address}/confirm",
            headers=headers,
            body=raw.decode(),
            shopId=self.shop.shop_id,
        )
        return ours.status_code, theirs["status"]

    def post(self, secret: str) -> tuple[bool, bool, str]:
        raw = php_json({"source": self.shop._source(), "data": {"ids": []}})
        headers = {"shopware-shop-signature": sign(secret, raw)}
        ours = self.shop.http("POST", f"{self.shop.bridge}/refund-button", raw, **headers)
        theirs = self.peer("post", url=f"{self.address}/x", headers=headers, body=raw.decode())
        if ours.status_code == 200:
            verdict = self.peer(
                "verify",
                text=ours.text,
                signature=ours.headers["shopware-app-signature"],
                secret=secret,
            )
            assert verdict["valid"], "the SDK does not believe our answer"
        return ours.status_code == 200, theirs["accepted"], ours.text

    def installed(self) -> str:
        _, _, offered = self.register()
        assert self.confirm(offered["secret"]) == (204, 204)
        return offered["secret"]

    def rotated(self, old: str) -> str:
        status, theirs, offered = self.register(secret=old)
        assert (status, theirs) == (200, 200) and self.confirm(offered["secret"], old) == (204, 204)
        return offered["secret"]


def test_sdk__published_vectors__are_signed_alike(node: Peer) -> None:
    node("start", appName="MyApp", appSecret="x", confirmUrl="https://bridge.example")
    for name, secret, message, signature in VECTORS:
        assert node("sign", text=message, secret=secret)["signature"] == signature, name
        assert node("signResponse", text=message, secret=secret)["signature"] == signature, name


def test_sdk__registration_and_confirmation__same_verdicts_and_proof(
    scene: Scene, node: Peer
) -> None:
    twin = Twin(scene, node)
    assert twin.register(wrong=True)[:2] == (401, 401)
    status, theirs, offered = twin.register()
    assert (status, theirs) == (200, 200)
    assert twin.confirm("f" * 64) == (401, 401) and twin.confirm(offered["secret"]) == (204, 204)


def test_sdk__rotation__same_verdicts_on_every_missing_or_wrong_signature(
    scene: Scene, node: Peer
) -> None:
    twin = Twin(scene, node)
    first = twin.installed()
    assert twin.register(secret="0" * 128)[:2] == (401, 401)
    second = twin.rotated(first)
    assert second != first and twin.register()[:2] == (401, 401)
    _, _, offered = twin.register(secret=second)
    assert (
        twin.confirm(offered["secret"]) == twin.confirm(offered["secret"], "0" * 128) == (401, 401)
    )
    assert twin.confirm(offered["secret"], second) == (204, 204)


def test_sdk__grace_window__ends_for_both_at_the_same_millisecond(scene: Scene, node: Peer) -> None:
    twin = Twin(scene, node)
    old = twin.installed()
    new = twin.rotated(old)
    twin.clock(59.999)
    assert twin.post(old)[:2] == twin.post(new)[:2] == (True, True)
    twin.clock(0.001)
    assert twin.post(old)[:2] == (False, False) and twin.post(new)[:2] == (True, True)


def test_sdk__signed_link__same_verdict(scene: Scene, node: Peer) -> None:
    twin = Twin(scene, node)
    twin.shop.secret = twin.installed()
    link = twin.shop.link("admin")
    assert twin.shop.http("GET", link).status_code == 200 and node("page", url=link)["accepted"]
    forged = link.replace("de-DE", "en-GB")
    assert (
        twin.shop.http("GET", forged).status_code == 401
        and not node("page", url=forged)["accepted"]
    )


def test_sdk__as_a_client_of_the_fake_shop__may_use_its_admin_api(scene: Scene, node: Peer) -> None:
    """The fake shop is no invention of ours: the SDK's own client can work with it."""
    shop = scene.shop()
    order = shop.place()
    shop._move(order.last, "process_unconfirmed")
    answer = node(
        "api",
        shopUrl=shop.url,
        apiKey=shop.api_key,
        apiSecret=shop.api_secret,
        path=f"/_action/order_transaction/{order.last.id}/state/paid",
        body={},
    )
    assert "error" not in answer and order.last.state == "paid"


@pytest.fixture
def guzzle(scene: Scene, php: Peer) -> Iterator[tuple[Scene, FakeShop, Any]]:
    """A shop whose calls go through PHP, and how it calls."""
    with scene.over_http() as url:
        shop = scene.shops["acme-one"]
        shop.bridge = f"{url}/shopware/acme"
        common = {
            "shopId": shop.shop_id,
            "shopUrl": shop.url,
            "appSecret": shop.app_secret,
            "appName": shop.app_name,
            "version": shop.version,
        }

        def call(op: str, path: str = "", **said: Any) -> dict[str, Any]:
            return php(
                op,
                **{
                    **common,
                    "timestamp": int(shop.now()),
                    "url": f"{shop.bridge}/{path or op}",
                    **said,
                },
            )

        yield scene, shop, call


def connect(shop: FakeShop, call: Any, old: str | None = None) -> None:
    """Register and confirm through PHP."""
    known = {"secret": old} if old else {}
    offered = call("register", **known)
    assert offered["status"] == 200 and offered["proven"]
    confirmed = call(
        "confirm",
        newSecret=offered["body"]["secret"],
        apiKey="SWIAKEY",
        apiSecret="api-secret",
        **known,
    )
    assert (confirmed["status"], confirmed["length"]) == (204, 0)
    shop.secret, shop.api_key, shop.api_secret = offered["body"]["secret"], "SWIAKEY", "api-secret"


def test_guzzle__whole_story__registers_rotates_pays_finalizes_and_refunds(
    guzzle: tuple[Scene, FakeShop, Any],
) -> None:
    scene, shop, call = guzzle
    connect(shop, call)
    connect(shop, call, shop.secret)
    order = shop.place()
    body = {
        **shop.payment_body(order, order.last),
        "returnUrl": f"{shop.url}/payment/finalize-transaction?_sw_payment_token=t",
    }
    reply = call("post", "pay", secret=shop.secret, body=body, amount="49.99")
    assert (
        reply["body"]["status"] == "process_unconfirmed"
        and "/checkout/chk_" in reply["body"]["redirectUrl"]
    )
    assert scene.wallet(shop, order)["amount"] == 4999
    back = {
        "source": shop._source(),
        "orderTransaction": shop._transaction(order, order.last),
        "requestData": [],
    }
    assert call("post", "finalize", secret=shop.secret, body=back)["body"] == {"status": "paid"}
    refund = {
        "source": shop._source(),
        "refund": {
            "id": "a" * 32,
            "amount": {},
            "transactionCapture": {"orderTransactionId": order.last.id},
        },
    }
    assert call("post", "refund", secret=shop.secret, body=refund, amount="10.1")["body"] == {
        "status": "process"
    }
    assert [entry["amount"] for entry in scene.stage.sandbox.ledger("refund")] == [1010]


def test_guzzle__wrong_secret__hears_401(guzzle: tuple[Scene, FakeShop, Any]) -> None:
    _, shop, call = guzzle
    connect(shop, call)
    assert call("post", "pay", secret="0" * 128, body={"source": shop._source()})["status"] == 401


@pytest.mark.parametrize("query", ["/en/", "/sub dir", "/?x", "/a+b&c=d"])
def test_guzzle__shop_address_of_any_shape__is_proven_or_refused_but_never_a_wrong_signature(
    guzzle: tuple[Scene, FakeShop, Any], query: str
) -> None:
    _, shop, call = guzzle
    answer = call("register", shopUrl=f"{shop.url}{query}")
    assert (answer["status"] == 200 and answer["proven"]) or (
        answer["status"] == 403 and "?" in query
    )
