"""`mfn models`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mfn_client.cli.connection import connected
from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.failures import UsageError
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json, number, table

if TYPE_CHECKING:
    from mfn_client import Model

NAME = "models"


@connecting
def command(
    connection: Connection,
    model: Annotated[str | None, typer.Argument(help="Show this one with its parameters. Default: list all.")] = None,
    json: Json = False,
) -> None:
    """The models with their species, parameters, ranges, units and references."""
    with connected(connection) as client:
        found = client.models()
    chosen = _choose(found, model)
    if json:
        emit_json(chosen[0] if model else {"models": chosen})
    elif model:
        _show(chosen[0])
    else:
        _list(chosen)


def _choose(found: "list[Model]", name: str | None) -> "list[Model]":

    chosen = [each for each in found if name in {None, each.name}]
    if not chosen:
        raise UsageError(f"MODEL is {name!r}, must be one of {', '.join(each.name for each in found)}")
    return chosen


def _list(found: "list[Model]") -> None:

    rows = [
        (each.name, ", ".join(species.name for species in each.species), number(each.default_dt), each.reference)
        for each in found
    ]
    console().print(table("Models", ("model", "species", ">dt", "reference"), rows))


def _show(model: "Model") -> None:

    out = console()
    out.print(f"[bold]{model.title}[/bold] ({model.name})\n{model.equations}\n{model.reference}", soft_wrap=True)
    species = ", ".join(f"{each.name} ({each.unit})" for each in model.species)
    out.print(f"Species: {species}. Time step: {number(model.default_dt)} unless --dt says otherwise.", soft_wrap=True)
    rows = [
        (
            each.name,
            str(bool(each.default_value)).lower() if each.is_switch else number(each.default_value),
            "true, false" if each.is_switch else f"{number(each.min)} to {number(each.max)}",
            each.unit,
            each.description,
        )
        for each in model.parameters
    ]
    out.print(table("Parameters", ("name", ">default", "range", "unit", "meaning"), rows))
