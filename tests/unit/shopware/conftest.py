"""The scene of the Shopware tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from shopware_scene import Scene, a_scene


@pytest.fixture
def new_scene(tmp_path: Path, the_sandbox: Any, the_outside: Any) -> Iterator[Callable[..., Scene]]:
    """Return a function that sets a scene; its arguments are laid over the merchants' adapter settings."""
    made: list[Scene] = []

    def make(**settings: Any) -> Scene:
        made.append(a_scene(tmp_path / f"scene-{len(made)}", the_sandbox, the_outside, **settings))
        return made[-1]

    yield make
    for scene in made:
        for stop in scene.stops:
            stop()
    the_sandbox.control("POST", "reset")
    the_outside.clear()


@pytest.fixture
def scene(new_scene: Callable[..., Scene]) -> Scene:
    """Return a scene."""
    return new_scene()
