"""`bridge shopware package`: what this adapter adds to the command; what it needs is loaded when it runs."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.group()
def shopware() -> None:
    """Make the app that a merchant installs in Shopware 6."""


@shopware.command()
@click.option("--merchant", required=True, help="Whose app: the merchant's name in the profile.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Default: build/shopware/MERCHANT/NAME.zip",
)
@click.option(
    "--config",
    "path",
    default="config/bridge.yaml",
    show_default=True,
    envvar="BRIDGE_CONFIG",
    type=click.Path(dir_okay=False),
    help="The service's settings file.",
)
def package(merchant: str, output: Path | None, path: str) -> None:
    """Write a merchant's zip, with its own secret and addresses. Keep it as safe as the secret: only its owner may read it."""
    import adapters
    from adapters.shopware.packaging import make_zip
    from bridge.config import load
    from bridge.errors import ConfigError
    from bridge.providers import discover

    try:
        config = load(path, discover(), adapters.discover())
    except ConfigError as error:
        raise click.ClickException("\n".join(error.problems)) from error
    for refused in config.refused:
        if refused.merchant == merchant:
            raise click.ClickException("\n".join(refused.problems))
    profile = next((one for one in config.merchants if one.merchant == merchant), None)
    if profile is None or "shopware" not in profile.adapters:
        raise click.ClickException(
            f"no profile has a merchant {merchant} with adapters: shopware:; the adapter's README shows how"
        )
    shops = [shop for shop in profile.shops if shop.platform == "shopware"]
    methods = [
        method for method in ("wallet", "card") if any(method in shop.methods for shop in shops)
    ]
    if not methods:
        raise click.ClickException(f"{merchant} has no shop with platform: shopware")
    settings = profile.adapters["shopware"]
    output = output or Path("build/shopware") / merchant / f"{settings.app_name}.zip"
    _write_private(
        output, make_zip(settings, merchant, profile.name, str(config.service.public_url), methods)
    )
    click.echo(
        f"{output}: upload it in the shop under Extensions > My extensions, then delete it here"
    )


def _write_private(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


COMMAND = shopware
