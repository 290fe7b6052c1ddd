"""The commands ``demo`` and ``demo-check``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

PORT = click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(1, 65532),
    help="The bridge's; +2 sandbox, +3 shop.",
)
DATA = click.option(
    "--data",
    default=".demo",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of everything that it writes.",
)


@click.command()
@PORT
@DATA
@click.option(
    "--fresh", is_flag=True, help="Forget all orders, payments and secrets of earlier runs first."
)
def demo(port: int, data: Path, fresh: bool) -> None:
    """Run a shop, a bridge and a wallet on this machine, until Ctrl-C."""
    from bridge.demo.layout import Layout
    from bridge.demo.run import run
    from bridge.demo.stage import Trouble

    try:
        run(Layout(data.resolve(), port), fresh)
    except Trouble as trouble:
        raise click.ClickException(str(trouble)) from None


@click.command("demo-check")
@DATA
@click.option("--verbose", is_flag=True, help="Show why a step failed in full.")
def demo_check(data: Path, verbose: bool) -> None:
    """Play the demo's whole story without a browser; start a demo for it if none runs."""
    from bridge.demo.check import check

    sys.exit(0 if check(data.resolve(), verbose) else 1)
