"""`python -m bridge.sandbox`: the same as `bridge sandbox`."""

from __future__ import annotations

from bridge.sandbox.command import sandbox

if __name__ == "__main__":
    sandbox(prog_name="bridge sandbox")
