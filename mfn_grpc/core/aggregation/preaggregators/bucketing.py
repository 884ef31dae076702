"""Means of random groups."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.preaggregators.base import LinearMap, Looks, Mixing, PreAggregator
from mfn_grpc.core.aggregation.rules.base import Seen
from mfn_grpc.core.limits import SEED, limited, parameter
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator


@dataclass(frozen=True)
class Bucketing(PreAggregator):
    """Updates are dealt to groups of `size`, anew in every round; their means go on, in the order of first members.

    Karimireddy, He & Jaggi, ICLR 2022, algorithm 1. The last group dealt may be smaller. f stays what it was: each
    faulty update spoils one group at most.
    """

    size: int = parameter(2, 1, 1000, "1", "updates a group", whole=True)
    seed: int = limited(0, SEED)
    looks: ClassVar[Looks] = Looks.NOTHING
    mixes: ClassVar[bool] = True

    def rows(self, n: int) -> int:
        """ceil(n / size)."""
        return -(-n // self.size)

    def updates_for(self, rows: int) -> int:
        """All groups full but the last, which needs one."""
        return (rows - 1) * self.size + 1

    def prepare(self, seen: Seen) -> Pieces[LinearMap]:
        """Deal."""
        yield
        order = generator(self.seed, Stream.BUCKETS, step=seen.round_number).permutation(seen.n)
        dealt = [order[first : first + self.size] for first in range(0, seen.n, self.size)]
        groups = sorted(dealt, key=min)
        numerators, home = np.zeros((len(groups), seen.n)), np.empty(seen.n, np.int64)
        for k, members in enumerate(groups):
            numerators[k, members] = 1.0
            home[members] = k
        notes = tuple(f"averaged in a group of {len(groups[k])}" for k in home)
        return Mixing(numerators, home, notes)
