"""The training of the demo, as a participant writes it.

Copy this file and change what it learns; then

    SAMPLES=mine.npz mfn participate softmax:fit --federation digits --name alice --key alice.pem --server HOST:PORT

SAMPLES names an .npz archive of this participant's own "inputs" [samples, features] and "labels" [samples], whole
numbers from 0. The federation's model is one array, "weights" [features, classes]; its config holds how long and how
fast to train. `--evaluate softmax:evaluate` measures models too.
"""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLES = "SAMPLES"
Array = NDArray[Any]
Config = Mapping[str, Any]


def fit(arrays: dict[str, Array], config: Config) -> tuple[dict[str, Array], int, dict[str, float]]:
    """Softmax regression by full-batch gradient steps on this participant's samples.

    A participant sees some digits often and others never. `prior_strength` raises the odds of those that it has by
    their shares while it trains, so that it does not teach the model that what it lacks does not exist (Menon 2021).
    """
    inputs, labels = _samples()
    weights = arrays["weights"]
    targets = np.eye(weights.shape[1])[labels]
    shares = targets.mean(axis=0)
    prior = np.full(len(shares), -np.inf)
    prior[shares > 0] = float(config["prior_strength"]) * np.log(shares[shares > 0])
    for _ in range(int(config["steps"])):
        residual = _probabilities(inputs @ weights + prior) - targets
        weights = weights - float(config["learning_rate"]) / len(labels) * (inputs.T @ residual)
    return {"weights": weights}, len(labels), {"accuracy": _accuracy(weights, inputs, labels)}


def evaluate(arrays: dict[str, Array], _config: Config) -> tuple[int, dict[str, float]]:
    """The model's accuracy on this participant's samples, 0 to 1."""
    inputs, labels = _samples()
    return len(labels), {"accuracy": _accuracy(arrays["weights"], inputs, labels)}


def _samples() -> tuple[Array, Array]:
    with np.load(os.environ[SAMPLES]) as archive:
        return archive["inputs"], archive["labels"]


def _accuracy(weights: Array, inputs: Array, labels: Array) -> float:
    return float(np.mean(np.argmax(inputs @ weights, axis=1) == labels))


def _probabilities(logits: Array) -> Array:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
