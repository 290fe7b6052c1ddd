"""`/openapi.json`: OpenAPI 3.1, written from the route table, the declared operations and the models beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from falcon import Request, Response
from pydantic.json_schema import models_json_schema

from bridge import errors
from bridge.domain.events import EventType
from bridge.errors import BridgeError
from bridge.services import Services
from bridge.web import examples, parse, shapes
from bridge.web.audience import Audience, Resource
from bridge.web.operation import Operation, operation
from bridge.web.problems import HTTP, MEDIA_TYPE, status_of
from bridge.web.settings import WebSettings

Routes = Iterable[tuple[str, type[Resource]]]

Written = Callable[[], Mapping[str, Any]]
"""Gives the document; it is written when somebody first asks for it, since writing it takes longer than the rest of a start."""

SCHEMAS = "#/components/schemas/"

OPERATORS = "Operator door"

DOORS: Mapping[Audience, tuple[str, str]] = {
    Audience.SHOP: (
        "Shop door",
        "For shop modules. Every request carries `Authorization: Bearer <api key>`; a key belongs to one shop.",
    ),
    Audience.PAYER: (
        "Payer door",
        "For the checkout page. The checkout token in the path is the permission; there is no API key and no cookie.",
    ),
    Audience.PROVIDER: (
        "Provider door",
        "For payment service providers. What comes in is stored, verified, and then the provider is asked.",
    ),
    Audience.OPERATOR: (
        OPERATORS,
        "For whoever runs the bridge. `/readyz` and `/metrics` answer this machine and the configured networks only.",
    ),
    Audience.PUBLIC: (OPERATORS, ""),
}

READS_BODY = (400, 413)
READS_JSON = (415,)


class OpenApiResource(Resource):
    """/openapi.json"""

    audience = Audience.PUBLIC

    def __init__(self, services: Services, settings: WebSettings, written: Written) -> None:
        """Take who gives the document."""
        super().__init__(services, settings)
        self._written = written

    @operation({200: "application/json"}, query=None)
    def on_get(self, _req: Request, resp: Response) -> None:
        """Read the contract.

        This document.
        """
        resp.set_header("Access-Control-Allow-Origin", "*")
        resp.media = self._written()


def document(routes: Routes, settings: WebSettings) -> dict[str, Any]:
    """Write the whole document."""
    known = [
        (path, resource) for path, resource in routes if "{file" not in path
    ]  # static files are no part of the contract
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Payment bridge",
            "version": settings.version,
            "summary": "One normalized payments API between shops and payment providers.",
            "description": examples.INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": settings.public_url}],
        "tags": [{"name": name, "description": text} for name, text in DOORS.values() if text],
        "paths": {path: _path_item(path, resource) for path, resource in known},
        "webhooks": {event.value: _webhook(event) for event in EventType},
        "components": {
            "schemas": _schemas(known),
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer", "description": "The shop's API key."}
            },
        },
    }


def operations_of(resource: type[Resource]) -> Iterator[tuple[str, Operation]]:
    """Return a resource's declared operations by HTTP method; HEAD is GET."""
    for method in ("post", "get"):
        declared = getattr(getattr(resource, f"on_{method}", None), "operation", None)
        if declared is not None:
            yield method, declared


def problems_of(declared: Operation, audience: Audience) -> dict[int, dict[str, str]]:
    """Return every problem that an operation can answer: status → code → title."""
    ours: list[type[errors.BridgeError]] = [
        *declared.problems,
        *_from_declaration(declared),
        errors.Unavailable,
    ]
    plain = [500]
    if audience is Audience.SHOP:
        ours.append(errors.Unauthorized)
    if audience is Audience.OPERATOR:
        plain.append(403)
    if declared.body is not None or audience is Audience.PROVIDER or 303 in declared.answers:
        plain += READS_BODY
    if declared.body is not None:
        plain += READS_JSON
    found: dict[int, dict[str, str]] = {}
    for status, code, title in (
        *((status_of(kind), kind.code, kind.title()) for kind in ours),
        *((status, *HTTP[status]) for status in plain),
    ):
        found.setdefault(status, {})[code] = title
    return dict(sorted(found.items()))


