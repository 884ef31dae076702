"""Softmax regression by many clients at once, each from the same weights on samples of its own.

A client's samples are rows of one matrix over all clients, so that what is done sample by sample is done once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.robustness.settings import LocalTraining
from mfn_grpc.core.robustness.shards import Shard


@dataclass(frozen=True)
class Cohort:
    """Clients that train side by side: the samples of client k are rows spans[k] of inputs [samples, p].

    targets: one-hot over the number of samples of their client, [samples, classes]. weights: its reciprocal
    [samples, 1]. offsets: what the logits are raised by while training [samples, classes], -inf for classes that the
    client does not have.
    """

    inputs: Array
    targets: Array
    weights: Array
    offsets: Array
    spans: tuple[slice, ...]


def cohort(shards: Sequence[Shard], classes: int, local: LocalTraining) -> Cohort:
    """Bring clients together; each has at least one sample."""
    sizes = np.array([len(shard.labels) for shard in shards])
    ends = np.cumsum(sizes)
    labels = np.concatenate([shard.labels for shard in shards])
    shares = np.array([np.bincount(shard.labels, minlength=classes) / len(shard.labels) for shard in shards])
    offsets = np.full(shares.shape, -np.inf)
    offsets[shares > 0] = local.prior_strength * np.log(shares[shares > 0])
    weights = np.repeat(1 / sizes, sizes)[:, None]
    return Cohort(
        inputs=np.concatenate([shard.inputs for shard in shards]),
        targets=np.eye(classes)[labels] * weights,
        weights=weights,
        offsets=np.repeat(offsets, sizes, axis=0),
        spans=tuple(slice(end - size, end) for end, size in zip(ends, sizes, strict=True)),
    )


def local_updates(model: Array, cohort: Cohort, local: LocalTraining) -> Array:
    """The trained weights minus `model` [p, classes], flat, for each client: [clients, p classes]."""
    trained = np.repeat(model[None], len(cohort.spans), axis=0)
    logits = np.empty_like(cohort.offsets)
    parts = [(weights, cohort.inputs[span], span) for weights, span in zip(trained, cohort.spans, strict=True)]
    for _ in range(local.steps):
        for weights, inputs, span in parts:
            np.matmul(inputs, weights, out=logits[span])
        logits += cohort.offsets
        residual = _probabilities(logits) * cohort.weights - cohort.targets
        for weights, inputs, span in parts:
            np.subtract(weights, local.learning_rate * (inputs.T @ residual[span]), out=weights)
    return (trained - model).reshape(len(trained), -1)


def local_update(model: Array, shard: Shard, local: LocalTraining) -> Array:
    """What one client adds to `model` [p, classes] by training on its shard: [p, classes]."""
    update = local_updates(model, cohort([shard], model.shape[1], local), local)
    return np.asarray(update.reshape(model.shape))


def initial_model(federation_inputs: int, classes: int) -> Array:
    """The weights at the start [p, classes]: 0, where all classes are equally likely."""
    return np.zeros((federation_inputs, classes))


def accuracy(model: Array, shard: Shard) -> float:
    """Share of a shard's samples whose largest logit is that of their label."""
    return float(np.mean(np.argmax(shard.inputs @ model, axis=1) == shard.labels))


def _probabilities(logits: Array) -> Array:
    """Softmax of each row; -inf gives 0. Overwrites what it is given."""
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits
