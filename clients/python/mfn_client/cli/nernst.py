"""`mfn nernst`."""

from typing import Annotated

import typer

from mfn_client.cli.connection import connected
from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json

NAME = "nernst"


@connecting
def command(
    connection: Connection,
    z: Annotated[int, typer.Option("--z", help="Charge number of the ion: -3 to 3, not 0.")],
    out: Annotated[float, typer.Option("--out", help="Concentration outside, in mol/L.")],
    inside: Annotated[float, typer.Option("--in", help="Concentration inside, in mol/L.")],
    temperature: Annotated[float, typer.Option(help="Temperature, in K, 200 to 400.")] = 310.15,
    json: Json = False,
) -> None:
    """The Nernst potential of one ion. For instance: mfn nernst --z 1 --out 0.005 --in 0.140."""
    with connected(connection) as client:
        potential = client.nernst(z, out, inside, temperature)
    if json:
        emit_json({"potential_mv": potential})
    else:
        console().print(f"{potential:.4f} mV")