def _from_declaration(declared: Operation) -> list[type[BridgeError]]:
    found: list[type[BridgeError]] = []
    if declared.key:
        found += [
            errors.IdempotencyKeyRequired,
            errors.IdempotencyMismatch,
            errors.IdempotencyRunning,
        ]
    if declared.body is not None:
        found.append(errors.MalformedBody)
    if declared.key or declared.body is not None or declared.query is not None:
        found.append(errors.ValidationFailed)
    return found


def _path_item(path: str, resource: type[Resource]) -> dict[str, Any]:
    return {
        method: _operation(method, path, resource, declared)
        for method, declared in operations_of(resource)
    }


def _operation(
    method: str, path: str, resource: type[Resource], declared: Operation
) -> dict[str, Any]:
    summary, _, description = declared.story.partition("\n")
    audience = resource.audience or Audience.PUBLIC
    written: dict[str, Any] = {
        "operationId": f"{method}_{re.sub(r'[^0-9a-z]+', '_', path).strip('_')}",
        "tags": [DOORS[audience][0]],
        "summary": summary.rstrip("."),
        "description": " ".join(description.split()) or summary,
        "parameters": [
            *_path_parameters(path, declared),
            *_query_parameters(declared),
            *_header_parameters(method, declared),
        ],
        "responses": {
            str(status): answer for status, answer in sorted(_answers(declared, audience).items())
        },
        "security": [{"apiKey": []}] if audience is Audience.SHOP else [],
    }
    if declared.body is not None:
        written["requestBody"] = {
            "required": not declared.body_optional,
            "content": {
                "application/json": {"schema": _ref(declared.body)}
                | examples.of(declared.body.__name__)
            },
        }
    elif audience is Audience.PROVIDER:
        written["requestBody"] = {"required": False, "content": {"*/*": {"schema": {}}}}
    return written


def _path_parameters(path: str, declared: Operation) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", path):
        form = {} if declared.page else {"pattern": f"^{parse.PATHS[name].pattern}$"}
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", **form}}


def _query_parameters(declared: Operation) -> Iterator[dict[str, Any]]:
    fields = (
        declared.query.model_json_schema()["properties"]
        if declared.query and declared.query.model_fields
        else {}
    )
    for name, field in fields.items():
        schema = _not_null(field)
        described = {"description": schema.pop("description")} if "description" in schema else {}
        yield {"name": name, "in": "query", "required": False, **described, "schema": schema}


def _not_null(field: Mapping[str, Any]) -> dict[str, Any]:
    rest = {
        key: value
        for key, value in field.items()
        if key not in ("anyOf", "title", "default") or (key == "default" and value is not None)
    }
    choices = [choice for choice in field.get("anyOf", ()) if choice != {"type": "null"}]
    return {**(choices[0] if choices else {}), **rest}


def _header_parameters(method: str, declared: Operation) -> Iterator[dict[str, Any]]:
    if declared.key:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "example": "order-100000123-1",
            "description": "One key per intent, kept over every repeat of it; quoted or bare.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!#-~]+$"},
        }
    if method == "get" and 304 in declared.answers:
        yield {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "description": "The ETag of an answer that you have.",
            "schema": {"type": "string"},
        }


def _answers(declared: Operation, audience: Audience) -> dict[int, dict[str, Any]]:
    found = {status: _problem(codes) for status, codes in problems_of(declared, audience).items()}
    for status, shape in declared.answers.items():
        found[status] = _answer(status, shape, declared)
    return found


STORIES = {
    200: "Done.",
    201: "Made.",
    202: "Stored; the provider has not answered yet.",
    303: "See the checkout.",
    304: "Unchanged since the ETag that you have.",
    404: "There is no such checkout.",
    410: "This checkout is over.",
    500: "Something went wrong on our side.",
    503: "Not now.",
}


