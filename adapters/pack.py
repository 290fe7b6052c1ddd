"""Packs a shop's module as its merchant gets it: ``python -m adapters.pack magento`` makes ``dist/magento-<version>.zip``.

A package is ``module/``, and for PHP the shared classes of ``php/`` as ``core/`` inside it. The same files always give the
same bytes. A package whose files tell different versions is not made.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

import click

ADAPTERS = Path(__file__).resolve().parent
EPOCH = datetime(2000, 1, 1)
SPAN = 500_000_000  # seconds, about sixteen years
ENDINGS = frozenset(
    [
        ".php",
        ".phtml",
        ".xml",
        ".json",
        ".csv",
        ".graphqls",
        ".js",
        ".css",
        ".html",
        ".tpl",
        ".twig",
        ".md",
        ".svg",
        ".png",
        ".yml",
        ".xlf",
    ]
)
"""What a merchant gets; a file of another kind in ``module/`` is a mistake, or an editor's."""


class Unpackable(Exception):
    """The package is not made; the text says why."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a platform wants its package: the folder inside the zip file, whether it brings the PHP classes, and whether every folder
    is to have the `index.php` of the module's own folder."""

    root: str = ""
    core: str | None = None
    guarded: bool = False


LAYOUTS: Mapping[str, Layout] = {
    "magento": Layout(root="", core="core"),
    "prestashop": Layout(root="paymentbridge", core="core", guarded=True),
}
"""Platforms that are installed from a file; those that are not listed are packed as they are."""

VERSIONS: tuple[tuple[str, str], ...] = (
    (r"composer\.json", r'^  "version": "([^"]+)"'),
    (r".*\.php", r"const VERSION = '([^']+)'"),
    (r".*\.php", r"\$this->version = '([^']+)'"),
    (r"config\.xml", r"<version><!\[CDATA\[([^]]+)\]\]></version>"),
)
"""Where a module tells its version: name of the file, and the line."""


def version() -> str:
    """Return the project's version, which a package has that tells none of its own."""
    return str(
        tomllib.loads((ADAPTERS.parent / "pyproject.toml").read_text())["project"]["version"]
    )


def told_versions(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return every version that a package's files tell, by path."""
    told = {}
    for path, content in files.items():
        for name, line in VERSIONS:
            found = re.fullmatch(name, path.rpartition("/")[2]) and re.search(
                line, content.decode("utf-8", "replace"), re.MULTILINE
            )
            if found:
                told[path] = found.group(1)
    return told


def version_of(files: Mapping[str, bytes]) -> str:
    """Return the version of a package: a module that a shop upgrades step by step has one of its own. Raises Unpackable."""
    told = told_versions(files)
    if len(set(told.values())) > 1:
        raise Unpackable(f"the versions do not agree: {json.dumps(told)}")
    return next(iter(told.values()), version())


def files_of(name: str, adapters: Path = ADAPTERS) -> dict[str, bytes]:
    """Return what a package holds, by path inside it. Raises Unpackable."""
    layout, module = LAYOUTS.get(name, Layout()), adapters / name / "module"
    if not module.is_dir():
        raise Unpackable(f"there is no module in {module}")
    files = dict(_read(module))
    if layout.core is not None:
        core = {
            "autoload.php": (adapters / "php" / "autoload.php").read_bytes(),
            **_under("src", adapters / "php" / "src"),
        }
        files |= {f"{layout.core}/{path}": content for path, content in core.items()}
    if layout.guarded:
        files |= {path: files["index.php"] for path in _guards(files)}
    return {
        f"{layout.root}/{path}" if layout.root else path: content
        for path, content in sorted(files.items())
    }


def pack(name: str, out: Path, adapters: Path = ADAPTERS) -> Path:
    """Write ``<name>-<version>.zip`` and the same as a folder, which Composer takes; return the zip file. Raises Unpackable."""
    files = files_of(name, adapters)
    target = out / f"{name}-{version_of(files)}"
    zipped = target.with_name(f"{target.name}.zip")
    _write_zip(zipped, files)
    _write_folder(target, files)
    return zipped


def _read(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise Unpackable(f"{path} is a link")
        if path.is_file():
            if path.suffix not in ENDINGS and path.name not in ("LICENSE", ".htaccess"):
                raise Unpackable(f"{path} is nothing for a merchant")
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _guards(files: Mapping[str, bytes]) -> set[str]:
    folders = {str(folder) for path in files for folder in PurePosixPath(path).parents}
    return {f"{folder}/index.php" for folder in folders if folder != "."} - files.keys()


def _under(prefix: str, folder: Path) -> dict[str, bytes]:
    return {f"{prefix}/{path}": content for path, content in _read(folder)}


def _write_zip(target: Path, files: Mapping[str, bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, _time_of(content))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)


def _time_of(content: bytes) -> tuple[int, int, int, int, int, int]:
    # The same content has the same time, and another content another one: shops unpack files with the times of the zip file, and
    # PHP's OPcache goes on with the old version of a file whose time is as it was.
    number = int.from_bytes(hashlib.sha256(content).digest()[:8])
    return (EPOCH + timedelta(seconds=number % SPAN)).timetuple()[:6]


def _write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    for old in sorted((path for path in target.rglob("*") if path.is_file()), reverse=True):
        old.unlink()
    for path, content in files.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(content)


@click.command()
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--out",
    default="dist",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to put them.",
)
def main(names: tuple[str, ...], out: Path) -> None:
    """Pack the modules of these platforms."""
    for name in names:
        try:
            click.echo(pack(name, out))
        except Unpackable as why:
            raise click.ClickException(f"{name}: {why}") from None


if __name__ == "__main__":
    main()
