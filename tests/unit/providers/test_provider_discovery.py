"""The folder is the registration, and loading it has no effect."""

from __future__ import annotations

import subprocess
import sys

import pytest

import bridge.providers
from bridge.ports import ProviderType
from bridge.providers import discover

LOADED = (
    "import sys, {module}; print(*[name for name in sys.modules if name.startswith('bridge.')])"
)

EXPORT = "from bridge.ports import ProviderType\nPROVIDER = ProviderType({name!r}, int, int)\n"


def loaded_by(module):
    command = [sys.executable, "-c", LOADED.format(module=module)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_discover__this_tree__finds_each_provider_under_its_folders_name():
    found = discover()
    assert "cashcloud" in found
    assert all(
        isinstance(provider, ProviderType) and provider.name == name
        for name, provider in found.items()
    )


def test_discover__run_by_the_service__loads_no_sandbox():
    loaded = loaded_by("bridge.providers as p; p.discover()")
    assert "bridge.providers.cashcloud.provider" in loaded
    assert not [name for name in loaded if "sandbox" in name]


def test_provider_folders__loaded_for_their_sandbox__load_no_client():
    assert loaded_by("bridge.providers.cashcloud") == {
        "bridge.providers",
        "bridge.providers.cashcloud",
    }


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Provider folders of our own, beside none of the real ones."""
    monkeypatch.setattr(bridge.providers, "__path__", [str(tmp_path)])
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("bridge.providers.moon")]:
        del sys.modules[name]


@pytest.mark.parametrize(("name", "found"), [("moonpay", ["moonpay"]), (None, [])])
def test_discover__folder_with_and_without_a_provider__is_found_or_passed_over(
    folders, name, found
):
    (folders / "moonpay").mkdir()
    (folders / "moonpay" / "__init__.py").touch()
    if name:
        (folders / "moonpay" / "provider.py").write_text(EXPORT.format(name=name))
    assert list(discover()) == found


def test_discover__another_name_than_the_folders__is_a_mistake(folders):
    (folders / "moonbeam").mkdir()
    (folders / "moonbeam" / "__init__.py").touch()
    (folders / "moonbeam" / "provider.py").write_text(EXPORT.format(name="sun"))
    with pytest.raises(ValueError, match="sun"):
        discover()
