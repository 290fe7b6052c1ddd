"""Runs the browser code's own tests with node's own runner."""
from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_javascript__own_runner__passes() -> None:
    files = sorted(str(file) for file in (ROOT / "tests" / "js").glob("*.test.mjs"))
    run = subprocess.run(["node", "--test", *files], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert "# pass 0" not in run.stdout and "\n# fail 0" in run.stdout
