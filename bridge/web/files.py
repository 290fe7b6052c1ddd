"""Public door: the files that browsers get, from `static/` and from nowhere else.

All are read and made ready at the start (see `pack.py`); an address that names none of them is unknown, whatever it is made of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from falcon import HTTPRouteNotFound, Request, Response

from bridge.services import Services
from bridge.web import answers
from bridge.web.audience import Audience, Resource
from bridge.web.operation import operation
from bridge.web.pack import Packed, pack, packed
from bridge.web.settings import WebSettings

TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".mts": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
"""What is served; a template, a test or a note that lies beside is not."""

OURS = "no-cache"
"""Our own page is never older than its scripts: they are asked for again, and mostly answered 304."""

EVERGREEN = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"
"""A shop's page must come up even while we do not."""

PINNED = "public, max-age=31536000, immutable"
"""An address with a full version in it never means other bytes."""

HOME = b"https://bridge.invalid"
"""What stands in the sources for the bridge's public address."""

Files = Mapping[str, Packed]


def folder(root: Path, name: str, pattern: str = "**/*") -> dict[str, Packed]:
    """Return the files of a folder below `root`, ready to be served, by their path in it."""
    return {
        path.relative_to(root / name).as_posix(): made
        for path, made in pack(_served(root / name, pattern), root).items()
    }


def _served(base: Path, pattern: str) -> list[Path]:
    return sorted(path for path in base.glob(pattern) if path.suffix in TYPES and path.is_file())


class FrameFiles(Resource):
    """/frame/{file:path}"""

    audience = Audience.PUBLIC

    def __init__(self, services: Services, settings: WebSettings) -> None:
        """Make the files ready."""
        super().__init__(services, settings)
        self._files = folder(settings.static, "frame")

    @operation({200: "*/*", 304: None}, query=None)
    def on_get(self, req: Request, resp: Response, file: str) -> None:
        """Serve a file of the checkout page."""
        _serve(req, resp, self._files, file, OURS)


class WidgetFiles(Resource):
    """/widget/{release}/{file}: `v1` is the newest of its line, `v0.1.0` that version for ever.

    Versions before this one stay as they were when their folders are kept as `widget/v<version>/`.
    """

    audience = Audience.PUBLIC

    def __init__(self, services: Services, settings: WebSettings) -> None:
        """Make this version's files ready, and find the versions that were kept."""
        super().__init__(services, settings)
        here = settings.static / "widget"
        newest = f"v{settings.version}"
        files = {
            name: _at_home(file, settings.public_url)
            for name, file in folder(settings.static, "widget", "*").items()
        }
        kept = {
            old.name: {path.name: packed(path.read_bytes()) for path in _served(old, "*")}
            for old in here.glob("v*/")
        }
        self._releases: dict[str, Files] = {
            **kept,
            newest: files,
            "v1": {**files, "integrity.json": _integrity(newest, files)},
        }

    @operation({200: "*/*", 304: None}, query=None)
    def on_get(self, req: Request, resp: Response, release: str, file: str) -> None:
        """Serve a file of the widget, with hashes for the `integrity` attribute in `v1/integrity.json`."""
        _serve(
            req,
            resp,
            self._releases.get(release, {}),
            file,
            EVERGREEN if release == "v1" else PINNED,
        )


def _at_home(file: Packed, public_url: str) -> Packed:
    """Write the bridge's own address into a file: a script that a shop inlines has no other way to know it."""
    return packed(file.body.replace(HOME, public_url.encode())) if HOME in file.body else file


def _serve(req: Request, resp: Response, files: Files, name: str, caching: str) -> None:
    file = files.get(name)
    if file is None:
        raise HTTPRouteNotFound
    resp.set_headers(
        {
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": caching,
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
    )
    answers.packed_unless_known(req, resp, file)
    if resp.data is not None:
        resp.content_type = TYPES[Path(name).suffix]


def _integrity(release: str, files: Files) -> Packed:
    hashes = {
        name: {"url": f"/widget/{release}/{name}", "integrity": file.integrity}
        for name, file in files.items()
    }
    return packed(json.dumps({"version": release[1:], "files": hashes}, indent=2).encode() + b"\n")
