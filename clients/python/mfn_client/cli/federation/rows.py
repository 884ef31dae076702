"""Rounds and participants as rows of tables."""

from typing import TYPE_CHECKING

from mfn_client.cli.output import number

if TYPE_CHECKING:
    from mfn_client import Participant, Round, Verdict

ROUND_COLUMNS = (
    ">round",
    "state",
    ">selected",
    ">updates",
    ">accepted",
    ">screened",
    ">rejected",
    ">f",
    ">score",
    ">model",
)
PARTICIPANT_COLUMNS = ("name", "connected", ">accepted", ">rejected", ">missed", "software")


def round_row(each: "Round") -> tuple[str, ...]:
    """One round, with why it was skipped."""
    skipped = each.state == "skipped"
    return (
        str(each.round),
        f"skipped: {each.skip_reason}" if skipped else each.state,
        str(each.selected),
        str(each.counted),
        "–" if each.model is None else str(accepted(each)),
        str(each.screened),
        str(each.rejected),
        "–" if each.f is None else str(each.f),
        number(each.score),
        "–" if each.model is None else str(each.model.version),
    )


def participant_row(each: "Participant") -> tuple[str, ...]:
    """One participant, with what became of its updates."""
    return (
        short_name(each.name),
        "yes" if each.connected else "no",
        str(each.rounds_accepted),
        str(each.rounds_rejected),
        str(each.rounds_missed),
        "–" if each.capabilities is None else each.capabilities.client,
    )


def accepted(each: "Round") -> int:
    """Updates that have part in the round's aggregate: those that came, without the screened and the rejected ones."""
    return each.counted - each.screened - each.rejected


def fate(found: "Verdict") -> str:
    """The verdict's word; with the share of the aggregate, which may be next to nothing, where there is one."""
    return found.kind if found.weight is None else f"{found.kind}, share {number(found.weight, 2)}"


def short_name(name: str) -> str:
    """The last part of a resource's name."""
    return name.rpartition("/")[2]
