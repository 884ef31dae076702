"""Lyapunov exponents: logarithmic growth rates of tangent vectors, and how well they have converged.

They are asked of the linearised system beside the orbit (Benettin, Galgani, Giorgilli & Strelcyn, Meccanica 15:9,
1980), never of differences between states: a mean logarithm of those moves with the unit of the state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mfn_grpc.core.dynamics.arrays import Array
from mfn_grpc.core.limits import Limit, Violation, refuse
from mfn_grpc.core.pieces import Pieces

BATCHES = 20
STEPS = Limit(1, 10**10, "1", "steps measured")
TRANSIENT = Limit(0, 10**10, "1", "steps before measuring")
EVERY = Limit(1, 1_000_000, "1", "steps between renormalisations")


@dataclass(frozen=True)
class LyapunovExponents:
    """The leading exponents, largest first up to their errors.

    per_step, per_time: natural logarithm of the growth, per step (iteration) and per time unit; -inf where tangent
    vectors vanish, NaN where undefined_reason says why. standard_error: of per_time, from the scatter of batches of
    renormalisations; NaN below two batches. steps: measured, after `transient` others.
    """

    per_step: tuple[float, ...]
    per_time: tuple[float, ...]
    standard_error: tuple[float, ...]
    steps: int
    transient: int
    undefined_reason: str


@dataclass(frozen=True)
class Schedule:
    """How long to follow tangent vectors: `transient` steps to let them turn, then `steps` to measure."""

    steps: int
    transient: int
    every: int

    def violations(self) -> list[Violation]:
        """What is wrong with the numbers of steps."""
        limits = ("steps", self.steps, STEPS), ("transient", self.transient, TRANSIENT), ("every", self.every, EVERY)
        return [violation for name, value, limit in limits if (violation := limit.violation(name, value))]

    def batches(self) -> list[int]:
        """Steps of each batch: as many renormalisations each as can be shared out evenly."""
        renormalisations = -(-self.steps // self.every)
        count = min(BATCHES, renormalisations)
        edges = [min(self.steps, self.every * (renormalisations * i // count)) for i in range(count + 1)]
        return [end - start for start, end in pairwise(edges)]


def check_count(count: int, largest: int, *others: Violation) -> None:
    """Refuse a number of exponents that the system does not have, together with all other violations."""
    found = Limit(1, largest, "1", "exponents asked for").violation("count", count)
    refuse([*others, *([found] if found else [])])


def summarise(growth: Array, schedule: Schedule, time_step: float) -> LyapunovExponents:
    """The exponents from the growth of each vector over each batch of the schedule, [batches, count]."""
    steps = np.asarray(schedule.batches(), dtype=np.float64)
    per_step = growth.sum(axis=0) / schedule.steps
    with np.errstate(invalid="ignore"):
        rates = growth / steps[:, None]
        scatter = np.square(rates - per_step) * (steps[:, None] / schedule.steps)
    freedom = len(steps) - 1
    error = np.sqrt(scatter.sum(axis=0) / freedom) if freedom else np.full(growth.shape[1], np.nan)
    return LyapunovExponents(
        per_step=tuple(per_step.tolist()),
        per_time=tuple((per_step / time_step).tolist()),
        standard_error=tuple((error / time_step).tolist()),
        steps=schedule.steps,
        transient=schedule.transient,
        undefined_reason="",
    )


def undefined(count: int, schedule: Schedule, reason: str) -> LyapunovExponents:
    """No exponents, and why."""
    nothing = (np.nan,) * count
    return LyapunovExponents(nothing, nothing, nothing, schedule.steps, schedule.transient, reason)


def measure(
    advance: Callable[[int, Array], bool], count: int, schedule: Schedule, time_step: float, piece: int
) -> Pieces[LyapunovExponents]:
    """Follow the schedule in pieces of about `piece` steps, each a whole number of renormalisations."""
    piece = max(schedule.every, piece // schedule.every * schedule.every)
    batches = schedule.batches()
    growth = np.zeros((1 + len(batches), count))
    for total, steps in zip(growth, [schedule.transient, *batches], strict=True):
        for first in range(0, steps, piece):
            if not advance(min(piece, steps - first), total):
                return undefined(count, schedule, "the orbit stopped being finite")
            yield
    return summarise(growth[1:], schedule, time_step)
