import numpy as np
import pytest
from scipy.optimize import approx_fprime

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.learning.network import (
    initial_weights,
    layers_of,
    mean_squared_error,
    penalised_loss,
    predict,
    weight_count,
)

FEATURES, UNITS, SAMPLES = 4, 3, 7


def case(seed: int) -> tuple[Array, Array, Array]:
    """Weights, inputs and targets with nothing at 0."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal(weight_count(FEATURES, UNITS))
    return weights, rng.standard_normal((SAMPLES, FEATURES)), rng.standard_normal(SAMPLES)


def loop_predict(weights: Array, inputs: Array) -> list[float]:
    layers = layers_of(weights, FEATURES)
    predicted = []
    for sample in inputs:
        total = float(layers.output_bias[0])
        for unit in range(UNITS):
            drive = layers.hidden_bias[unit] + sum(sample[f] * layers.hidden[f, unit] for f in range(FEATURES))
            total += float(layers.output[unit] * np.tanh(drive))
        predicted.append(total)
    return predicted


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("decay", [0.0, 0.01, 3.0])
def test_the_gradient_is_that_of_finite_differences(seed: int, decay: float) -> None:
    weights, inputs, targets = case(seed)
    _, gradient = penalised_loss(weights, inputs, targets, decay)
    step = 1e-6
    for i in range(len(weights)):
        aside = np.zeros_like(weights)
        aside[i] = step
        above, below = (penalised_loss(weights + sign * aside, inputs, targets, decay)[0] for sign in (1, -1))
        # Central differences: step^2 of truncation, 1e-16 / step of rounding, on losses near 10.
        assert gradient[i] == pytest.approx((above - below) / (2 * step), rel=1e-7, abs=1e-8)


def test_the_gradient_is_that_of_scipy() -> None:
    weights, inputs, targets = case(9)
    _, gradient = penalised_loss(weights, inputs, targets, 0.01)

    def loss(at: Array) -> float:
        return penalised_loss(at, inputs, targets, 0.01)[0]

    differences = approx_fprime(weights, loss, 1e-7)
    # Forward differences: an error of the order of their step times the curvature.
    assert np.allclose(gradient, differences, rtol=1e-4, atol=1e-5)


def test_a_gradient_without_the_slope_of_tanh_would_not_pass() -> None:
    weights, inputs, targets = case(9)
    layers = layers_of(weights, FEATURES)
    error = predict(weights, inputs) - targets
    wrong = inputs.T @ (2 / SAMPLES * error[:, None] * layers.output)
    right = layers_of(penalised_loss(weights, inputs, targets, 0.0)[1], FEATURES).hidden
    assert np.abs(wrong - right).max() > 0.1


def test_predictions_agree_with_a_loop_over_units() -> None:
    weights, inputs, _ = case(2)
    assert predict(weights, inputs) == pytest.approx(loop_predict(weights, inputs), rel=1e-13)


def test_the_loss_is_the_mean_square_and_the_penalty_of_the_matrices_alone() -> None:
    weights, inputs, targets = case(3)
    layers = layers_of(weights, FEATURES)
    error = mean_squared_error(predict(weights, inputs), targets)
    squares = sum(float(w) ** 2 for w in [*layers.hidden.flat, *layers.output])
    assert penalised_loss(weights, inputs, targets, 0.0)[0] == pytest.approx(error, rel=1e-14)
    assert penalised_loss(weights, inputs, targets, 0.5)[0] == pytest.approx(error + 0.5 * squares, rel=1e-14)


def test_layers_are_views_that_cover_every_weight_once() -> None:
    weights = np.zeros(weight_count(FEATURES, UNITS))
    for layer in layers_of(weights, FEATURES):
        np.add(layer, 1, out=layer)
    assert (weights == 1).all()


def test_initial_weights_have_the_spread_of_their_layer_and_no_bias() -> None:
    layers = layers_of(initial_weights(300, 200, np.random.default_rng(4)), 300)
    # Standard errors: 1 / sqrt(2 n) of 60,000 and of 200 weights; four of them.
    assert layers.hidden.std() == pytest.approx(np.sqrt(2 / 500), rel=4 / np.sqrt(2 * 60_000))
    assert layers.output.std() == pytest.approx(np.sqrt(2 / 201), rel=4 / np.sqrt(2 * 200))
    assert not layers.hidden_bias.any()
    assert not layers.output_bias.any()
