"""A thread that serves waits for nobody outside: the node answers while shops and providers hang. Real waitress, real sockets, real sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import requests
from waitress.wasyncore import close_all

from bridge.connections import Limits, create_server
from bridge.domain.payment import Payer
from bridge.web.app import build
from bridge.web.settings import WebSettings
from factories import API_KEYS

HANGING, MANY = 20, 100
MUCH_LESS = 8
"""Seconds; what hangs here does so for 15 at least."""


class Node:
    """The stage's house behind a real server of 16 threads."""

    def __init__(self, stage: Any) -> None:
        app = build(
            stage.services, WebSettings("http://127.0.0.1:1", stage.house.config.service.static)
        )
        self._server = create_server(
            app,
            listen="127.0.0.1:0",
            limits=Limits(per_client=2 * MANY),
            threads=16,
            ident=None,
            asyncore_use_poll=True,
        )
        self.url = f"http://127.0.0.1:{self._server.effective_port}"
        threading.Thread(target=self._server.run, daemon=True).start()

    def ask(
        self, method: str, path: str, shop: str | None = None, patience: float = 60, **more: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {API_KEYS[shop]}"} if shop else {}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, self.url + path, headers=headers, timeout=patience, **more
            )

    def close(self) -> None:
        close_all(self._server._map, ignore_all=True)
        self._server.task_dispatcher.shutdown(timeout=1)


@pytest.fixture
def stage(new_stage: Callable[..., Any]) -> Any:
    return new_stage(
        service={"threads": 16},
        cashcloud={"deadline": 15, "reason_id": None, "payer_chooses_reason": True},
    )


@pytest.fixture
def node(stage: Any) -> Iterator[Node]:
    node = Node(stage)
    yield node
    node.close()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MANY) as pool:
        yield pool


def answers_meanwhile(node: Node) -> None:
    for path in ("/livez", "/readyz"):
        assert node.ask("GET", path, patience=MUCH_LESS).status_code == 200
    assert (
        node.ask("GET", "/v1/shop", "globex-shop", patience=MUCH_LESS).json()["shop"]
        == "globex-shop"
    )


@pytest.mark.invariant("I26")
def test_node__20_test_notifications_hang__answers_meanwhile(
    stage: Any, node: Node, pool: ThreadPoolExecutor
) -> None:
    """I26: one shop's button is no way to stop all others."""
    stage.outside.hold = threading.Event()
    asked = [
        pool.submit(node.ask, "POST", "/v1/shop/test-notification", shop)
        for shop in ["acme-one", "acme-two"] * (HANGING // 2)
    ]
    _wait_until_hanging(stage)
    answers_meanwhile(node)
    assert stage.outside.notifications == []
    stage.outside.hold.set()
    _all_answered(asked, {200, 503})


@pytest.mark.invariant("I26")
def test_node__provider_hangs_when_asked_for_its_reasons__answers_meanwhile(
    stage: Any, node: Node, pool: ThreadPoolExecutor
) -> None:
    """I26: of methods, of pages and of a choice made on a page. Each asks for two seconds at most, so it takes many to keep 16 threads."""
    token = stage.create(payer=Payer())["checkout"]["token"]
    stage.house.accounts.get("acme", "cashcloud")  # with nothing kept
    stage.sandbox.fault("reasons", "hang", times=3 * MANY)
    calls = [
        ("GET", "/v1/methods", {}),
        ("GET", f"/v1/checkout/{token}", {}),
        (
            "POST",
            f"/v1/checkout/{token}/confirm",
            {"json": {"wallet_username": "customer@example.com", "reason": "314"}},
        ),
    ]
    asked = [
        pool.submit(node.ask, *calls[number % 3][:2], "acme-one", **calls[number % 3][2])
        for number in range(MANY)
    ]
    _until(lambda: stage.sandbox.calls("reasons") > 2)
    answers_meanwhile(node)
    stage.sandbox.no_faults()
    _all_answered(asked, {200, 422, 409, 429, 502})


def test_test_notification__too_many_of_one_shop__is_told_to_come_again(
    stage: Any, node: Node, pool: ThreadPoolExecutor
) -> None:
    """And another shop's is sent meanwhile."""
    stage.outside.hold = threading.Event()
    asked = [
        pool.submit(node.ask, "POST", "/v1/shop/test-notification", "acme-one")
        for _ in range(HANGING)
    ]
    _wait_until_hanging(stage)
    stage.outside.hold, held = None, stage.outside.hold
    other = node.ask("POST", "/v1/shop/test-notification", "globex-shop", patience=MUCH_LESS).json()
    held.set()
    statuses = _all_answered(asked, {200, 503})
    assert 503 in statuses and other["delivered"] is True


def _wait_until_hanging(stage: Any) -> None:
    _until(lambda: stage.house.calls.errands._running)


def _until(look: Callable[[], object]) -> None:
    for _ in range(500):
        if look():
            return
        threading.Event().wait(0.02)
    raise AssertionError("nothing hangs")


def _all_answered(asked: list[Future[requests.Response]], statuses: set[int]) -> list[int]:
    found = [one.result(60).status_code for one in asked]
    assert set(found) <= statuses, found
    return found
