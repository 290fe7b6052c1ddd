"""The login: one token for all threads of an account, made anew when Cashcloud no longer takes it.

Nothing here has moved money yet, so every failure is a NotSent: the call that wanted a token was not made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from time import monotonic

from bridge.errors import NotSent


class NotAuthorized(NotSent):
    """Cashcloud does not accept the account's login; nothing was executed."""


class Deadline:
    """The end of one verb, whatever number of calls it takes."""

    def __init__(self, seconds: float) -> None:
        """Start the time now."""
        self._end = monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left. Raises NotSent when there are none."""
        left = self._end - monotonic()
        if left <= 0:
            raise NotSent("the deadline passed before the call was sent")
        return left


MakeToken = Callable[[Deadline], str]


class Tokens:
    """Keeps one token; one thread makes it while the others wait. Never shown, never stored."""

    def __init__(self, makers: Sequence[MakeToken]) -> None:
        """Take one maker per password, the present one first."""
        self._makers = makers
        self._lock = Lock()
        self._token: str | None = None

    def tries(self, until: Deadline) -> Iterator[str]:
        """Yield the token to try, then, each time it was refused, a new one: one per password. Raises NotSent, NotAuthorized."""
        token = self._other_than(None, self._makers[0], until)
        yield token
        for make in self._makers:
            token = self._other_than(token, make, until)
            yield token

    def _other_than(self, refused: str | None, make: MakeToken, until: Deadline) -> str:
        if not self._lock.acquire(timeout=until.left()):
            raise NotSent("the deadline passed while waiting for a token")
        try:
            if self._token in (None, refused):
                self._token = None
                self._token = make(until)
            return self._token
        finally:
            self._lock.release()
