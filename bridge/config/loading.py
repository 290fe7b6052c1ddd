"""Reads bridge.yaml and every merchant profile, and finds all mistakes at once, those between the files too."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bridge.config.mistakes import complain, did_you_mean
from bridge.config.models import MerchantProfile, ServiceConfig
from bridge.config.reading import Document, Where, read
from bridge.errors import ConfigError
from bridge.platforms import AdapterType
from bridge.ports import ProviderType

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that was configured: the service, the merchants, and what is allowed but unwise (`warnings`).

    `secrets` is every value that came through a reference, for cutting it out of what is shown.
    """

    path: Path
    service: ServiceConfig
    merchants: tuple[MerchantProfile, ...]
    warnings: tuple[str, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


def load(
    path: Path | str, provider_types: Mapping[str, ProviderType], adapter_types: Mapping[str, AdapterType] | None = None
) -> Config:
    """Read bridge.yaml at `path` and the profiles it points to. Raises ConfigError with every mistake in every file."""
    document = read(Path(path))
    service = _validated(document, ServiceConfig, document.value)
    if service:
        _files_are_there(document, service)
    profiles = [read(file) for file in _profile_files(document, service)]
    merchants = [_merchant(profile, provider_types, adapter_types or {}) for profile in profiles]
    _compare(profiles)
    documents = [document, *profiles]
    problems = [problem for one in documents for problem in one.problems]
    if problems or service is None:
        raise ConfigError(problems)
    return Config(
        path=Path(path),
        service=service,
        merchants=tuple(merchant for merchant in merchants if merchant),
        warnings=tuple(warning for one in documents for warning in one.warnings),
        secrets=frozenset(secret for one in documents for secret in one.secrets),
    )


def _profile_files(document: Document, service: ServiceConfig | None) -> list[Path]:
    if service is None:
        # With a mistake elsewhere in bridge.yaml the profiles are still worth reading.
        folder = (document.value or {}).get("merchants")
        return _yaml_files(document.path.parent / folder) if isinstance(folder, str) else []
    files = _yaml_files(service.merchants)
    if not files:
        document.complain(("merchants",), f"there is no profile (*.yaml) in {service.merchants}; write one, config/README.md shows how")
    return files


def _yaml_files(folder: Path) -> list[Path]:
    try:
        return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    except (OSError, ValueError):
        return []


def _files_are_there(document: Document, service: ServiceConfig) -> None:
    if not (service.static / "frame" / "checkout.html").is_file():
        document.complain(("static",), f"{service.static} is not the folder of what browsers get; write the path of the sources' folder static")
    if service.outgoing.ca_file and (why := _no_certificates(service.outgoing.ca_file)):
        document.complain(("outgoing", "ca_file"), f"{service.outgoing.ca_file} {why}; write the path of a PEM file with certificates")


def _no_certificates(path: Path) -> str | None:
    try:
        return None if b"-----BEGIN CERTIFICATE-----" in path.read_bytes() else "holds no certificate"
    except OSError as error:
        return f"cannot be read ({str(error.strerror).lower()})"


def _validated(document: Document, model: type[Model], value: Any, prefix: Where = ()) -> Model | None:
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
    for key, what, types in (("providers", "provider", providers), ("adapters", "adapter that takes settings", adapters)):
        blocks = value.get(key) if value else None
        if isinstance(blocks, dict):
            value = {**value, key: {name: _block(document, types, (key, name), block, what) for name, block in blocks.items()}}
    return _validated(document, MerchantProfile, value)


def _block(document: Document, types: Types, where: tuple[str, str], block: Any, what: str) -> Any:
    name = where[1]
    if name not in types:
        document.complain(where, f"is no {what}; {did_you_mean(name, types)}")
        return None
    return _validated(document, types[name].settings, block, where)


# --- between the files ------------------------------------------------------------------------------------------------


def _compare(profiles: list[Document]) -> None:
    """Check what must be unique, on what is written: a mistake elsewhere in a file hides nothing here."""
    _unique(profiles, "another merchant", lambda document: _texts(document.value, "merchant"))
    _unique(profiles, "another shop", _shop_names)
    _unique(profiles, "another API key; make a new one with `bridge keys new`", _key_hashes)
    for document in profiles:
        _methods_have_accounts(document)


Found = Iterator[tuple[Where, str]]


def _unique(profiles: list[Document], other: str, values: Callable[[Document], Found]) -> None:
    first: dict[str, str] = {}
    for document in profiles:
        for where, text in values(document):
            if text in first:
                document.complain(where, f"is already used in {first[text]} by {other}")
            first.setdefault(text, f"{document.path}:{document.line(where)}")


def _texts(block: Any, key: str, prefix: Where = ()) -> Found:
    if isinstance(block, dict) and isinstance(block.get(key), str):
        yield (*prefix, key), block[key]


def _shops(document: Document) -> Iterator[tuple[Where, dict[str, Any]]]:
    shops = document.value.get("shops") if document.value else None
    for index, shop in enumerate(shops if isinstance(shops, list) else []):
        if isinstance(shop, dict):
            yield ("shops", index), shop


def _shop_names(document: Document) -> Found:
    for where, shop in _shops(document):
        yield from _texts(shop, "shop", where)


def _key_hashes(document: Document) -> Found:
    for where, shop in _shops(document):
        keys = shop.get("api_keys")
        for index, key in enumerate(keys if isinstance(keys, list) else []):
            if isinstance(key, str):
                yield (*where, "api_keys", index), key


def _methods_have_accounts(document: Document) -> None:
    accounts = document.value.get("providers") if document.value else None
    for where, shop in _shops(document):
        methods = shop.get("methods")
        for method, provider in (methods.items() if isinstance(methods, dict) else ()):
            if isinstance(provider, str) and isinstance(accounts, dict) and provider not in accounts:
                document.complain(
                    (*where, "methods", method), f"{provider} has no block under providers; {did_you_mean(provider, accounts)}")
