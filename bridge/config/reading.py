"""One YAML file → plain values, the line of every value, secrets fetched through their references, and all mistakes so far.

YAML's own loaders keep the last of two equal keys and forget the lines, so values are built from the nodes here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bridge.settings import Resolved

Where = tuple[str | int, ...]
"""The way to a value: keys and list positions."""

MOST_BYTES = 1024 * 1024
"""The largest file that is read; a profile of a hundred shops has 100 KiB."""

MOST_VALUES = 50_000
"""The most values that a file may hold, each alias (`*name`) counted with all that it stands for."""

_WORLD_READABLE = stat.S_IROTH
_QUOTE = "put the text in quotes"
_KEY_HELP = "put it in quotes; `<<` is not understood, write the settings out"


@dataclass(slots=True)
class Document:
    """What one file says. `value` is None when it says nothing that can be read; `lines` knows where each value stands.

    `text` is the file as it stands, empty where it cannot be read.
    """

    path: Path
    text: str = field(default="", repr=False)
    value: Any = None
    lines: dict[Where, int] = field(default_factory=dict)
    mistakes: list[tuple[int, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set, repr=False)
    faulty: set[Where] = field(default_factory=set)

    def line(self, where: Where) -> int:
        """Return the line of a value, or of the nearest thing around it."""
        return next(
            (self.lines[where[:n]] for n in range(len(where), -1, -1) if where[:n] in self.lines), 1
        )

    def known(self, where: Where) -> Where:
        """Return the longest beginning of `where` that stands in the file."""
        return next((where[:n] for n in range(len(where), 0, -1) if where[:n] in self.lines), ())

    @property
    def problems(self) -> list[str]:
        """Every mistake as one readable line, in the order of the file."""
        return [text for _, text in sorted(self.mistakes, key=lambda mistake: mistake[0])]

    def complain(self, where: Where, text: str) -> None:
        """Keep a mistake, once per place: what follows from a mistake is no second one."""
        if where not in self.faulty:
            self.faulty.add(where)
            self.complain_at(self.line(where), where, text)

    def complain_at(self, line: int, where: Where, text: str) -> None:
        """Keep a mistake that stands in another line than its value."""
        self.mistakes.append((line, self._say(line, where, text)))

    def find_fault(self, where: Where, text: str) -> None:
        """Keep what is wrong and no reason to refuse the file: a check fails for it, the service serves."""
        self.faults.append(self._say(self.line(where), where, text))

    def warn(self, where: Where, text: str) -> None:
        """Keep what is allowed but unwise."""
        self.warnings.append(self._say(self.line(where), where, text))

    def _say(self, line: int, where: Where, text: str) -> str:
        key = f"{dotted(where)}: " if where else ""
        return f"{self.path}:{line}: {key}{text}"


def dotted(where: Where) -> str:
    """Write the way to a value for people: shops[0].api_keys[1]."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    return text.removeprefix(".")


def read(path: Path) -> Document:
    """Read one file. Never raises for what it says: its mistakes are in `problems`."""
    document = Document(path)
    try:
        document.text = _text(path)
        root = yaml.compose(document.text, Loader=yaml.SafeLoader)
        _read_root(document, root)
    except (OSError, UnicodeDecodeError) as error:
        document.complain((), f"cannot be read ({_why(error)})")
    except yaml.YAMLError as error:
        _complain_of_syntax(document, error)
    except (_TooMuch, RecursionError) as error:
        _complain_of_size(
            document, str(error) if isinstance(error, _TooMuch) else "is nested too deep"
        )
    return document


class _TooMuch(Exception):
    """The file holds more than any settings need. The text says what is too much."""


