"""`mfn config`: the settings that a server would start with here, and their faults. Opens no port."""

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mfn_server.config.settings import Settings


def build() -> typer.Typer:
    """The sub-commands of `mfn config`."""
    commands = typer.Typer(name="config", help="Show or check the settings of a server: MFN_* variables.")
    commands.callback(invoke_without_command=False)(lambda: None)
    commands.command("show")(show)
    commands.command("check")(check)
    return commands


def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Print every setting with its value and where that comes from; secrets are masked."""
    from mfn_server.config.showing import shown  # noqa: PLC0415  # `mfn --help` must not load the settings

    rows = shown(_loaded())
    if as_json:
        typer.echo(json.dumps({row.variable: {"value": row.value, "from": row.origin} for row in rows}, indent=2))
        return
    width = max(len(row.variable) for row in rows)
    for row in rows:
        typer.echo(f"{row.variable:{width}}  {row.origin:8}  {row.text}")


def check() -> None:
    """Say ok when a server would start with these settings, else every fault; exit code 2 with faults."""
    from mfn_server.config.loading import misspelt  # noqa: PLC0415  # as above
    from mfn_server.config.warnings import warnings  # noqa: PLC0415  # as above

    settings = _loaded()
    for name, meant in misspelt(os.environ).items():
        typer.echo(f"warning: {name} is no setting and is ignored; did you mean {meant}?", err=True)
    for text in warnings(settings):
        typer.echo(f"warning: {text}", err=True)
    typer.echo("ok")


def _loaded() -> "Settings":
    from mfn_server.config.loading import InvalidSettings, load_settings  # noqa: PLC0415  # as above

    try:
        return load_settings()
    except InvalidSettings as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
