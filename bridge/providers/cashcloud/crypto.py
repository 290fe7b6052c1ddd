"""Cashcloud's digests: the authorization token and the control value of a callback.

MD5 over SHA-1 is the vendor's choice and part of the wire (Cashcloud sheet, sections Authorization token and Callback).
Both are keyed by the wallet's password alone, so they prove little; see README.md for what is built around them.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode


def token(username: str, device_id: str, password: str, salt: str) -> str:
    """Return the value of the Authorization header for one salt; a secret (Cashcloud sheet, section Authorization token)."""
    digest = hashlib.sha1(username.encode() + salt.encode() + _password_hash(password)).digest()
    login = f"{username}|{device_id}|{hashlib.md5(digest).hexdigest()}"
    return "Token " + b64encode(login.encode()).decode()


def control(method: str, status: str, time: str, password: str) -> str:
    """Return the control value of a callback, from its fields as they were sent: base64 of 16 raw bytes, unlike the token's
    hexadecimal digits (Cashcloud sheet, section Callback)."""
    digest = hashlib.sha1(f"{method}|{status}|{time}|".encode() + _password_hash(password)).digest()
    return b64encode(hashlib.md5(digest).digest()).decode()


def same(ours: str, theirs: str) -> bool:
    """Compare two control values in constant time; any text may be given."""
    return hmac.compare_digest(ours.encode(), theirs.encode(errors="replace"))


def _password_hash(password: str) -> bytes:
    return hashlib.md5(hashlib.sha1(password.encode()).digest()).digest()
