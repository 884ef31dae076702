"""The group of commands."""

import typer

from mfn_client.cli.federation import create, delete, download, enrol, listing, pausing, remove, show, upload, watch

NAME = "federation"


def build() -> typer.Typer:
    """The group with its commands in the order in which they are used."""
    group = typer.Typer(name=NAME, no_args_is_help=True, help="Federated learning: run federations on a server.")
    for module in (create, enrol, remove, upload, listing, show, watch, download):
        group.command(module.NAME)(module.command)
    group.command("pause")(pausing.pause)
    group.command("resume")(pausing.resume)
    group.command(delete.NAME)(delete.command)
    return group
