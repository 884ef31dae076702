"""`mfn federation show`."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.failures import JobFailed
from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.federation.policy_words import policy_line, waiting
from mfn_client.cli.federation.rows import (
    PARTICIPANT_COLUMNS,
    ROUND_COLUMNS,
    fate,
    participant_row,
    round_row,
    short_name,
)
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, counted, emit_json, number, table

if TYPE_CHECKING:
    from mfn_client import Federation, Participant, Round, Verdict

NAME = "show"
VERDICT_COLUMNS = ("participant", "verdict", "why", ">norm", ">score")


@connecting
def command(
    connection: Connection,
    federation: FederationName,
    rounds: Annotated[int, typer.Option(min=0, help="How many of its last rounds to show.")] = 10,
    verdicts_of: Annotated[
        int | None, typer.Option("--round", min=1, help="Show what became of every participant in this round.")
    ] = None,
    json: Json = False,
) -> None:
    """One federation with its participants and last rounds; with --round, the verdicts of one."""
    with named_server(connection) as client:
        found = client.get_federation(federation)
        participants = list(client.list_participants(federation))
        last = list(islice(client.list_rounds(federation), max(rounds, 1)))
        if verdicts_of is not None:
            _check_round(found, verdicts_of)
        verdicts = list(client.list_verdicts(federation, round=verdicts_of)) if verdicts_of is not None else []
    if json:
        emit_json({"federation": found, "participants": participants, "rounds": last[:rounds], "verdicts": verdicts})
    elif verdicts_of is not None:
        _show_verdicts(verdicts_of, verdicts)
    else:
        _show(found, participants, last, rounds)


def _check_round(found: "Federation", asked: int) -> None:
    if asked > found.round:
        last = f"its last is {found.round}" if found.round else "it has had none yet"
        raise JobFailed(f"{found.name} has no round {asked}; {last}")


def _show(found: "Federation", participants: "list[Participant]", last: "list[Round]", shown: int) -> None:
    out = console()
    over = f" ({found.finish_reason})" if found.state == "finished" else ""
    model = "no model yet" if found.model is None else f"model {found.model.version}"
    best = "" if found.best_model is None else f", best {found.best_model.version} ({number(found.best_score)})"
    title = f" – {escape(found.title)}" if found.title else ""
    out.print(f"[bold]{found.name}[/bold]{title}: {found.state}{over}, round {found.round}, {model}{best}")
    out.print(policy_line(found, next(iter(last), None)), soft_wrap=True)
    if why := waiting(found):
        out.print(f"It {why}.", soft_wrap=True)
    out.print(f"{counted(found.stored_bytes, 'byte')} on disk, uid {found.uid}")
    out.print(table("Participants", PARTICIPANT_COLUMNS, [participant_row(each) for each in participants]))
    out.print(table("Rounds", ROUND_COLUMNS, [round_row(each) for each in last[:shown]]))


def _show_verdicts(number_of_round: int, verdicts: "list[Verdict]") -> None:
    rows = [
        (
            short_name(each.participant),
            fate(each),
            escape(each.detail),
            number(each.norm, 4),
            number(each.score, 4),
        )
        for each in verdicts
    ]
    sharing = sum(each.weight is not None for each in verdicts)
    title = f"Round {number_of_round}" + (f" (an equal share is {number(1 / sharing, 2)})" if sharing else "")
    console().print(table(title, VERDICT_COLUMNS, rows))
