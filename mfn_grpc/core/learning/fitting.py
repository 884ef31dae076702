"""Fit a network to some samples and test it on others; what the training side does not hold is not looked at."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.learning.adam import AdamParameters, adam_start, adam_step
from mfn_grpc.core.learning.network import initial_weights, mean_squared_error, penalised_loss, predict
from mfn_grpc.core.pieces import Pieces

# Some features have long tails: an input as far out as this says no more than that it is far out.
FARTHEST_DEVIATIONS = 3.0

_STEPS_A_PIECE = 50


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    The task and these numbers were set while looking at the cycles of seeds 0 to 3. Seeds 0 to 11 then showed one low
    gain, and inputs were clipped at FARTHEST_DEVIATIONS, a bound that was chosen on the cycles of seeds 1000 to 1029.

    units: hidden units. steps: of Adam, each over all training samples. decay: weight penalty.
    """

    units: int = 8
    steps: int = 400
    decay: float = 0.01
    adam: AdamParameters = field(default=AdamParameters(learning_rate=0.01))


class Fit(NamedTuple):
    """Mean squared errors of the standardised target.

    loss_start, loss_final: on the training samples, before and after. test_loss: on the others, after. mean_loss: on
    the others, of a constant, the mean of the training targets.
    """

    loss_start: float
    loss_final: float
    test_loss: float
    mean_loss: float

    @property
    def gain(self) -> float:
        """The share of the mean's test loss that the network saves; negative when it does worse than the mean."""
        return 1 - self.test_loss / self.mean_loss


def standardise(values: Array, training: Array) -> Array:
    """Columns of `values` [n, columns] less their mean over the `training` rows (bool [n]), over their deviation there.

    What is undefined (NaN) becomes 0, the training mean. So does a column that is constant or undefined in all of
    training: nothing can be learnt from it.
    """
    defined = np.isfinite(values)
    known = defined & training[:, None]
    count = np.maximum(1, known.sum(axis=0))
    filled = np.where(defined, values, 0.0)
    mean = np.sum(filled, axis=0, where=known) / count
    centred = np.where(defined, filled - mean, 0.0)
    deviation = np.sqrt(np.sum(np.square(centred), axis=0, where=known) / count)
    # A constant's deviation is not exactly 0, but the rounding of its mean.
    varies = deviation > 1e-9 * np.abs(mean)
    return np.asarray(np.divide(centred, deviation, out=np.zeros_like(centred), where=varies))


def fit(inputs: Array, targets: Array, test: Array, rng: np.random.Generator, recipe: Recipe) -> Pieces[Fit]:
    """Train on the samples that `test` (bool [n]) leaves out, then test on the others.

    inputs: [n, features], NaN where undefined. targets: [n], finite and not all equal.
    """
    training = ~test
    x = np.clip(standardise(inputs, training), -FARTHEST_DEVIATIONS, FARTHEST_DEVIATIONS)
    y = standardise(targets[:, None], training)[:, 0]
    start = initial_weights(x.shape[1], recipe.units, rng)
    weights = yield from train(start, x[training], y[training], recipe)
    return Fit(
        loss_start=mean_squared_error(predict(start, x[training]), y[training]),
        loss_final=mean_squared_error(predict(weights, x[training]), y[training]),
        test_loss=mean_squared_error(predict(weights, x[test]), y[test]),
        mean_loss=mean_squared_error(np.zeros(1), y[test]),
    )


def train(weights: Array, inputs: Array, targets: Array, recipe: Recipe) -> Pieces[Array]:
    """The weights after `recipe.steps` steps of Adam, each along the gradient over all samples."""
    state = adam_start(weights)
    for step in range(recipe.steps):
        _, gradient = penalised_loss(weights, inputs, targets, recipe.decay)
        weights, state = adam_step(weights, gradient, state, recipe.adam)
        if step % _STEPS_A_PIECE == 0:
            yield
    return weights
