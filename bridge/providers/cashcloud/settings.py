"""The block `cashcloud:` of a merchant profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator, model_validator

from bridge.domain.money import exponents
from bridge.settings import Secret, Settings

_RATE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")

LoginPart = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-{}~]+$")]
"""Printable ASCII without spaces, and without "|", which separates the parts of the token."""


class CashcloudSettings(Settings):
    """One merchant's wallet account at Cashcloud."""

    base_url: str = Field(
        description="Where the merchant API is: https://merchant-api.cashcloud.com/, or a sandbox; plain http only on loopback."
    )
    username: LoginPart = Field(
        description="The e-mail address with which the merchant logs in to the wallet."
    )
    password: Secret = Field(description="The wallet's password, as a reference.")
    previous_password: Secret | None = Field(
        default=None,
        description="The password before a change; while it is given, both are accepted, so that a change loses nothing.",
    )
    device_id: LoginPart = Field(repr=False, description="The device id that belongs to the login.")
    account_type: Literal["corporate_plus"] = Field(
        default="corporate_plus",
        description="The kind of the merchant's account; only corporate_plus may use the API.",
    )
    cashcredits: bool = Field(
        default=False,
        description="Whether payers may pay in cashcredits (CCR), the wallet's own currency.",
    )
    convert_foreign_currency: bool = Field(
        default=False,
        description="Whether an order in another currency is asked for in euro, at euro_rates; if not, it is refused.",
    )
    euro_rates: Mapping[str, str] = Field(
        default_factory=dict,
        description='What one unit of a foreign currency is worth in euro, as decimal text: {USD: "0.92"}.',
    )
    reason_id: str | None = Field(
        default=None,
        pattern=r"^[0-9]{1,9}$",
        description="The payment reason sent with every request, one of Cashcloud's numbers; leave it out where the payer chooses.",
    )
    payer_chooses_reason: bool = Field(
        default=False,
        description="Whether the payer chooses the payment reason on the checkout page; needed where reason_id is left out.",
    )
    deadline: float = Field(
        default=20,
        gt=0,
        le=120,
        description="Seconds after which a call to Cashcloud is given up, login included.",
    )

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies of orders that this account takes."""
        return "EUR", *self.euro_rates

    @field_validator("base_url")
    @classmethod
    def _safe_address(cls, value: str) -> str:
        url = urlsplit(value)
        if not url.hostname or url.username or url.password or url.query or url.fragment:
            raise ValueError("write the API's plain address, https://host/path/")
        if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.hostname)):
            raise ValueError("use https; plain http is for a sandbox on this machine only")
        return value.rstrip("/") + "/"

    @field_validator("account_type", mode="before")
    @classmethod
    def _may_use_the_api(cls, value: Any) -> Any:
        if value == "corporate":
            raise ValueError(
                "a Corporate account may not use the API; Cashcloud must raise it to Corporate+ (corporate_plus)"
            )
        return value

    @field_validator("euro_rates")
    @classmethod
    def _rates_of_real_currencies(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for currency, rate in value.items():
            if currency == "EUR" or currency not in exponents():
                raise ValueError(f"{currency!r} is not a foreign ISO 4217 currency")
            if not _RATE.fullmatch(rate) or not Decimal(rate):
                raise ValueError(
                    f'the rate of {currency} is a decimal text above zero, such as "0.92"'
                )
        return value

    @model_validator(mode="after")
    def _names_a_reason(self) -> CashcloudSettings:
        if self.payer_chooses_reason == (self.reason_id is not None):
            raise ValueError(
                "every request names a payment reason: write reason_id, or payer_chooses_reason: true; one of the two"
            )
        return self

    @model_validator(mode="after")
    def _conversion_has_rates(self) -> CashcloudSettings:
        if self.convert_foreign_currency != bool(self.euro_rates):
            raise ValueError(
                "convert_foreign_currency and euro_rates go together: write both or neither"
            )
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
