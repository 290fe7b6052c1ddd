"""What the demo says when it runs: where everything is, and what to click."""

from __future__ import annotations

import os
from pathlib import Path

import click

from bridge.demo.layout import ACME, Layout


def tell(layout: Layout) -> None:
    """Print it."""
    rows = (
        ("Shop", layout.url("shop"), "buy something"),
        ("Back office", f"{layout.url('shop')}/admin", "orders, refunds, what was heard"),
        ("Wallet", f"{layout.url('sandbox')}/wallet", "customer@example.com, PIN 123456"),
        (
            "API",
            f"{layout.url('bridge')}/docs",
            f"its key is in {_short(layout.secret(ACME, 'api-key'))}",
        ),
    )
    click.echo("\nThe demo runs.\n")
    for name, url, words in rows:
        click.echo(f"  {name:<12} {click.style(f'{url:<31}', fg='cyan')} {words}")
    click.echo(
        "\n  1. Order something in the shop, and enter customer@example.com on the payment page."
        "\n     Or pay by card: the form offers test cards, and the bank's code is 1234."
        "\n  2. Open the wallet beside it and accept. The shop's page turns green by itself."
        "\n  3. Give a part of the money back in the back office; take it in the wallet.\n"
        f"\n  For scripts: {_short(layout.facts)}   Logs: {_short(layout.data / 'log')}/   The whole story by itself: make demo-check"
        "\n  Ctrl-C ends everything.\n"
    )


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
