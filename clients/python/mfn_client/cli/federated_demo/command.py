"""`mfn federated-demo`."""

import sys
from typing import Annotated

import typer

from mfn_client.cli.connection import serving
from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.failures import UsageError
from mfn_client.cli.federated_demo import comparing
from mfn_client.cli.federated_demo.comparing import Choice
from mfn_client.cli.federated_demo.comparison_table import as_markdown, for_terminal
from mfn_client.cli.federated_demo.ending import ended_by_signals
from mfn_client.cli.federated_demo.lab import load_lab
from mfn_client.cli.federated_demo.plan import Plan
from mfn_client.cli.federated_demo.running import demonstrate, prepare
from mfn_client.cli.federated_demo.showing import tell
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, counted, emit_json

NAME = "federated-demo"
SEEDS = 10
LARGEST_SEED = 2**32 - 1
COMPARING = "With --compare"


@connecting
def command(
    connection: Connection,
    participants: Annotated[int, typer.Option(help="How many take part, each a process.")] = Plan.participants,
    attackers: Annotated[
        int, typer.Option(help="How many of them attack; the rule is told how many.")
    ] = Plan.attackers,
    rounds: Annotated[int, typer.Option(help="How many rounds.")] = Plan.rounds,
    rule: Annotated[
        str | None, typer.Option(help="Aggregation rule, such as krum. Default: what federations have by default.")
    ] = None,
    pre: Annotated[
        list[str] | None, typer.Option(help="Pre-aggregator, such as nearest_neighbor_mixing; may be repeated.")
    ] = None,
    attack: Annotated[
        str, typer.Option(help="What the attackers do, such as sign_flip, optimised_inner_product, or none.")
    ] = Plan.attack,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Decides who holds which digits.")] = Plan.seed,
    compare: Annotated[
        bool, typer.Option("--compare", help="Simulate every rule against every attack instead, in this process.")
    ] = False,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="How many seeds, from --seed on. Default: 10.", rich_help_panel=COMPARING)
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(metavar="NAME,...", help='Only these rules; "default" is one.', rich_help_panel=COMPARING),
    ] = None,
    attacks: Annotated[
        str | None,
        typer.Option(metavar="NAME,...", help='Only these attacks; "none" is one.', rich_help_panel=COMPARING),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table as Markdown.", rich_help_panel=COMPARING)
    ] = False,
    json: Json = False,
) -> None:
    """Learn handwritten digits in a federation of processes while some of them attack.

    Each participant holds digits of a few kinds: Dirichlet shares, alpha 0.3.

    Attackers collude and know everything: the model, all data and updates, and the rule.
    """
    plan = Plan(participants, attackers, rounds, rule, tuple(pre or ()), attack, seed)
    chosen = Choice(_names(rules), _names(attacks), SEEDS if seeds is None else seeds)
    if compare:
        if rule is not None or pre:
            raise UsageError("with --compare, say --rules and --attacks")
        _compare(plan, chosen, markdown, json)
    elif markdown or any(said is not None for said in (seeds, rules, attacks)):
        raise UsageError("--seeds, --rules, --attacks and --markdown go with --compare")
    else:
        _demonstrate(plan, connection, json)


def _demonstrate(plan: Plan, connection: Connection, json: bool) -> None:
    stage = prepare(load_lab(), plan)
    with ended_by_signals(), serving(connection) as address:
        outcome = demonstrate(stage, address, quiet=json)
    if json:
        emit_json({"plan": plan, "outcome": outcome})
    else:
        tell(console(), plan, outcome)


def _names(said: str | None) -> tuple[str, ...] | None:
    return None if said is None else tuple(word.strip() for word in said.split(","))


def _compare(plan: Plan, chosen: Choice, markdown: bool, json: bool) -> None:
    def begin(rule: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"Simulating {rule} over {counted(chosen.seeds, 'seed')}\n")

    found = comparing.compare(load_lab(), plan, chosen, begin)
    if json:
        emit_json(found)
    elif markdown:
        sys.stdout.write(as_markdown(found))
    else:
        console().print(for_terminal(found))
