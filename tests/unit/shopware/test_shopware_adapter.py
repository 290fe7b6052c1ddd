"""The folder is the registration: found, named, with settings, doors that verify, and a README that tells them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from shopware_scene import Scene

import adapters
from adapters.shopware.endpoints.settings import ShopwareSettings

FOLDER = Path(adapters.__file__).parent / "shopware"
ALLOWED = (
    "bridge.services",
    "bridge.domain",
    "bridge.ports",
    "bridge.platforms",
    "bridge.settings",
    "bridge.errors",
)


def test_discover__folder__is_found_by_its_name_and_brings_a_command() -> None:
    assert adapters.discover()["shopware"].settings is ShopwareSettings
    assert "shopware" in [command.name for command in adapters.commands()]


def test_doors__every_one__is_the_adapters_own_audience(scene: Scene) -> None:
    doors = scene.stage.house.doors()
    assert len(doors) == 9 and all(
        path.startswith("/shopware/{merchant}/") and door.audience == "adapter"
        for path, door in doors
    )


def test_doors__nobody_signed__are_closed(scene: Scene) -> None:
    """A door without a signature is answered with 401, whatever its method."""
    for path, door in scene.stage.house.doors():
        address = f"{scene.stage.outside.url}{path.replace('{merchant}', 'acme')}"
        for method in ("GET", "POST"):
            if hasattr(door, f"on_{method.lower()}"):
                assert scene.send(method, address, b"{}", {}).status_code == 401, (method, path)


@pytest.mark.parametrize(
    "file", sorted((FOLDER / "endpoints").glob("*.py")), ids=lambda file: file.stem
)
def test_imports__of_the_endpoints__are_those_of_a_door(file: Path) -> None:
    found = [
        node.module or ""
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom)
    ]
    assert all(name.startswith(ALLOWED) for name in found if name.startswith("bridge"))


def test_readme__every_setting__stands_there_with_default_and_meaning() -> None:
    told = re.findall(
        r"^\| `([^`]+)` \| (.+) \| (.+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE
    )
    rows = [
        (
            name,
            "required" if field.is_required() else f"`{json.dumps(field.default)}`",
            field.description,
        )
        for name, field in ShopwareSettings.model_fields.items()
    ]
    assert told == rows
