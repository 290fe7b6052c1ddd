"""The checkout page: `static/frame/checkout.html` filled with one checkout's data, and the headers that guard it.

The policy names the shop's origins as frame ancestors and one provider's origin as inner frame; no X-Frame-Options, which knows
no list. Nothing sets a cookie. Which variables the template wants is told in `static/README.md`.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from falcon import Request, Response
from falcon.util import code_to_http_status
from jinja2 import Environment
from markupsafe import Markup

from bridge.services.show_checkout import Shown
from bridge.web import answers
from bridge.web.language import Reader
from bridge.web.pack import lean
from bridge.web.settings import WebSettings

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})

_ORIGIN = re.compile(r"https?://(?:[0-9A-Za-z.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")
_FOR_SCRIPT = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""Inside <script> these could end the block, start a comment, or end a line."""


class Frame:
    """Renders the page."""

    def __init__(self, settings: WebSettings) -> None:
        """Load the template and see which languages the page has."""
        folder = settings.static / "frame"
        self._template = Environment(autoescape=True, trim_blocks=True).from_string(lean((folder / "checkout.html").read_text("utf-8")))
        self.languages = tuple(sorted(file.stem for file in (folder / "i18n").glob("*.mjs")))

    def show(self, req: Request, resp: Response, token: str, reader: Reader, shown: Shown) -> None:
        """Answer the page of a checkout; it speaks to the one origin that embeds it, where the browser says which that is."""
        page = shown.view.get("page") or {}
        resp.set_headers(headers(shown.origins, origin_of(page.get("url"))))
        around = origin_of(req.referer)
        origins = (around,) if around in shown.origins else shown.origins
        self._render(req, resp, reader, shown.view["merchant"]["name"], {
            "api": _api(token), "locale": reader.locale, "origins": origins, "view": shown.view})

    def sorry(self, req: Request, resp: Response, token: str, reader: Reader, status: int, code: str) -> None:
        """Answer the page that says that there is nothing to see; nobody may frame it but ourselves."""
        resp.status = code_to_http_status(status)
        resp.set_headers(headers((), None))
        self._render(req, resp, reader, "Checkout", {"api": _api(token), "locale": reader.locale, "view": None, "code": code})

    def _render(self, req: Request, resp: Response, reader: Reader, title: str, data: dict[str, Any]) -> None:
        direction = "rtl" if reader.language in RIGHT_TO_LEFT else "ltr"
        resp.content_type = "text/html; charset=utf-8"
        page = self._template.render(lang=reader.language, dir=direction, title=title, data_json=for_script(data))
        answers.compressed(req, resp, page.encode())


def for_script(data: Any) -> Markup:
    """Write JSON that is safe inside a <script> block."""
    return Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace").decode().translate(_FOR_SCRIPT))


def origin_of(url: str | None) -> str | None:
    """Return the origin of a web address; None for anything that cannot stand in a policy."""
    found = _ORIGIN.match(url or "")
    ends = found and (url or "")[found.end():found.end() + 1] in ("", "/", "?", "#")
    return found[0] if found and ends else None


def headers(origins: Iterable[str], provider: str | None) -> dict[str, str]:
    """Return the page's headers; `origins` may frame it, `provider` is the origin of the page inside it."""
    ancestors = " ".join(["'self'", *(origin for origin in origins if _ORIGIN.fullmatch(origin))])
    inner = f"'self' {provider}" if provider else "'self'"  # ourselves: the provider's page sends the inner frame back to us
    allowed = f'(self "{provider}")' if provider else "(self)"
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
            f"frame-src {inner}; form-action {inner}; base-uri 'none'; frame-ancestors {ancestors}; require-trusted-types-for 'script'"),
        "Permissions-Policy": (
            f"unload=(), camera=(), microphone=(), geolocation=(), payment={allowed}, publickey-credentials-get={allowed}"),
        "Referrer-Policy": "origin",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _api(token: str) -> str:
    return f"/v1/checkout/{token}"
