"""What people see: a table that grows with every round in a terminal, a line for each round elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from mfn_client.cli.federated_demo.outcome import Outcome, RoundReport, in_words
from mfn_client.cli.federated_demo.plan import DEFAULT_RULE, NO_ATTACK, Plan
from mfn_client.cli.output import console, table

COLUMNS = (">round", ">accuracy", ">counted", ">attackers' weight", "left out")


@contextmanager
def shown(plan: Plan, quiet: bool) -> Iterator[Callable[[RoundReport], object]]:
    """Gives what takes the rounds as they end."""
    out = console()
    if quiet:
        yield lambda report: None
    elif not out.is_terminal:
        out.print(title_of(plan), soft_wrap=True)
        yield lambda report: out.print(_line(report), soft_wrap=True)
    else:
        with _live(out, plan) as show:
            yield show


@contextmanager
def _live(out: Console, plan: Plan) -> Iterator[Callable[[RoundReport], object]]:
    reports: list[RoundReport] = []
    with Live(_grown(plan, reports), console=out, vertical_overflow="visible") as live:

        def show(report: RoundReport) -> None:
            reports.append(report)
            live.update(_grown(plan, reports), refresh=True)

        yield show


def title_of(plan: Plan) -> str:
    """Who learns, who attacks, and who defends."""
    attack = "nobody attacks" if plan.attack == NO_ATTACK else f"{plan.attackers} of them by {plan.attack}"
    return f"{plan.participants} participants, {attack}, against {defence_of(plan)}"


def defence_of(plan: Plan) -> str:
    """The rule and what goes before it."""
    if plan.rule is None and not plan.pre:
        return "the default rule"
    return " behind ".join([plan.rule or DEFAULT_RULE, *([", ".join(plan.pre)] if plan.pre else [])])


def _grown(plan: Plan, reports: Sequence[RoundReport]) -> Table:
    return table(title_of(plan), COLUMNS, [_row(report) for report in reports])


def _row(report: RoundReport) -> tuple[str, ...]:
    weight = "–" if report.attackers_weight is None else f"{100 * report.attackers_weight:.1f} %"
    skipped = f"{report.state}; " if report.state.startswith("skipped") else ""
    out = skipped + in_words(report.left_out)
    return str(report.round), percent(report.accuracy), str(report.counted), weight, out


def _line(report: RoundReport) -> str:
    number, accuracy, counted, weight, out = _row(report)
    return f"round {number:>3}  accuracy {accuracy}  counted {counted}  attackers' weight {weight}  left out: {out}"


def tell(out: Console, plan: Plan, outcome: Outcome) -> None:
    """The end: what was reached, and what it would be worth without the rule, or without attackers."""
    simulated = outcome.simulated
    attackers = "nobody attacking" if plan.attack == NO_ATTACK else f"attacked by {plan.attack}"
    rows = [
        (f"{defence_of(plan)}, {attackers}", percent(outcome.accuracy)),
        (f"plain mean, {attackers}, simulated", percent(simulated.plain_mean)),
        ("plain mean, nobody attacking, simulated", percent(simulated.clean)),
    ]
    out.print(
        f"Accuracy {percent(outcome.accuracy)} on {outcome.test_samples} digits that nobody trained on, "
        f"after {outcome.seconds:.1f} s.",
        soft_wrap=True,
    )
    out.print(table("What that is worth, with the same digits", ("", ">accuracy"), rows))


def percent(share: float) -> str:
    """A share for people, to a tenth of a point."""
    return f"{100 * share:.1f} %"
