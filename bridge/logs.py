"""Log lines: one JSON object per line on stderr, with the request id, and with nothing that looks like a secret.

    configure(level)                    the one place that sets logging up
    request_id                          context variable; set it where a request or a job begins
    redact(text) -> text

Secrets are kept out of log lines by whoever writes them; the redaction here is the second line of defence.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request or job that is being worked on; part of every line."""

EXTRAS = (
    "merchant",
    "shop",
    "payment_id",
    "operation_id",
    "event_id",
    "callback_id",
    "kind",
    "lane",
    "provider",
    "provider_code",
    "method",
    "route",
    "status",
    "seconds",
    "attempt",
    "reason",
    "detail",
    "count",
)
"""What a line may carry beside its message, given as `extra=`; everything else is left out."""

CUT = "[cut out]"

_SECRETS: Mapping[str, re.Pattern[str]] = {
    "API keys": re.compile(r"\bsk_[A-Za-z0-9_-]{6,}"),
    "notification secrets": re.compile(r"\bwhsec_[A-Za-z0-9+/_=-]{6,}"),
    "checkout tokens": re.compile(r"\bchk_[A-Za-z0-9_-]{6,}"),
    "authorization headers": re.compile(
        r"(?ai)\b((?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?)[^\r\n\"']+"
    ),
    "schemes": re.compile(
        r"\b((?:[Tt]oken|[Bb]earer|[Bb]asic)\s+)(?=\S*[A-Z0-9])[A-Za-z0-9+/_=.~-]{8,}"
    ),
    "passwords": re.compile(
        r"(?ai)\b((?:password|passwd|secret)[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&}]+"
    ),
    "passwords in addresses": re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)"),
}
_HINTS = (
    "sk_",
    "whsec_",
    "chk_",
    "authorization",
    "token",
    "bearer",
    "basic",
    "passw",
    "secret",
    "://",
)
"""Each of the patterns above needs one of these, in small letters; a text without any is let through at once."""

_QUIET = {
    "urllib3": logging.ERROR,
    "sqlalchemy": logging.WARNING,
    "alembic": logging.WARNING,
    "waitress": logging.WARNING,
}
"""Libraries that tell too much: addresses with their queries (urllib3 in warnings too), values of rows."""


def redact(text: str) -> str:
    """Cut out whatever looks like a secret."""
    small = text.lower()
    if not any(hint in small for hint in _HINTS):
        return text
    for pattern in _SECRETS.values():
        text = pattern.sub(lambda found: f"{found[1] if found.lastindex else ''}{CUT}", text)
    return text


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        given = record.__dict__
        fields: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            "request_id": request_id.get(),
            **{name: given[name] for name in EXTRAS if name in given},
        }
        if record.exc_info and record.exc_info[0]:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(
            {name: _plain(value) for name, value in fields.items() if value is not None}
        )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else redact(str(value))


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send all log lines of this process to `stream`, stderr if none is given; `level` is debug, info, warning or error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)
