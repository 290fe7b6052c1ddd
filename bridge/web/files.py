"""Public door: the files that browsers get, from `static/` and from nowhere else."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from falcon import HTTP_304, HTTPRouteNotFound, Request, Response

from bridge.services import Services
from bridge.web import answers
from bridge.web.audience import Audience, Resource
from bridge.web.operation import operation
from bridge.web.settings import WebSettings

TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
"""What is served; a template, a test or a note that lies beside is not."""

OURS = "no-cache"
"""Our own page is never older than its scripts: they are asked for again, and mostly answered 304."""

THEIRS = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"
"""A shop's page must come up even while we do not."""


class FilesResource(Resource):
    """A folder of static files; sub-classes name it."""

    audience = Audience.PUBLIC
    folder = ""
    caching = OURS

    def __init__(self, services: Services, settings: WebSettings) -> None:
        """Find the folder."""
        super().__init__(services, settings)
        self._root = (settings.static / self.folder).resolve()

    @operation({200: "*/*", 304: None}, query=None)
    def on_get(self, req: Request, resp: Response, file: str) -> None:
        """Serve a file."""
        found = self._find(file)
        stat = found.stat()
        opaque = f"{stat.st_mtime_ns:x}-{stat.st_size:x}"
        resp.set_headers({
            "Access-Control-Allow-Origin": "*", "Cache-Control": self.caching, "Cross-Origin-Resource-Policy": "cross-origin",
            "ETag": f'W/"{opaque}"'})
        resp.content_type = TYPES[found.suffix]
        if answers.knows(req, opaque):
            resp.status = HTTP_304
        else:
            resp.data = found.read_bytes()

    def _find(self, name: str) -> Path:
        if "\0" in name or not name.isascii():
            raise HTTPRouteNotFound
        found = (self._root / name).resolve()
        if not found.is_relative_to(self._root) or found.suffix not in TYPES or not found.is_file():
            raise HTTPRouteNotFound
        return found


class FrameFiles(FilesResource):
    """/frame/{file:path}"""

    folder = "frame"


class SharedFiles(FilesResource):
    """/shared/{file:path}"""

    folder = "shared"


class WidgetFiles(FilesResource):
    """/widget/v1/{file:path}"""

    folder = "widget"
    caching = THEIRS


class WidgetSharedFiles(FilesResource):
    """/widget/shared/{file:path}: where `../shared/` leads to from the widget's own address."""

    folder = "shared"
    caching = THEIRS
