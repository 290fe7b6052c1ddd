"""The command `bridge`."""

from __future__ import annotations

import click

import adapters
from bridge.cli_config import config, keys
from bridge.cli_operate import merchants, notifications, payments
from bridge.cli_serve import migrate, serve, worker
from bridge.demo.command import demo, demo_check
from bridge.sandbox.command import sandbox
from bridge.version import software_version


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(software_version(), prog_name="bridge")
def main() -> None:
    """One normalized payments API between shops and payment providers."""


for command in (
    serve,
    worker,
    migrate,
    config,
    keys,
    payments,
    notifications,
    merchants,
    sandbox,
    demo,
    demo_check,
    *adapters.commands(),
):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="bridge")
