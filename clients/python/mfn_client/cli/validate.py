"""`mfn validate`."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from mfn_client.cli.connection import connected
from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.failures import JOB_FAILED
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, counted, emit_json
from mfn_client.cli.tables import checks_table, training_sentence, training_table

if TYPE_CHECKING:
    from mfn_client import Check, Validation, ValidationSummary

NAME = "validate"


@connecting
def command(
    connection: Connection,
    suite: Annotated[
        str,
        typer.Argument(
            metavar="SUITE",
            help="quick, physics, reaction_diffusion, fractal, dynamics, aggregation, learning or all.",
        ),
    ] = "quick",
    seed: Annotated[int, typer.Option(help="Of everything random in the checks.")] = 0,
    json: Json = False,
) -> None:
    """Measure the engine against exact results; the exit code is 1 if any check fails."""
    with connected(connection) as client, client.validate_stream(suite, seed) as run:
        checks = _followed(run, quiet=json)
        summary = run.summary
    if summary is None:
        raise RuntimeError("the validation ended without a summary")
    if json:
        emit_json({"checks": checks, "summary": summary})
    else:
        _show(checks, summary)
    if not summary.passed:
        raise typer.Exit(JOB_FAILED)


def _followed(run: "Validation", quiet: bool) -> "list[Check]":
    """The checks in the suite's order, with a bar that follows them in the order of finishing."""
    from mfn_client.cli.checklist import Checklist
    from mfn_client.cli.view import bar_console

    found = {}
    with Checklist(bar_console(quiet)) as shown:
        names = run.begin().check_names
        shown.expect(len(names))
        for check in run:
            found[check.name] = check
            shown.add(check)
    return [found[name] for name in names]


def _show(checks: "list[Check]", summary: "ValidationSummary") -> None:
    out = console()
    out.print(checks_table(f"Validation: {summary.suite}, seed {summary.seed}", checks))
    for each in (check for check in checks if not check.passed):
        out.print(f"[bold red]{escape(each.name)}[/bold red]: {escape(each.description)}", soft_wrap=True)
        for words in (each.detail, f"Tolerance: {each.why_this_tolerance}", f"Reference: {each.reference}"):
            if words:
                out.print(f"  {escape(words)}", soft_wrap=True)
    if summary.training is not None:
        out.print(training_table(summary.training))
        out.print(training_sentence(summary.training), soft_wrap=True)
    verdict = f"{summary.passed_count} of {counted(len(checks), 'check')} passed"
    versions = f"server {summary.server_version}, numerics {summary.numerics_version}"
    out.print(f"{verdict} in {summary.seconds:.1f} s ({versions}).")
