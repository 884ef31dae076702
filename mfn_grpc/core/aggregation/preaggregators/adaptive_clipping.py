"""Updates clipped to a norm that they give themselves."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.preaggregators.base import LinearMap, Looks, PreAggregator
from mfn_grpc.core.aggregation.preaggregators.clipping import shortened
from mfn_grpc.core.aggregation.rules.base import Seen
from mfn_grpc.core.pieces import Pieces


@dataclass(frozen=True)
class AdaptiveClipping(PreAggregator):
    """The k = floor(2 (f / n) (n - f)) longest updates are shortened to the norm of the next one.

    ARC: Allouah et al., arXiv:2405.14432, algorithm 2.
    """

    looks: ClassVar[Looks] = Looks.NORMS

    def prepare(self, seen: Seen) -> Pieces[LinearMap]:
        """Sort the norms."""
        yield
        norms, clipped = seen.norms, 2 * seen.f * (seen.n - seen.f) // seen.n
        return shortened(norms, float(np.sort(norms)[seen.n - 1 - clipped]))
