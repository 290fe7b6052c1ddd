"""The commands that run the service: serve, worker, migrate. What a hoster can mend is told in a sentence, never as a traceback."""

from __future__ import annotations

import errno
import signal
from dataclasses import replace

import click
from pydantic import TypeAdapter, ValidationError

import adapters
from bridge import logs
from bridge.bootstrap import House, build
from bridge.cli_config import _file as config_option
from bridge.config import load
from bridge.config.fields import Listen
from bridge.errors import ConfigError, Unavailable
from bridge.providers import discover
from bridge.signals import hold
from bridge.store.engine import open_engine
from bridge.store.migrate import is_migrated, newest_revision
from bridge.store.migrate import migrate as bring_up
from bridge.store.sessions import advice
from bridge.store.unit import SqlUnits

NO_ADDRESS = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES})
"""Why a port may not be had: somebody else's, no address of this machine, a port below 1024."""


def composed(path: str, listen: str | None = None) -> House:
    """Compose the service from its settings, or with another address to serve on; every mistake in them is shown at once."""
    types = discover()
    try:
        platforms = adapters.discover()
        config = load(path, types, platforms)
        service = config.service.model_copy(update={"listen": listen} if listen else {})
        return build(replace(config, service=service), types, platforms)
    except ConfigError as error:
        raise click.ClickException("\n".join(error.problems)) from error


def _address(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    try:
        return None if text is None else TypeAdapter(Listen).validate_python(text)
    except ValidationError as error:
        raise click.BadParameter(str(error.errors()[0]["ctx"]["error"])) from None


@click.command()
@config_option
@click.option(
    "--listen",
    callback=_address,
    metavar="HOST:PORT",
    help="Serve here instead: for a second node on one machine.",
)
def serve(path: str, listen: str | None) -> None:
    """Serve the API, the checkout and the callbacks."""
    from bridge.serving import serve as run

    _run(path, run, listen)


@click.command()
@config_option
def worker(path: str) -> None:
    """Run a worker: notifications, inquiries, callbacks. As many as wanted on PostgreSQL."""
    from bridge.serving import work

    _run(path, work)


@click.command()
@config_option
@click.option(
    "--revision", default="head", show_default=True, help="An older revision, to go back."
)
def migrate(path: str, revision: str) -> None:
    """Bring the database's tables to the newest revision."""
    try:
        service = load(path, discover(), adapters.discover()).service
    except ConfigError as error:
        raise click.ClickException("\n".join(error.problems)) from error
    engine = open_engine(service.database.get_secret_value(), pgbouncer=service.pgbouncer)
    reach(SqlUnits(engine))
    try:
        bring_up(engine, revision)
    except ConfigError as error:
        raise click.ClickException("\n".join(error.problems)) from error
    click.echo(
        f"the tables are at revision {newest_revision() if revision == 'head' else revision}"
    )


def reach(units: SqlUnits) -> None:
    """See that the database answers; a ClickException tells what it says when it does not."""
    try:
        with units.read():
            return
    except Unavailable as error:
        raise click.ClickException(error.for_operators + advice(error.for_operators)) from error


def ready(house: House) -> None:
    """See that the database answers and has its tables; a ClickException tells what is to be done."""
    reach(house.units)
    if house.time is not None:
        house.time.measure()
    if not is_migrated(house.engine):
        raise click.ClickException(
            f"the database is not at revision {newest_revision()}, which this version of the service needs; run `bridge migrate` first"
        )


def _run(path: str, run, listen: str | None = None) -> None:  # type: ignore[no-untyped-def]
    hold(signal.SIGHUP)
    house = composed(path, listen)
    ready(house)
    logs.configure(house.config.service.log_level)
    try:
        run(house)
    except OSError as error:
        if error.errno not in NO_ADDRESS:
            raise
        raise click.ClickException(
            f"cannot serve on {house.config.service.listen}: {str(error.strerror).lower()}"
        ) from error
