"""Every update mixed with its neighbours."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.ordering import nearest_first
from mfn_grpc.core.aggregation.preaggregators.base import LinearMap, Looks, Mixing, PreAggregator
from mfn_grpc.core.aggregation.rules.base import Seen
from mfn_grpc.core.pieces import Pieces


@dataclass(frozen=True)
class NearestNeighborMixing(PreAggregator):
    """Every update becomes the mean of its n - f nearest, itself among them; of equally near ones the first.

    NNM: Allouah et al., AISTATS 2023, algorithm 2.
    """

    looks: ClassVar[Looks] = Looks.DISTANCES
    mixes: ClassVar[bool] = True

    def prepare(self, seen: Seen) -> Pieces[LinearMap]:
        """Find the neighbours."""
        nearest = (yield from nearest_first(seen.geometry.between))[:, : seen.n - seen.f - 1]
        # Itself, even before one that equals it.
        numerators = np.eye(seen.n)
        np.put_along_axis(numerators, nearest, 1.0, axis=1)
        among = numerators.sum(axis=0).astype(int)
        notes = tuple(f"among the {seen.n - seen.f} nearest of {count} of {seen.n}" for count in among)
        return Mixing(numerators, np.arange(seen.n), notes)
