"""The command itself: its sub-commands, those that other packages contribute, and what becomes of errors."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from mfn_client.cli import (
    analyze,
    certs,
    demo,
    features,
    goldman,
    health,
    models,
    nernst,
    participate,
    simulate,
    validate,
)
from mfn_client.cli.failures import INTERRUPTED, explain
from mfn_client.cli.federated_demo import command as federated_demo
from mfn_client.cli.federation import app as federation
from mfn_client.cli.options import JSON

COMMANDS_GROUP = "mfn.commands"


class Commands(TyperGroup):
    """Turns every error into a sentence on stderr and an exit code; nothing reaches the user as a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note first whether --json is among the words, so that errors in them are told as it asks."""
        ctx.ensure_object(dict)["json"] = JSON in args
        with _told(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen sub-command."""
        with _told(ctx):
            return super().invoke(ctx)


@contextmanager
def _told(ctx: Any) -> Iterator[None]:
    """Errors become what they say, and an exit code."""
    as_json = bool(ctx.obj["json"])
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:  # the last place to look at an error
        failure = explain(error, as_json)
        if failure is None:
            raise
        failure.tell(as_json)
        raise typer.Exit(failure.exit_code) from None


def build() -> typer.Typer:
    """The application with all its sub-commands."""
    app = typer.Typer(
        name="mfn",
        cls=Commands,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "obj": {}},
        help="MyceliumFractalNet: membrane potentials, streamed simulations, features, fractals and validation. "
        "Without --server, commands run one inside their own process.",
    )
    for module in (simulate, analyze, models, features, validate, nernst, goldman, health, demo, participate):
        app.command(module.NAME)(module.command)
    app.add_typer(federation.build())
    app.add_typer(certs.build())
    app.command(federated_demo.NAME)(federated_demo.command)
    _add_contributed(app)
    return app


def _add_contributed(app: typer.Typer) -> None:
    """Let other packages add theirs; one that cannot be loaded is named and left out."""
    for entry in entry_points(group=COMMANDS_GROUP):
        try:
            entry.load()(app)
        except ImportError as error:
            sys.stderr.write(f"mfn: the command {entry.name!r} is left out: {error}\n")


def main() -> None:
    """Entry point of the `mfn` script. Exit codes: 0 done, 1 the job failed, 2 bad usage, 130 interrupted."""
    build()()
