"""Runs the browser code's own tests with node's own runner, over the sources and over what browsers get; and reads its documentation."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bridge.web.pack import SCRIPTS
from bridge.web.shorter import shorter

ROOT = Path(__file__).resolve().parents[2]
MODULES = [path for path in sorted((ROOT / "static").rglob("*")) if path.suffix in SCRIPTS]
EXPORT = re.compile(
    r"(?P<before>/\*\*(?:(?!\*/).)*\*/\n)?^export (?:default |async |const |let |function |class |\{)+(?P<name>\w*)",
    re.DOTALL | re.MULTILINE,
)


def run(root: Path) -> subprocess.CompletedProcess[str]:
    files = sorted(str(file) for file in (root / "tests" / "js").glob("*.test.mjs"))
    return subprocess.run(
        ["node", "--test", *files], capture_output=True, text=True, cwd=root, timeout=120
    )


def test_javascript__own_runner__passes() -> None:
    found = run(ROOT)
    assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-2000:]
    assert "# pass 0" not in found.stdout and "\n# fail 0" in found.stdout


def test_javascript__written_shorter__passes_the_same_tests(tmp_path: Path) -> None:
    for folder in ("static", "tests/js"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    paths = [
        path for path in (tmp_path / "static").rglob("*.*js") if path.name != "frame.mjs"
    ]  # its texts are looked for in its source
    for path, short in zip(
        paths, shorter([("text/javascript", path.read_text()) for path in paths]), strict=True
    ):
        path.write_text(short)
    found = run(tmp_path)
    assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-2000:]
    assert (
        "\n    " not in (tmp_path / "static/frame/rules.mjs").read_text()
        and "\n# fail 0" in found.stdout
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_javascript__every_export__says_what_it_is(path: Path) -> None:
    """A comment with words, right before it; what it takes is written down for the type check, which refuses what is not."""
    exports = list(EXPORT.finditer(path.read_text()))
    assert len(exports) == len(re.findall(r"^export\b", path.read_text(), re.MULTILINE))
    bare = [
        found["name"]
        for found in exports
        if not re.search(r"\w{3,}", re.sub(r"@\w+[^@]*", "", found["before"] or ""))
    ]
    assert bare == []
