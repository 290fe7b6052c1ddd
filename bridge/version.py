"""The version of the software, as it was installed."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version


@cache
def software_version() -> str:
    """Return the version of the installed package, such as 0.1.0."""
    return version("payment-bridge")
