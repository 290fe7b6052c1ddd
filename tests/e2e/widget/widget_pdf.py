"""Reads the words of a PDF that Chromium printed: enough for "does it say so", no more."""

from __future__ import annotations

import re
import zlib

OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
SHOWN = re.compile(rb"/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>|\((?:\\.|[^\\)])*\)|(T\*|ET|Td|Tm)")


def text_of(pdf: bytes) -> str:
    """Return all that is written, in the order in which it was drawn, without the gaps between words' places."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    fonts = {
        number: letters_of(objects, body)
        for number, body in objects.items()
        if b"/ToUnicode" in body
    }
    drawn = [
        content(body)
        for body in objects.values()
        if b"stream" in body and b"/ToUnicode" not in body
    ]
    return "".join(written(stream, fonts) for stream in drawn if b" Tf" in stream)


def content(body: bytes) -> bytes:
    """Return a stream's bytes; nothing for what is no compressed stream."""
    found = STREAM.search(body)
    try:
        return zlib.decompress(found[1]) if found else b""
    except zlib.error:
        return b""


def letters_of(objects: dict[int, bytes], font: bytes) -> dict[str, str]:
    """Return a font's table from glyph to letters."""
    table = content(objects[int(re.search(rb"/ToUnicode (\d+) 0 R", font)[1])]).decode("latin-1")
    letters = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        letters |= {glyph: text(code) for glyph, code in re.findall(r"<(\w+)> <(\w+)>", block)}
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, code in re.findall(r"<(\w+)> <(\w+)> <(\w+)>", block):
            span = range(int(first, 16), int(last, 16) + 1)
            letters |= {
                f"{glyph:04X}": chr(int(code, 16) + place) for place, glyph in enumerate(span)
            }
    return {glyph.upper(): letter for glyph, letter in letters.items()}


def text(code: str) -> str:
    return bytes.fromhex(code).decode("utf-16-be")


def written(stream: bytes, fonts: dict[int, dict[str, str]]) -> str:
    """Follow the fonts through a page and put down each glyph's letters."""
    found, letters = [], {}
    for font, glyphs, _ in SHOWN.findall(stream):
        if font:
            letters = fonts.get(int(font[1:]), {})
        elif glyphs:
            code = glyphs.decode().upper()
            found += [letters.get(code[at : at + 4], "") for at in range(0, len(code), 4)]
    return "".join(found)
