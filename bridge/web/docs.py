"""`/docs`: the contract for people, rendered from the same document that `/openapi.json` serves."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from falcon import Request, Response
from jinja2 import Environment
from markupsafe import Markup, escape

from bridge.services import Services
from bridge.web.audience import Audience, Resource
from bridge.web.openapi import Written
from bridge.web.operation import operation
from bridge.web.problems import MEDIA_TYPE
from bridge.web.settings import WebSettings


class DocsResource(Resource):
    """/docs"""

    audience = Audience.PUBLIC

    def __init__(self, services: Services, settings: WebSettings, written: Written) -> None:
        """Take who gives the document."""
        super().__init__(services, settings)
        self._page = cache(lambda: render(written()))

    @operation({200: "text/html"}, query=None)
    def on_get(self, _req: Request, resp: Response) -> None:
        """Read the contract as a page.

        Made from the machine-readable one.
        """
        resp.text = self._page()
        resp.content_type = "text/html; charset=utf-8"
        resp.set_header("Content-Security-Policy", _policy_for(resp.text))


def _policy_for(page: str) -> str:
    """Let the page's one style sheet through, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_style_of(page).encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def render(written: Mapping[str, Any]) -> str:
    """Write the page."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "code": inline_code,
        "prose": _prose,
        "pretty": _pretty,
        "kind": _kind,
        "target": _target,
        "anchor": _anchor,
        "codes": _codes,
        "is_problem": _is_problem,
    }
    template = environment.from_string(
        (resources.files(__package__) / "docs.html").read_text("utf-8")
    )
    hook = next(iter(written["webhooks"].values()))["post"]
    return template.render(
        api=written, doors=list(_doors(written)), hook=hook, problems=_problems(written)
    )


def inline_code(text: str) -> Markup:
    """Escape a text, and set what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _prose(text: str) -> Markup:
    """Set paragraphs, and lines that start with a dash as a list."""
    first, _, rest = text.partition("\n\n")
    items = Markup("").join(
        Markup("<li>{}</li>").format(inline_code(line.removeprefix("- ")))
        for line in rest.splitlines()
    )
    return Markup("<p>{}</p><ul>{}</ul>").format(inline_code(first), items)


def _style_of(page: str) -> str:
    return page.partition("<style>")[2].partition("</style>")[0]


def _doors(written: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for tag in written["tags"]:
        found = [
            {"method": method, "path": path, **operation}
            for path, item in written["paths"].items()
            for method, operation in item.items()
            if tag["name"] in operation["tags"]
        ]
        yield {**tag, "operations": found}


def _problems(written: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Every code with its status and sentence, read back from the answers."""
    answers = (
        (status, answer)
        for item in written["paths"].values()
        for call in item.values()
        for status, answer in call["responses"].items()
    )
    found = {
        (int(status), code, title) for status, answer in answers for code, title in _codes(answer)
    }
    return [(code, status, title) for status, code, title in sorted(found)]


def _codes(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Read the codes and sentences of a problem answer."""
    return re.findall(r"^- `(\w+)`: (.+)$", answer["description"], re.M)


def _is_problem(answer: Mapping[str, Any]) -> bool:
    return MEDIA_TYPE in answer.get("content", {})


def _pretty(example: Any) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False)


def _anchor(text: str) -> str:
    return re.sub(r"[^0-9a-z]+", "-", text.lower()).strip("-")


def _target(schema: Mapping[str, Any]) -> str | None:
    """Name the one component that a schema is about, if any."""
    for part in (schema, schema.get("items", {}), *schema.get("anyOf", ())):
        if "$ref" in part:
            return str(part["$ref"].rpartition("/")[2])
    return None


def _kind(schema: Mapping[str, Any]) -> str:
    """Say in a few words what a value may be."""
    if "$ref" in schema:
        return str(_target(schema))
    if "anyOf" in schema:
        return " or ".join(_kind(choice) for choice in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        words = schema.get("enum", [schema.get("const")])
        return " | ".join(map(str, words)) if len(words) <= 10 else f"one of {len(words)} codes"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if schema.get("type") == "integer" and "minimum" in schema and "maximum" in schema:
        return f"integer, {schema['minimum']:,} to {schema['maximum']:,}"
    if schema.get("format") == "date-time":
        return "time"
    if "maxLength" in schema:
        return f"string, at most {schema['maxLength']}"
    kind = str(schema.get("type", "anything"))
    return "object of strings" if kind == "object" else kind
