"""The commands `config check | schema | show` and `keys new`; `__main__` attaches the groups `config` and `keys`.

Providers are looked for inside the commands, so that asking for help loads none of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import click
import yaml

import adapters
from bridge.config import Config, ServiceConfig, load
from bridge.config.schema import profile_schema, service_schema
from bridge.errors import ConfigError, Unavailable
from bridge.providers import discover
from bridge.store.engine import open_engine
from bridge.store.sessions import advice, session_mistakes

_file = click.option(
    "--config",
    "path",
    default="config/bridge.yaml",
    show_default=True,
    envvar="BRIDGE_CONFIG",
    type=click.Path(dir_okay=False),
    help="The service's settings file.",
)

_KEYS = """\
API key, goes into the shop module's settings (field "API key") and is shown only here:
  {key}
Its hash, goes into the shop's profile, config/merchants/*.yaml:
  api_keys: ["{digest}"]

Notification secret, goes into the shop module's settings (field "notification secret"):
  {secret}
The bridge needs it too: write it into a file that only the bridge may read (chmod 600), and name that file in the profile:
  notification_secrets: [{{file: secrets/SHOP.notification}}]

To change a key or a secret without a gap, list the new one beside the old one, reload, change the module, then remove the old one.
"""


@click.group()
def config() -> None:
    """Check and show the settings."""


@click.group()
def keys() -> None:
    """Make keys and secrets for shops."""


@config.command()
@_file
def check(path: str) -> None:
    """Read all settings as the service would, and tell every mistake. Fails for a mistake in one merchant's profile too."""
    found = _loaded(path)
    for warning in (*found.warnings, *_of_the_database(found.service)):
        click.echo(f"warning: {warning}", err=True)
    if found.faults:
        click.echo("\n".join(found.faults), err=True)
    if found.refused:
        problems = [problem for refused in found.refused for problem in refused.problems]
        off = ", ".join(refused.merchant for refused in found.refused)
        click.echo("\n".join(problems), err=True)
        click.echo(
            f"{_count(len(problems), 'mistake')}: the service serves {_count(len(found.merchants), 'merchant')} and switches off {off}",
            err=True,
        )
        raise SystemExit(1)
    if found.faults:
        click.echo(
            f"{_count(len(found.faults), 'mistake')}: the service serves all the same", err=True
        )
        raise SystemExit(1)
    shops = sum(len(merchant.shops) for merchant in found.merchants)
    accounts = sum(len(merchant.providers) for merchant in found.merchants)
    click.echo(
        f"ok: {_count(len(found.merchants), 'merchant')}, {_count(shops, 'shop')}, {_count(accounts, 'account')} at providers"
    )


@config.command()
@click.argument("kind", type=click.Choice(["service", "merchant"]), default="merchant")
def schema(kind: str) -> None:
    """Print the JSON Schema of bridge.yaml (service) or of a merchant's profile, for editors."""
    written = (
        service_schema() if kind == "service" else profile_schema(discover(), adapters.discover())
    )
    click.echo(json.dumps(written, indent=2, ensure_ascii=False))


@config.command()
@_file
def show(path: str) -> None:
    """Print the settings in force, defaults included, without secrets."""
    found = _loaded(path)
    for refused in found.refused:
        click.echo("\n".join([*refused.problems, refused.sentence]), err=True)
    shown = {
        # An address that is written out carries no password; one that came by reference is hidden below.
        "service": {
            **found.service.model_dump(mode="json"),
            "database": found.service.database.get_secret_value(),
        },
        "merchants": [
            {
                **merchant.model_dump(mode="json"),
                **{
                    key: {
                        name: block.model_dump(mode="json")
                        for name, block in getattr(merchant, key).items()
                    }
                    for key in ("providers", "adapters")
                },
            }
            for merchant in found.merchants
        ],
    }
    click.echo(
        yaml.safe_dump(_without(shown, found.secrets), sort_keys=False, allow_unicode=True),
        nl=False,
    )


@keys.command()
def new() -> None:
    """Make an API key and a notification secret, and say where each goes."""
    key = f"sk_{secrets.token_urlsafe(32)}"
    digest = f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    click.echo(_KEYS.format(key=key, digest=digest, secret=secret), nl=False)


def _loaded(path: str) -> Config:
    try:
        return load(path, discover(), adapters.discover())
    except ConfigError as error:
        click.echo("\n".join(error.problems), err=True)
        click.echo(_count(len(error.problems), "mistake"), err=True)
        raise SystemExit(1) from None


def _of_the_database(service: ServiceConfig) -> list[str]:
    """Return what is wrong with how the database is reached; that it cannot be had at all is no mistake in the settings."""
    engine = open_engine(service.database.get_secret_value(), pgbouncer=service.pgbouncer)
    try:
        return session_mistakes(engine)
    except Unavailable as error:
        what = advice(error.for_operators)
        return [error.for_operators + what] if what else []
    finally:
        engine.dispose()


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _without(value: Any, hidden: frozenset[str]) -> Any:
    """Hide what came through a reference, wherever it stands; fields that must be secrets hide themselves."""
    if isinstance(value, dict):
        return {name: _without(one, hidden) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without(one, hidden) for one in value]
    return "(by reference)" if isinstance(value, str) and value in hidden else value
