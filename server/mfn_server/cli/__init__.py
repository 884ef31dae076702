"""The server's sub-commands of `mfn`; none of them loads the server before it is called."""

import typer

from mfn_server.cli import config
from mfn_server.cli.serve import serve


def register(app: typer.Typer) -> None:
    """Add `mfn serve` and `mfn config`; called through the entry-point group `mfn.commands`."""
    app.command("serve")(serve)
    app.add_typer(config.build())
