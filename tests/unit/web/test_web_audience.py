"""Every resource names its audience, and a guard stands at every door."""

from __future__ import annotations

import pytest
from falcon import testing
from web_stand_in import a_client, an_address

from bridge.web.app import ROUTES
from bridge.web.audience import Audience, Resource

SPECIFIED = {
    Audience.SHOP: ("/v1/payments", "/v1/refunds", "/v1/events", "/v1/methods", "/v1/shop"),
    Audience.PAYER: ("/checkout", "/v1/checkout"),
    Audience.PROVIDER: ("/v1/callbacks", "/v1/mobile-sdk"),
    Audience.OPERATOR: ("/readyz", "/metrics"),
}


def test_audience__every_route__names_the_one_it_is_specified_for():
    for path, resource in ROUTES:
        expected = next(
            (
                who
                for who, starts in SPECIFIED.items()
                if any(path == one or path.startswith(one + "/") for one in starts)
            ),
            Audience.PUBLIC,
        )
        assert resource.audience is expected, path


@pytest.mark.parametrize("audience", [None, "shop door", 7])
def test_audience__resource_that_forgets_it__is_answered_to_nobody(audience):
    class Forgetful(Resource):
        def on_get(self, req, resp):
            resp.media = {"secret": 1}

    Forgetful.audience = audience
    client = a_client()
    client.app.add_route("/forgotten", Forgetful(None, an_address()))
    for headers in ({}, {"Authorization": "Bearer sk_unit"}):
        answer = client.simulate_get("/forgotten", headers=headers)
        assert answer.status_code == 500 and "secret" not in answer.text


@pytest.mark.parametrize(
    ("address", "networks", "headers", "status"),
    [
        ("127.0.0.1", (), {}, 200),
        ("127.9.9.9", (), {}, 200),
        ("::1", (), {}, 200),
        ("10.0.0.7", (), {}, 403),
        ("203.0.113.9", (), {}, 403),
        ("10.0.0.7", ("10.0.0.0/8",), {}, 200),
        ("11.0.0.7", ("10.0.0.0/8",), {}, 403),
        ("2001:db8::1", ("2001:db8::/32",), {}, 200),
        ("127.0.0.1", (), {"X-Forwarded-For": "203.0.113.9"}, 403),
        ("127.0.0.1", (), {"Forwarded": "for=203.0.113.9"}, 403),
        ("127.0.0.1", (), {"Via": "1.1 proxy"}, 403),
        ("127.0.0.1", ("127.0.0.1/32",), {"X-Real-IP": "10.0.0.1"}, 200),
    ],
)
@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_operator__address__decides(path, address, networks, headers, status):
    client = a_client(an_address(operator_networks=networks))
    assert client.simulate_get(path, remote_addr=address, headers=headers).status_code == status


def test_operator__livez__is_open_to_everybody_and_asks_nobody():
    assert (
        a_client(check_health=None).simulate_get("/livez", remote_addr="203.0.113.9").json["status"]
        == "pass"
    )


@pytest.mark.parametrize("authorization", ["Bearer sk_unit", "bearer sk_unit", "BEARER  sk_unit "])
def test_shop__key__is_read_whatever_the_scheme_is_written_like(authorization):
    client: testing.TestClient = a_client(describe_shop=lambda shop: {"shop": shop})
    assert client.simulate_get("/v1/shop", headers={"Authorization": authorization}).json == {
        "shop": "unit-shop"
    }
