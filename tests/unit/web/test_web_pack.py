"""Browser files made ready: joined, compressed, hashed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import subprocess
from pathlib import Path

import pytest
from web_stand_in import STATIC

from bridge.web.pack import SCRIPTS, Packed, _shorter, lean
from bridge.web.pack import pack as pack_all


def pack(path: Path, root: Path) -> Packed:
    return pack_all([path], root)[path]


@pytest.mark.parametrize(
    "file",
    [
        "widget/checkout.mjs",
        "widget/checkout.js",
        "frame/frame.mjs",
        "frame/frame.css",
        "widget/checkout.d.mts",
    ],
)
def test_pack__any_file__is_the_same_every_time_and_hashed_as_it_is_served(file):
    made = pack(STATIC / file, STATIC)
    _shorter.cache_clear()
    assert made == pack(STATIC / file, STATIC) and gzip.decompress(made.gzipped) == made.body
    assert (
        made.integrity == f"sha384-{base64.b64encode(hashlib.sha384(made.body).digest()).decode()}"
    )


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(STATIC.rglob("*")) if path.suffix in SCRIPTS],
    ids=lambda path: path.name,
)
def test_pack__every_script__is_read_by_an_engine_and_smaller(path, tmp_path):
    made = tmp_path / path.name
    made.write_bytes(pack(path, STATIC).body)
    assert made.stat().st_size < path.stat().st_size
    assert (
        subprocess.run(["node", "--check", made], capture_output=True, timeout=60).returncode == 0
    )


def test_pack__modules_that_are_imported__stand_before_who_needs_them_once(tmp_path):
    (tmp_path / "a.mjs").write_text(
        "import { two } from './b.mjs';\nimport { one } from './c.mjs';\nexport const sum = one + two;\n"
    )
    (tmp_path / "b.mjs").write_text("import { one } from './c.mjs';\nexport const two = one + 1;\n")
    (tmp_path / "c.mjs").write_text("export const one = 1;\n")
    assert (
        pack(tmp_path / "a.mjs", tmp_path).body == b"const one=1,two=one+1;export const sum=one+two"
    )


@pytest.mark.parametrize(
    "line", ["import { a as b } from './b.mjs';", "import { a } from '../../etc.mjs';"]
)
def test_pack__import_that_cannot_be_joined__is_refused(tmp_path, line):
    (tmp_path / "a.mjs").write_text(line + "\n")
    (tmp_path / "b.mjs").write_text("export const a = 1;\n")
    with pytest.raises(ValueError, match=r"a\.mjs: cannot join"):
        pack(tmp_path / "a.mjs", tmp_path)


def test_pack__script_that_is_none__is_refused(tmp_path):
    (tmp_path / "a.mjs").write_text("const = ;\n")
    with pytest.raises(ValueError, match="cannot be written shorter"):
        pack(tmp_path / "a.mjs", tmp_path)


def test_pack__style__keeps_what_means_something(tmp_path):
    (tmp_path / "a.css").write_text(
        '/* why */\n.a > b, c :is(d) {\n  margin: 0 auto;\n  width: calc(1px + 2 * 3px) !important;\n}\n@media (width: 1px) {\n  e { content: ""; }\n}\n'
    )
    expected = b'.a>b,c :is(d){margin:0 auto;width:calc(1px + 2 * 3px)!important}@media(width:1px){e{content:""}}'
    assert pack(tmp_path / "a.css", tmp_path).body.strip() == expected


def test_lean__template__loses_comments_and_indentation_only():
    assert lean("/* a */\n<p>\n  b <!-- c -->\n\n\n</p>\n") == "<p>\nb <!-- c -->\n</p>\n"
