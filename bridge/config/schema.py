"""JSON Schema for editors: what may stand in bridge.yaml or in a profile, with the sentence of every setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from bridge.config.models import MerchantProfile, ServiceConfig
from bridge.platforms import AdapterType
from bridge.ports import ProviderType

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = {
    "description": "a secret by reference: {env: NAME} or {file: PATH}",
    "type": "object",
    "properties": {"env": {"type": "string"}, "file": {"type": "string"}},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}
_MAY_REFER = ("database",)


def service_schema() -> dict[str, Any]:
    """Return the schema of bridge.yaml."""
    schema = _of(ServiceConfig)
    for name in _MAY_REFER:
        schema["properties"][name] = {
            "description": schema["properties"][name]["description"],
            "anyOf": [{"type": "string"}, {"$ref": "#/$defs/Reference"}],
        }
    return _finished(schema)


def profile_schema(
    provider_types: Mapping[str, ProviderType],
    adapter_types: Mapping[str, AdapterType] | None = None,
) -> dict[str, Any]:
    """Return the schema of a merchant's profile, with the block of every provider and adapter."""
    schema = _of(MerchantProfile)
    settings = {
        "providers": {name: kind.settings for name, kind in provider_types.items()},
        "adapters": {name: kind.settings for name, kind in (adapter_types or {}).items()},
    }
    for key, models in settings.items():
        blocks = {name: _of(model) for name, model in sorted(models.items())}
        for block in blocks.values():
            schema.setdefault("$defs", {}).update(block.pop("$defs", {}))
        schema["properties"][key] |= {"properties": blocks, "additionalProperties": False}
    return _finished(schema)


def _of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _finished(schema: dict[str, Any]) -> dict[str, Any]:
    finished = _with_references(schema)
    finished.setdefault("$defs", {})["Reference"] = _REFERENCE
    return {"$schema": _DIALECT, **finished}


def _with_references(part: Any) -> Any:
    """Write a reference where pydantic writes the secret that comes of it."""
    if isinstance(part, list):
        return [_with_references(one) for one in part]
    if not isinstance(part, dict):
        return part
    if part.get("format") == "password":
        kept = {name: part[name] for name in ("description", "title") if name in part}
        return {**kept, "$ref": "#/$defs/Reference"}
    return {name: _with_references(one) for name, one in part.items()}
