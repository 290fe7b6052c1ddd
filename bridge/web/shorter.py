"""Writes scripts and styles shorter. Run as a program of its own: what does it takes 7 MiB, and is wanted for a moment at the start only.

shorter([("text/css", "a { color: red }")]) == ("a{color:red}",)
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

WITHIN = 60  # seconds


def shorter(texts: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return pairs of media type and text as shorter texts that do the same. Raises ValueError where one is no such text."""
    ran = subprocess.run(
        [sys.executable, "-P", __file__],
        input=json.dumps(texts).encode(),
        capture_output=True,
        timeout=WITHIN,
    )
    if ran.returncode:
        raise ValueError(
            f"the browser files cannot be written shorter: {ran.stderr.decode(errors='replace')}"
        )
    return tuple(json.loads(ran.stdout))


def main() -> None:
    """Read the pairs as JSON and write the texts as JSON."""
    import minify

    json.dump(
        [minify.string(media_type, text) for media_type, text in json.load(sys.stdin)], sys.stdout
    )


if __name__ == "__main__":
    main()
