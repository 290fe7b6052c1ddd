"""Writing answers: JSON, made resources, pages of lists, and 304 where nothing changed."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import urlencode

from falcon import HTTP_200, HTTP_201, HTTP_202, HTTP_304, Request, Response
from falcon.media import BaseHandler

from bridge.services.idempotent import Answered
from bridge.services.read import Page
from bridge.web import parse
from bridge.web.pack import Packed


def to_bytes(document: Any) -> bytes:
    """Write compact JSON, UTF-8; half of a surrogate pair, which UTF-8 has no bytes for, as its escape."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "backslashreplace"
    )


class JsonHandler(BaseHandler):
    """Falcon's media handler for application/json and application/problem+json."""

    def serialize(self, media: Any, content_type: str) -> bytes:
        """Write JSON."""
        return to_bytes(media)

    def deserialize(self, stream: Any, content_type: str | None, content_length: int | None) -> Any:
        """Read strict JSON. Raises MalformedBody."""
        return parse.read_object(stream.read())


def made(resp: Response, answered: Answered, location: str, status: str = HTTP_201) -> None:
    """Answer what an intent made: `status`, or 202 while the provider has not answered."""
    resp.status = status if answered.done else HTTP_202
    resp.data = answered.body.encode()
    resp.set_header("Location", location)
    if answered.replayed:
        resp.set_header("Idempotent-Replayed", "true")


def page(req: Request, resp: Response, found: Page, cursor: str = "cursor") -> None:
    """Answer one page of a list; the link to the next keeps the filters."""
    resp.media = {"data": found.data, "next_cursor": found.next_cursor}
    if found.next_cursor is not None:
        wanted = {**parse.read_query(req.query_string), cursor: found.next_cursor}
        resp.append_link(f"{req.path}?{urlencode(wanted)}", "next")


def unless_known(req: Request, resp: Response, document: Any, etag: str) -> None:
    """Answer a document with its weak ETag, or 304 to whoever has it (RFC 9110, sections 8.8.3 and 13.1.2)."""
    opaque = etag.removeprefix("W/").strip('"')
    resp.set_header("ETag", f'W/"{opaque}"')
    if knows(req, opaque):
        resp.status = HTTP_304
    else:
        resp.status = HTTP_200
        resp.media = document


def packed_unless_known(req: Request, resp: Response, file: Packed) -> None:
    """Answer a file's bytes, compressed for whoever takes that, or 304 to whoever has them."""
    resp.set_headers({"ETag": f'W/"{file.digest}"', "Vary": "Accept-Encoding"})
    if knows(req, file.digest):
        resp.status = HTTP_304
    elif takes_gzip(req):
        resp.set_header("Content-Encoding", "gzip")
        resp.data = file.gzipped
    else:
        resp.data = file.body


def compressed(req: Request, resp: Response, body: bytes) -> None:
    """Answer bytes, compressed for whoever takes that."""
    resp.set_header("Vary", "Accept-Encoding")
    if takes_gzip(req):
        resp.set_header("Content-Encoding", "gzip")
        body = gzip.compress(body, 6, mtime=0)
    resp.data = body


def takes_gzip(req: Request) -> bool:
    """Tell whether the reader takes gzip (RFC 9110, section 12.5.3); `q=0` means that it does not."""
    for part in (req.get_header("Accept-Encoding") or "").lower().split(","):
        coding, _, quality = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def knows(req: Request, opaque: str) -> bool:
    """Tell whether If-None-Match names this version; the comparison is the weak one."""
    given = req.get_header("If-None-Match")
    if not given:
        return False
    return given.strip() == "*" or any(
        tag.strip().removeprefix("W/") == f'"{opaque}"' for tag in given.split(",")
    )
