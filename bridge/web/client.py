"""Who a request comes from, also behind reverse proxies: what is counted per client is counted under this name."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from falcon import Request

Address = IPv4Address | IPv6Address


class Clients:
    """Reads the client's address of a request. `X-Forwarded-For` is believed of trusted proxies only."""

    def __init__(self, trusted_proxies: Sequence[str] = ()) -> None:
        """Take the networks (CIDR) of the proxies that are trusted."""
        self._networks = [ip_network(network) for network in trusted_proxies]

    def trusts(self, address: str) -> bool:
        """Tell whether a connection from this address is one of a trusted proxy."""
        return self._is_proxy(_read(address))

    def address(self, req: Request) -> str:
        """Return the client's address: the last one in `X-Forwarded-For` that is no trusted proxy, if the connection comes from one.

        A proxy appends the address that it sees, so everything before the last untrusted address is the client's own invention.
        """
        found = req.remote_addr
        hops = (req.get_header("X-Forwarded-For") or "").split(",")
        while hops and self.trusts(found):
            hop = _read(hops.pop().strip())
            if hop is None:
                break
            found = str(hop)
        return found

    def name(self, req: Request) -> str:
        """Return the name under which a client is counted: its address; of IPv6 the network of 64 bits, which is one customer's."""
        address = _read(self.address(req))
        if isinstance(address, IPv6Address):
            return str(ip_network((int(address), 64), strict=False))
        return str(address)

    def _is_proxy(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def _read(text: str) -> Address | None:
    """Read an address, an IPv4 one written as IPv6 too; None: it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
