"""Who a request comes from: X-Forwarded-For counts where a trusted proxy wrote it, and nowhere else."""

from __future__ import annotations

import pytest
from falcon import Request, testing
from web_stand_in import a_client, an_address

from bridge.web.client import Clients

PROXIES = ("10.0.0.0/8", "2001:db8:1::/48")


def a_request(remote: str, forwarded: str | None) -> Request:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return Request(testing.create_environ(remote_addr=remote, headers=headers))


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1,10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, rubbish", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("2001:db8:1::1", "2001:db8:2::77", "2001:db8:2::77"),
    ],
)
def test_client__behind_proxies__is_the_last_address_that_no_trusted_proxy_has(
    remote: str, forwarded: str | None, client: str
) -> None:
    assert Clients(PROXIES).address(a_request(remote, forwarded)) == client


def test_client__without_trusted_proxies__is_who_is_connected() -> None:
    assert Clients().address(a_request("127.0.0.1", "198.51.100.1")) == "127.0.0.1"


def test_client__of_ipv6__is_counted_by_its_network() -> None:
    """A customer of an IPv6 network has 2^64 addresses and must not have as many limits."""
    one, other = (Clients().name(a_request(f"2001:db8:2::{end}", None)) for end in ("1", "ffff"))
    assert one == other == "2001:db8:2::/64"


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [("192.0.2.7", 200), ("203.0.113.9", 403), ("192.0.2.7, 203.0.113.9", 403), ("127.0.0.1", 403)],
)
def test_operator__behind_a_trusted_proxy__is_known_by_his_own_address(
    forwarded: str, status: int
) -> None:
    client = a_client(
        an_address(operator_networks=("192.0.2.0/24",), trusted_proxies=("127.0.0.1/32",))
    )
    assert (
        client.simulate_get(
            "/metrics", remote_addr="127.0.0.1", headers={"X-Forwarded-For": forwarded}
        ).status_code
        == status
    )
