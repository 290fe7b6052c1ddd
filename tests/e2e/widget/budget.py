"""What browsers load for the widget, and what it may weigh; `python tests/e2e/widget/budget.py <bridge url> <checkout token>` prints it.

Bytes are counted as a running bridge serves them with gzip. Beside them stand what others ship, minified, with gzip -9.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import requests

ANCHORS = {
    "stub": "Stripe.js loader 1.5-1.9 kB, PayPal loader 1.9 kB",
    "module": "penpal + open-iframe-resizer 6.1 kB, Paddle.js loader 4.6 kB, zoid 28.1 kB",
    "frame": "Braintree client + hosted fields 36.2 kB, Adyen await screen 59.5 kB",
    "requests of the frame": "",
}
BUDGETS = {"stub": 800, "module": 5_000, "frame": 10_000, "requests of the frame": 5}


@dataclass(frozen=True)
class Measured:
    """One line: bytes with gzip, or a count."""

    name: str
    found: int
    budget: int
    anchors: str

    @property
    def is_kept(self) -> bool:
        return self.found <= self.budget


def measure(bridge: str, token: str, language: str = "de") -> Iterator[Measured]:
    """Ask a running bridge for everything a payer's browser loads; raises where something is missing."""
    frame = (f"/checkout/{token}?locale={language}", "/frame/frame.css", "/frame/frame.mjs")
    found = {
        "stub": weight(bridge, "/widget/v1/checkout.js"),
        "module": weight(bridge, "/widget/v1/checkout.mjs"),
        "frame": sum(weight(bridge, path) for path in frame),
        "requests of the frame": len(frame),
    }
    return (Measured(name, number, BUDGETS[name], ANCHORS[name]) for name, number in found.items())


def weight(bridge: str, path: str) -> int:
    """Return the bytes of an answer's body on the wire."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(
            bridge + path, headers={"Accept-Encoding": "gzip"}, timeout=10, stream=True
        )
        answer.raise_for_status()
        assert answer.headers.get("Content-Encoding") == "gzip", path
        return len(answer.raw.read(decode_content=False))


if __name__ == "__main__":
    for line in measure(sys.argv[1], sys.argv[2]):
        print(
            f"{line.name:<22} {line.found:>7} of {line.budget:>6}  {'ok' if line.is_kept else 'OVER'}  {line.anchors}"
        )
