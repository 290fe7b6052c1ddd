"""Named points at which a crash test ends the process as a power cut would. Without the variable they do nothing.

BRIDGE_FAILPOINT=name kills this process with SIGKILL when it first comes to that point. The crash tests find the names
by reading the code, so a new point is tested without being listed anywhere.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "BRIDGE_FAILPOINT"


def failpoint(name: str) -> None:
    """End this process here if the environment asks for it."""
    if os.environ.get(VARIABLE) == name:
        os.kill(os.getpid(), signal.SIGKILL)
