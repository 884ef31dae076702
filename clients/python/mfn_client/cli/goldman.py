"""`mfn goldman`."""

from typing import Annotated

import typer

from mfn_client.cli.connection import connected
from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json
from mfn_client.cli.parsing import ION_FORM, parse_ion

NAME = "goldman"


@connecting
def command(
    connection: Connection,
    ion: Annotated[
        list[str],
        typer.Option(
            "--ion",
            metavar=ION_FORM,
            help="One permeant ion: charge number, permeability (only ratios matter), concentrations outside and "
            "inside in mol/L. Repeat it for each ion.",
        ),
    ],
    temperature: Annotated[float, typer.Option(help="Temperature, in K, 200 to 400.")] = 310.15,
    json: Json = False,
) -> None:
    """The Goldman voltage. For instance: mfn goldman --ion K:1:1.0:0.005:0.140 --ion Na:1:0.04:0.145:0.015."""
    ions = [parse_ion(text) for text in ion]
    with connected(connection) as client:
        potential = client.goldman(ions, temperature)
    if json:
        emit_json({"potential_mv": potential})
    else:
        console().print(f"{potential:.4f} mV")
