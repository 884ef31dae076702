"""`mfn federation watch`."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.federation.words import in_words
from mfn_client.cli.output import console, emit_json

if TYPE_CHECKING:
    from rich.console import Console

    from mfn_client import FederationEvent

NAME = "watch"


@connecting
def command(
    connection: Connection,
    federation: FederationName,
    after: Annotated[
        int | None,
        typer.Option(min=0, help="Begin with the kept events after this sequence; 0: the first. Default: from now on."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document a line, for every event.")] = False,
) -> None:
    """Follow a federation until it is over: rounds, updates, verdicts, models. Ctrl-C leaves it running."""
    out = console()
    with named_server(connection) as client, client.watch_federation(federation, after_sequence=after) as events:
        for event in events:
            if json:
                emit_json(event)
            else:
                _tell(out, event)


def _tell(out: "Console", event: "FederationEvent") -> None:
    when = "" if event.event_time is None else f"{event.event_time.astimezone():%H:%M:%S} "
    out.print(f"{when}{event.sequence:>6}  {escape(in_words(event))}", soft_wrap=True)
