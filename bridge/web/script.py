"""Writes a script shorter without changing what it does: no comments, no space that nothing needs, short names.

A name that a block declares means the same everywhere in that block unless a nearer declaration of the same name hides it. So every
place of the name in the block gets the same new one, the nearer ones too, and all of them still mean what they meant. New names are none
that the script has. Names of properties, of what is exported and of the browser stay. This reads what this project writes: statements
end in semicolons; no `var`, `with`, `eval`, labels or exports in braces.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, product
from string import ascii_letters

_PIECE = re.compile(r"""
    (?P<space> (?: \s | //[^\n]* | /\*.*?\*/ )+ )
  | (?P<name> [A-Za-z_$][\w$]* )
  | (?P<text> '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*" | \d[\w.]* )
  | (?P<mark> => | \.{3} | \?\. | && | \|\| | \?\? | \+\+ | -- | . )""", re.VERBOSE | re.DOTALL)
_PATTERN = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+/\w*")
_TEMPLATE = re.compile(r"(?:\\.|\$(?!\{)|[^`\\$])*", re.DOTALL)
_MUST_PART = re.compile(r"[\w$]{2}|\+\+|--|//|/\*")

_DECLARE = frozenset({"const", "let", "function", "class"})
_DOTS = frozenset({".", "?."})
_OPEN, _CLOSE = frozenset({"(", "[", "${", "`"}), frozenset(")]}")
_BEFORE_OBJECT = frozenset("([,=:?") | {"&&", "||", "??", "...", "return", "const", "let"}
"""After these a brace opens an object or a pattern of one; after anything else, a block."""
_BEFORE_PATTERN = _BEFORE_OBJECT | frozenset("{};!|&") | {"=>", "typeof", ""}
"""After these a slash opens a regular expression; after anything else, it divides."""
_NO_LINE_AFTER = frozenset(";{,([=:?.&|<>*!") | {"=>", "&&", "||", "??", "...", "${", ""}
_NO_LINE_BEFORE = frozenset("}]).:?,=;&|") | {"?.", "&&", "||", "??"}
_RESERVED = frozenset({"as", "do", "if", "in", "of"})


Block = tuple[int, ...]
"""The brackets that are open in a block, by where they open."""


@dataclass(slots=True)
class Piece:
    """A piece of a script: `space`, `name`, `text` (a literal) or `mark`, in brackets that are named by where they open, the script by 0.

    `around` is the innermost of them: nothing, `( [ ${`, a backtick, `object`, `class` or `block`.
    """

    kind: str
    text: str
    around: str
    brackets: Block


_NOTHING = Piece("", "", "", ())


def shorter(script: str) -> str:
    """Return a script that does the same in fewer bytes."""
    found = list(pieces(script))
    _rename([piece for piece in found if piece.kind != "space"])
    return "".join(_squeezed(found))


def pieces(script: str) -> Iterator[Piece]:
    """Take a script apart; the texts of the pieces are the script again."""
    at, last, is_class, around, brackets = 0, "", False, [""], [0]
    while at < len(script):
        kind, text = _next(script, at, last, around[-1])
        yield Piece(kind, text, around[-1], tuple(brackets))
        at += len(text)
        if kind == "space":
            continue
        is_class = is_class or (kind, text) == ("name", "class") and last not in _DOTS
        if kind == "mark" and (text in _CLOSE or text == around[-1] == "`"):
            around.pop()
            brackets.pop()
        elif kind == "mark" and (text == "{" or text in _OPEN):
            around.append(text if text != "{" else "class" if is_class else "object" if last in _BEFORE_OBJECT else "block")
            brackets.append(at)
            is_class = is_class and text != "{"
        last = text


def _next(script: str, at: int, last: str, around: str) -> tuple[str, str]:
    """Return kind and text of the piece that begins here."""
    if around == "`":
        text = _TEMPLATE.match(script, at)[0]  # type: ignore[index]
        return ("text", text) if text else ("mark", "`" if script[at] == "`" else "${")
    if script[at] == "/" and last in _BEFORE_PATTERN and (pattern := _PATTERN.match(script, at)):
        return "text", pattern[0]
    found = _PIECE.match(script, at)
    return found.lastgroup, found[0]  # type: ignore[index,union-attr,return-value]


def _squeezed(found: Sequence[Piece]) -> Iterator[str]:
    """Leave out space; a line's end stays where it may end a statement."""
    last = ""
    for piece, after in pairwise([*found, _NOTHING]):
        if piece.kind != "space":
            yield piece.text if piece.text != "const" else "let"  # what assigns to a constant has been found before
            last = piece.text
        elif "\n" in piece.text and last not in _NO_LINE_AFTER and after.text not in _NO_LINE_BEFORE:
            yield "\n"
        elif _MUST_PART.fullmatch(last[-1:] + after.text[:1]):
            yield " "


def _rename(code: Sequence[Piece]) -> None:
    """Give what blocks declare short names, the most used the shortest."""
    declared = _declared(code)
    places = [
        (piece, left.text, right.text) for left, piece, right in zip([_NOTHING, *code], code, [*code[1:], _NOTHING], strict=False)
        if piece.kind == "name" and left.text not in _DOTS and any(piece.brackets[:len(block)] == block for block in declared.get(piece.text, ()))
        and not _is_key(piece, left.text, right.text)]
    short = _short(Counter(piece.text for piece, *_ in places), declared, {piece.text for piece in code} | _RESERVED)
    for piece, left, right in places:
        new = short.get(piece.text, piece.text)
        in_brief = piece.around == "object" and left in ("{", ",") and right in (",", "}", "=")  # { name } is { name: name }
        piece.text = f"{piece.text}:{new}" if in_brief else new


def _short(used: Counter[str], declared: Mapping[str, set[Block]], taken: set[str]) -> dict[str, str]:
    """Choose a new name for each, the shortest for the most used; two share one where no block of one is within a block of the other."""
    fresh = [name for name in chain(ascii_letters, map("".join, product(ascii_letters, repeat=2))) if name not in taken]
    holders: dict[str, list[Block]] = {}
    short: dict[str, str] = {}
    for name, _ in used.most_common():
        if len(name) == 1:
            continue
        short[name] = next(new for new in fresh if not any(_nested(a, b) for a in holders.get(new, ()) for b in declared[name]))
        holders.setdefault(short[name], []).extend(declared[name])
    return short


def _nested(one: Block, other: Block) -> bool:
    least = min(len(one), len(other))
    return one[:least] == other[:least]


def _declared(code: Sequence[Piece]) -> Mapping[str, set[Block]]:
    """Return what blocks and the script itself declare, and in which brackets; not what is exported or is a member's name too."""
    members = {piece.text for piece in code if piece.kind == "name" and piece.around == "class"}
    found: dict[str, set[Block]] = {}
    code = [piece for piece in code if piece.text != "async"]
    for first, word, name in zip([_NOTHING, *code], code, code[1:], strict=False):
        if word.text in _DECLARE and name.kind == "name" and word.around in ("", "block") and first.text != "export" and name.text not in members:
            found.setdefault(name.text, set()).add(word.brackets)
    return found


def _is_key(piece: Piece, left: str, right: str) -> bool:
    return piece.around == "object" and left in ("{", ",", "async") and right in (":", "(")
