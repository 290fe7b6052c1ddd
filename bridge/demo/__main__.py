"""``python -m bridge.demo``: the same commands as ``bridge demo`` and ``bridge demo-check``."""

from __future__ import annotations

import click

from bridge.demo.command import demo, demo_check

if __name__ == "__main__":
    click.Group(commands=[demo, demo_check])(prog_name="python -m bridge.demo")
