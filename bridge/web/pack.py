"""Makes the browser files ready to be served, once, at the start: joined, written shorter, compressed, hashed.

A module that another one imports is put in its place, so that one file needs one request and one hash says all about it. The files
below `static/` stay plain modules that tests and type checks read as they are; what browsers get is made here and nowhere else. The
library that writes them shorter is pinned to one version: an address with our version in it means the same bytes for ever.
"""
from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import minify

_IMPORT = re.compile(r"^import \{[^}]*\} from '(\.{1,2}/[^']+)';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const |let |function |async |class )", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*/\*[^\n]*?(?:\n(?![^\n]*/\*)[^\n]*?)*?\*/[ \t]*(?:\n|(?=\S))", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+|\n(?=\s*\n)", re.MULTILINE)

SCRIPTS = frozenset({".js", ".mjs"})
STYLES = frozenset({".css"})


@dataclass(frozen=True, slots=True)
class Packed:
    """A file as it is served; `digest` names its bytes, `integrity` is for the attribute of that name (SRI, sha384)."""

    body: bytes
    gzipped: bytes
    digest: str
    integrity: str


def pack(path: Path, root: Path) -> Packed:
    """Make a file ready. Raises ValueError where a script imports what cannot be joined, or from outside of `root`."""
    if path.suffix in SCRIPTS:
        return packed(shorter(_join(path.resolve(), root.resolve(), set()), "text/javascript"))
    if path.suffix in STYLES:
        return packed(shorter(path.read_text("utf-8"), "text/css"))
    return packed(path.read_bytes())


def shorter(text: str, media_type: str) -> bytes:
    """Write a script or a style shorter without changing what it does, UTF-8. Raises minify.MinifyError where it is no such text."""
    return minify.string(media_type, text).encode()


def packed(body: bytes) -> Packed:
    """Compress and hash bytes."""
    sha = hashlib.sha384(body).digest()
    return Packed(body, gzip.compress(body, 9, mtime=0), sha.hex()[:24], f"sha384-{base64.b64encode(sha).decode()}")


def lean(text: str) -> str:
    """Leave out comments that begin a line, empty lines and indentation: reasons cost a reader of the source nothing, a payer neither."""
    return _INDENT.sub("", _COMMENT.sub("", text)).lstrip("\n")


def _join(path: Path, root: Path, seen: set[Path]) -> str:
    """Return a module with what it imports before it, each once."""
    seen.add(path)
    before: list[str] = []

    def place(found: re.Match[str]) -> str:
        wanted = (path.parent / found[1]).resolve()
        if " as " in found[0] or not wanted.is_relative_to(root):
            raise ValueError(f"{path.name}: cannot join {found[0].strip()}")
        if wanted not in seen:
            before.append(_EXPORT.sub("", _join(wanted, root, seen)))
        return ""

    text = _IMPORT.sub(place, path.read_text("utf-8"))
    return "".join([*before, text])