def _text(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise _TooMuch(f"is larger than {MOST_BYTES} bytes")
    return path.read_text("utf-8")


def _complain_of_size(document: Document, what: str) -> None:
    document.value = None
    document.mistakes.clear()
    document.faulty.clear()
    document.lines = {(): 1}
    document.complain((), f"{what}; write the settings out, without aliases")


def _read_root(document: Document, root: yaml.Node | None) -> None:
    if not isinstance(root, yaml.MappingNode):
        document.complain((), "is empty or no mapping; write settings as `key: value`")
        return
    document.value = _Builder(document).value(root, (), ())


def _complain_of_syntax(document: Document, error: yaml.YAMLError) -> None:
    mark = getattr(error, "problem_mark", None)
    document.lines[()] = mark.line + 1 if mark else 1
    document.complain(
        (), f"is not YAML: {getattr(error, 'problem', None) or 'a character that is not allowed'}"
    )


class _Builder:
    """Walks the nodes of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._scalars = yaml.SafeLoader("")
        self._values = 0

    def value(self, node: yaml.Node, where: Where, above: tuple[yaml.Node, ...]) -> Any:
        self._values += 1
        if self._values > MOST_VALUES:
            raise _TooMuch(
                f"holds more than {MOST_VALUES} values, aliases counted with all that they stand for"
            )
        self._document.lines.setdefault(where, node.start_mark.line + 1)
        if any(node is one for one in above):
            self._document.complain(where, "refers to itself")
            return None
        if isinstance(node, yaml.SequenceNode):
            return [
                self.value(item, (*where, index), (*above, node))
                for index, item in enumerate(node.value)
            ]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, where, (*above, node))
        return self._scalar(node, where)

    def _mapping(self, node: yaml.MappingNode, where: Where, above: tuple[yaml.Node, ...]) -> Any:
        found: dict[str, Any] = {}
        for key, child, place, line in self._keys(node, where):
            if key in found:
                first = self._document.lines[place]
                self._document.complain_at(
                    line, place, f"stands twice, first in line {first}; keep one of the two"
                )
                continue
            self._document.lines[place] = line
            found[key] = self.value(child, place, above)
        return self._reference(found, where) if _is_reference(found) else found

    def _keys(
        self, node: yaml.MappingNode, where: Where
    ) -> Iterator[tuple[str, yaml.Node, Where, int]]:
        for key, child in node.value:
            line = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:str":
                yield key.value, child, (*where, key.value), line
            else:
                self._document.complain_at(line, where, f"a key is no text; {_KEY_HELP}")

    def _scalar(self, node: yaml.Node, where: Where) -> Any:
        try:
            return self._scalars.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError):
            self._document.complain(where, f"cannot be read; {_QUOTE}")
            return None

    def _reference(self, found: dict[str, Any], where: Where) -> Resolved:
        [(kind, name)] = found.items()
        text = _FETCH[kind](self._document, where, name)
        if text == "":
            self._document.complain(
                where, f"the {_KINDS[kind]} {name} is empty; put the secret there"
            )
        if text:
            self._document.secrets.add(text)
        return Resolved(text or "")


def _is_reference(found: dict[str, Any]) -> bool:
    return len(found) == 1 and all(
        key in _FETCH and isinstance(name, str) and name for key, name in found.items()
    )


def _from_environment(document: Document, where: Where, name: str) -> str | None:
    value = os.environ.get(name)
    if value is None:
        document.complain(
            where, f"the environment variable {name} is not set; set it before the start"
        )
    return value


def _from_file(document: Document, where: Where, name: str) -> str | None:
    path = document.path.parent / name
    try:
        text = path.read_text("utf-8").rstrip("\r\n")
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        document.complain(
            where, f"the file {path} cannot be read ({_why(error)}); write the secret into it"
        )
        return None
    if mode & _WORLD_READABLE:
        document.warn(where, f"everybody on this machine may read {path}; chmod o-rwx it")
    return text


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or "not UTF-8 text").lower()


_KINDS = {"env": "environment variable", "file": "file"}
_FETCH = {"env": _from_environment, "file": _from_file}
