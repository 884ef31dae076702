"""`mfn config`: the settings that a server would start with here, and their faults. Opens no port."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

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

    with _loaded() as settings:
        rows = shown(settings)
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

    with _loaded() as settings:
        for name, meant in misspelt(os.environ).items():
            typer.echo(f"warning: {name} is no setting and is ignored; did you mean {meant}?", err=True)
        for text in warnings(settings):
            typer.echo(f"warning: {text}", err=True)
        _check_access(settings)
    typer.echo("ok")


class _Unheard:
    """An audit that keeps nothing: what is checked here serves nobody."""

    def record(self, event: str, **fields: Any) -> None:
        """Nothing."""


def _check_access(settings: "Settings") -> None:
    """Read what holds credentials as a server does at its start."""
    from mfn_server.access.assemble import authenticators  # noqa: PLC0415  # as above
    from mfn_server.access.authenticator import UnusableAccess  # noqa: PLC0415  # as above
    from mfn_server.secrets.watch_list import WatchList  # noqa: PLC0415  # as above

    try:
        authenticators(settings, _Unheard(), WatchList())
    except UnusableAccess as error:
        typer.echo(f"the server cannot start:\n  {error}", err=True)
        sys.exit(2)


@contextmanager
def _loaded() -> Iterator["Settings"]:
    """The settings, with the stores of their secrets connected until the end of the block."""
    from mfn_server.config.loading import InvalidSettings, load_settings  # noqa: PLC0415  # as above
    from mfn_server.secrets.stores import close_stores  # noqa: PLC0415  # as above

    try:
        settings = load_settings()
    except InvalidSettings as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    try:
        yield settings
    finally:
        close_stores(settings)
