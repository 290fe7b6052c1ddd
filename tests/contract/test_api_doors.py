"""What each audience gets at its own door, and that no shop sees another's."""

from __future__ import annotations

import re

import pytest
from api_house import (
    BODY_LIMIT,
    KEYS,
    PAYER,
    Api,
    api,
    checkout_of,
    confirm,
    is_problem,
    new_key,
    running,
    wish,
)
from falcon.testing import Result

from bridge.web.app import ROUTES
from bridge.web.audience import Audience
from bridge.web.openapi import operations_of

# --- lists ------------------------------------------------------------------------------------------------------------


def test_list__followed_by_its_links__shows_every_payment_once_and_keeps_the_filters(api):
    made = [api.created(merchant="rival")["id"] for _ in range(5)]
    found, address = [], "/v1/payments?limit=2&status=pending"
    while address:
        answer = api.send("GET", address, merchant="rival")
        found += [payment["id"] for payment in answer.json["data"]]
        link = re.fullmatch(r'<(/v1/payments\?.*)>; rel="?next"?', answer.headers.get("link", ""))
        address = link and link[1]
        assert bool(link) == bool(answer.json["next_cursor"]) and (
            not link or "status=pending" in address
        )
    assert len(found) == len(set(found)) and set(made) <= set(found)


def test_events__followed_by_after__are_the_notifications_in_order(api):
    payment = api.paid()
    found, after = [], ""
    while after is not None:
        page = api.send("GET", f"/v1/events?limit=3{after and '&after=' + after}").json
        found, after = found + page["data"], page["next_cursor"]
    told = [event["type"] for event in found if event["data"]["payment"]["id"] == payment["id"]]
    assert told == ["payment.created", "payment.pending", "payment.paid"]


# --- unchanged --------------------------------------------------------------------------------------------------------


def test_read__payment_that_one_has__is_304_until_it_changes(api):
    payment = api.created()
    address = f"/v1/payments/{payment['id']}"
    etag = api.send("GET", address).headers["etag"]
    for known in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        answer = api.send("GET", address, **{"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    api.send("POST", f"{address}/cancel", key=new_key())
    assert api.send("GET", address, **{"If-None-Match": etag}).status_code == 200


def test_read__checkout_that_one_has__is_304_in_the_same_language_only(api):
    checkout = checkout_of(api)
    etag = api.send("GET", checkout, merchant=None).headers["etag"]
    known = {"If-None-Match": etag}
    assert api.send("GET", checkout, merchant=None, **known).status_code == 304
    assert (
        api.send("GET", checkout, merchant=None, **known, **{"Accept-Language": "de"}).status_code
        == 200
    )


# --- tenants ----------------------------------------------------------------------------------------------------------


SHOP_OPERATIONS = [
    (method.upper(), path)
    for path, resource in ROUTES
    if resource.audience is Audience.SHOP
    for method, _ in operations_of(resource)
]
BODIES = {"refunds": {"amount": 1}, "captures": {}, "payments": wish()}


def _everything_of(api: Api, merchant: str) -> dict[str, str]:
    payment = api.paid(merchant)
    refund = api.send(
        "POST",
        f"/v1/payments/{payment['id']}/refunds",
        {"amount": 100},
        merchant=merchant,
        key=new_key(),
    )
    assert refund.status_code == 201, refund.text
    return {
        "payment_id": payment["id"],
        "refund_id": refund.json["id"],
        "order": payment["order_reference"],
    }


@pytest.fixture(scope="module")
def theirs(running):
    return _everything_of(running, "acme")


def _try(api: Api, method: str, path: str, theirs: dict[str, str], merchant: str | None) -> Result:
    body = BODIES.get(path.rpartition("/")[2]) if method == "POST" else None
    return api.send(method, path.format(**theirs), body, merchant=merchant, key=new_key())


@pytest.mark.invariant("I13")
@pytest.mark.parametrize(
    ("method", "path"), [route for route in SHOP_OPERATIONS if "{" in route[1]]
)
def test_tenant__other_shops_key__reads_and_changes_nothing(api, theirs, method, path):
    """I13: generated from the route table; somebody else's resource is as unknown as none."""
    before = api.rows()
    answer = _try(api, method, path, theirs, "rival")
    assert is_problem(answer, 404, "not_found") and api.rows() == before
    assert theirs["order"] not in answer.text
    assert _try(api, method, path, theirs, "acme").status_code != 404


@pytest.mark.invariant("I13")
@pytest.mark.parametrize(
    ("method", "path"),
    [route for route in SHOP_OPERATIONS if "{" not in route[1] and route[0] == "GET"],
)
def test_tenant__lists_of_another_shop__show_none_of_ours(api, theirs, method, path):
    """I13: lists show one shop."""
    answer = api.send(
        method,
        f"{path}?limit=100" if path in ("/v1/payments", "/v1/events") else path,
        merchant="rival",
    )
    assert answer.status_code == 200
    assert not any(
        secret in answer.text for secret in (theirs["payment_id"], theirs["refund_id"], "acme")
    )


@pytest.mark.invariant("I13")
@pytest.mark.parametrize(("method", "path"), SHOP_OPERATIONS)
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer",
        "Bearer ",
        "Bearer sk_acme_contract2",
        "Bearer sk_acme_contrac",
        "Basic c2tfYWNtZV9jb250cmFjdA==",
        "sk_acme_contract",
        "Bearer sk_acme_contract sk_acme_contract",
        "Bearer \xff",
    ],
)
def test_tenant__no_valid_key__opens_no_route(api, theirs, method, path, authorization):
    """I13: no route of the shop door answers without a key."""
    headers = {"Authorization": authorization} if authorization else {}
    answer = api.send(method, path.format(**theirs), merchant=None, key=new_key(), **headers)
    assert is_problem(answer, 401, "unauthorized") and answer.headers[
        "www-authenticate"
    ].startswith("Bearer")


