"""How far one request to a provider has got. It decides whether the request may be sent, and so whether money can move twice.

The request for a payment, a refund, a capture and a cancel share this one value and this one table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bridge.errors import IllegalTransition


class AttemptState(StrEnum):
    """What is known about the request. Only a request that is NOT_SENT may be sent."""

    NOT_SENT = "not_sent"
    """Surely nothing has left us."""
    SENDING = "sending"
    """A call may be under way."""
    ACCEPTED = "accepted"
    """The provider knows the request; its outcome may still come."""
    IN_DOUBT = "in_doubt"
    """The request was sent, and the answer was lost."""


class Progress(StrEnum):
    """What can happen to a request."""

    INTENDED = "intended"
    """The intent is stored: from now on the call may leave."""
    HELD_BACK = "held_back"
    """The call surely did not leave; the try does not count."""
    NOT_EXECUTED = "not_executed"
    """The provider surely has not carried it out: it refused the connection, or its books prove the absence."""
    LOST = "lost"
    """The call may have left, and no answer says what became of it."""
    KNOWN = "known"
    """An answer, a callback, an inquiry or an operator says that the provider knows the request."""


_S, _P = AttemptState, Progress

TRANSITIONS: dict[tuple[AttemptState, Progress], AttemptState] = {
    (_S.NOT_SENT, _P.INTENDED): _S.SENDING,
    # The late answer to a request whose absence was proven: it says no, it cannot be read, or it says yes.
    (_S.NOT_SENT, _P.NOT_EXECUTED): _S.NOT_SENT,
    (_S.NOT_SENT, _P.LOST): _S.IN_DOUBT,
    # Also when an operator ends what was never sent.
    (_S.NOT_SENT, _P.KNOWN): _S.ACCEPTED,
    (_S.SENDING, _P.HELD_BACK): _S.NOT_SENT,
    (_S.SENDING, _P.NOT_EXECUTED): _S.NOT_SENT,
    (_S.SENDING, _P.LOST): _S.IN_DOUBT,
    (_S.SENDING, _P.KNOWN): _S.ACCEPTED,
    (_S.ACCEPTED, _P.KNOWN): _S.ACCEPTED,
    (_S.IN_DOUBT, _P.NOT_EXECUTED): _S.NOT_SENT,
    (_S.IN_DOUBT, _P.LOST): _S.IN_DOUBT,
    (_S.IN_DOUBT, _P.KNOWN): _S.ACCEPTED,
}
"""Every pair that is not here is illegal: a request that may have left is never sent again, and an accepted one is never forgotten."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How far one request has got. Immutable; every change gives a new one.

    `number` counts how often the request was intended and not held back; it makes the name at the provider. `sent_at` is when it was last intended, UTC;
    None: never.
    """

    state: AttemptState = AttemptState.NOT_SENT
    number: int = 0
    sent_at: datetime | None = None

    def after(self, progress: Progress, at: datetime) -> Attempt:
        """Return the attempt after what happened at `at`. Raises IllegalTransition for a pair that is not in the table."""
        state = TRANSITIONS.get((self.state, progress))
        if state is None:
            raise IllegalTransition(
                f"A request that is {self.state.value} cannot be {progress.value}."
            )
        if progress is Progress.INTENDED:
            return Attempt(state, self.number + 1, at)
        number = self.number - 1 if progress is Progress.HELD_BACK else self.number
        return replace(self, state=state, number=number)

    @property
    def not_sent(self) -> bool:
        """Tell whether the request may be sent."""
        return self.state is AttemptState.NOT_SENT

    @property
    def sending(self) -> bool:
        """Tell whether a call may be under way."""
        return self.state is AttemptState.SENDING

    @property
    def accepted(self) -> bool:
        """Tell whether the provider knows the request."""
        return self.state is AttemptState.ACCEPTED

    @property
    def in_doubt(self) -> bool:
        """Tell whether the request may have been sent and no answer says what became of it."""
        return self.state is AttemptState.IN_DOUBT

    @property
    def may_be_known(self) -> bool:
        """Tell whether the provider may know the request.

        What is known never to have arrived is not inquired about: every inquiry plans anew, and would put off its being sent again.
        """
        return self.number > 0 and not self.not_sent
