"""Federations whose participants train the same whenever and however often they are asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfn_client import (
    AggregationPolicy,
    CenteredClipping,
    Client,
    EvaluationPolicy,
    FederationPolicy,
    ServerOptimizer,
)
from mfn_client.federated import generate_key, public_key, save_key

Arrays = dict[str, NDArray[Any]]
LONG_S = 3600.0
"""A deadline beyond all outages."""


@dataclass(frozen=True)
class Plan:
    """A federation: its name, its participants, the length of its model, and how it works beside that."""

    name: str
    participants: tuple[str, ...]
    elements: int
    policy: Mapping[str, Any]

    def policy_of(self, rounds: int) -> FederationPolicy:
        """Rounds that wait for everyone, however long it takes."""
        given: dict[str, Any] = {
            "min_participants": len(self.participants),
            "max_rounds": rounds,
            "round_deadline_seconds": LONG_S,
        }
        return FederationPolicy(**(given | dict(self.policy)))

    def first_model(self) -> Arrays:
        """Two tensors of different types."""
        rng = np.random.default_rng(self.elements)
        weights = rng.standard_normal((2, self.elements // 2)).astype(np.float32)
        return {"weights": weights, "bias": rng.standard_normal(7)}

    def found(self, client: Client, keys: Path, rounds: int) -> None:
        """Create the federation, enrol everyone and write their keys; it still waits for its model."""
        client.create_federation(self.name, self.policy_of(rounds))
        for participant in self.participants:
            key = generate_key()
            save_key(key, keys / f"{participant}.pem")
            client.enrol_participant(self.name, participant, public_key(key))


EVALUATED = EvaluationPolicy(deadline_seconds=LONG_S)
PLAIN = Plan("plain", ("ada", "bob", "cid", "dot", "eve"), 150_000, {})
"""The default rule."""
STATEFUL = Plan(
    "stateful",
    ("fay", "gil", "hal"),
    40_000,
    {
        "aggregation": AggregationPolicy(rule=CenteredClipping(radius=1.0), f=0),
        "server_optimizer": ServerOptimizer(momentum=0.5, learning_rate=0.5),
        "update_element_type": "int8",
        "evaluation": EVALUATED,
    },
)
"""Keeps a velocity and a centre beside its models, manifests beside its updates, and is evaluated."""


def trained(participant: str, round_number: int, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Halfway to a goal of the participant's and the round's own."""
    rng = np.random.default_rng([*participant.encode(), round_number])
    goals = {name: rng.standard_normal(array.shape).astype(array.dtype) for name, array in sorted(arrays.items())}
    return {name: array + (goals[name] - array) / 2 for name, array in arrays.items()}


def measured(participant: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """A loss that depends on all of the model."""
    return {"loss": float(sum(np.abs(array).mean(dtype=np.float64) for array in arrays.values())) + len(participant)}
