"""`mfn config check`, in this process, with the variables of a pod and none of this run."""

import os

import typer
from typer.testing import CliRunner, Result

from mfn_server.cli import register


def checked(variables: dict[str, str]) -> Result:
    """What the command says of these variables."""
    app = typer.Typer()
    register(app)
    without = dict.fromkeys(name for name in os.environ if name.startswith("MFN_"))
    return CliRunner().invoke(app, ["config", "check"], env=without | variables)
