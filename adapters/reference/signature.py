"""Is this notification really from the bridge? Standard Webhooks 1.0, symmetric, in a few lines.

The bytes that arrived are what is signed, so they are checked before anybody parses them: JSON that was read and
written again is other bytes. During a rotation there may be several secrets here and several signatures there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

TOLERANCE = 300  # seconds, both ways
SHORTEST = 24  # bytes of a key


class Refused(Exception):
    """The notification is not proven to come from the bridge, or cannot be read."""


def key_of(secret: str) -> bytes:
    """Return the key inside a ``whsec_…`` secret; raises ``ValueError`` if it is none."""
    prefix, _, encoded = secret.partition("_")
    key = base64.b64decode(encoded, validate=True)
    if prefix != "whsec" or len(key) < SHORTEST:
        raise ValueError(f"a notification secret is whsec_ and at least {SHORTEST} bytes in Base64")
    return key


def sign(key: bytes, id: str, timestamp: int, body: bytes) -> str:
    """Return the signature header's entry for these bytes; timestamp in Unix seconds."""
    signed = b".".join((id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def verify(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: float) -> None:
    """Return if one of the signatures fits one of the keys and the timestamp is fresh; raise ``Refused`` if not."""
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id or "." in id:
        raise Refused("webhook-id is missing or malformed")
    if not re.fullmatch("[0-9]{1,12}", timestamp) or abs(now - int(timestamp)) > TOLERANCE:
        raise Refused("webhook-timestamp is missing, malformed or too far from now")
    expected = [sign(key, id, int(timestamp), body).encode() for key in keys]
    given = [entry.encode() for entry in headers.get("webhook-signature", "").split(" ")]
    # Lists, not generators: the time taken must not tell which of them came close.
    if not any([hmac.compare_digest(one, other) for one in expected for other in given]):
        raise Refused("no signature fits")
