"""`mfn federation list`."""

from typing import Annotated

import typer
from rich.markup import escape

from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.federation.options import named_server
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json, number, table

NAME = "list"
COLUMNS = ("name", "state", ">round", ">model", ">connected", ">enrolled", ">best score", "title")


@connecting
def command(
    connection: Connection,
    state: Annotated[
        str | None, typer.Option(help="Only those in this state: awaiting_model, running, paused or finished.")
    ] = None,
    json: Json = False,
) -> None:
    """The federations of a server."""
    with named_server(connection) as client:
        found = list(client.list_federations(state))
    if json:
        emit_json({"federations": found})
        return
    rows = [
        (
            each.name.removeprefix("federations/"),
            each.state,
            str(each.round),
            "–" if each.model is None else str(each.model.version),
            str(each.participants_connected),
            str(each.participants_enrolled),
            number(each.best_score),
            escape(each.title),
        )
        for each in found
    ]
    console().print(table("Federations", COLUMNS, rows))
