"""Which ports of this machine are free."""

from __future__ import annotations

import random
import socket

from bridge.demo.layout import HOST

QUIET = range(20_000, 32_000)
"""Ports that no outgoing connection is given, as the others are (Linux: ip_local_port_range), so that what is free stays free."""


def is_free(port: int) -> bool:
    """Tell whether somebody could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_base() -> int:
    """Return a port on which a demo can be built: it and those that follow from it are free now."""
    while True:
        port = random.choice(QUIET)
        if all(is_free(port + more) for more in (0, 2, 3)):
            return port
