"""Reads bridge.yaml and every merchant profile, and finds all mistakes at once, those between the files too.

A mistake in bridge.yaml stops everything. A mistake in a profile stops that merchant (`merchants.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bridge.config.merchants import Reading, RefusedProfile, compare
from bridge.config.mistakes import complain, did_you_mean
from bridge.config.models import MerchantProfile, ServiceConfig, ShopProfile
from bridge.config.reading import Document, Where, read
from bridge.errors import ConfigError
from bridge.platforms import AdapterType
from bridge.ports import ProviderType

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that was configured: the service, the merchants, and what is allowed but unwise (`warnings`).

    `faults` are mistakes for which no profile is refused: `bridge config check` fails for them, and the merchant is served.

    `profiles` are the profiles in force by the file that brought them, `refused` the files that have mistakes.
    `secrets` is every value that came through a reference, for cutting it out of what is shown.
    """

    path: Path
    service: ServiceConfig
    profiles: Mapping[Path, MerchantProfile]
    refused: tuple[RefusedProfile, ...] = ()
    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def merchants(self) -> tuple[MerchantProfile, ...]:
        """Return the merchants that are served."""
        return tuple(self.profiles.values())


def load(
    path: Path | str,
    provider_types: Mapping[str, ProviderType],
    adapter_types: Mapping[str, AdapterType] | None = None,
    *,
    before: Mapping[Path, MerchantProfile] | None = None,
) -> Config:
    """Read bridge.yaml at `path` and the profiles it points to. `before` are the profiles in force so far: each stays where its new one is refused.

    Raises ConfigError, with every mistake in every file, for a mistake in bridge.yaml, and where not one merchant could be served.
    """
    document = read(Path(path))
    service = _validated(document, ServiceConfig, document.value)
    if service:
        _files_are_there(document, service)
    readings = [
        _reading(read(file), provider_types, adapter_types or {})
        for file in _profile_files(document, service)
    ]
    compare(readings, before or {})
    documents = [document, *(reading.document for reading in readings)]
    in_force = {reading.document.path: reading.in_force for reading in readings if reading.in_force}
    if document.mistakes or service is None or not in_force:
        raise ConfigError([problem for one in documents for problem in one.problems])
    return Config(
        path=Path(path),
        service=service,
        profiles=in_force,
        refused=tuple(reading.refused() for reading in readings if not reading.sound),
        faults=tuple(fault for one in documents for fault in one.faults),
        warnings=tuple(warning for one in documents for warning in one.warnings),
        secrets=frozenset(secret for one in documents for secret in one.secrets),
    )


def _reading(document: Document, provider_types: Types, adapter_types: Types) -> Reading:
    profile = _merchant(document, provider_types, adapter_types)
    if profile is not None:
        _find_what_cannot_be_sold(document, profile)
    return Reading(document, profile)


def _find_what_cannot_be_sold(document: Document, profile: MerchantProfile) -> None:
    """A customer who finds out pays with a dead order: a currency that no account takes, and a method in no currency of the shop."""
    for number, shop in enumerate(profile.shops):
        taken = {
            method: _currencies_of(profile, provider, shop)
            for method, provider in shop.methods.items()
        }
        for code in shop.currencies:
            if all(code not in currencies for currencies in taken.values()):
                told = "; ".join(
                    f"{method}: {', '.join(currencies)}" for method, currencies in taken.items()
                )
                document.find_fault(
                    ("shops", number, "currencies"),
                    f"{code} is taken by no account of this shop ({told}); take it out",
                )
        for method, currencies in taken.items():
            if not set(currencies) & set(shop.currencies):
                document.find_fault(
                    ("shops", number, "methods", method),
                    f"takes none of the shop's currencies, only {', '.join(currencies)}; take it out",
                )


def _currencies_of(profile: MerchantProfile, provider: str, shop: ShopProfile) -> Sequence[str]:
    """Return what an account takes; everything that the shop sells in where its settings do not say."""
    return getattr(profile.providers.get(provider), "currencies", shop.currencies)


def _profile_files(document: Document, service: ServiceConfig | None) -> list[Path]:
    if service is None:
        # With a mistake elsewhere in bridge.yaml the profiles are still worth reading.
        folder = (document.value or {}).get("merchants")
        return _yaml_files(document.path.parent / folder) if isinstance(folder, str) else []
    files = _yaml_files(service.merchants)
    if not files:
        document.complain(
            ("merchants",),
            f"there is no profile (*.yaml) in {service.merchants}; write one, config/README.md shows how",
        )
    return files


def _yaml_files(folder: Path) -> list[Path]:
    try:
        return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    except (OSError, ValueError):
        return []


def _files_are_there(document: Document, service: ServiceConfig) -> None:
    if not (service.static / "frame" / "checkout.html").is_file():
        document.complain(
            ("static",),
            f"{service.static} is not the folder of what browsers get; write the path of the sources' folder static",
        )
    if service.outgoing.ca_file and (why := _no_certificates(service.outgoing.ca_file)):
        document.complain(
            ("outgoing", "ca_file"),
            f"{service.outgoing.ca_file} {why}; write the path of a PEM file with certificates",
        )


def _no_certificates(path: Path) -> str | None:
    try:
        return (
            None if b"-----BEGIN CERTIFICATE-----" in path.read_bytes() else "holds no certificate"
        )
    except OSError as error:
        return f"cannot be read ({str(error.strerror).lower()})"


def _validated(
    document: Document, model: type[Model], value: Any, prefix: Where = ()
) -> Model | None:
    if document.value is None:
        return None
    try:
        return model.model_validate(value, context={"folder": document.path.parent})
    except ValidationError as error:
        complain(document, error, model, prefix)
        return None


Types = Mapping[str, ProviderType] | Mapping[str, AdapterType]


def _merchant(document: Document, providers: Types, adapters: Types) -> MerchantProfile | None:
    value = document.value
    for key, what, types in (
        ("providers", "provider", providers),
        ("adapters", "adapter that takes settings", adapters),
    ):
        blocks = value.get(key) if value else None
        if isinstance(blocks, dict):
            value = {
                **value,
                key: {
                    name: _block(document, types, (key, name), block, what)
                    for name, block in blocks.items()
                },
            }
    return _validated(document, MerchantProfile, value)


def _block(document: Document, types: Types, where: tuple[str, str], block: Any, what: str) -> Any:
    name = where[1]
    if name not in types:
        document.complain(where, f"is no {what}; {did_you_mean(name, types)}")
        return None
    return _validated(document, types[name].settings, block, where)
