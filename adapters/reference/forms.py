"""What a browser's form sent, as text."""

from __future__ import annotations

import falcon


class Form(dict[str, str]):
    """A form's fields; one that is missing is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def read(req: falcon.Request) -> Form:
    """Return the fields, the first of each name; raises 415 for what no form of ours sends."""
    if (req.content_type or "").partition(";")[0].strip() != falcon.MEDIA_URLENCODED:
        raise falcon.HTTPUnsupportedMediaType(title="A form is wanted")
    fields = req.get_media(default_when_empty={})
    return Form(
        {name: value if isinstance(value, str) else value[0] for name, value in fields.items()}
    )
