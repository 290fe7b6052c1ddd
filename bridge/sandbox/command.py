"""`bridge sandbox` and `bridge sandbox verdict`: the commands."""

from __future__ import annotations

from pathlib import Path

import click


@click.group(invoke_without_command=True)
@click.option(
    "--listen",
    default="127.0.0.1:8082",
    show_default=True,
    help="Address and port; port 0 takes a free one.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("sandbox-data"),
    show_default=True,
    help="Directory of the sandbox's own ledger.",
)
@click.option(
    "--merchant",
    "merchants",
    multiple=True,
    envvar="BRIDGE_SANDBOX_MERCHANTS",
    metavar="PROVIDER:USERNAME:PASSWORD",
    help="A merchant that may call; repeatable. In BRIDGE_SANDBOX_MERCHANTS several are parted by blanks.",
)
@click.option(
    "--chaos", default="", metavar="drop_after=5%,lost=10%", help="Draw these faults at random."
)
@click.option(
    "--seed",
    type=int,
    default=None,
    help="Draw the same faults again; without it a new seed is taken and printed.",
)
@click.pass_context
def sandbox(
    context: click.Context,
    listen: str,
    data: Path,
    merchants: tuple[str, ...],
    chaos: str,
    seed: int | None,
) -> None:
    """Run the providers' side of the wire on this machine, with a ledger of its own."""
    if context.invoked_subcommand is not None:
        return
    from bridge.sandbox.app import serve
    from bridge.sandbox.store import InUse

    try:
        serve(listen, data, merchants, chaos, seed, say=lambda line: click.echo(line, nl=True))
    except (ValueError, OSError, InUse) as error:
        raise click.ClickException(str(error)) from None


@sandbox.command()
@click.option("--bridge-url", required=True, help="Where the bridge listens.")
@click.option(
    "--api-key",
    "api_keys",
    multiple=True,
    required=True,
    envvar="BRIDGE_API_KEY",
    help="API key of a shop; one per shop, so that together they see all payments.",
)
@click.option(
    "--sandbox-url",
    default="http://127.0.0.1:8082",
    show_default=True,
    help="Where the sandbox listens.",
)
@click.option(
    "--merchant",
    "merchants",
    multiple=True,
    help="Look only at the ledger's entries of this account, by its user name there; repeatable.",
)
def verdict(
    bridge_url: str, api_keys: tuple[str, ...], sandbox_url: str, merchants: tuple[str, ...]
) -> None:
    """Compare the ledger with a bridge: exit 0 if they agree, 1 if not, 2 if one of them cannot be asked."""
    from bridge.sandbox.verdict import CannotAsk, judge

    try:
        found = judge(bridge_url, api_keys, sandbox_url, merchants)
    except CannotAsk as error:
        click.echo(f"no verdict: {error}", err=True)
        raise SystemExit(2) from None
    for line in found.lines():
        click.echo(line)
    raise SystemExit(0 if found.agrees else 1)
