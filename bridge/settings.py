"""Building blocks of settings: strict, frozen models and secrets by reference.

A settings model stands beside the code that uses it; `config.py` reads YAML into it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr


class Settings(BaseModel):
    """A block of settings: unknown keys are mistakes, values are not coerced, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Resolved(str):
    """A secret that was read through a reference; only `config.py` makes one."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Never show it."""
        return "Resolved(…)"


def _by_reference(value: Any) -> SecretStr:
    if not isinstance(value, Resolved):
        raise ValueError("write a reference, {env: NAME} or {file: PATH}, never the secret itself")
    return SecretStr(str(value))


Secret = Annotated[SecretStr, BeforeValidator(_by_reference)]
"""A field that holds a secret: written as {env: NAME} or {file: PATH}; read with `.get_secret_value()`."""
