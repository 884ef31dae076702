"""ALIE and IPM by attackers who know the rule: the factor that moves the aggregate farthest from the honest mean.

Shejwalkar & Houmansadr 2021: a line search over the factor, the rule being tried on all updates together. Theirs goes
one way from a start; here both signs are searched.
"""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks.a_little_is_enough import shifted
from mfn_grpc.core.attacks.base import Aggregate, Attack, Situation, repeated
from mfn_grpc.core.attacks.inner_product import reversed_mean
from mfn_grpc.core.attacks.searching import most_damaging
from mfn_grpc.core.limits import InvalidInput, Violation, parameter


@dataclass(frozen=True)
class _Optimised(Attack):
    largest: float = parameter(20.0, 1e-3, 1e6, "1", "largest factor tried, of either sign")
    tries: int = parameter(12, 2, 1000, "1", "factors tried of either sign before the best is refined", whole=True)

    @abstractmethod
    def update(self, honest: Array, factor: float) -> Array:
        """What each attacker sends with this factor, [d]."""

    def forge(self, honest: Array, count: int, situation: Situation) -> Array:
        """The same update from all attackers, with the most damaging factor. InvalidInput unless the rule is known."""
        aggregate, mean = _known(situation), honest.mean(axis=0)

        def damage(factor: float) -> float:
            sent = repeated(self.update(honest, factor), count)
            return float(np.linalg.norm(aggregate(np.concatenate([sent, honest])) - mean))

        return repeated(self.update(honest, most_damaging(damage, self.largest, self.tries)), count)


@dataclass(frozen=True)
class OptimisedALittleIsEnough(_Optimised):
    """ALIE with the most damaging z against the rule of the situation."""

    def update(self, honest: Array, factor: float) -> Array:
        """The mean moved by `factor` standard deviations."""
        return shifted(honest, factor)


@dataclass(frozen=True)
class OptimisedInnerProduct(_Optimised):
    """IPM with the most damaging epsilon, which may be negative, against the rule of the situation."""

    def update(self, honest: Array, factor: float) -> Array:
        """The mean times -factor."""
        return reversed_mean(honest, factor)


def _known(situation: Situation) -> Aggregate:
    if situation.aggregate is None:
        text = "is missing, must be the rule that the attack is made for"
        raise InvalidInput([Violation("aggregate", "None", text)])
    return situation.aggregate
