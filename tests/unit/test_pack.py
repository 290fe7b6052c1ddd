"""Packages of the shop modules: whole, the same every time, of one version, and with nothing that is not a merchant's."""
from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters import pack

ADAPTERS = pack.ADAPTERS


@pytest.fixture
def adapters(tmp_path: Path) -> Path:
    """Return a copy of what is packed, to be spoiled."""
    for folder in ("php/src", "magento/module"):
        shutil.copytree(ADAPTERS / folder, tmp_path / "adapters" / folder)
    shutil.copy(ADAPTERS / "php/autoload.php", tmp_path / "adapters/php")
    return tmp_path / "adapters"


def test_pack__magento__is_the_module_with_its_core(tmp_path: Path) -> None:
    with zipfile.ZipFile(pack.pack("magento", tmp_path)) as archive:
        names = set(archive.namelist())
    assert {"registration.php", "composer.json", "LICENSE", "etc/module.xml", "core/autoload.php", "core/src/Client.php"} <= names
    assert not [name for name in names if "test" in name.lower() and not name.lower().endswith(("connection/test.php", "test_connection.phtml", "testconnection.php"))]


def test_pack__twice__gives_the_same_bytes_and_the_same_folder(tmp_path: Path) -> None:
    one, other = pack.pack("magento", tmp_path / "one"), pack.pack("magento", tmp_path / "other")
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.relative_to(one.with_suffix("")).as_posix(): path.read_bytes() for path in one.with_suffix("").rglob("*") if path.is_file()
        }


def test_versions__of_the_magento_module__are_told_twice_and_are_the_projects() -> None:
    told = pack.told_versions(pack.files_of("magento"))
    assert told == {"composer.json": pack.version(), "Model/Config.php": pack.version()}


@pytest.mark.parametrize("spoiled", ["composer.json", "Model/Config.php"])
def test_pack__a_version_of_its_own__is_refused(adapters: Path, tmp_path: Path, spoiled: str) -> None:
    path = adapters / "magento/module" / spoiled
    path.write_text(path.read_text().replace(pack.version(), "9.9.9"))
    with pytest.raises(pack.Unpackable, match=r"9\.9\.9"):
        pack.pack("magento", tmp_path / "out", adapters)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("stray", [".env", "notes.swp", "module.zip", "id_rsa"])
def test_pack__a_stray_file__is_refused(adapters: Path, tmp_path: Path, stray: str) -> None:
    (adapters / "magento/module" / stray).write_text("x")
    with pytest.raises(pack.Unpackable, match=stray):
        pack.pack("magento", tmp_path / "out", adapters)


def test_pack__a_link_out_of_the_module__is_refused(adapters: Path, tmp_path: Path) -> None:
    (adapters / "magento/module/passwd.md").symlink_to("/etc/passwd")
    with pytest.raises(pack.Unpackable, match="link"):
        pack.pack("magento", tmp_path / "out", adapters)


def test_command__no_such_platform__says_so() -> None:
    answer = CliRunner().invoke(pack.main, ["nowhere"])
    assert answer.exit_code == 1 and "nowhere: there is no module" in answer.output
