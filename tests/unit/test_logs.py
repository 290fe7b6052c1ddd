"""Log lines: one JSON object each, with the request id, and nothing that looks like a secret."""

from __future__ import annotations

import io
import json
import logging
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """A stream that takes this process's log lines; afterwards logging is as it was."""
    root, quiet = logging.getLogger(), [logging.getLogger(name) for name in logs._QUIET]
    handlers, levels = root.handlers[:], [one.level for one in (root, *quiet)]
    stream = io.StringIO()
    for handler in handlers:
        root.removeHandler(handler)
    logs.configure("debug", stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    for one, level in zip((root, *quiet), levels, strict=True):
        one.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_line__of_a_message__is_one_object_with_time_level_logger_and_request(
    stream: io.StringIO,
) -> None:
    token = logs.request_id.set("req-1")
    logging.getLogger("bridge.web").info(
        "paid %s\nand more",
        "pay_1",
        extra={"payment_id": "pay_1", "seconds": 0.25, "unlisted": "x"},
    )
    logs.request_id.reset(token)
    [line] = lines(stream)
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "bridge.web",
        "message": "paid pay_1\nand more",
        "request_id": "req-1",
        "payment_id": "pay_1",
        "seconds": 0.25,
    }


def test_line__of_an_exception__carries_it_without_secrets(stream: io.StringIO) -> None:
    try:
        raise ValueError("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw is wrong")
    except ValueError:
        logging.getLogger("bridge").exception("oops")
    [line] = lines(stream)
    assert "ValueError: [cut out] is wrong" in line["exception"] and line["message"] == "oops"


def test_line__of_a_message_that_does_not_fit_its_values__is_written_all_the_same() -> None:
    record = logging.LogRecord("bridge", logging.WARNING, __file__, 1, "%d of %d", ("x",), None)
    assert json.loads(logs.JsonLines().format(record))["message"] == "%d of %d"


def test_line__of_a_warning__is_a_line_too(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    assert "old ways" in stream.getvalue() and len(lines(stream)) >= 1


def test_configure__debug__keeps_libraries_quiet_that_tell_addresses(stream: io.StringIO) -> None:
    logging.getLogger("urllib3.connectionpool").debug("GET /?token=canary")
    logging.getLogger("urllib3.connection").warning("GET /?token=canary")
    assert stream.getvalue() == ""


def test_configure__twice__writes_each_line_once(stream: io.StringIO) -> None:
    logs.configure("warning", stream)
    logging.getLogger("bridge").warning("once")
    logging.getLogger("bridge").info("never")
    assert [line["message"] for line in lines(stream)] == ["once"]


@pytest.mark.invariant("I16")
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("key sk_canary-1_x used", "key [cut out] used"),
        ("whsec_canary+/aaa=", "[cut out]"),
        ("GET /checkout/chk_canary01", "GET /checkout/[cut out]"),
        ("Authorization: Token Y2FuYXJ5fHh8", "Authorization: [cut out]"),
        ("{'Authorization': 'Bearer canary'}", "{'Authorization': '[cut out]'}"),
        ("sent Token Y2FuYXJ5fHh8 there", "sent Token [cut out] there"),
        ("password=canary&a=b", "password=[cut out]&a=b"),
        ('{"password": "canary"}', '{"password": "[cut out]"}'),
        ("postgresql+psycopg://bridge:canary@db/b", "postgresql+psycopg://bridge:[cut out]@db/b"),
    ],
)
def test_redact__what_looks_like_a_secret__is_cut_out(text: str, left: str) -> None:
    """I16: the second line of defence."""
    assert logs.redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "pay_01ARZ3NDEKTSV4RRFFQ69G5FAV is paid: 49.99 EUR",
        "the token expired yesterday",
        "basic settings of the shop",
        "http://127.0.0.1:8083/a@b",
        "task_force",
        "no answer from shop.example:443: TimeoutError: timed out",
    ],
)
def test_redact__what_is_no_secret__stays(text: str) -> None:
    assert logs.redact(text) == text


def test_line__a_secret_as_an_extra__is_cut_out_too(stream: io.StringIO) -> None:
    logging.getLogger("bridge").info("x", extra={"detail": {"key": "sk_canary123"}})
    assert "canary" not in stream.getvalue()


@pytest.mark.parametrize("pattern", logs._SECRETS.values(), ids=logs._SECRETS.keys())
@given(data=st.data())
def test_redact__whatever_a_pattern_finds__is_not_let_through_by_the_short_cut(
    pattern: re.Pattern[str], data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(pattern))
    assert logs.redact(text) != text or logs.CUT in text
