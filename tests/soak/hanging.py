"""Shops that accept every connection and never answer, as an overloaded web server does."""

from __future__ import annotations

import hashlib
import socket
import threading
from pathlib import Path
from typing import Any

import yaml
from crash_support import PASSWORD, SECRET

HANGING_SHOPS = 14
USERNAME = "merchant@slow.example"


class BlackHole:
    """A port that takes connections, keeps them open and says nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._socket.getsockname()[1]
        self.taken = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.taken += 1
            self._open.append(connection)
            del self._open[:-200]  # a caller that has given up has closed its end long ago

    def close(self) -> None:
        """Take nothing more."""
        self._socket.close()


def key_of(number: int) -> str:
    """Return the API key of a hanging shop."""
    return f"sk_slow_{number}"


def write_profile(
    folder: Path, sandbox_port: int, hole: BlackHole, account: dict[str, Any]
) -> None:
    """Add the merchant of the hanging shops to a node's profiles; `account` has what its account shares with the other merchant's."""
    (folder / "password").write_text(PASSWORD)
    (folder / "secret").write_text(SECRET)
    shops = [
        {
            "shop": f"slow-{number}",
            "platform": "reference",
            "mode": "test",
            "api_keys": [f"sha256:{hashlib.sha256(key_of(number).encode()).hexdigest()}"],
            "notification_url": f"http://127.0.0.1:{hole.port}/{number}",
            "notification_secrets": [{"file": str(folder / "secret")}],
            "origins": ["http://127.0.0.1"],
            "methods": {"wallet": "cashcloud"},
            "respond_within": 1.0,
        }
        for number in range(HANGING_SHOPS)
    ]
    profile = {
        "merchant": "slow",
        "name": "Slow GmbH",
        "shops": shops,
        "providers": {"cashcloud": {**account, "username": USERNAME, "device_id": "slow-bridge"}},
    }
    (folder / "merchants" / "slow.yaml").write_text(yaml.safe_dump(profile))
