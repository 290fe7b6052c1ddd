"""Finds the providers: one sub-package each, and the folder is the registration.

Importing this package, or a provider's package, loads nothing else: a sandbox that lives in the same folder must not
pull in the client that it judges.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.ports import ProviderType


def discover() -> dict[str, ProviderType]:
    """Return every provider by its name: each sub-package whose module `provider` exports PROVIDER.

    Raises ValueError where a provider's name is not its folder's.
    """
    found = {}
    for entry in iter_modules(__path__):
        provider = _exported(f"{__name__}.{entry.name}.provider") if entry.ispkg else None
        if provider is None:
            continue
        if provider.name != entry.name:
            raise ValueError(
                f"the folder {entry.name!r} exports a provider that calls itself {provider.name!r}"
            )
        found[provider.name] = provider
    return found


def _exported(module: str) -> ProviderType | None:
    return getattr(import_module(module), "PROVIDER", None) if find_spec(module) else None
