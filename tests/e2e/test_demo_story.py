"""The demo's story through what is fixed for the outside: demo.json, the shop's JSON, the API, the sandbox's control."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import (
    Demo,
    fault,
    free_port,
    is_alive,
    is_free,
    order_becomes,
    payer,
    place,
    python,
    start_demo,
    until,
)

FACTS = {
    "bridge_url", "sandbox_url", "shop_url", "api_key", "second_merchant_api_key", "notification_secret", "merchant", "shop",
    "cashcloud_username", "callback_password", "onecs_merchant_id", "onecs_blowfish_key", "onecs_hmac_key",
}  # fmt: skip


@pytest.fixture
def own_demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Start demos that the test may end as it likes; none is left afterwards."""
    started: list[Demo] = []

    def start(port: int | None = None, *options: str) -> Demo:
        started.append(start_demo(tmp_path / "data", port, *options))
        return started[-1]

    yield start
    for demo in started:
        demo.end(signal.SIGTERM)


def test_demo_json__demo_runs__tells_all_and_only_to_its_owner(demo: Demo) -> None:
    facts = demo.facts
    assert facts.keys() >= FACTS and all(facts[name] for name in FACTS)
    assert facts["bridge_url"] == f"http://127.0.0.1:{demo.port}"
    assert facts["api_key"].startswith("sk_") and facts["notification_secret"].startswith("whsec_")
    for file in (demo.folder / "demo.json", *(demo.folder / "secrets").iterdir()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_demo__secrets__are_in_no_argument_and_no_log(demo: Demo) -> None:
    """I16: who lists processes or reads logs learns nothing."""
    secrets = [file.read_text().strip() for file in (demo.folder / "secrets").iterdir()]
    arguments = [Path(f"/proc/{pid}/cmdline").read_text() for pid in demo.children()]
    logs = [file.read_text(errors="replace") for file in (demo.folder / "log").iterdir()]
    assert len(arguments) == 4 and len(secrets) == 10
    assert not [
        secret for secret in secrets for text in (*arguments, *logs, demo.output) if secret in text
    ]


def test_shop_and_key__of_the_first_merchant__belong_together(demo: Demo) -> None:
    assert demo.bridge().get("/v1/shop")["shop"] == demo.facts["shop"]
    assert place(demo, "sticker")["merchant"] == demo.facts["merchant"]


@pytest.mark.invariant("I2", "I7", "I8")
def test_purchase__accepted_and_refunded_in_two_parts__is_partly_refunded_everywhere(
    demo: Demo,
) -> None:
    """I2, I7, I8: the sums are right at every step, and every step is told once."""
    payment = place(demo, "lamp", 2)
    ref = payment["order_reference"]
    payer(demo, "accept", payment["provider"]["reference"])
    assert order_becomes(demo, ref, "paid")["amounts"]["captured"] == 9998
    for number, (amount, refunded) in enumerate(((1500, 1500), (3000, 4500))):
        refund(demo, payment, amount, f"RF-{ref}-{number}")
        until(
            lambda: demo.shop.get(f"/api/orders/{ref}")["amounts"]["refunded"],
            lambda seen, refunded=refunded: seen == refunded,
        )
    order = demo.shop.get(f"/api/orders/{ref}")
    assert (order["status"], order["amounts"]["refundable"]) == ("partly_refunded", 5498)
    assert [heard["sequence"] for heard in order["notifications"]] == list(
        range(1, len(order["notifications"]) + 1)
    )


def refund(demo: Demo, payment: dict, amount: int, number: str) -> None:
    """Give money back, twice under one number, and let the payer take it: once."""
    path, body = (
        f"/api/orders/{payment['order_reference']}/refunds",
        {"amount": amount, "refund_reference": number},
    )
    assert demo.shop.post(path, body)["id"] == demo.shop.post(path, body)["id"]
    (entry,) = until(lambda: waiting_refunds(demo, payment), lambda found: len(found) == 1)
    assert entry["amount"] == amount
    payer(demo, "accept", entry["reference"])


def waiting_refunds(demo: Demo, payment: dict) -> list[dict]:
    """Return the refunds of a payment that wait for the payer."""
    entries = demo.sandbox.get("/control/ledger")["entries"]
    return [
        entry
        for entry in entries
        if (entry["parent"], entry["state"]) == (payment["provider"]["reference"], "pending")
    ]


def test_purchase__declined__is_not_paid_and_may_be_tried_again(demo: Demo) -> None:
    payment = place(demo, "mug")
    ref = payment["order_reference"]
    payer(demo, "decline", payment["provider"]["reference"])
    assert order_becomes(demo, ref, "declined")["amounts"]["captured"] == 0
    again = demo.shop.post(f"/api/orders/{ref}/pay")["payment"]
    assert again["id"] != payment["id"]
    asked = until(
        lambda: demo.bridge().get(f"/v1/payments/{again['id']}"),
        lambda seen: seen["provider"]["reference"],
    )
    payer(demo, "accept", asked["provider"]["reference"])
    assert order_becomes(demo, ref, "paid")["amounts"]["captured"] == 1490


@pytest.mark.invariant("I19")
def test_purchase__callback_is_lost__is_found_by_inquiry(demo: Demo) -> None:
    """I19: nobody but the bridge itself asks."""
    payment = place(demo, "plant")
    fault(demo, "callback", "lost")
    payer(demo, "accept", payment["provider"]["reference"])
    order_becomes(demo, payment["order_reference"], "paid")


@pytest.mark.invariant("I4")
def test_purchase__provider_executes_and_hangs_up__is_asked_for_once(demo: Demo) -> None:
    """I4: a lost answer is neither success nor failure, and is not sent again."""
    before = len(demo.sandbox.get("/control/ledger")["entries"])
    fault(demo, "request", "drop_after")
    payment = place(demo, "tote")
    assert len(demo.sandbox.get("/control/ledger")["entries"]) == before + 1
    payer(demo, "accept", payment["provider"]["reference"])
    order_becomes(demo, payment["order_reference"], "paid")


@pytest.mark.invariant("I13")
def test_payment__asked_for_with_the_other_merchants_key__is_not_there(demo: Demo) -> None:
    """I13: the second merchant's key opens nothing of the first."""
    payment = place(demo, "sticker")
    other = demo.bridge("second_merchant_api_key")
    assert other.send("GET", f"/v1/payments/{payment['id']}").status_code == 404
    assert other.get("/v1/payments")["data"] == []
    assert demo.shop.get(f"/api/orders/{payment['order_reference']}")["status"] == "pending"


def test_demo_check__demo_runs__plays_the_story_in_it(demo: Demo) -> None:
    check = python("bridge.demo", "demo-check", "--data", str(demo.folder))
    assert check.returncode == 0, check.stdout + check.stderr
    assert demo.facts["shop_url"] in check.stdout and "FAILED" not in check.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo__told_to_end__leaves_nothing_running(
    own_demo: Callable[..., Demo], number: signal.Signals
) -> None:
    demo = own_demo().wait_until_it_runs()
    children = demo.children()
    assert demo.end(number) == 0
    assert len(children) == 4 and not any(is_alive(pid) for pid in children)
    assert (
        all(is_free(demo.port + more) for more in (0, 2, 3))
        and not (demo.folder / "demo.json").exists()
    )


def test_demo__killed__leaves_nothing_running_and_starts_again_with_its_orders(
    own_demo: Callable[..., Demo],
) -> None:
    demo = own_demo().wait_until_it_runs()
    ref, children = place(demo)["order_reference"], demo.children()
    demo.end(signal.SIGKILL)
    until(lambda: not any(is_alive(pid) for pid in children), patience=20)
    again = own_demo(demo.port).wait_until_it_runs()
    assert again.shop.get(f"/api/orders/{ref}")["status"] == "pending"
    assert again.end() == 0


def test_demo__a_child_dies__ends_and_shows_its_last_words(own_demo: Callable[..., Demo]) -> None:
    demo = own_demo().wait_until_it_runs()
    children = demo.children()
    os.kill(children[-1], signal.SIGKILL)
    assert demo.process.wait(20) == 1
    assert "ended by itself" in demo.output and not any(is_alive(pid) for pid in children)


def test_demo__port_is_taken__says_so_before_anything_starts(
    own_demo: Callable[..., Demo], demo: Demo
) -> None:
    other = own_demo(demo.port)
    assert other.process.wait(60) == 1
    assert f"port {demo.port} (bridge)" in other.output and not (other.folder / "secrets").exists()


def test_demo__same_folder_twice__says_so(demo: Demo) -> None:
    second = python(
        "bridge.demo", "demo", "--port", str(free_port(2, 3)), "--data", str(demo.folder)
    )
    assert second.returncode == 1 and "already runs" in second.stderr
    assert demo.shop.get("/healthz")


def test_demo__fresh__forgets_orders_and_makes_new_secrets(own_demo: Callable[..., Demo]) -> None:
    demo = own_demo().wait_until_it_runs()
    place(demo)
    key = demo.facts["api_key"]
    demo.end()
    fresh = own_demo(None, "--fresh").wait_until_it_runs()
    assert fresh.shop.get("/api/orders")["data"] == [] and fresh.facts["api_key"] != key
    fresh.end()
