"""How the aggregate moves the model."""

from dataclasses import dataclass
from sys import float_info

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter


@dataclass(frozen=True)
class ServerOptimizer:
    """Heavy-ball momentum at the server (FedAvgM: Hsu et al., arXiv:1909.06335): with the defaults plain addition."""

    learning_rate: float = parameter(1.0, float_info.min, 10, "1", "length of a step")
    momentum: float = parameter(0.0, 0, 0.9999, "1", "share of the last velocity that is kept")

    def apply(self, model: Array, aggregate: Array, velocity: Array | None) -> tuple[Array, Array]:
        """The model and the velocity after one step, float64: blocks of one shape in, blocks of that shape out.

        velocity = momentum velocity + aggregate, model += learning_rate velocity. A velocity of None is 0.
        """
        following = aggregate if velocity is None else self.momentum * velocity + aggregate
        return model + self.learning_rate * following, following
