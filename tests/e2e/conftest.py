"""One demo for all tests that only use it; tests that end one start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import Demo, books, start_demo


@pytest.fixture(scope="session")
def running_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = start_demo(tmp_path_factory.mktemp("demo") / "data")
    try:
        yield demo.wait_until_it_runs()
    finally:
        demo.end()


@pytest.fixture
def demo(running_demo: Demo) -> Iterator[Demo]:
    """The demo, behaving; when the test is over, the books of shop, bridge and provider must agree."""
    running_demo.sandbox.delete("/control/faults")
    yield running_demo
    running_demo.sandbox.delete("/control/faults")
    found = books(running_demo)
    assert found["shop"] == found["bridge"] == found["provider"]
