"""The page for people says what the document for machines says, and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from web_stand_in import a_client, an_address

from bridge.domain.events import EventType
from bridge.web.app import ROUTES
from bridge.web.docs import inline_code
from bridge.web.openapi import document

WRITTEN = document(ROUTES, an_address())


@pytest.fixture(scope="module")
def page():
    return a_client().simulate_get("/docs")


def test_docs__every_operation_problem_and_schema__has_its_place(page):
    ids = set(re.findall(r'id="([^"]+)"', page.text))
    calls = {call["operationId"] for item in WRITTEN["paths"].values() for call in item.values()}
    assert calls <= ids and {f"schema-{name}" for name in WRITTEN["components"]["schemas"]} <= ids
    assert {
        "problem-amount_too_large",
        "problem-internal_error",
        "problem-body_too_large",
        "notifications",
    } <= ids


def test_docs__every_link_within__leads_somewhere(page):
    targets, ids = re.findall(r'href="#([^"]+)"', page.text), re.findall(r'id="([^"]+)"', page.text)
    assert targets and set(targets) <= set(ids) and len(ids) == len(set(ids))


def test_docs__policy__lets_through_its_own_style_and_nothing_else(page):
    style = re.search(r"<style>(.*?)</style>", page.text, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.headers["content-security-policy"]
    assert (
        "script-src" not in page.headers["content-security-policy"]
        and "<script" not in page.text
        and "style=" not in page.text
    )


def test_docs__switched_off__are_not_there():
    client = a_client(an_address(docs=False))
    assert [
        client.simulate_get(path).status_code for path in ("/docs", "/openapi.json", "/livez")
    ] == [404, 404, 200]


def test_openapi__every_notification__is_a_webhook():
    assert set(WRITTEN["webhooks"]) == {event.value for event in EventType}


def test_openapi__every_reference__leads_to_a_schema_and_none_lies_about():
    assert set(re.findall(r"'#/components/schemas/(\w+)'", str(WRITTEN))) == set(
        WRITTEN["components"]["schemas"]
    )


def test_inline_code__text_with_markup__is_escaped():
    assert inline_code("`<b>` & <i>") == "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"
