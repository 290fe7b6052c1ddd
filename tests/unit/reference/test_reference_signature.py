"""A notification is believed only if its raw bytes were signed with a secret of ours, a short time ago."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.reference.signature import Refused, key_of, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
ID, AT = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {"webhook-id": ID, "webhook-timestamp": str(AT), "webhook-signature": SIGNATURE}
OTHER = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"


def check(
    now: float = AT, body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,), **headers: str
) -> None:
    given_headers = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    verify(given_headers, body, [key_of(secret) for secret in secrets], now)


def test_sign__vector_of_the_standard__is_the_published_signature() -> None:
    assert sign(key_of(SECRET), ID, AT, BODY) == SIGNATURE


@pytest.mark.parametrize("now", [AT, AT - 300, AT + 300])
def test_verify__within_five_minutes__is_believed(now: float) -> None:
    check(now=now)


@pytest.mark.parametrize("now", [AT - 301, AT + 301])
def test_verify__more_than_five_minutes_off__is_refused(now: float) -> None:
    with pytest.raises(Refused, match="timestamp"):
        check(now=now)


@pytest.mark.invariant("I14")
def test_verify__one_of_several_signatures_fits__is_believed() -> None:
    """I14: during a rotation the bridge sends one signature per valid secret."""
    check(webhook_signature=f"v1,AAAA v1a,xyz {SIGNATURE}")


@pytest.mark.invariant("I14")
def test_verify__one_of_several_secrets_fits__is_believed() -> None:
    """I14: the shop may know the new secret before the bridge uses it."""
    check(secrets=(OTHER, SECRET))


def test_verify__secret_retired__is_refused() -> None:
    with pytest.raises(Refused, match="signature"):
        check(secrets=(OTHER,))


@pytest.mark.parametrize("body", [b'{"test":2432232314}', BODY + b" ", b"", b"\xff\xfe"])
def test_verify__other_bytes__is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="signature"):
        check(body=body)


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "now",
        "+1614265330",
        " 1614265330",
        "1_614_265_330",
        "١٦١٤٢٦٥٣٣٠",
        "1614265330.0",
        "9" * 30,
    ],
)
def test_verify__timestamp_is_rubbish__is_refused(timestamp: str) -> None:
    with pytest.raises(Refused, match="timestamp"):
        check(webhook_timestamp=timestamp)


@pytest.mark.parametrize("id", ["", f"a.{ID}", "."])
def test_verify__id_is_missing_or_has_a_dot__is_refused(id: str) -> None:
    with pytest.raises(Refused, match="webhook-id"):
        check(webhook_id=id)


@given(st.text())
def test_verify__any_other_text_as_signature__is_refused(text: str) -> None:
    with pytest.raises(Refused):
        check(webhook_signature=text.replace(SIGNATURE, ""))


@pytest.mark.parametrize(
    "secret", ["", "whsec", "sk_abc", "whsec_***", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
)
def test_key_of__not_a_notification_secret__is_refused(secret: str) -> None:
    with pytest.raises(ValueError):
        key_of(secret)
