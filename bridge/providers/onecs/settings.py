"""The block `onecs:` of a merchant profile."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from bridge.domain.money import exponents
from bridge.providers.onecs.crypto import KEY_LENGTHS
from bridge.settings import Secret, Settings

HOSTS = frozenset({"www.computop-paygate.com", "test.computop-paygate.com"})
"""Where the classic interface is known to be (1cs sheet, section 3.1)."""

MOST_HOURS = 696
LARGEST = 10**10 - 1
"""`Amount` has ten digits (1cs sheet, section 3.4)."""

_LIST = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)


class OnecsSettings(Settings):
    """One merchant's account at the 1cs Online Bezahlsystem."""

    base_url: str = Field(
        default="https://www.computop-paygate.com/",
        description="Where the gateway is; https and a known host, or a sandbox on this machine, where plain http will do.",
    )
    other_hosts: Annotated[tuple[str, ...], _LIST] = Field(
        default=(),
        description="Further hosts that base_url and mobile_url may name, if 1cs gave the merchant an address of its own.",
    )
    merchant_id: str = Field(
        pattern=r"^[0-9A-Za-z._-]{1,30}$", description="The MerchantID, exactly as 1cs wrote it."
    )
    blowfish_key: Secret = Field(
        description='The encryption password ("Blowfish key"), as a reference; with cipher: aes the AES key.'
    )
    hmac_key: Secret = Field(description="The HMAC password, as a reference.")
    previous_blowfish_key: Secret | None = Field(
        default=None,
        description="The encryption password before a change; while it is given, results under both are read.",
    )
    previous_hmac_key: Secret | None = Field(
        default=None,
        description="The HMAC password before a change; while it is given, results under both are believed.",
    )
    cipher: Literal["blowfish", "aes"] = Field(
        default="blowfish",
        description="How Data is encrypted; aes after 1cs has switched it on for the merchant, and then better.",
    )
    capture_after_hours: int | None = Field(
        default=None,
        ge=1,
        le=MOST_HOURS,
        description="Hours after which the gateway captures an automatic payment by itself (1 to 696); none: at once.",
    )
    simulation: str | None = Field(
        default=None,
        pattern=r"^[0-9]{4}$",
        description="Simulate every payment: 0000 succeeds, other digits are the wanted detail code. Never for a shop that sells.",
    )
    template: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z_-]{1,40}$",
        description="The look of the card form, such as ct_responsive; none: the account's.",
    )
    languages: Annotated[tuple[str, ...], _LIST] = Field(
        default=("de", "en"),
        min_length=1,
        description="Languages that the card form speaks; the first is taken for all others.",
    )
    order_text: str = Field(
        default="Order",
        pattern=r"^[A-Za-z][0-9A-Za-z .-]{0,39}$",
        description="The word before the order's number in what 1cs is told.",
    )
    ref_nr_letters: bool = Field(
        default=False,
        description="Send an order's number with letters as RefNr too; only if the merchant's acquirer takes them.",
    )
    currencies: Annotated[tuple[str, ...], _LIST] = Field(
        default=("EUR",), min_length=1, description="Currencies that the account's acquirer takes."
    )
    minimum: int = Field(
        default=100,
        ge=1,
        le=LARGEST,
        description="The least amount, minor units; under 100 only if 1cs has allowed it.",
    )
    maximum: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST,
        description="The largest amount, minor units; none: ten digits.",
    )
    time_zone: str | None = Field(
        default=None,
        description="The zone in which 1cs reads times, such as Europe/Berlin; none: no times are sent, because the sheet names no zone.",
    )
    inquire_path: str = Field(
        default="inquire.aspx",
        pattern=r"^[0-9A-Za-z]{1,40}\.aspx$",
        description="The call that asks for a payment by its PayID.",
    )
    inquire_by_trans_id_path: str = Field(
        default="inquire24.aspx",
        pattern=r"^[0-9A-Za-z]{1,40}\.aspx$",
        description="The call that asks for a payment by our TransID.",
    )
    mobile_url: str | None = Field(
        default=None,
        description="Where tokens of the mobile SDK are registered, as 1cs tells it; none: no mobile SDK.",
    )
    mobile_minutes: int = Field(
        default=15,
        ge=1,
        le=1440,
        description="Minutes for which a token of the mobile SDK is valid, at most 24 hours.",
    )
    deadline: float = Field(
        default=30,
        gt=0,
        le=120,
        description="Seconds after which what we ask of 1cs is given up, whatever calls it takes.",
    )

    @field_validator("blowfish_key", "previous_blowfish_key", "hmac_key", "previous_hmac_key")
    @classmethod
    def _not_empty(cls, value: Secret | None) -> Secret | None:
        if value is not None and not value.get_secret_value():
            raise ValueError("the secret behind this reference is empty")
        return value

    @field_validator("base_url", "mobile_url")
    @classmethod
    def _plain_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        url = urlsplit(value)
        if not url.hostname or url.username or url.password or url.query or url.fragment:
            raise ValueError("write the plain address, https://host/path")
        return value.rstrip("/") + "/" if info.field_name == "base_url" else value

    @field_validator("currencies")
    @classmethod
    def _real_currencies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [code for code in value if code not in exponents()]
        if unknown:
            raise ValueError(f"{', '.join(map(repr, unknown))}: no ISO 4217 code in capitals")
        return value

    @field_validator("languages")
    @classmethod
    def _two_letters(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[a-z]{2}", language) for language in value):
            raise ValueError("write languages with two small letters: de, en")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        try:
            if value is not None:
                ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("write a zone such as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _safe_hosts(self) -> OnecsSettings:
        for url in filter(None, (self.base_url, self.mobile_url)):
            _check_host(url, HOSTS | set(self.other_hosts))
        return self

    @model_validator(mode="after")
    def _keys_fit_the_cipher(self) -> OnecsSettings:
        for key in filter(None, (self.blowfish_key, self.previous_blowfish_key)):
            if not KEY_LENGTHS[self.cipher](len(key.get_secret_value().encode())):
                raise ValueError(
                    "blowfish_key: a Blowfish key has 4 to 56 bytes, an AES key 16, 24 or 32"
                )
        return self

    @model_validator(mode="after")
    def _limits_in_order(self) -> OnecsSettings:
        if self.maximum is not None and self.maximum < self.minimum:
            raise ValueError("maximum is smaller than minimum")
        return self


def _check_host(url: str, hosts: frozenset[str] | set[str]) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_loopback(host):
        if parts.scheme not in ("http", "https"):
            raise ValueError("write http://127.0.0.1:PORT/onecs/ for a sandbox")
    elif parts.scheme != "https":
        raise ValueError("use https; plain http is for a sandbox on this machine only")
    elif host not in hosts:
        raise ValueError(
            f"{host} is no known host of 1cs; if 1cs gave you this address, name it in other_hosts"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
