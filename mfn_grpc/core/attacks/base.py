"""What an attack is: from the honest updates of a round to those that the attackers send instead."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import Limit, Violation, limits_of, refuse

Aggregate = Callable[[Array], Array]
"""A rule as attackers see it: from the updates [n, d], theirs first, to the aggregate [d]."""

LARGEST_NORM = 1e150
"""Of an honest update: squares of more leave float64, and the screens of aggregation let no such update pass."""
COUNT = Limit(1, 4999, "1", "attackers", whole=True)


@dataclass(frozen=True)
class Situation:
    """What attackers know beside the honest updates: the round, and the rule that will be applied, if they do."""

    round_number: int = 0
    aggregate: Aggregate | None = None


RULE_UNKNOWN = Situation()


class Attack(ABC):
    """An attack on updates. Instances are parameters only."""

    def __call__(self, honest: ArrayLike, count: int, situation: Situation = RULE_UNKNOWN) -> Array:
        """The updates of `count` attackers, float64 [count, d], from those of the honest [h, d].

        Raises InvalidInput naming every fault of the parameters and of the input.
        """
        rows = np.asarray(honest, np.float64)
        refuse([*parameter_violations(self), *_input_violations(rows, count)])
        return self.forge(rows, int(count), situation)

    @abstractmethod
    def forge(self, honest: Array, count: int, situation: Situation) -> Array:
        """As the call, without its checks."""


def parameter_violations(attack: object) -> list[Violation]:
    """Every parameter outside its range; one that is None is computed from the round."""
    values = ((name, limit, getattr(attack, name)) for name, limit in limits_of(attack).items())
    found = (limit.violation(name, value) for name, limit, value in values if value is not None)
    return [violation for violation in found if violation is not None]


def _input_violations(honest: Array, count: int) -> Iterator[Violation]:
    if honest.ndim != 2 or 0 in honest.shape:
        shown = str(list(honest.shape))
        yield Violation("honest", shown, f"has shape {shown}, must be [updates, elements], at least one of each")
    elif not np.isfinite(honest).all():
        yield Violation("honest", "NaN", "holds values that are not finite, must hold finite numbers only")
    elif (norm := _largest_norm(honest)) > LARGEST_NORM:
        text = f"holds an update of norm {norm:g}, must be at most {LARGEST_NORM:g}: what is sent would not be finite"
        yield Violation("honest", f"{norm:g}", text)
    if found := COUNT.violation("count", count):
        yield found


def _largest_norm(honest: Array) -> float:
    """The largest norm of a row, without squares that overflow."""
    largest = float(np.abs(honest).max())
    return largest * float(np.linalg.norm(honest / largest, axis=1).max()) if largest > 0 else 0.0


def repeated(update: Array, count: int) -> Array:
    """The same update [d] from `count` attackers, [count, d]."""
    return np.repeat(update[None], count, axis=0)


def spread(honest: Array) -> Array:
    """Sample standard deviation of every element [d], divided by h - 1; 0 where there is a single update."""
    return honest.std(axis=0, ddof=1) if len(honest) > 1 else np.zeros(honest.shape[1])
