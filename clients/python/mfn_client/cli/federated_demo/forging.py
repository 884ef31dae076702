"""The attackers' plan: what they send in a round, forged from what they know.

They know everything: the model, every participant's data and so every honest update of the round before it is sent,
and the rule with its policy and its last aggregate.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfn_client.cli.federated_demo.forged import file_of
from mfn_client.cli.federated_demo.lab import Lab

Array = NDArray[Any]


class Forger:
    """Forges the updates of all attackers, round after round, into files that their processes read.

    Args:
        lab: Where attacks and training come from.
        held: Who holds which samples, the attackers' first.
        attack: The attack; None when the attackers behave.
        count: How many attack.
        policy: The rule that they know.
        local: How everybody trains.
        folder: Where the files go.
    """

    def __init__(self, lab: Lab, held: Any, attack: Any, count: int, policy: Any, local: Any, folder: Path) -> None:
        self._lab, self._held, self._attack, self._count = lab, held, attack, count
        self._policy, self._local, self._folder = policy, local, folder

    def forge(self, round_number: int, model: Array, last_aggregate: Array) -> None:
        """Write what the attackers send in a round that begins from `model` [features, classes]."""
        if not self._count:
            return
        path = file_of(self._folder, round_number)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.save(file, self._updates(round_number, model, last_aggregate.ravel()))
        part.replace(path)  # at once: who waits for the file never reads half of it

    def _updates(self, round_number: int, model: Array, center: Array) -> Array:
        own, others = self._held.shards[: self._count], self._held.shards[self._count :]
        if self._attack is None:
            return self._trained(model, own)
        if isinstance(self._attack, self._lab.attacks.LabelFlip):
            return self._trained(model, [self._flipped(shard) for shard in own])

        def aggregate(updates: Array) -> Array:
            try:
                return np.asarray(self._aggregated(updates, round_number, center))
            except self._lab.aggregation.AggregationFailure:
                return np.zeros(updates.shape[1])  # a round that is skipped leaves the model as it is

        known = self._lab.attacks.Situation(round_number, aggregate)
        return np.asarray(self._attack(self._trained(model, others), self._count, known))

    def _aggregated(self, updates: Array, round_number: int, center: Array) -> Any:
        policy = self._policy
        return self._lab.aggregation.aggregate_arrays(updates, policy, round_number=round_number, center=center)[0]

    def _flipped(self, shard: Any) -> Any:
        return self._lab.robustness.Shard(shard.inputs, self._attack.labels(shard.labels, self._held.classes))

    def _trained(self, model: Array, shards: Any) -> Array:
        update = self._lab.robustness.local_update
        return np.stack([update(model, shard, self._local).ravel() for shard in shards])
