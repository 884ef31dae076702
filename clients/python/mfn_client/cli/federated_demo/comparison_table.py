"""The comparison as a table for a terminal, and as Markdown for the documentation."""

from rich.table import Table

from mfn_client.cli.federated_demo.comparing import Comparison, Mean
from mfn_client.cli.output import counted, table


def for_terminal(found: Comparison) -> Table:
    """A row a rule, a column an attack."""
    columns = ("rule", *(f">{attack}" for attack in found.attacks))
    return table(title_of(found), columns, _rows(found))


def as_markdown(found: Comparison) -> str:
    """The table in Markdown, its title as a line before it."""
    head = ["rule", *found.attacks]
    lines = [head, ["---", *("---:" for _ in found.attacks)], *_rows(found)]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{title_of(found)}\n\n{body}\n"


def title_of(found: Comparison) -> str:
    """What the numbers are, and the clean accuracy that they are to be seen beside."""
    seeds = counted(len(found.seeds), "seed")
    return (
        f"Accuracy in % on digits that nobody trained on: {found.participants} participants, {found.attackers} of them "
        f"attacking, {counted(found.rounds, 'round')}, mean ± half of the 95 % interval over {seeds}. "
        f"Plain mean over all, nobody attacking: {_percent(found.clean)}."
    )


def _rows(found: Comparison) -> list[tuple[str, ...]]:
    return [(rule, *(_percent(found.cell(rule, attack).accuracy) for attack in found.attacks)) for rule in found.rules]


def _percent(value: Mean) -> str:
    spread = "" if value.half_width is None else f" ± {100 * value.half_width:.1f}"
    return f"{100 * value.mean:.1f}{spread}"
