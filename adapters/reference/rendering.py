"""Turns data into pages, in the language of whoever reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import falcon
import jinja2

from adapters.reference import money
from adapters.reference.texts import LANGUAGES, TEXTS

HERE = Path(__file__).parent


def templates() -> jinja2.Environment:
    """Return the shop's templates: everything is escaped, a missing value is a mistake."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"readable": money.readable, "plain": money.plain}
    return environment


def language(req: falcon.Request) -> str:
    """Return the language to answer in: the one asked for by a link, the one chosen before, or the browser's."""
    chosen = req.get_param("lang") or req.cookies.get("lang") or ""
    if chosen in LANGUAGES:
        return chosen
    return "de" if (req.get_header("Accept-Language") or "").lower().startswith("de") else "en"


def show(
    environment: jinja2.Environment,
    req: falcon.Request,
    resp: falcon.Response,
    template: str,
    spoken: str = "",
    **data: Any,
) -> None:
    """Answer with a page, in the language that is ``spoken`` or the reader's own."""
    spoken = spoken or language(req)
    if req.get_param("lang") in LANGUAGES:
        resp.set_cookie("lang", spoken, path="/", secure=False, http_only=True, same_site="Lax")
    resp.content_type = falcon.MEDIA_HTML
    resp.text = environment.get_template(template).render(
        t=TEXTS[spoken], language=spoken, path=req.path, **data
    )
