"""A shop of its own for every test, beside a bridge that answers as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from falcon import testing
from reference_builders import SECRET
from told_bridge import ToldBridge, serving

from adapters.reference import client
from adapters.reference.app import application
from adapters.reference.configure import Settings
from adapters.reference.shop import Shop, build
from adapters.reference.signature import key_of


@pytest.fixture
def bridge() -> Iterator[ToldBridge]:
    with serving() as told:
        yield told


@pytest.fixture
def shop(tmp_path: Path, bridge: ToldBridge, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(client, "PAUSES", (0, 0.01))
    return build(
        Settings(
            "127.0.0.1:1", tmp_path, bridge.url, "http://shop.example", "sk_test", (key_of(SECRET),)
        )
    )


@pytest.fixture
def browser(shop: Shop) -> testing.TestClient:
    return testing.TestClient(application(shop))
