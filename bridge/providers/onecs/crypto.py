"""1cs' ciphers and the MAC, held to the sheet's vectors.

Blowfish in ECB mode is the vendor's choice and part of the wire; it hides little and proves nothing, so the MAC, TLS and an
inquiry stand behind everything that is believed (1cs sheet, sections 1 and 2).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from secrets import token_bytes

from Crypto.Cipher import AES, Blowfish

BLOCK = 8
AES_BLOCK = 16
MOST_PADDING = 15
"""So many bytes a sender may add after the text: up to 7 zero bytes, then a whole block (1cs sheet, section 1.3)."""

KEY_LENGTHS: Mapping[str, Callable[[int], bool]] = {
    "blowfish": lambda length: 4 <= length <= 56,
    "aes": lambda length: length in (16, 24, 32),
}
"""How many bytes the key of a cipher may have (1cs sheet, sections 1.2 and 1.5)."""

_BLOWFISH = re.compile(r"(?:[0-9A-Fa-f]{16})+")
_AES = re.compile(r"([0-9A-Fa-f]{32})-((?:[0-9A-Fa-f]{32})+)")


class Undecipherable(Exception):
    """Len and Data do not fit each other, the cipher or the alphabet. The text is fit for the record."""


def encrypt(raw: bytes, key: bytes, cipher: str = "blowfish", iv: bytes | None = None) -> str:
    """Return `Data` for a text; `Len` is its length in bytes. `iv` is given in tests only (1cs sheet, sections 1.3 and 1.5)."""
    if cipher == "blowfish":
        return Blowfish.new(key, Blowfish.MODE_ECB).encrypt(raw + bytes(-len(raw) % BLOCK)).hex()
    iv = iv or token_bytes(AES_BLOCK)
    padding = AES_BLOCK - len(raw) % AES_BLOCK
    return f"{iv.hex()}-{AES.new(key, AES.MODE_CBC, iv).encrypt(raw + bytes([padding]) * padding).hex()}"


def decrypt(length: str, data: str, key: bytes, cipher: str = "blowfish") -> bytes:
    """Return the first `length` bytes of what `data` hides, whatever the padding was. Raises Undecipherable."""
    if not (length.isascii() and length.isdigit() and len(length) <= 6):
        raise Undecipherable("Len is no number")
    whole = _OPEN[cipher](data, key)
    wanted, padding = int(length), len(whole) - int(length)
    if not 0 < wanted <= len(whole) or padding > (
        MOST_PADDING if cipher == "blowfish" else AES_BLOCK
    ):
        raise Undecipherable("Len does not fit Data")
    return whole[:wanted]


def request_mac(
    key: bytes, pay_id: str, trans_id: str, merchant_id: str, amount: str, currency: str
) -> str:
    """Return the MAC of a request; what is not part of the request is an empty text (1cs sheet, section 2.1)."""
    return _mac(key, pay_id, trans_id, merchant_id, amount, currency)


def answer_mac(
    key: bytes, pay_id: str, trans_id: str, merchant_id: str, status: str, code: str
) -> str:
    """Return the MAC of a result. It covers no amount and no currency (1cs sheet, section 2.2)."""
    return _mac(key, pay_id, trans_id, merchant_id, status, code)


def same(ours: str, theirs: str) -> bool:
    """Compare two MACs in constant time, in any case; any text may be given."""
    return hmac.compare_digest(ours.upper().encode(), theirs.upper().encode(errors="replace"))


def _mac(key: bytes, *parts: str) -> str:
    return hmac.new(key, "*".join(parts).encode(), hashlib.sha256).hexdigest().upper()


def _open_blowfish(data: str, key: bytes) -> bytes:
    if not _BLOWFISH.fullmatch(data):
        raise Undecipherable("Data is no whole number of hex blocks")
    return Blowfish.new(key, Blowfish.MODE_ECB).decrypt(bytes.fromhex(data))


def _open_aes(data: str, key: bytes) -> bytes:
    found = _AES.fullmatch(data)
    if found is None:
        raise Undecipherable("Data is no vector and whole blocks in hex")
    return AES.new(key, AES.MODE_CBC, bytes.fromhex(found[1])).decrypt(bytes.fromhex(found[2]))


_OPEN: Mapping[str, Callable[[str, bytes], bytes]] = {"blowfish": _open_blowfish, "aes": _open_aes}
