"""The commands that run the service: serve, worker, migrate."""
from __future__ import annotations

import click

import adapters
from bridge import logs
from bridge.bootstrap import House, build
from bridge.cli_config import _file as config_option
from bridge.config import load
from bridge.errors import ConfigError
from bridge.providers import discover
from bridge.store.engine import open_engine
from bridge.store.migrate import migrate as bring_up, newest_revision


def composed(path: str) -> House:
    """Compose the service from its settings; every mistake in them is shown at once."""
    types = discover()
    try:
        platforms = adapters.discover()
        return build(load(path, types, platforms), types, platforms)
    except ConfigError as error:
        raise click.ClickException("\n".join(error.problems)) from error


@click.command()
@config_option
def serve(path: str) -> None:
    """Serve the API, the checkout and the callbacks."""
    from bridge.serving import serve as run

    _run(path, run)


@click.command()
@config_option
def worker(path: str) -> None:
    """Run a worker: notifications, inquiries, callbacks. As many as wanted on PostgreSQL."""
    from bridge.serving import work

    _run(path, work)


@click.command()
@config_option
@click.option("--revision", default="head", show_default=True, help="An older revision, to go back.")
def migrate(path: str, revision: str) -> None:
    """Bring the database's tables to the newest revision."""
    try:
        service = load(path, discover(), adapters.discover()).service
    except ConfigError as error:
        raise click.ClickException("\n".join(error.problems)) from error
    bring_up(open_engine(service.database.get_secret_value()), revision)
    click.echo(f"the tables are at revision {newest_revision() if revision == 'head' else revision}")


def _run(path: str, run) -> None:  # type: ignore[no-untyped-def]
    house = composed(path)
    logs.configure(house.config.service.log_level)
    try:
        run(house)
    except ConfigError as error:
        raise click.ClickException("\n".join(error.problems)) from error
