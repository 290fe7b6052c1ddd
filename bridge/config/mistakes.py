"""What pydantic found wrong, in words for the person who wrote the file: what is wrong and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from bridge.config.reading import Document, Where

_TYPES = {
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list; write each item in a line of its own after `- `",
    "list_type": "must be a list; write each item in a line of its own after `- `",
    "model_type": "must be a block of settings, `key: value`",
    "mapping_type": "must be a block of settings, `key: value`",
    "dict_type": "must be a block of settings, `key: value`",
}


def complain(
    document: Document, error: ValidationError, model: type[BaseModel], prefix: Where = ()
) -> None:
    """Keep every mistake that validating the part of `document` at `prefix` against `model` brought to light."""
    mistakes = error.errors(include_url=False, include_input=False)
    for mistake in mistakes:
        loc: Where = tuple(mistake["loc"])
        if mistake["type"] == "too_short" and any(
            len(one["loc"]) > len(loc) and one["loc"][: len(loc)] == loc for one in mistakes
        ):
            continue  # pydantic counts the right items only; the wrong ones are told by themselves
        around = document.known((*prefix, *loc))
        where = (
            (*prefix, *loc)
            if mistake["type"] in ("missing", "extra_forbidden")
            else around or prefix
        )
        if not any(where[:n] in document.faulty for n in range(1, len(where) + 1)):
            document.complain(where, _words(mistake, model, loc))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return what to write instead of an unknown word."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(names) or 'nothing'}"


def _words(mistake: Mapping[str, Any], model: type[BaseModel], loc: Where) -> str:
    kind = mistake["type"]
    if kind == "extra_forbidden":
        return f"is unknown; {did_you_mean(str(loc[-1]), _fields(model, loc[:-1]))}"
    if kind in ("missing", "too_short"):
        field = _fields(model, loc[:-1]).get(str(loc[-1]))
        what = field.description if field and field.description else "it"
        return f"is {'missing' if kind == 'missing' else 'empty'}; write {what}"
    if kind == "value_error":
        return str(mistake["ctx"]["error"])
    return _TYPES.get(kind) or mistake["msg"].replace("Input should", "should", 1)


def _fields(model: type[BaseModel], loc: Where) -> dict[str, FieldInfo]:
    """Return the fields of the block at `loc` inside `model`; empty where it is no block of ours."""
    here: Any = model
    for part in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            here = field.annotation if field else None
        else:
            here = _inside(here)
    here = _model_of(here)
    return dict(here.model_fields) if here else {}


def _inside(annotation: Any) -> Any:
    """Return what a list or a mapping holds."""
    if get_origin(annotation) is Annotated:
        return _inside(get_args(annotation)[0])
    arguments = [one for one in get_args(annotation) if one not in (Ellipsis, type(None))]
    return arguments[-1] if arguments else None


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model that an annotation means, `| None` and other decoration taken off."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Annotated, Union, UnionType):
        return next((found for found in map(_model_of, get_args(annotation)) if found), None)
    return None
