"""Lyapunov exponents: logarithmic growth rates of tangent vectors, and how well they have converged.

They are asked of the linearised system beside the orbit (Benettin, Galgani, Giorgilli & Strelcyn, Meccanica 15:9,
1980), never of differences between states: a mean logarithm of those moves with the unit of the state.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import Limit, Violation, refuse
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator

BATCHES = 20
STEPS = Limit(1, 10**10, "1", "steps measured", whole=True)
TRANSIENT = Limit(0, 10**10, "1", "steps before measuring", whole=True)
EVERY = Limit(1, 1_000_000, "1", "steps between renormalisations", whole=True)


@dataclass(frozen=True)
class LyapunovExponents:
    """The leading exponents, largest first.

    per_step, per_time: natural logarithm of the growth, per step (iteration) and per time unit; NaN where
    undefined_reason says why. -inf for the last k where the product of the tangent maps measured has lost k directions
    (one singular map among them is enough), or where vectors lie along one another to rounding after one interval
    between renormalisations. standard_error: of per_time, from the scatter of batches of renormalisations; NaN below
    two batches and for -inf. steps: measured, after `transient` others.
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
    """Refuse a number of exponents that the system does not have, together with all other violations.

    Raises InvalidInput (`count`, and the fields of the others) when there is any.
    """
    found = Limit(1, largest, "1", "exponents asked for", whole=True).violation("count", count)
    refuse([*others, *([found] if found else [])])


def first_vectors(count: int, shape: Sequence[int], seed: int = 0) -> Array:
    """`count` Gaussian tangent vectors [count, *shape], drawn from Philox under `seed`; not yet orthonormal.

    Vectors along the axes would follow the axes where the system keeps these apart, and find exponents of any rank.
    """
    return generator(seed, Stream.PERTURBATIONS).standard_normal((count, *shape))


def summarise(growth: Array, schedule: Schedule, time_step: float) -> LyapunovExponents:
    """The exponents from the growth of each vector over each batch of the schedule, [batches, count]."""
    steps = np.asarray(schedule.batches(), dtype=np.float64)
    # A stable sort of finite rates and -inf: NaN does not get here.
    growth = growth[:, np.argsort(-growth.sum(axis=0), kind="stable")]
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
