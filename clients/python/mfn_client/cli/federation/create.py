"""`mfn federation create`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.federation.policies import read_policy
from mfn_client.cli.federation.policy_words import unprotected
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json

if TYPE_CHECKING:
    from mfn_client import Client, Federation

NAME = "create"


@connecting
def command(
    connection: Connection,
    federation: FederationName,
    model: Annotated[
        Path | None, typer.Option(help="The first model: an .npz archive of floating-point arrays. Default: later.")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="A JSON file of the policy, in the contract's words; the options below go before it."),
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Aggregation rule, such as krum. Default: trimmed_mean.")] = None,
    pre: Annotated[
        list[str] | None,
        typer.Option(help="Pre-aggregator, such as nearest_neighbor_mixing, the default's; may be repeated."),
    ] = None,
    f: Annotated[
        int | None, typer.Option("--f", help="How many participants may be faulty. Default: a fifth of them.")
    ] = None,
    min_participants: Annotated[
        int | None, typer.Option(help="Quorum of a round. Default: what the rule needs.")
    ] = None,
    max_rounds: Annotated[int | None, typer.Option(help="Rounds until it is over. Default: 100.")] = None,
    deadline: Annotated[
        float | None, typer.Option(help="Longest time that a round collects updates, in s. Default: 600.")
    ] = None,
    title: Annotated[str, typer.Option(help="Title for people.")] = "",
    json: Json = False,
) -> None:
    """Create a federation. For instance: mfn federation create digits --model first.npz --max-rounds 20."""
    said = {"min_participants": min_participants, "max_rounds": max_rounds, "round_deadline_seconds": deadline}
    chosen = read_policy(policy, aggregation={"rule": rule, "f": f, "pre_aggregators": pre}, **said)
    with named_server(connection) as client:
        made = client.create_federation(federation, chosen, title=title)
        if model is not None:
            _upload(client, made, model)
        made = client.get_federation(federation)
    if json:
        emit_json(made)
    else:
        waits = "it waits for its model" if made.model is None else "it waits for participants"
        console().print(f"{made.name} is created; {waits}.")
        if told := unprotected(made.policy):
            console().print(told)


def _upload(client: "Client", made: "Federation", model: Path) -> None:
    """Hand it its first model; without one, the command has made nothing."""
    try:
        client.upload_model(made.name, model)
    except BaseException:
        client.delete_federation(made.name, uid=made.uid)
        raise
