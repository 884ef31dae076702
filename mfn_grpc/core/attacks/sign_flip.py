"""Sign flipping: away from where the honest go."""

from dataclasses import dataclass

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks.base import Attack, Situation, repeated


@dataclass(frozen=True)
class SignFlip(Attack):
    """All attackers send the honest mean with its sign changed (after Li 2019, where each its own)."""

    def forge(self, honest: Array, count: int, situation: Situation) -> Array:
        """The mean with its sign changed, from all of them."""
        return repeated(-honest.mean(axis=0), count)
