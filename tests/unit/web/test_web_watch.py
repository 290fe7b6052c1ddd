"""Request ids, log lines, measurements, health."""

from __future__ import annotations

import logging
import re

import pytest
from web_stand_in import TOKEN, a_client, raising, shop_call

from bridge.version import software_version


@pytest.mark.parametrize("given", ["req-77", "A.b_c-1", "x" * 128])
def test_request_id__sane__is_echoed_and_bound(given):
    bound = []
    answer = a_client(bind_request_id=bound.append).simulate_get(
        "/livez", headers={"X-Request-Id": given}
    )
    assert answer.headers["x-request-id"] == given and bound == [given]


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", "ä", '"1"', "a;b", "<x>"])
def test_request_id__missing_or_odd__is_made(given):
    answer = a_client().simulate_get("/nowhere", headers={"X-Request-Id": given})
    assert (
        re.fullmatch(r"req_[0-9a-f]{32}", answer.headers["x-request-id"])
        and answer.json["request_id"] == answer.headers["x-request-id"]
    )


@pytest.mark.invariant("I16")
def test_log__request_with_a_token_a_key_and_a_query__has_the_route_only(caplog):
    """I16: no secret in a log line."""
    with caplog.at_level(logging.INFO, "bridge.web"):
        shop_call(
            a_client(),
            "POST",
            f"/v1/checkout/{TOKEN}/confirm",
            query_string="secret=canary",
            body='{"canary": 1}',
        )
    record = next(one for one in caplog.records if one.levelno == logging.INFO)
    assert (record.method, record.route, record.status) == (
        "POST",
        "/v1/checkout/{token}/confirm",
        422,
    )
    assert not any(secret in str(record.__dict__) for secret in (TOKEN, "sk_unit", "canary"))


def test_metrics__after_requests__count_by_route_and_never_by_address():
    client = a_client(measure=lambda: {"outbox": {"notify": 3, "payment": 0}, "undeliverable": 2})
    for path in ("/livez", "/livez", "/secret-1", "/secret-2"):
        client.simulate_get(path)
    client.simulate_request("BREW", "/livez")
    text = client.simulate_get("/metrics").text
    assert 'bridge_http_requests_total{method="GET",route="/livez",status="200"} 2.0' in text
    assert 'bridge_http_requests_total{method="GET",route="(unknown)",status="404"} 2.0' in text
    assert 'method="OTHER"' in text and "BREW" not in text and "secret" not in text
    assert (
        'bridge_outbox{kind="notify"} 3.0' in text
        and "bridge_undeliverable 2.0" in text
        and "bridge_measured 1.0" in text
    )
    assert (
        "bridge_http_requests_in_progress 1.0" in text
        and 'bridge_http_request_seconds_count{route="/livez"} 3.0' in text
    )


def test_metrics__house_that_cannot_be_measured__says_so_and_still_answers():
    answer = a_client(measure=raising(RuntimeError("database"))).simulate_get("/metrics")
    assert (
        answer.status_code == 200
        and "bridge_measured 0.0" in answer.text
        and "bridge_http_requests_total" in answer.text
    )


@pytest.mark.parametrize(("bad", "status", "word"), [
    ((), 200, "pass"), (("clock",), 200, "warn"), (("profiles",), 200, "warn"), (("accounts",), 200, "warn"),
    (("migrations",), 503, "fail"), (("database", "migrations", "clock", "accounts"), 503, "fail"),
])  # fmt: skip
def test_ready__checks__decide(bad, status, word):
    """A wrong clock is told and takes no node out: the database's alone would take out all of them. So would one merchant's mistake or account."""
    checks = {
        name: name not in bad
        for name in ("database", "migrations", "clock", "profiles", "accounts")
    }
    answer = a_client(check_health=lambda: checks).simulate_get("/readyz")
    assert (answer.status_code, answer.json) == (status, {"status": word, "checks": checks})


def test_ready__checks_that_fail_themselves__are_a_no():
    assert a_client(check_health=raising(OSError())).simulate_get("/readyz").status_code == 503


def test_apps__two_in_one_process__measure_apart():
    one, other = a_client(), a_client()
    one.simulate_get("/livez")
    assert 'route="/livez"' not in other.simulate_get("/metrics").text


@pytest.mark.parametrize("path", ["/livez", "/docs", "/openapi.json", f"/checkout/{TOKEN}"])
def test_head__wherever_get_is__is_get_without_its_body(path):
    client = a_client()
    head, get = client.simulate_head(path), client.simulate_get(path)
    assert (head.status_code, head.content, head.headers["content-type"]) == (
        200,
        b"",
        get.headers["content-type"],
    )
    assert head.headers["content-length"] == get.headers["content-length"]


def test_version__of_the_software__stands_in_every_answer_in_livez_and_in_the_metrics():
    client = a_client()
    alive = client.simulate_get("/livez")
    assert (
        alive.json == {"status": "pass", "version": software_version()}
        and alive.headers["Bridge-Version"] == software_version()
    )
    assert client.simulate_get("/v1/unknown").headers["Bridge-Version"] == software_version()
    assert (
        f'bridge_build_info{{version="{software_version()}"}} 1.0'
        in client.simulate_get("/metrics").text
    )
