"""What went over the wire, for people and tests, with every secret cut out."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, quote_plus

CUT = "[cut out]"
_SHOWN = 4000
_SECRET_HEADERS = re.compile(r"auth|cookie|token|secret|signature|password|api-?key", re.IGNORECASE)
_SECRET_FIELDS = re.compile(
    r'("(?:\w*token|secret|password|salt)"\s*:\s*")(?:[^"\\]|\\.)*', re.IGNORECASE
)
"""Fields of a JSON answer that nobody could name as a secret before it came: a salt, a token."""
_SEALED_FIELDS = re.compile(r"((?:^|[&?;\s])data=)[0-9a-f-]{16,}", re.IGNORECASE)
"""Ciphertext in a form or an answer: whoever gets at the key later must not find it in a log."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """One exchange. `answer` None: there was none, and `error` says why. Long bodies are shortened to 4000 characters."""

    lane: str
    request: str
    answer: str | None
    error: str | None
    seconds: float

    def __str__(self) -> str:
        """Write it for people."""
        return (
            f"{self.lane} ({self.seconds:.3f} s)\n> {self.request}\n< {self.answer or self.error}"
        )


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Cut every secret out of a text, however the wire writes it."""
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, CUT)
    return text


def credentials(headers: Mapping[str, str]) -> list[str]:
    """Return what headers carry that nobody may read: their values, and the part after the scheme ("Token …")."""
    values = [value for name, value in headers.items() if value and _SECRET_HEADERS.search(name)]
    return [form for value in values for form in (value, value.split()[-1])]


def write(
    first_line: str, headers: Mapping[str, str], body: bytes | str | None, secrets: Sequence[str]
) -> str:
    """Write a request or an answer without its secrets."""
    lines = [first_line]
    lines += [
        f"{name}: {CUT if _SECRET_HEADERS.search(name) else value}"
        for name, value in headers.items()
    ]
    raw = body.encode("utf-8", "replace") if isinstance(body, str) else body or b""
    # First cut out, then shorten: half a secret is one too.
    text = _SECRET_FIELDS.sub(rf"\g<1>{CUT}", raw.decode("utf-8", "replace"))
    return scrub(_SEALED_FIELDS.sub(rf"\g<1>{CUT}", "\n".join([*lines, "", text])), secrets)[
        :_SHOWN
    ]


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    escaped = quote(raw, safe="")
    return {
        secret,
        escaped,
        escaped.lower(),
        quote(raw),
        quote_plus(raw),
        json.dumps(secret)[1:-1],
        raw.hex(),
        raw.hex().upper(),
        base64.b64encode(raw).decode(),
        escape(secret),
    }
