"""What a merchant's profile says under `adapters: shopware:`; the README shows it to people."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from bridge.settings import Secret, Settings

LIST = Field(strict=False)
LEAST_SECRET = 32


class ShopwareSettings(Settings):
    """A merchant's app. Two secrets may be valid at once: the first is in new zips, the second in zips that are still installed."""

    secrets: Annotated[tuple[Secret, ...], LIST] = Field(
        min_length=1,
        max_length=2,
        description="the app's secret, by reference; two while it is being changed, the new one first",
    )
    app_name: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]{2,39}$")] = Field(
        "BridgePayments",
        description="the app's technical name; never change it once installed, old orders would lose their payment method",
    )
    label: str = Field(
        "Wallet and card payments",
        min_length=1,
        max_length=60,
        description="the app's name as people read it in the administration",
    )
    label_de: str = Field(
        "Wallet- und Kartenzahlungen", min_length=1, max_length=60, description="the same in German"
    )
    private_addresses: bool = Field(
        False,
        description="let shops register whose address is on this machine or in a private network",
    )
    freshness: int = Field(
        300,
        ge=30,
        le=3600,
        description="seconds by which a shop's clock may differ, and after which a signed link is too old",
    )
    return_grace: float = Field(
        10,
        ge=0,
        le=60,
        description="seconds for which the customer's return may bring the news before the shop is told through its API",
    )

    @model_validator(mode="after")
    def _strong(self) -> ShopwareSettings:
        if any(len(secret.get_secret_value()) < LEAST_SECRET for secret in self.secrets):
            raise ValueError(
                f"a secret must have at least {LEAST_SECRET} characters; `openssl rand -hex 32` makes one"
            )
        return self

    def app_secrets(self) -> list[str]:
        """Return the secrets in plain text."""
        return [secret.get_secret_value() for secret in self.secrets]
