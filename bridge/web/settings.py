"""What the doors must know of the installation."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bridge.version import software_version


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where the bridge is seen from outside, where its static files are, and who may read its operator pages.

    `public_url` has no slash at its end. `operator_networks` (CIDR) may read /readyz and /metrics beside this machine.
    Of the reverse proxies in `trusted_proxies` (CIDR) `X-Forwarded-For` is believed; of nobody else.
    """

    public_url: str
    static: Path
    operator_networks: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    docs: bool = True
    version: str = field(default_factory=software_version)

    @property
    def secure(self) -> bool:
        """Tell whether browsers reach us over TLS."""
        return self.public_url.startswith("https://")
