"""How often something may happen in a minute, by name: an address, a shop, an account. Counted in this process."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

REMEMBERED = 10_000
"""Names; when there are more, all are forgotten: counting is a courtesy, and memory is not."""


class Throttle:
    """Counts per name what happened in the last minute."""

    def __init__(self, most: int) -> None:
        """Take how often is allowed."""
        self._most = most
        self._lock = threading.Lock()
        self._tries: dict[str, deque[datetime]] = {}

    def allows(self, name: str, at: datetime) -> bool:
        """Tell whether it may happen once more, and count it if so."""
        with self._lock:
            if len(self._tries) >= REMEMBERED:
                self._tries.clear()
            tries = self._tries.setdefault(name, deque())
            while tries and tries[0] <= at - timedelta(minutes=1):
                tries.popleft()
            if len(tries) >= self._most:
                return False
            tries.append(at)
            return True
