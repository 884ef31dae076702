"""`mfn federation show`."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.federation.rows import PARTICIPANT_COLUMNS, ROUND_COLUMNS, participant_row, round_row, short_name
from mfn_client.cli.options import ApiKey, Json, Server
from mfn_client.cli.output import console, counted, emit_json, number, table

if TYPE_CHECKING:
    from mfn_client import Federation, Participant, Round, Verdict

NAME = "show"
VERDICT_COLUMNS = ("participant", "verdict", "why", ">norm", ">score", ">weight")


def command(
    federation: FederationName,
    rounds: Annotated[int, typer.Option(min=0, help="How many of its last rounds to show.")] = 10,
    verdicts_of: Annotated[
        int | None, typer.Option("--round", min=1, help="Show what became of every participant in this round.")
    ] = None,
    server: Server = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """One federation with its participants and last rounds; with --round, the verdicts of one."""
    with named_server(server, api_key) as client:
        found = client.get_federation(federation)
        participants = list(client.list_participants(federation))
        last = list(islice(client.list_rounds(federation), rounds))
        verdicts = list(client.list_verdicts(federation, round=verdicts_of)) if verdicts_of is not None else []
    if json:
        emit_json({"federation": found, "participants": participants, "rounds": last, "verdicts": verdicts})
    elif verdicts_of is not None:
        _show_verdicts(verdicts_of, verdicts)
    else:
        _show(found, participants, last)


def _show(found: "Federation", participants: "list[Participant]", rounds: "list[Round]") -> None:
    out = console()
    over = f" ({found.finish_reason})" if found.state == "finished" else ""
    model = "no model yet" if found.model is None else f"model {found.model.version}"
    best = "" if found.best_model is None else f", best {found.best_model.version} ({number(found.best_score)})"
    title = f" – {escape(found.title)}" if found.title else ""
    out.print(f"[bold]{found.name}[/bold]{title}: {found.state}{over}, round {found.round}, {model}{best}")
    out.print(f"{counted(found.stored_bytes, 'byte')} on disk, uid {found.uid}")
    out.print(table("Participants", PARTICIPANT_COLUMNS, [participant_row(each) for each in participants]))
    out.print(table("Rounds", ROUND_COLUMNS, [round_row(each) for each in rounds]))


def _show_verdicts(number_of_round: int, verdicts: "list[Verdict]") -> None:
    rows = [
        (
            short_name(each.participant),
            each.kind,
            escape(each.detail),
            number(each.norm, 4),
            number(each.score, 4),
            number(each.weight, 3),
        )
        for each in verdicts
    ]
    console().print(table(f"Round {number_of_round}", VERDICT_COLUMNS, rows))
