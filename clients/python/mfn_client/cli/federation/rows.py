"""Rounds and participants as rows of tables."""

from typing import TYPE_CHECKING

from mfn_client.cli.output import number

if TYPE_CHECKING:
    from mfn_client import Participant, Round

ROUND_COLUMNS = (">round", "state", ">selected", ">counted", ">screened", ">rejected", ">f", ">score", ">model")
PARTICIPANT_COLUMNS = ("name", "connected", ">accepted", ">rejected", ">missed", "software")


def round_row(each: "Round") -> tuple[str, ...]:
    """One round, with why it was skipped."""
    skipped = each.state == "skipped"
    return (
        str(each.round),
        f"skipped: {each.skip_reason}" if skipped else each.state,
        str(each.selected),
        str(each.counted),
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


def short_name(name: str) -> str:
    """The last part of a resource's name."""
    return name.rpartition("/")[2]
