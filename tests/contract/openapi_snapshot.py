"""The API as it was last agreed, and what of a change would break its callers.

`make openapi` writes the snapshot anew. It refuses a change that breaks callers unless the reason is given, and then notes it in the snapshot:
`make openapi BREAKING="why"`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.web.app import ROUTES
from bridge.web.openapi import document
from bridge.web.settings import WebSettings

FILE = Path(__file__).with_name("openapi.json")
NOTED = "x-breaking-changes"
METHODS = ("get", "post", "put", "patch", "delete")
TIGHTER = {
    "maximum": -1,
    "maxLength": -1,
    "maxItems": -1,
    "minimum": 1,
    "minLength": 1,
    "minItems": 1,
}
"""Limits, and in which direction a change refuses what was taken before."""

Json = Mapping[str, Any]


def promised() -> dict[str, Any]:
    """Return the document that the code makes now; the version of the software is no promise."""
    made = document(ROUTES, WebSettings("https://bridge.example", Path("static"), version="0"))
    found: dict[str, Any] = json.loads(json.dumps(made))
    return found


def agreed() -> dict[str, Any]:
    """Return the snapshot without its notes."""
    snapshot: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    snapshot.pop(NOTED, None)
    return snapshot


def breaking(old: Json, new: Json) -> list[str]:
    """Return what a caller who relies on `old` finds broken in `new`, one sentence each."""
    return [*_operations(old, new), *_schemas(old, new)]


def _operations(old: Json, new: Json) -> Iterator[str]:
    for path, item in old["paths"].items():
        for method in (name for name in METHODS if name in item):
            here, now = f"{method.upper()} {path}", new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{here} is gone"
            else:
                yield from _operation(here, item[method], now)


def _operation(here: str, old: Json, new: Json) -> Iterator[str]:
    before, after = ({p["name"]: p for p in one.get("parameters", ())} for one in (old, new))
    yield from (f"{here}: the parameter {name} is gone" for name in before if name not in after)
    for name, parameter in after.items():
        if parameter.get("required") and not before.get(name, {}).get("required"):
            yield f"{here}: the parameter {name} is required"
    yield from (
        f"{here}: the answer {status} is gone"
        for status in old["responses"]
        if status not in new["responses"]
    )


def _schemas(old: Json, new: Json) -> Iterator[str]:
    sent = _reachable(old, [_body(op) for op in _each_operation(old)])
    before, after = old["components"]["schemas"], new["components"]["schemas"]
    for name, schema in before.items():
        if name not in after:
            yield f"the schema {name} is gone"
        else:
            yield from _schema(name, schema, after[name], name in sent)


def _schema(here: str, old: Json, new: Json, sent: bool) -> Iterator[str]:
    if old.get("type") != new.get("type"):
        yield f"{here} has another type"
    yield from (
        f"{here} does not know {word!r} any more"
        for word in old.get("enum", ())
        if word not in new.get("enum", [word])
    )
    required = set(old.get("required", ())), set(new.get("required", ()))
    lost, gained = required[0] - required[1], required[1] - required[0]
    if sent:
        yield from (f"{here}.{name} is required" for name in sorted(gained))
        yield from (f"{here}: {name} is tighter" for name in _tighter(old, new))
    else:
        yield from (f"{here}.{name} may be missing" for name in sorted(lost))
    for name, schema in old.get("properties", {}).items():
        now = new.get("properties", {}).get(name)
        if now is None:
            yield f"{here}.{name} is gone"
        else:
            yield from _schema(f"{here}.{name}", schema, now, sent)
    if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
        yield from _schema(f"{here}[]", old["items"], new["items"], sent)


def _tighter(old: Json, new: Json) -> Iterator[str]:
    for name, direction in TIGHTER.items():
        if name in new and (name not in old or (new[name] - old[name]) * direction > 0):
            yield name


def _each_operation(doc: Json) -> Iterator[Json]:
    return (item[method] for item in doc["paths"].values() for method in METHODS if method in item)


def _body(operation: Json) -> Any:
    return operation.get("requestBody", {})


def _reachable(doc: Json, start: Any) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            name = str(one.get("$ref", "")).removeprefix("#/components/schemas/")
            if name and name not in found:
                found.add(name)
                waiting.append(doc["components"]["schemas"].get(name, {}))
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return found


def main(reason: str) -> int:
    """Write the snapshot anew; refuse a breaking change for which no reason is given."""
    noted = json.loads(FILE.read_text("utf-8")).get(NOTED, []) if FILE.exists() else []
    new = promised()
    broken = breaking(agreed(), new) if FILE.exists() else []
    if broken and not reason:
        print(
            "This breaks callers:",
            *broken,
            'Write why: make openapi BREAKING="…"',
            sep="\n- ",
            file=sys.stderr,
        )
        return 1
    noted += [{"why": reason, "what": broken}] if broken else []
    FILE.write_text(json.dumps({NOTED: noted, **new}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
