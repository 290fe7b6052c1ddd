"""Static files: what is served, and what is not for anybody."""

from __future__ import annotations

import base64
import hashlib

import pytest
from web_stand_in import STATIC, a_client, an_address

from bridge.web.files import TYPES

SERVED = [path for path in sorted((STATIC / "frame").rglob("*")) if path.suffix in TYPES]


@pytest.mark.parametrize("file", SERVED, ids=lambda file: str(file.relative_to(STATIC)))
def test_file__every_one_of_the_page__is_served_to_any_origin(file):
    answer = a_client().simulate_get(f"/{file.relative_to(STATIC)}")
    assert (answer.status_code, answer.headers["content-type"]) == (
        200,
        TYPES[file.suffix],
    ) and answer.content
    assert (
        answer.headers["access-control-allow-origin"] == "*"
        and answer.headers["cross-origin-resource-policy"] == "cross-origin"
    )


@pytest.mark.parametrize("release", ["v1", "v0.1.0"])
def test_widget__script_that_may_be_inlined__knows_the_bridges_address_and_is_hashed_with_it(
    release,
):
    client = a_client(an_address(public_url="https://pay.example:8443"))
    answer = client.simulate_get(f"/widget/{release}/checkout.js")
    assert (
        b"https://pay.example:8443/widget/v1/checkout.js" in answer.content
        and b"bridge.invalid" not in answer.content
    )
    told = client.simulate_get("/widget/v1/integrity.json").json["files"]["checkout.js"][
        "integrity"
    ]
    assert told == f"sha384-{base64.b64encode(hashlib.sha384(answer.content).digest()).decode()}"


@pytest.mark.parametrize(
    "path",
    [
        "/frame/checkout.html",
        "/frame/",
        "/frame",
        "/frame/i18n",
        "/frame/../../pyproject.toml",
        "/frame/..%2f..%2fpyproject.toml",
        "/frame//etc/passwd",
        "/frame/%00.mjs",
        "/frame/frame.mjs%00.css",
        "/frame/frame.mjs/",
        "/frame/ä.mjs",
        "/frame/" + "x" * 5000 + ".mjs",
        "/frame/" + "x/" * 3000 + "y.mjs",
        "/README.md",
        "/widget/README.md",
        "/frame/.hidden.mjs",
    ],
)
def test_file__not_meant_for_browsers__is_not_found(path):
    answer = a_client().simulate_get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_file__that_one_has__is_304_until_it_changes(tmp_path):
    (tmp_path / "frame").mkdir()
    (tmp_path / "frame/checkout.html").write_text("")
    (tmp_path / "frame/a.css").write_text("a{}")
    known = {
        "If-None-Match": a_client(an_address(static=tmp_path))
        .simulate_get("/frame/a.css")
        .headers["etag"]
    }
    assert (
        a_client(an_address(static=tmp_path))
        .simulate_get("/frame/a.css", headers=known)
        .status_code
        == 304
    )
    (tmp_path / "frame/a.css").write_text("b{top:0}")
    assert (
        a_client(an_address(static=tmp_path))
        .simulate_get("/frame/a.css", headers=known)
        .text.strip()
        == "b{top:0}"
    )
