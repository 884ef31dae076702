"""Samples ready to train on: a test set that nobody holds, and the shards of the clients."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import SEED, Violation, refuse
from mfn_grpc.core.randomness import Stream, generator
from mfn_grpc.core.robustness.preparation import Preparation
from mfn_grpc.core.robustness.settings import Experiment
from mfn_grpc.core.robustness.splitting import split


@dataclass(frozen=True)
class Shard:
    """Samples of one holder: inputs, float64 [samples, p], and labels, int64 [samples], 0 to classes - 1."""

    inputs: Array
    labels: Array


@dataclass(frozen=True)
class Federation:
    """Who holds what. classes: how many there are over all."""

    shards: tuple[Shard, ...]
    test: Shard
    classes: int


def federation(features: ArrayLike, labels: ArrayLike, experiment: Experiment, seed: int) -> Federation:
    """Deal samples to a test set and to clients, prepared by the moments of all that is not test.

    features: [samples, p], finite. labels: whole numbers from 0 on, each of at least two samples. Raises InvalidInput
    naming every fault.
    """
    inputs, targets = np.asarray(features), np.asarray(labels)
    refuse([*experiment.violations(), *_violations(inputs, targets, seed)])
    order = generator(seed, Stream.TEST_SAMPLES).permutation(len(targets))
    tested, kept = np.split(order, [max(1, round(experiment.test_share * len(targets)))])
    prepared = Preparation.of(inputs[kept].astype(np.float64), experiment.preparation)

    def shard(rows: Array) -> Shard:
        return Shard(prepared.apply(inputs[rows].astype(np.float64)), targets[rows].astype(np.int64))

    parts = split(targets[kept], experiment.clients, experiment.alpha, seed)
    return Federation(tuple(shard(kept[part]) for part in parts), shard(tested), int(targets.max()) + 1)


def _violations(features: Array, labels: Array, seed: int) -> list[Violation]:
    faults = [fault for fault in (SEED.violation("seed", seed),) if fault]
    if features.ndim != 2 or 0 in features.shape or features.dtype.kind not in "iuf" or not np.isfinite(features).all():
        shown = f"{features.dtype}{list(features.shape)}"
        faults.append(Violation("features", shown, f"are {shown}, must be finite numbers [samples, features]"))
    elif not np.ptp(features, axis=0).any():
        faults.append(Violation("features", "constant", "are all equal, must tell samples apart"))
    if labels.ndim != 1 or labels.shape[:1] != features.shape[:1] or labels.dtype.kind not in "iu":
        shown = f"{labels.dtype}{list(labels.shape)}"
        faults.append(Violation("labels", shown, f"are {shown}, must be one whole number a sample"))
    elif labels.min() < 0 or np.bincount(labels).min() < 2:
        text = "must be 0, 1, ... without gaps, each of at least two samples"
        faults.append(Violation("labels", f"{labels.min()} to {labels.max()}", text))
    return faults
