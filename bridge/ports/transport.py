"""All outgoing HTTP, and the pool in which outgoing calls run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

LONGEST_WAIT = 86_400
"""The longest Retry-After that is obeyed, seconds."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer: status, headers (lower-case names) and body, at most 1 MiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def retry_after(self, now: datetime) -> int | None:
        """Read Retry-After of a refusal (RFC 9110, section 10.2.3), seconds or a date, as seconds from `now`; at most a day, rubbish is ignored."""
        text = self.headers.get("retry-after", "").strip()
        if self.status < 300 or not text:
            return None
        if text.isascii() and text.isdigit():
            return min(int(text[:9]), LONGEST_WAIT)
        try:
            date = parsedate_to_datetime(text)
            seconds = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
        except (ValueError, OverflowError):
            return None
        return max(0, min(int(seconds), LONGEST_WAIT))


class Transport(Protocol):
    """All outgoing HTTP. Redirects are not followed, no proxy or netrc of the environment is used, TLS is verified."""

    def __call__(
        self,
        lane: str,
        method: str,
        url: str,
        *,
        deadline: float,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        multipart: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
    ) -> HttpAnswer:
        """Send one request and read the whole answer within `deadline` seconds, connecting included.

        `lane` names whom we call (an account, a shop): breaker and connections are per lane. `secrets` are cut out of
        the transcript. Raises NotSent when the request surely never reached the other side, else NoAnswer.
        """


class Calls(Protocol):
    """A bounded pool in which outgoing calls run, so that nobody outside takes the threads that serve."""

    def run(self, lane: str, call: Any, wait: float) -> bool:
        """Run `call()` in the pool and wait up to `wait` seconds; True: it ended. Raises Unavailable when the lane is full and nothing was started."""
