"""Both codecs, which share no code, against the sheet's vectors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge.errors import CallbackRejected
from bridge.ports import RawCallback
from bridge.providers.onecs import crypto, sandbox, wire
from bridge.providers.onecs.provider import OnecsAccount
from bridge.providers.onecs.settings import OnecsSettings
from bridge.settings import Resolved

FILE = json.loads(Path(__file__).with_name("onecs_vectors.json").read_text())
VECTORS = {vector["id"]: vector for vector in FILE["vectors"]}
BLOWFISH = [v for v in VECTORS.values() if v["cipher"] == "BF-ECB"]
AES = [v for v in VECTORS.values() if v["cipher"] != "BF-ECB"]
TEXTS = [v for v in VECTORS.values() if v["plaintext"] and "=" in v["plaintext"]]
NEGATIVE = FILE["negative"]

each = pytest.mark.parametrize


def named(vector):
    return vector["id"]


def cipher_of(vector):
    return "blowfish" if vector["cipher"] == "BF-ECB" else "aes"


def keys_of(vector):
    return {
        "blowfish_key": bytes.fromhex(vector["key_hex"]).decode("latin-1"),
        "cipher": cipher_of(vector),
    }


def opened_by_the_sandbox(vector):
    """The sandbox takes keys as text; the two bare cipher vectors have keys and texts that are none."""
    return sandbox._open_text(str(vector["len"]), vector["data"], keys_of(vector))


@each("vector", [v for v in BLOWFISH if v["padding"] == "zero"], ids=named)
def test_encrypt__blowfish__is_the_vector(vector):
    sealed = crypto.encrypt(
        bytes.fromhex(vector["plaintext_hex"]), bytes.fromhex(vector["key_hex"])
    )
    assert (
        sealed == vector["data"].lower()
        and len(bytes.fromhex(vector["plaintext_hex"])) == vector["len"]
    )


@each("vector", AES, ids=named)
def test_encrypt__aes__is_the_vector(vector):
    iv = bytes.fromhex(vector["iv_hex"])
    assert (
        crypto.encrypt(
            bytes.fromhex(vector["plaintext_hex"]), bytes.fromhex(vector["key_hex"]), "aes", iv
        )
        == vector["data"]
    )


@each("vector", VECTORS.values(), ids=named)
def test_decrypt__any_padding__is_the_vectors_text(vector):
    for data in (vector["data"], vector["data"].upper(), vector["data"].lower()):
        opened = crypto.decrypt(
            str(vector["len"]), data, bytes.fromhex(vector["key_hex"]), cipher_of(vector)
        )
        assert opened.hex() == vector["plaintext_hex"].lower()


@each("vector", [v for v in VECTORS.values() if v["key"] and v["plaintext"]], ids=named)
def test_sandbox__any_padding__opens_the_vectors_text(vector):
    assert opened_by_the_sandbox(vector) == vector["plaintext"]


@each("vector", [v for v in VECTORS.values() if v["key"] and v["plaintext"].isascii()], ids=named)
@each("style", ["", "padding_zero", "padding_pkcs7", "lower_hex"])
def test_codecs__what_the_sandbox_seals__the_client_opens(vector, style):
    length, data = sandbox._seal_text(vector["plaintext"], keys_of(vector), style)
    assert (
        crypto.decrypt(length, data, vector["key"].encode(), cipher_of(vector)).decode()
        == vector["plaintext"]
    )


@each("vector", [v for v in VECTORS.values() if v["key"] and v["plaintext"].isascii()], ids=named)
def test_codecs__what_the_client_seals__the_sandbox_opens(vector):
    data = crypto.encrypt(vector["plaintext"].encode(), vector["key"].encode(), cipher_of(vector))
    assert sandbox._open_text(str(vector["len"]), data, keys_of(vector)) == vector["plaintext"]


@each("vector", [*FILE["mac_only"], *(v for v in VECTORS.values() if v["mac"])], ids=named)
def test_mac__in_both_codecs__is_the_vector(vector):
    parts = vector["mac_input"].split("*")
    assert sandbox._mac(vector["mac_key"], *parts) == vector["mac"]
    assert crypto._mac(vector["mac_key"].encode(), *parts) == vector["mac"]
    assert crypto.same(vector["mac"].lower(), vector["mac"]) and not crypto.same(
        vector["mac"][:-1] + "x", vector["mac"]
    )


@each(
    "vector", [v for v in VECTORS.values() if v["mac"] and v["direction"] == "request"], ids=named
)
def test_request_mac__from_the_fields__is_the_vector(vector):
    fields = wire.read_pairs(vector["plaintext"].encode())
    said = (
        fields.get(name, "") for name in ("payid", "transid", "merchantid", "amount", "currency")
    )
    assert crypto.request_mac(vector["mac_key"].encode(), *said) == vector["mac"] == fields["mac"]


def account(
    key="S1mBlowf1shKey16", hmac_key="0123456789abcdefFEDCBA9876543210", mid="sim_merchant"
):
    return OnecsAccount(
        OnecsSettings(merchant_id=mid, blowfish_key=Resolved(key), hmac_key=Resolved(hmac_key)),
        None,
        None,
    )


def callback(vector):
    body = f"Len={vector['len']}&Data={vector['data']}".encode()
    return RawCallback("POST", "application/x-www-form-urlencoded", "", body)


@each(
    "vector", [v for v in VECTORS.values() if v["mac"] and v["direction"] == "response"], ids=named
)
def test_callback__of_the_sheet__names_payment_and_code(vector):
    found = account().read_callback(callback(vector))
    fields = wire.read_pairs(vector["plaintext"].encode())
    assert (found.provider_reference, found.name) == (fields["payid"], fields["code"])
    assert found.our_reference == fields["transid"].replace("-", "_", 1)


def test_callback__with_the_echo_of_custom__is_read_as_without():
    vector = VECTORS["V12"]
    raw = RawCallback("POST", "application/x-www-form-urlencoded", "", vector["wire_form"].encode())
    assert account().read_callback(raw) == account().read_callback(callback(vector))


@pytest.mark.invariant("I12")
@each("vector", NEGATIVE, ids=named)
def test_callback__that_must_be_refused__is_rejected(vector):
    """Nothing that is broken, scrambled or another merchant's is taken for a callback (I12)."""
    with pytest.raises(CallbackRejected):
        account().read_callback(callback(vector))


@pytest.mark.invariant("I12")
@each("hmac_key", ["", "0123456789abcdefFEDCBA9876543211"])
def test_callback__mac_under_another_key__is_rejected(hmac_key):
    """The MAC decides whose word it is (I12)."""
    with pytest.raises(CallbackRejected, match="MAC"):
        account(hmac_key=hmac_key or "x").read_callback(callback(VECTORS["V12"]))


@pytest.mark.invariant("I12")
def test_callback__sealed_rightly_without_a_mac__is_rejected():
    """Who knows only the encryption password proves nothing (I12)."""
    text = VECTORS["V12"]["plaintext"].rpartition("&MAC=")[0]
    length, data = str(len(text)), crypto.encrypt(text.encode(), b"S1mBlowf1shKey16")
    with pytest.raises(CallbackRejected, match="MAC"):
        account().read_callback(RawCallback("POST", "", "", f"Len={length}&Data={data}".encode()))


def test_inquiry__last_step_failed__leaves_the_money_where_it_is():
    fields = wire.read_pairs(VECTORS["V22"]["plaintext"].encode())
    found = wire.read_result(fields)
    assert (found.authorized, found.captured, found.credited, found.currency) == (
        1150,
        1150,
        350,
        "EUR",
    )
