"""Finds the providers' sandboxes by folder: every `bridge/providers/<name>/sandbox.py` that offers `SANDBOX`.

The file is loaded by itself, without the package around it, so that the provider's client is never imported here.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

PROVIDERS = Path(__file__).resolve().parent.parent / "providers"


def discover(folder: Path = PROVIDERS) -> list[type]:
    """The `SANDBOX` classes, in the order of the folders' names."""
    files = sorted(folder.glob("*/sandbox.py"))
    return [load(f"bridge.providers.{file.parent.name}.sandbox", file).SANDBOX for file in files]


def load(name: str, file: Path) -> ModuleType:
    """Load one file under its true name, once."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
