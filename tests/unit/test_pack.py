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
    for folder in ("php/src", "magento/module", "prestashop/module"):
        shutil.copytree(ADAPTERS / folder, tmp_path / "adapters" / folder)
    shutil.copy(ADAPTERS / "php/autoload.php", tmp_path / "adapters/php")
    return tmp_path / "adapters"


def test_pack__magento__is_the_module_with_its_core(tmp_path: Path) -> None:
    with zipfile.ZipFile(pack.pack("magento", tmp_path)) as archive:
        names = set(archive.namelist())
    assert {
        "registration.php",
        "composer.json",
        "LICENSE",
        "etc/module.xml",
        "core/autoload.php",
        "core/src/Client.php",
    } <= names
    assert not [
        name
        for name in names
        if "test" in name.lower()
        and not name.lower().endswith(
            ("connection/test.php", "test_connection.phtml", "testconnection.php")
        )
    ]


def test_pack__twice__gives_the_same_bytes_and_the_same_folder(tmp_path: Path) -> None:
    one, other = pack.pack("magento", tmp_path / "one"), pack.pack("magento", tmp_path / "other")
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.relative_to(one.with_suffix("")).as_posix(): path.read_bytes()
            for path in one.with_suffix("").rglob("*")
            if path.is_file()
        }


def test_pack__changed_file__has_another_time_and_the_others_theirs(
    adapters: Path, tmp_path: Path
) -> None:
    """A shop's OPcache goes on with a file whose time is as it was; it would run a new version half."""
    old = pack.pack("prestashop", tmp_path / "old", adapters)
    changed = adapters / "prestashop/module/src/Orders.php"
    changed.write_text(changed.read_text() + "// changed\n")
    new = pack.pack("prestashop", tmp_path / "new", adapters)
    times = [
        {entry.filename: entry.date_time for entry in zipfile.ZipFile(path).infolist()}
        for path in (old, new)
    ]
    assert [path for path in times[0] if times[0][path] != times[1][path]] == [
        "paymentbridge/src/Orders.php"
    ]


def test_versions__of_the_magento_module__are_told_twice_and_are_the_projects() -> None:
    told = pack.told_versions(pack.files_of("magento"))
    assert told == {"composer.json": pack.version(), "Model/Config.php": pack.version()}


def test_versions__of_the_prestashop_module__are_told_four_times_and_agree() -> None:
    files = pack.files_of("prestashop")
    inside = ("composer.json", "config.xml", "paymentbridge.php", "src/Config.php")
    assert pack.told_versions(files) == {
        f"paymentbridge/{path}": pack.version_of(files) for path in inside
    }


def test_version__of_a_package_that_tells_none__is_the_projects() -> None:
    assert pack.version_of({"module.js": b"export {}"}) == pack.version()


def test_pack__prestashop__is_one_folder_with_its_core_and_a_guard_in_every_folder(
    tmp_path: Path,
) -> None:
    with zipfile.ZipFile(pack.pack("prestashop", tmp_path)) as archive:
        names = set(archive.namelist())
        guards = {archive.read(name) for name in names if name.endswith("/index.php")}
    assert {name.partition("/")[0] for name in names} == {"paymentbridge"}
    assert {
        f"paymentbridge/{path}"
        for path in (
            "paymentbridge.php",
            "config.xml",
            "logo.png",
            ".htaccess",
            "core/src/Client.php",
        )
    } <= names
    assert {f"{name.rpartition('/')[0]}/index.php" for name in names} <= names and len(guards) == 1
    assert not [name for name in names if "test" in name.lower()]


def test_pack__prestashop__has_upgrade_scripts_up_to_its_version() -> None:
    files = pack.files_of("prestashop")
    scripts = [path for path in files if "/upgrade/upgrade-" in path]
    newest = max(
        tuple(map(int, path.rpartition("-")[2].removesuffix(".php").split("."))) for path in scripts
    )
    assert newest == tuple(map(int, pack.version_of(files).split(".")))


@pytest.mark.parametrize(
    ("name", "spoiled"),
    [
        ("magento", "composer.json"),
        ("magento", "Model/Config.php"),
        ("prestashop", "config.xml"),
        ("prestashop", "paymentbridge.php"),
    ],
)
def test_pack__a_file_with_a_version_of_its_own__is_refused(
    adapters: Path, tmp_path: Path, name: str, spoiled: str
) -> None:
    path = adapters / name / "module" / spoiled
    path.write_text(path.read_text().replace(pack.version_of(pack.files_of(name)), "9.9.9"))
    with pytest.raises(pack.Unpackable, match=r"9\.9\.9"):
        pack.pack(name, tmp_path / "out", adapters)
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
