"""The adapters' promises, `adapters/*/contract/requests.json` and `notifications.json`, played against the API.

The modules' own tests hold their code to the same files; so a module that keeps its promise is understood here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from api_house import PAYER, Api, api, running  # noqa: F401

ADAPTERS = Path(__file__).resolve().parents[2] / "adapters"


def contracts(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Return each adapter's contract file of this name."""
    files = sorted(ADAPTERS.glob(f"*/contract/{name}.json"))
    return [(path.parts[-3], json.loads(path.read_text())) for path in files]


def requests() -> list[Any]:
    """Return every request of every adapter."""
    return [
        pytest.param(request, id=f"{adapter}-{request['name']}")
        for adapter, told in contracts("requests")
        for request in told["requests"]
    ]


def play(api: Api, request: dict[str, Any]) -> Any:
    """Send a request with the payments that it speaks of."""
    path = request["path"]
    if "{open}" in path:
        path = path.format(open=api.create().json["id"])
    elif "{paid}" in path:
        path = path.format(paid=api.paid(payer={"wallet_username": PAYER})["id"])
    return path, api.send(
        request["method"], path, request.get("body"), key=request.get("idempotency_key")
    )


@pytest.mark.parametrize("request_", requests())
def test_request__as_a_module_sends_it__is_answered_as_the_module_expects(api, request_):
    path, answer = play(api, request_)
    assert answer.status_code == request_["status"], answer.text
    assert {name: answer.json[name] for name in request_["answer"]} == request_["answer"]
    if "idempotency_key" in request_ and answer.status_code < 300:
        again = api.send(
            request_["method"], path, request_["body"], key=request_["idempotency_key"]
        )
        assert (
            again.headers["idempotent-replayed"] == "true" and again.json["id"] == answer.json["id"]
        )


@pytest.mark.parametrize(("adapter", "told"), contracts("notifications"))
def test_notifications__payment_of_the_contract__has_the_fields_that_the_bridge_shows(
    api, adapter, told
):
    shown = api.created()
    assert told["payment"].keys() == shown.keys(), adapter
    assert {
        name: type(value)
        for name, value in told["payment"].items()
        if value is not None and shown[name] is not None
    } == {
        name: type(value)
        for name, value in shown.items()
        if value is not None and told["payment"][name] is not None
    }


@pytest.mark.parametrize(("adapter", "told"), contracts("notifications"))
def test_notifications__types_of_the_contract__are_ones_that_the_bridge_sends(api, adapter, told):
    known = set(api.send("GET", "/openapi.json", merchant=None).text.split('"'))
    assert {case["type"] for case in told["notifications"]} <= known, adapter


def test_contracts__there_are_some__so_that_nothing_passes_by_emptiness():
    assert len(requests()) > 5 and contracts("notifications")
