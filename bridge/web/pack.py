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
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bridge.web.shorter import shorter

_IMPORT = re.compile(r"^import \{[^}]*\} from '(\.{1,2}/[^']+)';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const |let |function |async |class )", re.MULTILINE)
_COMMENT = re.compile(
    r"^[ \t]*/\*[^\n]*?(?:\n(?![^\n]*/\*)[^\n]*?)*?\*/[ \t]*(?:\n|(?=\S))", re.MULTILINE
)
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


def pack(paths: Iterable[Path], root: Path) -> dict[Path, Packed]:
    """Make files ready. Raises ValueError where one is not what its name says, or imports what cannot be joined, or from outside of `root`."""
    whole = list(paths)
    long = {
        path: ("text/javascript", _join(path.resolve(), root.resolve(), set()))
        for path in whole
        if path.suffix in SCRIPTS
    }
    long |= {path: ("text/css", path.read_text("utf-8")) for path in whole if path.suffix in STYLES}
    short = dict(zip(long, _shorter(tuple(long.values())), strict=True))
    return {
        path: packed(short[path].encode() if path in short else path.read_bytes()) for path in whole
    }


_shorter = cache(
    shorter
)  # the same texts bring the same bytes, and a process that composes the doors again need not wait for them again


def packed(body: bytes) -> Packed:
    """Compress and hash bytes."""
    sha = hashlib.sha384(body).digest()
    return Packed(
        body,
        gzip.compress(body, 9, mtime=0),
        sha.hex()[:24],
        f"sha384-{base64.b64encode(sha).decode()}",
    )


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
