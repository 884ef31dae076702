"""One federated training with attackers in it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from mfn_grpc.core.aggregation import AggregationFailure, AggregationPolicy, aggregate_arrays
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks import Attack, LabelFlip, Situation
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.robustness.settings import Experiment, LocalTraining
from mfn_grpc.core.robustness.shards import Federation
from mfn_grpc.core.robustness.softmax_regression import accuracy, cohort, initial_model, local_updates

AnyAttack = Attack | LabelFlip
Liars = Callable[[Array, Array, Situation], Array]
"""What attackers send [count, d], from the model, the honest updates and what else they know."""


@dataclass(frozen=True)
class Outcome:
    """What a training came to: accuracy on the test samples, 0 to 1, and how many rounds gave no aggregate."""

    accuracy: float
    skipped_rounds: int


class _Server:
    """The rule with what it remembers: the last aggregate, from which centred clipping starts."""

    def __init__(self, policy: AggregationPolicy, size: int) -> None:
        self._policy, self._last = policy, np.zeros(size)

    def aggregate(self, updates: Array, round_number: int) -> Array:
        """The aggregate [d]; 0, which leaves the model as it is, where the rule gives none."""
        found = self.attempt(updates, round_number)
        return np.zeros(updates.shape[1]) if found is None else found

    def attempt(self, updates: Array, round_number: int) -> Array | None:
        """The aggregate, or None for a round that is skipped."""
        try:
            return aggregate_arrays(updates, self._policy, round_number=round_number, center=self._last)[0]
        except AggregationFailure:
            return None

    def remember(self, aggregate: Array) -> None:
        """Start the next round from this aggregate."""
        self._last = aggregate


def simulate(
    federation: Federation, policy: AggregationPolicy, attack: AnyAttack | None, experiment: Experiment
) -> Pieces[Outcome]:
    """Train with the first `experiment.attackers` clients attacking; with attack None all are honest.

    The attackers see the honest updates before they send theirs, and know the rule, its policy and its state.
    """
    count = 0 if attack is None else experiment.attackers
    liars = _liars(federation, attack, count, experiment.local) if attack is not None and count else None
    honest = cohort(federation.shards[count:], federation.classes, experiment.local)
    model = initial_model(federation.test.inputs.shape[1], federation.classes)
    server, skipped = _Server(policy, model.size), 0
    for round_number in range(1, experiment.rounds + 1):
        updates = local_updates(model, honest, experiment.local)
        yield
        if liars is not None:
            known = Situation(round_number, partial(server.aggregate, round_number=round_number))
            updates = np.concatenate([liars(model, updates, known), updates])
            yield
        found = server.attempt(updates, round_number)
        skipped += found is None
        if found is not None:
            server.remember(found)
            model = model + found.reshape(model.shape)
    return Outcome(accuracy(model, federation.test), skipped)


def _liars(federation: Federation, attack: AnyAttack, count: int, local: LocalTraining) -> Liars:
    """The attackers' side of a training: the first `count` clients."""
    if not isinstance(attack, LabelFlip):
        return lambda _, honest, known: attack(honest, count, known)
    classes = federation.classes
    flipped = [replace(shard, labels=attack.labels(shard.labels, classes)) for shard in federation.shards[:count]]
    trained = cohort(flipped, classes, local)
    return lambda model, _honest, _known: local_updates(model, trained, local)
