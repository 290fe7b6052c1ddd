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

from bridge.domain.money import exponents
from bridge.services.show_checkout import Shown
from bridge.web import answers
from bridge.web.language import Reader
from bridge.web.pack import lean
from bridge.web.settings import WebSettings

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})

_ORIGIN = re.compile(r"https?://(?:[0-9A-Za-z.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")
_FOR_SCRIPT = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""Inside <script> these could end the block, start a comment, or end a line."""

NOTHING = Shown({}, "", ())
"""Of a token that is unknown there is nothing to tell, and no shop to tell it to."""


class Frame:
    """Renders the page."""

    def __init__(self, settings: WebSettings) -> None:
        """Load the template and the languages of the page."""
        folder = settings.static / "frame"
        self._template = Environment(autoescape=True, trim_blocks=True).from_string(
            lean((folder / "checkout.html").read_text("utf-8"))
        )
        self._texts = {
            file.stem: json.loads(file.read_text("utf-8"))
            for file in sorted((folder / "i18n").glob("*.json"))
        }
        self.languages = tuple(self._texts)

    def show(
        self,
        req: Request,
        resp: Response,
        token: str,
        reader: Reader,
        shown: Shown,
        code: str | None = None,
    ) -> None:
        """Answer the page of a checkout; `code` says why it is over. It speaks to the one origin that embeds it, where the browser names that."""
        around = origin_of(req.referer)
        resp.set_headers(
            headers(shown.origins, origin_of((shown.view.get("page") or {}).get("url")))
        )
        self._render(
            req,
            resp,
            reader,
            {
                "api": f"/v1/checkout/{token}",
                "locale": reader.locale,
                "origins": (around,) if around in shown.origins else shown.origins,
                "view": _told(shown.view),
                "digits": _digits(shown.view),
                "code": code,
            },
        )

    def sorry(
        self,
        req: Request,
        resp: Response,
        token: str,
        reader: Reader,
        status: int,
        code: str,
        shown: Shown = NOTHING,
    ) -> None:
        """Answer the page that says that there is nothing to see; where no shop is known, nobody may frame it but ourselves."""
        resp.status = code_to_http_status(status)
        self.show(req, resp, token, reader, shown, code)

    def _render(self, req: Request, resp: Response, reader: Reader, data: dict[str, Any]) -> None:
        texts = self._texts[reader.language]
        page = self._template.render(
            lang=reader.language,
            dir="rtl" if reader.language in RIGHT_TO_LEFT else "ltr",
            text=texts["page"],
            view=data["view"],
            merchant=data["view"].get("merchant", {}).get("name", ""),
            data_json=for_script({**data, "texts": texts["script"]}),
        )
        resp.content_type = "text/html; charset=utf-8"
        answers.compressed(req, resp, page.encode("utf-8", "backslashreplace"))


def for_script(data: Any) -> Markup:
    """Write JSON that is safe inside a <script> block."""
    return Markup(
        json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        .encode("utf-8", "backslashreplace")
        .decode()
        .translate(_FOR_SCRIPT)
    )


def origin_of(url: str | None) -> str | None:
    """Return the origin of a web address; None for anything that cannot stand in a policy."""
    found = _ORIGIN.match(url or "")
    ends = found and (url or "")[found.end() : found.end() + 1] in ("", "/", "?", "#")
    return found[0] if found and ends else None


def headers(origins: Iterable[str], provider: str | None) -> dict[str, str]:
    """Return the page's headers; `origins` may frame it, `provider` is the origin of the page inside it."""
    ancestors = " ".join(["'self'", *(origin for origin in origins if _ORIGIN.fullmatch(origin))])
    inner = (
        f"'self' {provider}" if provider else "'self'"
    )  # ourselves: the provider's page sends the inner frame back to us
    allowed = f'(self "{provider}")' if provider else "(self)"
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
            f"frame-src {inner}; form-action {inner}; base-uri 'none'; frame-ancestors {ancestors}; require-trusted-types-for 'script'"
        ),
        "Permissions-Policy": (
            f"unload=(), camera=(), microphone=(), geolocation=(), payment={allowed}, publickey-credentials-get={allowed}"
        ),
        "Referrer-Policy": "origin",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _told(view: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is null: to the page it is the same, and it is sent to every payer."""
    return {name: value for name, value in view.items() if value is not None}


def _digits(view: dict[str, Any]) -> dict[str, int]:
    """Return how many decimal places the view's currencies have where it is not two; browsers disagree about some (IQD).

    A currency that ISO 4217 does not know is a provider's own (cashcredits) and is counted in whole units.
    """
    codes = [
        code
        for code in (
            view.get("currency"),
            *(price["code"] for price in view.get("currencies") or ()),
        )
        if code
    ]
    return {code: places for code in codes if (places := exponents().get(code, 0)) != 2}
