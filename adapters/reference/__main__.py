"""``python -m adapters.reference``: the shop, ready to sell. Secrets come from files or the environment, never from argv."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TextIO

import click
import waitress

from adapters.reference import listen
from adapters.reference.app import application
from adapters.reference.client import NoAnswer
from adapters.reference.configure import Settings, notification_keys
from adapters.reference.shop import Shop, build


@click.command()
@click.option(
    "--listen", "address", default="127.0.0.1:8083", show_default=True, help="Host and port."
)
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="Folder of the shop's database."
)
@click.option(
    "--bridge-url", default="http://127.0.0.1:8080", show_default=True, help="Where the bridge is."
)
@click.option("--shop-url", help="How browsers reach the shop; the listening address by default.")
@click.option("--api-key-file", type=click.File(), help="File with the API key; else SHOP_API_KEY.")
@click.option(
    "--secret-file",
    type=click.File(),
    help="File with the notification secrets; else SHOP_NOTIFICATION_SECRET.",
)
def main(
    address: str,
    data: Path,
    bridge_url: str,
    shop_url: str | None,
    api_key_file: TextIO | None,
    secret_file: TextIO | None,
) -> None:
    """Run the reference shop."""
    settings = Settings(
        address, data, bridge_url.rstrip("/"), (shop_url or f"http://{address}").rstrip("/"),
        _secret(api_key_file, "SHOP_API_KEY"), _keys(_secret(secret_file, "SHOP_NOTIFICATION_SECRET")),
    )  # fmt: skip
    shop = build(settings)
    threading.Thread(target=_catch_up, args=(shop,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    waitress.serve(application(shop), listen=address, threads=8, ident=None)


def _secret(file: TextIO | None, variable: str) -> str:
    secret = (file.read() if file else os.environ.get(variable, "")).strip()
    if not secret:
        raise click.UsageError(f"give a file, or set {variable}")
    return secret


def _keys(text: str) -> tuple[bytes, ...]:
    try:
        return notification_keys(text)
    except ValueError as error:
        raise click.UsageError(f"the notification secret: {error}") from error


def _catch_up(shop: Shop) -> None:
    """Fetch what was told while the shop was down; if the bridge is down too, its notifications come later anyway."""
    try:
        listen.pull(shop.store, shop.client)
    except NoAnswer as error:
        print(f"nothing fetched at the start: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
