"""Which address a shop may have: one that the merchant's profile lists, and none that leads into our own network.

The profile is the manual approval of Shopware's sheet, section 2.4: a shop registers, moves or is cloned only onto an origin that the
operator wrote there. Names are looked up again before every call, so that a name cannot be turned inwards later.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, quote, urlsplit

from bridge.platforms import KnownShops
from bridge.ports import Shop

PLATFORM = "shopware"
Resolve = Callable[[str], Sequence[str]]


class AddressRefused(Exception):
    """The shop's address is not acceptable. The text is for the merchant."""


def resolve(host: str) -> Sequence[str]:
    """Return the addresses of a host name; () where it has none."""
    try:
        return sorted(
            {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
        )
    except (OSError, UnicodeError):
        return ()


def shop_at(url: str, merchant: str, shops: KnownShops) -> Shop:
    """Return the merchant's one shop whose profile lists the origin of `url`. Raises AddressRefused."""
    origin = origin_of(url)
    found = [
        shop
        for shop in shops.all()
        if shop.merchant == merchant and shop.platform == PLATFORM and origin in shop.origins
    ]
    if len(found) != 1:
        why = "no shop" if not found else "several shops"
        raise AddressRefused(
            f"{origin} belongs to {why} of the merchant's profile; have the operator list it under one shop's origins"
        )
    return found[0]


def origin_of(url: str) -> str:
    """Return scheme, host and port as browsers write them. Raises AddressRefused."""
    parts = _split(url)
    host = (
        (parts.hostname or "").encode("idna").decode()
        if not (parts.hostname or "").isascii()
        else parts.hostname
    )
    default = {"https": 443, "http": 80}[parts.scheme]
    shown = f"[{host}]" if ":" in (host or "") else host
    return f"{parts.scheme}://{shown}" + ("" if parts.port in (None, default) else f":{parts.port}")


def trimmed(url: str) -> str:
    """Return a shop's address as it is called: no slash at its end, none twice, host in ASCII."""
    path = "/".join(
        quote(part, safe="%:@!$&'()*+,;=~") for part in _split(url).path.split("/") if part
    )
    return f"{origin_of(url)}/{path}" if path else origin_of(url)


def check_reachable(url: str, *, private: bool, look_up: Resolve = resolve) -> None:
    """Refuse what is no plain web address, and unless `private` what leads to this machine or a private network. Raises AddressRefused."""
    parts = _split(url)
    if private:
        return
    if parts.scheme != "https":
        raise AddressRefused("the shop's address (APP_URL) must begin with https://")
    addresses = look_up(parts.hostname or "")
    if not addresses or not all(
        ipaddress.ip_address(one.partition("%")[0]).is_global for one in addresses
    ):
        raise AddressRefused("the shop's address (APP_URL) does not lead to a public server")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
        (parts.hostname or "").encode("idna")
    except (ValueError, UnicodeError):
        raise AddressRefused("the shop's address (APP_URL) cannot be read") from None
    plain = (
        parts.scheme in ("http", "https")
        and parts.hostname
        and parts.username is None
        and parts.password is None
    )
    if (
        not plain
        or parts.query
        or parts.fragment
        or any(character.isspace() for character in parts.netloc)
    ):
        raise AddressRefused(
            "the shop's address (APP_URL) must be https://host/path, with no user name, query or fragment"
        )
    return parts
