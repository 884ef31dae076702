"""A regression network with one hidden layer of tanh units, its loss, and the gradient of the loss by hand.

All weights are one vector, so that an optimiser and a finite difference need not know the layers.
"""

from typing import NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array


class Layers(NamedTuple):
    """The weights as matrices: hidden [features, units], hidden_bias [units], output [units], output_bias [1]."""

    hidden: Array
    hidden_bias: Array
    output: Array
    output_bias: Array


def weight_count(features: int, units: int) -> int:
    """Length of the vector of weights."""
    return (features + 2) * units + 1


def initial_weights(features: int, units: int, rng: np.random.Generator) -> Array:
    """Weights at the start, float64 [weight_count]: Glorot-normal matrices, biases 0.

    Glorot & Bengio, AISTATS 2010, equation 16, with the variance of a normal distribution.
    """
    layers = layers_of(np.zeros(weight_count(features, units)), features)
    layers.hidden[...] = rng.standard_normal((features, units)) * np.sqrt(2 / (features + units))
    layers.output[...] = rng.standard_normal(units) * np.sqrt(2 / (units + 1))
    return _flat(layers)


def layers_of(weights: Array, features: int) -> Layers:
    """Views of a vector of weights as layers."""
    units = (len(weights) - 1) // (features + 2)
    hidden, hidden_bias, output, output_bias = np.split(weights, np.cumsum([features * units, units, units]))
    return Layers(hidden.reshape(features, units), hidden_bias, output, output_bias)


def predict(weights: Array, inputs: Array) -> Array:
    """What the network says of `inputs` [samples, features], float64 [samples]."""
    layers = layers_of(weights, inputs.shape[1])
    return np.asarray(np.tanh(inputs @ layers.hidden + layers.hidden_bias) @ layers.output + layers.output_bias)


def mean_squared_error(predicted: Array, targets: Array) -> float:
    """Mean of the squared differences, both [samples]."""
    return float(np.mean(np.square(predicted - targets)))


def penalised_loss(weights: Array, inputs: Array, targets: Array, decay: float) -> tuple[float, Array]:
    """Mean squared error plus `decay` times the squared matrix weights, and its gradient [weight_count].

    inputs: [samples, features]. targets: [samples]. Biases are not penalised.
    """
    layers = layers_of(weights, inputs.shape[1])
    activity = np.tanh(inputs @ layers.hidden + layers.hidden_bias)
    error = activity @ layers.output + layers.output_bias - targets
    penalty = decay * (np.square(layers.hidden).sum() + np.square(layers.output).sum())
    slope = 2 / len(targets) * error
    back = slope[:, None] * layers.output * (1 - activity * activity)
    gradient = Layers(
        inputs.T @ back + 2 * decay * layers.hidden,
        back.sum(axis=0),
        activity.T @ slope + 2 * decay * layers.output,
        slope.sum(keepdims=True),
    )
    return float(np.mean(np.square(error)) + penalty), _flat(gradient)


def _flat(layers: Layers) -> Array:
    return np.concatenate([np.ravel(layer) for layer in layers])