def test_tenant__cursor_of_another_shop__shows_none_of_theirs(api, theirs):
    event = api.send("GET", "/v1/events?limit=1").json["data"][0]["id"]
    assert is_problem(
        api.send("GET", f"/v1/events?after={event}", merchant="rival"), 422, "validation_failed"
    )
    assert (
        "acme"
        not in api.send("GET", f"/v1/payments?cursor={theirs['payment_id']}", merchant="rival").text
    )


# --- the payer's and the provider's doors -----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["confirm", "cancel"])
@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
def test_payer__form_of_another_site__cannot_act(api, verb, media_type):
    checkout = checkout_of(api)
    before = api.rows()
    headers = {"Content-Type": media_type} if media_type else {}
    answer = api.client.simulate_post(
        f"{checkout}/{verb}", body='{"wallet_username": "customer@example.com"}', headers=headers
    )
    assert is_problem(answer, 415, "unsupported_media_type") and api.rows() == before


def test_payer__names_a_wallet__is_shown_the_waiting_payment(api):
    answer = confirm(api, checkout_of(api))
    assert (answer.status_code, answer.json["status"], answer.json["tries_left"]) == (
        200,
        "pending",
        4,
    )


def test_payer__names_wallets_that_do_not_exist__has_five_tries(api):
    checkout = checkout_of(api)
    left = [confirm(api, checkout, "nobody@example.com").json["tries_left"] for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    assert is_problem(confirm(api, checkout), 429, "too_many_tries")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_payer__comes_back__is_led_to_the_checkout_whatever_it_brings(api, method):
    token = api.created()["checkout"]["token"]
    answer = api.client.simulate_request(
        method, f"/checkout/{token}/return", body=b"\xff\x00=1", query_string="status=paid&x=%00"
    )
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/checkout/{token}",
    ) and "set-cookie" not in answer.headers


@pytest.mark.invariant("I12")
@pytest.mark.parametrize("body", [b"", b"\x00\xff", b'{"status": "paid"}', b"MAC=forged&Data=0"])
def test_callback__forged__is_kept_and_changes_nothing(api, body):
    """I12: what is not the provider's moves no money; it is counted, for an alarm (I28)."""
    before = api.rows()
    answer = api.client.simulate_post(
        "/v1/callbacks/cashcloud/acme",
        body=body,
        query_string="a=%00\x00",
        headers={"Content-Type": "x" * 400},
    )
    after = api.rows()
    counted = [before.pop("account_signs"), after.pop("account_signs")]
    assert (
        answer.status_code == 200
        and len(after.pop("callbacks")) == len(before.pop("callbacks")) + 1
        and after == before
    )
    assert counted[0] != counted[1] and len(counted[1]) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/v1/callbacks/nobody/acme",
        "/v1/callbacks/cashcloud/nobody",
        "/v1/callbacks/cashcloud/..",
        "/v1/callbacks/cashcloud/%00",
    ],
)
def test_callback__for_nobody__is_not_found(api, path):
    assert is_problem(api.client.simulate_post(path, body=b"x"), 404, "not_found")


def test_callback__too_large_or_read__is_refused(api):
    assert is_problem(
        api.client.simulate_post("/v1/callbacks/cashcloud/acme", body=b"x" * (BODY_LIMIT + 1)),
        413,
        "body_too_large",
    )
    assert is_problem(
        api.client.simulate_get("/v1/callbacks/cashcloud/acme"), 405, "method_not_allowed"
    )
