"""Finds the adapters that take part in the service: one folder each, and the folder is the registration.

Importing this package loads none of them; an adapter whose shops only call the API needs neither of the two modules.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

    from bridge.platforms import AdapterType


def discover() -> dict[str, AdapterType]:
    """Return every adapter that is called, by its platform: each folder whose module `endpoints.adapter` exports ADAPTER.

    Raises ValueError where a platform's name is not its folder's.
    """
    found = {}
    for folder, adapter in _exported("endpoints.adapter", "ADAPTER"):
        if adapter.name != folder:
            raise ValueError(
                f"the folder {folder!r} exports an adapter that calls itself {adapter.name!r}"
            )
        found[adapter.name] = adapter
    return found


def commands() -> list[click.Command]:
    """Return what adapters add to the command `bridge`: each folder whose module `command` exports COMMAND."""
    return [command for _, command in _exported("command", "COMMAND")]


def _exported(module: str, name: str) -> Iterator[tuple[str, Any]]:
    package, _, _ = module.rpartition(".")
    for entry in iter_modules(__path__):
        parent = f"{__name__}.{entry.name}" + (f".{package}" if package else "")
        if (
            entry.ispkg
            and (not package or find_spec(parent))
            and find_spec(f"{__name__}.{entry.name}.{module}")
        ):
            yield entry.name, getattr(import_module(f"{__name__}.{entry.name}.{module}"), name)
