"""What the demo found, round by round and in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from mfn_client.cli.federation.rows import short_name

if TYPE_CHECKING:
    from mfn_client import Verdict


@dataclass(frozen=True)
class LeftOut:
    """A participant whose update did not count. kind: rejected by the rule, or screened before it, or as a verdict."""

    participant: str
    kind: str
    reason: str
    detail: str


@dataclass(frozen=True)
class RoundReport:
    """One round. accuracy: of its model on digits that nobody holds, 0 to 1; of the one before where it was skipped.

    attackers_weight: their share of the aggregate, 0 to 1; None where the round has none.
    """

    round: int
    state: str
    accuracy: float
    counted: int
    attackers_weight: float | None
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Simulated:
    """What the in-process simulator comes to with the same data and attack. plain_mean: without defence.

    clean: the plain mean while nobody attacks.
    """

    plain_mean: float
    clean: float


@dataclass(frozen=True)
class Outcome:
    """The whole demo; seconds: from the start of the processes to the last model."""

    rounds: tuple[RoundReport, ...]
    accuracy: float
    test_samples: int
    simulated: Simulated
    seconds: float


def left_out(verdicts: "Sequence[Verdict]") -> tuple[LeftOut, ...]:
    """Everybody of a round who was not accepted, by name."""
    found = (
        LeftOut(short_name(each.participant), each.kind, each.reason, each.detail)
        for each in verdicts
        if each.kind != "accepted"
    )
    return tuple(sorted(found, key=lambda each: each.participant))


def in_words(found: Sequence[LeftOut]) -> str:
    """Who was left out and why, those with one reason together."""
    ordered = sorted(found, key=lambda each: (each.kind, each.reason, each.participant))
    groups = groupby(ordered, key=lambda each: (each.kind, each.reason))
    told = [f"{_names([each.participant for each in group])} {_fate(*fate)}" for fate, group in groups]
    return "; ".join(told) or "nobody"


def _names(names: Sequence[str]) -> str:
    """Names that begin alike, said once: "attacker-001, 002"."""
    stems = groupby(names, key=lambda name: name.rpartition("-")[0])
    return ", ".join(
        f"{stem} {', '.join(str(int(name.rpartition('-')[2])) for name in group)}" for stem, group in stems
    )


def _fate(kind: str, reason: str) -> str:
    return kind if reason == "unspecified" else f"{kind} ({reason.replace('_', ' ')})"