def _answer(status: int, shape: type | str | None, declared: Operation) -> dict[str, Any]:
    written: dict[str, Any] = {
        "description": STORIES[status],
        "headers": dict(_headers(status, declared)),
    }
    if isinstance(shape, str):
        schema = {"type": "object"} if shape == "application/json" else {"type": "string"}
        written["content"] = {shape: {"schema": schema}}
    elif shape is not None:
        written["content"] = {
            "application/json": {"schema": _ref(shape)} | examples.of(shape.__name__)
        }
    return written


def _headers(status: int, declared: Operation) -> Iterator[tuple[str, Any]]:
    text = {"type": "string"}
    yield "X-Request-Id", {"description": "The request's id, yours or ours.", "schema": text}
    yield "Bridge-Version", {"description": "The version of the software.", "schema": text}
    if status == 303 or (declared.key and status in (200, 201, 202)):
        yield "Location", {"description": "Where it is.", "schema": text}
    if declared.key and status in (200, 201, 202):
        yield (
            "Idempotent-Replayed",
            {
                "description": "`true`: the answer of an earlier request with the same key.",
                "schema": text,
            },
        )
    if 304 in declared.answers and status in (200, 304):
        yield "ETag", {"description": "Version of the answer; weak.", "schema": text}
    if status == 200 and getattr(declared.answers[200], "model_fields", {}).get("next_cursor"):
        yield "Link", {"description": 'rel="next" where there is more.', "schema": text}


def _problem(codes: Mapping[str, str]) -> dict[str, Any]:
    schema = {"allOf": [_ref(shapes.Problem), {"properties": {"code": {"enum": sorted(codes)}}}]}
    story = "\n".join(f"- `{code}`: {title}" for code, title in sorted(codes.items()))
    return {"description": story, "content": {MEDIA_TYPE: {"schema": schema}}}


def _webhook(event: EventType) -> dict[str, Any]:
    schema = {
        "allOf": [_ref(shapes.Notification), {"properties": {"type": {"const": event.value}}}]
    }
    text = {"type": "string"}
    return {
        "post": {
            "operationId": f"told_{event.value.replace('.', '_')}",
            "tags": ["Notifications"],
            "summary": event.value,
            "description": "Posted to the shop's `notification_url`, signed as in Standard Webhooks 1.0, at least once, in order per payment.",
            "parameters": [
                {
                    "name": "webhook-id",
                    "in": "header",
                    "required": True,
                    "schema": text,
                    "description": "The event's id, the same over all tries.",
                },
                {
                    "name": "webhook-timestamp",
                    "in": "header",
                    "required": True,
                    "schema": text,
                    "description": "Unix seconds of this try.",
                },
                {
                    "name": "webhook-signature",
                    "in": "header",
                    "required": True,
                    "schema": text,
                    "description": "`v1,<base64>` of HMAC-SHA256 over id, timestamp and body; one per valid secret, separated by spaces.",
                },
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
            "responses": {
                "2XX": {"description": "Done."},
                "410": {"description": "No more notifications to this address, please."},
                "default": {
                    "description": "Tried again, for about three days; `Retry-After` of 429 and 503 is obeyed."
                },
            },
        }
    }


def _ref(shape: type) -> dict[str, str]:
    return {"$ref": f"{SCHEMAS}{shape.__name__}"}


def _schemas(routes: Routes) -> dict[str, Any]:
    used: dict[type, None] = {shapes.Problem: None, shapes.Notification: None}
    for _, resource in routes:
        for _, declared in operations_of(resource):
            used |= {
                shape: None
                for shape in (declared.body, *declared.answers.values())
                if isinstance(shape, type)
            }
    _, written = models_json_schema(
        [(shape, "validation") for shape in used], ref_template=SCHEMAS + "{model}"
    )
    return {name: _untitled(schema) for name, schema in sorted(written["$defs"].items())}


def _untitled(schema: Any) -> Any:
    """Leave out the titles that only repeat a field's name."""
    if isinstance(schema, list):
        return [_untitled(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _untitled(part)
        for key, part in schema.items()
        if not (key == "title" and isinstance(part, str))
    }
