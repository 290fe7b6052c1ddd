"""Digests against the published vector, and against values that OpenSSL's command line gave."""

from __future__ import annotations

import pytest

from bridge.providers.cashcloud import crypto


def test_token__published_vector__is_met():
    expected = "Token ZW1haWx8ZGV2SWR8M2E0ZmZhOTE3NWE2OTJjMWZmNWVkZDNkOTAyYzdkMDY="
    assert crypto.token("email", "devId", "pass", "salt") == expected


def test_control__vector_of_the_original_module__is_met():
    """Cashcloud sheet, section Callback: the line of the original module's controller, run by itself."""
    assert (
        crypto.control("request", "3", "2026-12-01 03:45:43", "om-pass")
        == "Wq1zH19DURfAlHoBkuXoUQ=="
    )


@pytest.mark.parametrize(
    ("method", "expected"),
    [("request", "Fa/A0dZrv7J4m7UFVvlhXw=="), ("refund", "S3VbdNbeUA5OEi+cZGcpOQ==")],
)
def test_control__state_3_at_a_known_time__equals_what_openssl_computes(method, expected):
    assert crypto.control(method, "3", "1400000000", "pass") == expected


def test_token__letters_beyond_ascii__are_hashed_as_utf8():
    assert crypto.token("é@b.example", "d", "pä|ss", "s") != crypto.token(
        "e@b.example", "d", "pa|ss", "s"
    )


@pytest.mark.parametrize(
    "theirs",
    [
        "",
        "Fa/A",
        "Fa/A0dZrv7J4m7UFVvlhXw==\n",
        "MTVhZmMwZDFkNjZiYmZiMjc4OWJiNTA1NTZmOTYxNWY=",
        "ü",
        "\udcff",
    ],
)
def test_same__anything_else__is_not_the_same(theirs):
    assert not crypto.same("Fa/A0dZrv7J4m7UFVvlhXw==", theirs)
