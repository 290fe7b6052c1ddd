"""What a provider's sandbox and the kit say to each other about one HTTP call.

A provider writes handlers `Call -> Reply` and lists them in a table of `Route`; `doors.py` does the rest alike for all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.sandbox.faults import Fault


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came in. A field given twice counts with its last value; undecodable bytes are replaced.

    `fault` is the one that is due: door and `endings.py` see to the common ones, a handler to those of its own provider.
    """

    method: str
    path: str
    base_url: str
    query: Mapping[str, str]
    fields: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a call; `reference` names the ledger entry it is about, for the journal."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    reference: str | None = None

    @classmethod
    def json(cls, status: int, value: Any, reference: str | None = None) -> Reply:
        """An answer in JSON."""
        return cls(status, json.dumps(value).encode(), reference=reference)


class Refused(Exception):
    """Raised by a handler to give this answer instead and undo what the call has written."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Route:
    """One line in a provider's table of calls; `name` is the word for `on` in a fault and in the journal."""

    method: str
    path: str
    name: str
    handler: Callable[[Call], Reply]
