"""The soak: two nodes and two workers on one PostgreSQL sell, refund and cancel for a long time while everything around them goes wrong.

    python -m tests.soak --minutes 60 --seed 1

The sandbox drops, delays and spoils calls and callbacks; processes are killed, stopped and reloaded; shops hang; genuine callbacks are replayed.
Afterwards the sandbox's ledger, the bridge's books and the notifications that the shop has received must agree. Exit 0 if they do, 1 if not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))


def main() -> int:
    """Run the soak; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="how long traffic and trouble go on (60)"
    )
    parser.add_argument("--clients", type=int, default=4, help="customers at once (4)")
    parser.add_argument("--seed", type=int, default=1, help="which trouble is drawn (1)")
    options = parser.parse_args()
    from tests.soak.soak import run

    with tempfile.TemporaryDirectory(prefix="bridge-soak-", ignore_cleanup_errors=True) as folder:
        return run(Path(folder), options.minutes * 60, options.clients, options.seed)


if __name__ == "__main__":
    sys.exit(main())
