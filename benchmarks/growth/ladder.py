"""A ladder of sizes, what each costs, and whether the cost grows as it may."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.growth.fitting import PowerLaw, fitted
from benchmarks.measuring.rows import Row, at_most
from benchmarks.measuring.timing import Samples, interleaved

LINEAR = 1.05
"""The power that a linear cost may show.

A cost a + b x has a power below 1; what lifts it above are caches: data that no longer fit one level cost more apiece.
A twentieth is a factor of 1.4 in the cost of one over sizes a thousand times apart, and less than a logarithm adds.
"""
QUADRATIC = 2.05
FLAT = 0.1
"""The power of memory that does not depend on size: a quarter more where the size is ten times larger."""


@dataclass(frozen=True)
class Ladder:
    """What is measured: `cost(size)` in `unit`, above 0, for every size.

    what, axis: for instance "simulation, time of a step" over "cells". limit: of the power; None where nothing is
    promised. note: what the reader should know.
    together: sizes take turns, and the least cost of several turns counts; otherwise they are measured once, rising,
    as where memory is kept between them.
    """

    what: str
    axis: str
    unit: str
    sizes: tuple[int, ...]
    cost: Callable[[int], float]
    limit: float | None = LINEAR
    note: str = ""
    together: bool = True


@dataclass(frozen=True)
class Climb:
    """A ladder with what was measured: for each size, one sample a turn."""

    ladder: Ladder
    samples: tuple[Samples, ...]

    @property
    def costs(self) -> tuple[float, ...]:
        """The least cost of each size: what disturbs a measurement only adds."""
        return tuple(min(each.values) for each in self.samples)

    @property
    def law(self) -> PowerLaw:
        """The power law through the least costs."""
        return fitted(self.ladder.sizes, self.costs)

    @property
    def turns(self) -> Samples:
        """The power of every turn alone."""
        rounds = zip(*(each.values for each in self.samples), strict=True)
        return Samples(tuple(fitted(self.ladder.sizes, costs).exponent for costs in rounds))

    @property
    def steepest(self) -> float:
        """The largest power between two neighbouring sizes: where a cost jumps, the law through all points hides it."""
        points = pairwise(zip(self.ladder.sizes, self.costs, strict=True))
        return max(fitted(sizes, costs).exponent for sizes, costs in (zip(*pair, strict=True) for pair in points))

    def row(self) -> Row:
        """The power beside its limit."""
        ladder, law, turns = self.ladder, self.law, self.turns
        first, last = ladder.sizes[0], ladder.sizes[-1]
        figure = (
            f"+- {law.error:.2f}, steepest {self.steepest:.2f}; {_short(self.costs[0])} {ladder.unit} at {first:,},"
            f" {_short(self.costs[-1])} {ladder.unit} at {last:,}"
        )
        return Row(
            f"{ladder.what}, power of {ladder.axis}",
            value=law.exponent,
            bar=None if ladder.limit is None else at_most(ladder.limit),
            spread=turns.spread if turns.median > FLAT else None,
            figure=f"{figure}; {ladder.note}" if ladder.note else figure,
            samples={
                "powers": turns.values,
                **{f"{size} {ladder.axis}": each.values for size, each in zip(ladder.sizes, self.samples, strict=True)},
            },
        )


def climb(ladder: Ladder, turns: int) -> Climb:
    """Measure every size."""
    if not ladder.together:
        return Climb(ladder, tuple(Samples((ladder.cost(size),)) for size in ladder.sizes))
    measured = interleaved({str(size): _costing(ladder, size) for size in ladder.sizes}, turns)
    return Climb(ladder, tuple(measured[str(size)] for size in ladder.sizes))


def _costing(ladder: Ladder, size: int) -> Callable[[], float]:
    return lambda: ladder.cost(size)


def _short(value: float) -> str:
    return f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
