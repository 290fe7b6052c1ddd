"""Registration, confirmation, rotation, clones and moves, as a shop sees them."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from shopware_scene import APP_SECRETS, Scene
from sqlalchemy import text

from adapters.shopware.endpoints import handshake
from adapters.shopware.endpoints.addresses import AddressRefused, check_reachable, trimmed
from adapters.shopware.endpoints.shops import Book, Registration
from adapters.shopware.tests.fake_shop import FakeShop, Untrusted, php_json, sign

UNAUTHORIZED = b'{"error":"unauthorized"}'


def works(shop: FakeShop, secret: str | None = None) -> bool:
    """Tell whether the app takes this secret, and signs its answer with it."""
    try:
        return (
            shop.ask(
                "refund-button",
                {"source": shop._source(), "data": {"ids": [], "entity": "order"}},
                secret=secret,
            )
            is not None
        )
    except Untrusted:
        return False


def test_install__fresh_shop__shares_a_long_new_secret(scene: Scene) -> None:
    shop = scene.shop()
    assert len(shop.secret) == 128 and works(shop)


def test_registration__permuted_query__is_refused(scene: Scene) -> None:
    shop = scene.shops["acme-one"]
    query = f"shop-id=a&shop-url={shop.url}&timestamp={int(shop.now())}"
    permuted = "&".join(reversed(query.split("&")))
    signature = sign(shop.app_secret, query.encode())
    assert (
        shop.http(
            "GET", f"{shop.bridge}/register?{query}", **{"shopware-app-signature": signature}
        ).status_code
        == 200
    )
    answer = shop.http(
        "GET", f"{shop.bridge}/register?{permuted}", **{"shopware-app-signature": signature}
    )
    assert (answer.status_code, answer.content) == (401, UNAUTHORIZED)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_registration__clock_too_far_off__is_refused(scene: Scene, seconds: int) -> None:
    shop = scene.shops["acme-one"]
    shop.now = lambda: scene.clock().timestamp() + seconds
    assert shop.register()[0].status_code == 401


def test_registration__other_merchants_secret_or_no_such_merchant__is_refused_alike(
    scene: Scene,
) -> None:
    shop = scene.shops["acme-one"]
    shop.app_secret = APP_SECRETS["globex"]
    foreign = shop.register()[0]
    shop.bridge = shop.bridge.replace("/acme", "/nobody")
    nobody = shop.register()[0]
    assert [(one.status_code, one.content) for one in (foreign, nobody)] == [
        (401, UNAUTHORIZED)
    ] * 2


def test_registration__address_in_no_profile__is_told_why(scene: Scene) -> None:
    answer, _ = scene.shops["acme-one"].register(url="https://elsewhere.example")
    assert answer.status_code == 403 and "have the operator list it" in answer.json()["error"]


def test_confirm__without_registration__is_refused(scene: Scene) -> None:
    shop = scene.shops["acme-one"]
    offered = {"secret": "x" * 64, "confirmation_url": f"{shop.bridge}/confirm"}
    assert shop.confirm(offered).status_code == 401


def test_confirm__repeated__changes_nothing_and_is_answered_alike(scene: Scene) -> None:
    shop = scene.shops["acme-one"]
    offered = shop.register()[0].json()
    assert shop.confirm(offered).status_code == 204
    assert shop.confirm(offered, repeat=shop.last_confirm, dual=False).status_code == 204
    assert works(shop, offered["secret"])


def test_registration__not_yet_confirmed__leaves_what_is_in_force(scene: Scene) -> None:
    shop = scene.shop()
    shop.register()
    assert works(shop)


def test_rotation__grace_of_a_minute__old_secret_at_59_s_and_not_at_61_s(scene: Scene) -> None:
    shop = scene.shop()
    old = shop.secret
    shop.install()
    assert shop.secret != old
    scene.clock.advance(59)
    assert works(shop, old) and works(shop, shop.secret)
    scene.clock.advance(0.999)
    assert works(shop, old)
    scene.clock.advance(0.001)
    assert not works(shop, old) and works(shop, shop.secret)
    scene.clock.advance(1)
    assert not works(shop, old)


def test_rotation__shop_that_once_signed_twice__is_not_believed_with_one_signature(
    scene: Scene,
) -> None:
    shop = scene.shop().install()
    assert shop.register(dual=False)[0].status_code == 401
    assert shop.register(dual=True)[0].status_code == 200


def test_rotation__confirmation_without_the_old_secret__is_refused(scene: Scene) -> None:
    shop = scene.shop().install()
    offered = shop.register()[0].json()
    assert shop.confirm(offered, dual=False).status_code == 401 and works(shop)


def test_rotation__older_shop_with_one_signature__rotates_at_the_same_address(scene: Scene) -> None:
    shop = scene.shop(version="6.6.7.1")
    old = shop.secret
    assert works(shop.install()) and shop.secret != old


def test_rotation__wrong_shop_signature__is_refused(scene: Scene) -> None:
    shop = scene.shop(version="6.6.7.1")
    good, shop.secret = shop.secret, "0" * 128
    assert shop.register(dual=True)[0].status_code == 401
    shop.secret = good
    assert works(shop)


def test_rotation__outcome_of_the_last_confirmation_unclear__pending_secret_counts(
    scene: Scene,
) -> None:
    shop = scene.shop()
    shop.secret = shop.register()[0].json()["secret"]
    assert shop.register(dual=True)[0].status_code == 200


def test_clone__same_id_at_another_shops_address__is_refused(scene: Scene) -> None:
    shop, other = scene.shop(), scene.shops["acme-two"]
    answer, _ = shop.register(url=other.url)
    assert answer.status_code == 403 and "shop-id:change" in answer.json()["error"] and works(shop)


def test_removed_app__installed_again__is_taken_as_new(scene: Scene) -> None:
    shop = scene.shop().install()
    assert shop.hook("app.deleted", []) == 204 and not works(shop)
    assert works(shop.install(dual=True))


def test_new_shop_id_at_the_same_address__old_payments__are_still_found(scene: Scene) -> None:
    shop = scene.shop()
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order)
    shop.shop_id, shop.secret = "another-id", ""
    shop.install()
    assert scene.come_back(shop) == (200, "finish") and order.last.state == "paid"


def test_merchants__same_shop_id_under_another_merchant__shares_nothing(scene: Scene) -> None:
    shop, other = scene.shop(), scene.shops["globex-shop"]
    other.shop_id = shop.shop_id
    other.install()
    order = shop.place()
    shop.pay(order)
    other.secret, mine = shop.secret, other.secret
    assert not works(other)
    other.secret = mine
    with pytest.raises(Untrusted, match="401"):
        other.ask(
            "finalize", {"source": other._source(), "orderTransaction": {"id": order.last.id}}
        )


def test_refusal__of_an_order_under_another_merchant_with_the_same_shop_id__is_not_that_of_this_one(
    scene: Scene,
) -> None:
    one = Registration(
        merchant="acme", shop_id="the-same", shop="acme-shop", url="https://shop.example"
    )
    with scene.stage.house.units() as unit:
        book = Book(unit, ())
        book.keep_refusal(one, "order", "the amount cannot be read")
        book.keep_note(one, "order", ["a sentence"])
        other = replace(one, merchant="globex", shop="globex-shop")
        assert (
            book.refusal_of(one, "order"),
            book.refusal_of(other, "order"),
            book.note_of(other, "order"),
        ) == ("the amount cannot be read", "", [])


def test_secrets__of_a_registered_shop__are_in_no_table_and_no_log(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """I16: who copies the database or reads logs can neither sign nor log in."""
    caplog.set_level(logging.DEBUG)
    shop = scene.shop().install()
    order = shop.place()
    shop.pay(order)
    scene.wallet(shop, order)
    scene.tell()
    with scene.stage.house.engine.connect() as connection:
        kept = json.dumps(
            [list(map(str, row)) for row in connection.execute(text("select * from documents"))]
        )
    told = "".join(
        f"{record.getMessage()}{record.__dict__}" for record in caplog.records
    ) + "".join(map(str, scene.stage.transcripts))
    secrets = [shop.secret, shop.old_secret, shop.api_secret, shop.app_secret, *shop.tokens]
    assert shop.shop_id in kept and not [
        secret for secret in secrets for where in (kept, told) if secret in where
    ]


def test_app_secret__being_changed__both_zips_work(
    new_scene: Callable[..., Scene], tmp_path: Path
) -> None:
    new_secret = tmp_path / "new.secret"
    new_secret.write_text("canary-new-app-secret-0123456789abcdef0123")
    scene = new_scene(secrets=[{"file": str(new_secret)}, {"file": "acme.app"}])
    shop = scene.shop()
    shop.app_secret = new_secret.read_text()
    assert works(shop) and works(shop.install())


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example",
        "https://user:pass@shop.example",
        "https://shop.example/?a=1",
        "https://shop.example#x",
        "ftp://shop.example",
        "https://",
        "//shop.example",
        "https://inside.example",
        "https://loop.example",
        "https://mixed.example",
        "https://six.example",
        "https://nowhere.example",
        "https://sh op.example",
        "https://shop.example:99999",
    ],
)
def test_address__leading_inwards_or_no_plain_address__is_refused(url: str) -> None:
    """Nobody makes us call a machine of our own network."""
    hosts = {
        "shop.example": ["93.184.216.34"],
        "inside.example": ["10.0.0.5"],
        "loop.example": ["127.0.0.1"],
        "mixed.example": ["93.184.216.34", "169.254.169.254"],
        "six.example": ["fd00::1"],
    }
    with pytest.raises(AddressRefused):
        check_reachable(url, private=False, look_up=lambda host: hosts.get(host, ()))


def test_address__public_server__is_accepted() -> None:
    check_reachable(
        "https://shop.example/en/",
        private=False,
        look_up=lambda _: ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"],
    )


def test_registration__private_address_without_leave__is_refused(
    new_scene: Callable[..., Scene],
) -> None:
    scene = new_scene(private_addresses=False)
    answer, _ = scene.shops["acme-one"].register()
    assert answer.status_code == 403 and "https" in answer.json()["error"]


@pytest.mark.invariant("I26")
def test_registration__name_that_is_looked_up_for_long__is_answered_without_it(
    new_scene: Callable[..., Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    """I26: a look-up cannot be interrupted, and the thread that serves does not wait for its end."""
    scene, free, look_up = new_scene(private_addresses=False), threading.Event(), socket.getaddrinfo
    monkeypatch.setattr(handshake, "LOOK_UP_WAIT", 0.1)
    monkeypatch.setattr(
        handshake, "shop_at", lambda *_: scene.stage.shop("acme-one")
    )  # as if the profile listed the address
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: (
            () if host == "slow.example" and not free.wait(20) else look_up(host, *rest, **more)
        ),
    )
    try:
        answer, _ = scene.shops["acme-one"].register(url="https://slow.example")
    finally:
        free.set()
    assert answer.status_code == 403 and "could not be looked up in time" in answer.json()["error"]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://shop.example/", "https://shop.example"),
        ("https://shop.example//en//", "https://shop.example/en"),
        ("https://SHOP.example:443/a b", "https://shop.example/a%20b"),
        ("https://müller.example/x", "https://xn--mller-kva.example/x"),
    ],
)
def test_trimmed__address__is_kept_as_it_is_called(url: str, kept: str) -> None:
    assert trimmed(url) == kept


def test_body__one_blank_added_or_escapes_rewritten__is_refused(scene: Scene) -> None:
    shop = scene.shop()
    raw = php_json(
        {**shop.payment_body(shop.place(), shop.orders[-1].last), "returnUrl": shop.url + "/x"}
    )
    headers = {"shopware-shop-signature": sign(shop.secret, raw)}
    for changed in (
        raw + b" ",
        raw.replace(b"\\/", b"/"),
        json.dumps(json.loads(raw), ensure_ascii=False).encode(),
    ):
        answer = shop.http("POST", f"{shop.bridge}/pay", changed, **headers)
        assert (answer.status_code, answer.content) == (
            401,
            UNAUTHORIZED,
        ) and "shopware-app-signature" not in answer.headers
    assert shop.http("POST", f"{shop.bridge}/pay", raw, **headers).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"source":[]}',
        b"\xff",
        b"[" * 100_000,
        b'{"source":{"shopId":{}}}',
    ],
)
@pytest.mark.parametrize("path", ["pay", "finalize", "refund", "hook", "confirm", "refund-button"])
def test_doors__rubbish__hears_401_and_nothing_more(scene: Scene, path: str, body: bytes) -> None:
    answer = scene.shops["acme-one"].http(
        "POST",
        f"{scene.shops['acme-one'].bridge}/{path}",
        body,
        **{"shopware-shop-signature": "0" * 64},
    )
    assert (answer.status_code, answer.content) == (401, UNAUTHORIZED)
