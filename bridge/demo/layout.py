"""Where everything of the demo is: addresses, folders, the two merchants."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Merchant:
    """One of the demo's merchants. Two, so that what belongs to one can be shown to be closed to the other."""

    id: str
    name: str
    listens: bool

    @property
    def shop(self) -> str:
        """Return the name of its only shop."""
        return f"{self.id}-reference"

    @property
    def username(self) -> str:
        """Return its user name at Cashcloud."""
        return f"merchant@{self.id}.example"

    @property
    def card_id(self) -> str:
        """Return its MerchantID at 1cs."""
        return f"{self.id}_cards"


ACME = Merchant("acme", "Acme GmbH", listens=True)
GLOBEX = Merchant("globex", "Globex AG", listens=False)  # reads GET /v1/events instead
MERCHANTS = (ACME, GLOBEX)


@dataclass(frozen=True, slots=True)
class Layout:
    """A folder and a port; all else follows."""

    data: Path
    port: int

    @property
    def listeners(self) -> dict[str, int]:
        """Return who listens on which port."""
        return {"bridge": self.port, "sandbox": self.port + 2, "shop": self.port + 3}

    def address(self, who: str) -> str:
        """Return host:port of a listener."""
        return f"{HOST}:{self.listeners[who]}"

    def url(self, who: str) -> str:
        """Return the address of a listener as browsers write it."""
        return f"http://{self.address(who)}"

    def secret(self, merchant: Merchant, kind: str) -> Path:
        """Return the file that holds a secret; ``kind`` is ``api-key``, ``notification-secret`` or ``cashcloud-password``."""
        return self.data / "secrets" / f"{merchant.id}-{kind}"

    @property
    def config(self) -> Path:
        """Return the service file."""
        return self.data / "config" / "bridge.yaml"

    @property
    def facts(self) -> Path:
        """Return the file that tells scripts all about a running demo."""
        return self.data / "demo.json"

    def log(self, child: str) -> Path:
        """Return a child's log file."""
        return self.data / "log" / f"{child}.log"
