"""How far a request has got, as the three columns that payments and operations share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.domain.attempt import Attempt, AttemptState

WORDS = {
    AttemptState.NOT_SENT: "not_asked",
    AttemptState.SENDING: "asking",
    AttemptState.ACCEPTED: "answered",
    AttemptState.IN_DOUBT: "doubtful",
}
"""The words in the column `asking`; they are older than the names in the code, and earlier versions of the service read them."""

_STATES = {word: state for state, word in WORDS.items()}


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    """Return the columns of an attempt."""
    return {"asking": WORDS[attempt.state], "attempt": attempt.number, "asked_at": attempt.sent_at}


def attempt_from(mapping: Mapping[Any, Any]) -> Attempt:
    """Read the columns of an attempt."""
    return Attempt(_STATES[mapping["asking"]], mapping["attempt"], mapping["asked_at"])
