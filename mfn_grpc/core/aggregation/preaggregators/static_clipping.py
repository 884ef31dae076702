"""Updates clipped to a stated norm."""

from dataclasses import MISSING, dataclass
from sys import float_info
from typing import ClassVar

from mfn_grpc.core.aggregation.preaggregators.base import LinearMap, Looks, PreAggregator
from mfn_grpc.core.aggregation.preaggregators.clipping import shortened
from mfn_grpc.core.aggregation.rules.base import Seen
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.pieces import Pieces


@dataclass(frozen=True)
class StaticClipping(PreAggregator):
    """Updates longer than a norm are shortened to it."""

    max_norm: float = parameter(MISSING, float_info.min, float_info.max, "1", "norm to which updates are shortened")
    looks: ClassVar[Looks] = Looks.NORMS

    def prepare(self, seen: Seen) -> Pieces[LinearMap]:
        """Compare norms."""
        yield
        return shortened(seen.norms, self.max_norm)
