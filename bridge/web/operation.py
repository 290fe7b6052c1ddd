"""What one method of one resource takes and answers, declared beside it.

The declaration is carried out before the method runs (path, Idempotency-Key, query, body, in this order), and
`/openapi.json` is written from it: what is promised and what is done are the same lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import cleandoc
from typing import Any

from falcon import Request, Response

from bridge.errors import BridgeError
from bridge.web import parse
from bridge.web.bodies import Nothing
from bridge.web.bodies import Request as Model


@dataclass(frozen=True, slots=True)
class Operation:
    """A declared method. `answers`: status → schema, media type or None for no body; `query` None: the query is not looked at.

    `page`: a person reads the answer, so the method words even a wrong path itself.
    """

    story: str
    answers: Mapping[int, type | str | None]
    query: type[Model] | None
    body: type[Model] | None
    body_optional: bool
    key: bool
    problems: tuple[type[BridgeError], ...]
    page: bool

    def take(self, req: Request, params: dict[str, Any]) -> None:
        """Read what the request brings into the method's arguments. Raises what `parse` raises."""
        if not self.page:
            parse.path(params)
        if self.key:
            params["key"] = parse.idempotency_key(req)
        if self.query is not None:
            wanted = parse.query(req, self.query)
            if self.query is not Nothing:
                params["query"] = wanted
        if self.body is not None:
            found = parse.body(req, self.body, optional=self.body_optional)
            if self.body is not Nothing:
                params["body"] = found


def operation(
    answers: Mapping[int, type | str | None],
    *,
    query: type[Model] | None = Nothing,
    body: type[Model] | None = None,
    body_optional: bool = False,
    key: bool = False,
    problems: tuple[type[BridgeError], ...] = (),
    page: bool = False,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a method; it is called with what its path, key, query and body brought, already checked."""

    def declare(method: Callable[..., None]) -> Callable[..., None]:
        declared = Operation(
            cleandoc(method.__doc__ or ""), answers, query, body, body_optional, key, problems, page
        )

        @wraps(method)
        def responder(self: Any, req: Request, resp: Response, **params: Any) -> None:
            declared.take(req, params)
            method(self, req, resp, **params)

        responder.operation = declared  # type: ignore[attr-defined]
        return responder

    return declare
