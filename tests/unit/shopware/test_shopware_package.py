"""`bridge shopware package`: what comes out is a zip that Shopware 6.5, 6.6 and 6.7 accept (Shopware sheet, sections 1.2, 1.3, 7.3)."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from shopware_scene import APP_SECRETS, Scene

from adapters.shopware.command import shopware

ROOT = Path(__file__).parents[3]
ALWAYS = {
    "manifest": {
        "meta",
        "setup",
        "admin",
        "permissions",
        "allowed-hosts",
        "custom-fields",
        "webhooks",
        "cookies",
        "payments",
    },
    "meta": {
        "name",
        "label",
        "description",
        "author",
        "copyright",
        "version",
        "license",
        "icon",
        "privacy",
        "privacyPolicyExtensions",
        "compatibility",
    },
    "setup": {"registrationUrl", "secret"},
    "admin": {"action-button", "module", "main-module", "base-app-url"},
    "permissions": {"read", "create", "update", "delete", "permission"},
    "payment-method": {
        "identifier",
        "name",
        "description",
        "pay-url",
        "finalize-url",
        "validate-url",
        "refund-url",
        "recurring-url",
        "icon",
    },
}
"""What stands in the schemas of 6.5.8, 6.6 and 6.7 alike."""

EXTRA = {
    "6.5": {"payment-method": {"capture-url"}},
    "6.6": {"payment-method": {"capture-url"}, "manifest": {"gateways"}},
    "6.7": {"manifest": {"gateways"}},
}
ORDER = {
    "action-button": {"action", "entity", "view", "url"},
    "module": {"name", "parent", "source", "position"},
    "webhook": {"name", "url", "event", "onlyLiveVersion"},
}


@pytest.fixture
def package(scene: Scene, tmp_path: Path) -> tuple[Path, zipfile.ZipFile]:
    """The zip that the command writes for acme."""
    config = next(tmp_path.glob("scene-*")) / "bridge.yaml"
    out = tmp_path / "out" / "acme.zip"
    result = CliRunner().invoke(
        shopware, ["package", "--merchant", "acme", "--config", str(config), "--output", str(out)]
    )
    assert result.exit_code == 0, result.output
    return out, zipfile.ZipFile(io.BytesIO(out.read_bytes()))


def manifest_of(archive: zipfile.ZipFile) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read("BridgePayments/manifest.xml"))


@pytest.mark.parametrize("version", ["6.5", "6.6", "6.7"])
def test_manifest__every_element__is_known_to_the_version(
    package: tuple[Path, zipfile.ZipFile], version: str
) -> None:
    manifest = manifest_of(package[1])
    for element in manifest.iter():
        known = ALWAYS.get(element.tag)
        if known is not None:
            assert {child.tag for child in element} <= known | EXTRA[version].get(
                element.tag, set()
            ), element.tag
        assert set(element.attrib) <= ORDER.get(element.tag, set(element.attrib)), element.tag
    for name in ("name", "label", "author", "copyright", "version", "license"):
        assert manifest.findtext(f"meta/{name}")
    assert f"~{version}." in manifest.findtext("meta/compatibility")


def test_package__files__lie_in_the_apps_folder_and_all_exist(
    package: tuple[Path, zipfile.ZipFile],
) -> None:
    manifest, names = manifest_of(package[1]), package[1].namelist()
    assert manifest.findtext("meta/name") == "BridgePayments" and all(
        name.startswith("BridgePayments/") for name in names
    )
    for icon in manifest.iter("icon"):
        assert package[1].read(f"BridgePayments/{icon.text}").startswith(b"\x89PNG")


def test_manifest__webhooks_methods_and_texts__are_complete(
    package: tuple[Path, zipfile.ZipFile],
) -> None:
    manifest = manifest_of(package[1])
    hooks = [hook.get("name") for hook in manifest.iter("webhook")]
    assert len(hooks) == len(set(hooks)) <= 5
    assert [one.findtext("identifier") for one in manifest.iter("payment-method")] == ["wallet"]
    for method in manifest.iter("payment-method"):
        assert all(
            method.findtext(name) for name in ("pay-url", "finalize-url", "refund-url", "icon")
        )
        assert {name.get("lang") for name in method.findall("name")} == {None, "de-DE"}


def test_manifest__addresses__are_this_merchants_doors(
    package: tuple[Path, zipfile.ZipFile], scene: Scene
) -> None:
    manifest = manifest_of(package[1])
    found = [one.text for one in manifest.iter() if one.text and one.text.startswith("http")] + [
        value
        for one in manifest.iter()
        for key, value in one.attrib.items()
        if key in ("url", "source")
    ]
    doors = {path.replace("{merchant}", "acme") for path, _ in scene.stage.house.doors()}
    base = scene.stage.outside.url
    assert found and all(address.removeprefix(base) in doors for address in found)


def test_package__secret__is_the_merchants_and_for_its_owner_only(
    package: tuple[Path, zipfile.ZipFile],
) -> None:
    """I16: the secret is in the zip, which nobody else may read, and nowhere in the repository."""
    assert manifest_of(package[1]).findtext("setup/secret") == APP_SECRETS["acme"]
    assert stat.S_IMODE(os.stat(package[0]).st_mode) == 0o600
    assert "/build/" in (ROOT / ".gitignore").read_text()


def test_package__installed__registers_at_its_own_address(
    package: tuple[Path, zipfile.ZipFile], scene: Scene
) -> None:
    shop, manifest = scene.shops["acme-one"], manifest_of(package[1])
    shop.app_secret, shop.app_name = (
        manifest.findtext("setup/secret"),
        manifest.findtext("meta/name"),
    )
    shop.bridge = manifest.findtext("setup/registrationUrl").removesuffix("/register")
    assert shop.install().secret


def test_command__unknown_merchant__says_what_to_do(scene: Scene, tmp_path: Path) -> None:
    config = next(tmp_path.glob("scene-*")) / "bridge.yaml"
    result = CliRunner().invoke(
        shopware, ["package", "--merchant", "nobody", "--config", str(config)]
    )
    assert result.exit_code == 1 and "adapters: shopware:" in result.output
