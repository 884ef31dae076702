"""The commands of the operator, as `mfn` runs them."""

from collections.abc import Mapping

import typer
from typer.testing import CliRunner

from mfn_client.cli import certs
from mfn_server.access.cli import register


def mfn(*words: str, variables: Mapping[str, str] | None = None) -> str:
    """What a command prints; it must succeed."""
    app = typer.Typer()
    app.add_typer(certs.build())
    register(app)
    ran = CliRunner().invoke(app, words, env=dict(variables or {}))
    assert ran.exit_code == 0, ran.output
    return ran.stdout.strip()
