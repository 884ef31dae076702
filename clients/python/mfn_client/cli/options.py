"""Options that several commands share."""

from typing import Annotated, Any

import typer

from mfn_client.cli.failures import UsageError
from mfn_client.cli.parsing import parse_boundaries, parse_parameters, parse_spacing

JSON = "--json"
Json = Annotated[
    bool,
    typer.Option(
        JSON,
        help="Print one JSON document and nothing else.",
    ),
]
Rows = Annotated[int | None, typer.Option(help="Rows of the grid, 4 to 4096. Default: 256.")]
Cols = Annotated[int | None, typer.Option(help="Columns of the grid, 4 to 4096. Default: 256.")]
Dt = Annotated[float | None, typer.Option(help="Time step, in the model's time unit. Default: the model's.")]
Spacing = Annotated[
    str | None,
    typer.Option(metavar="D | DY,DX", help="Distance between cells, in the model's length unit. Default: 1."),
]
BoundaryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--boundary",
        metavar="KIND",
        help="periodic (default), no_flux, or fixed:U,V with a value for each species. Once: all edges; twice: rows, "
        "then columns; LOWER/UPPER sets the two ends of an axis.",
    ),
]
Precision = Annotated[str | None, typer.Option(help="float64 (default) or float32.")]
Stepper = Annotated[
    str | None,
    typer.Option(help="Time integration: euler, rk4 or semi_implicit. Default: the server chooses and says why."),
]
Thresholds = Annotated[
    tuple[float, float, float] | None,
    typer.Option(
        "--thresholds",
        metavar="LOW MEDIUM HIGH",
        help="Levels of the features, rising, in the unit of the field. Default for mV: -60 -50 -40; needed otherwise.",
    ),
]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        metavar="NAME=VALUE",
        help="A parameter of the model; may be repeated. `mfn models MODEL` lists them.",
    ),
]
ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="Name of a model; `mfn models` lists them.")]


def spec_arguments(
    rows: int | None,
    cols: int | None,
    dt: float | None,
    spacing: str | None,
    boundary: list[str] | None,
    precision: str | None,
    stepper: str | None,
    param: list[str] | None,
) -> dict[str, Any]:
    """The keyword arguments of the client's calls for what these options say."""
    said = {
        "rows": rows,
        "cols": cols,
        "dt": dt,
        "spacing": parse_spacing(spacing),
        "boundary": parse_boundaries(boundary or []),
        "precision": precision,
        "stepper": stepper,
    }
    given = {name: value for name, value in said.items() if value is not None}
    parameters = parse_parameters(param or [])
    if clash := sorted(set(parameters) & set(said)):
        raise UsageError(f"--param {clash[0]}=...: use the option --{clash[0]} instead")
    return given | parameters
