import math

import numpy as np
import pytest
from scipy.optimize import minimize

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.learning import AdamParameters, adam_start, adam_step
from mfn_grpc.core.limits import InvalidInput


def follow(gradients: list[list[float]], parameters: AdamParameters) -> Array:
    weights = np.zeros(len(gradients[0]))
    state = adam_start(weights)
    for gradient in gradients:
        weights, state = adam_step(weights, np.array(gradient), state, parameters)
    return weights


def loop_over_algorithm_1(gradients: list[float], p: AdamParameters) -> float:
    """Algorithm 1 of the paper for one weight, line by line."""
    theta, m, v = 0.0, 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        m = p.beta_1 * m + (1 - p.beta_1) * g
        v = p.beta_2 * v + (1 - p.beta_2) * g**2
        m_hat = m / (1 - p.beta_1**t)
        v_hat = v / (1 - p.beta_2**t)
        theta -= p.learning_rate * m_hat / (math.sqrt(v_hat) + p.epsilon)
    return theta


@pytest.mark.parametrize("parameters", [AdamParameters(), AdamParameters(0.1, 0.5, 0.9, 1e-3), AdamParameters(1, 0, 0)])
def test_many_weights_move_as_the_algorithm_moves_each(parameters: AdamParameters) -> None:
    gradients = np.random.default_rng(1).standard_normal((50, 3)) * [1, 1e3, 1e-6]
    expected = [loop_over_algorithm_1(column.tolist(), parameters) for column in gradients.T]
    # Fifty steps of the same operations: rounding alone.
    assert follow(gradients.tolist(), parameters) == pytest.approx(expected, rel=1e-12)


def test_the_first_step_has_the_length_of_the_learning_rate_whatever_the_gradient() -> None:
    # Bias correction makes both moments exact at once: the step is -alpha g / (|g| + epsilon).
    moved = follow([[1e-3, -1.0, 1e6, 0.0]], AdamParameters(learning_rate=0.01))
    assert moved == pytest.approx([-0.01, 0.01, -0.01, 0.0], rel=1e-4)


def test_without_bias_correction_the_first_step_would_be_three_times_as_long() -> None:
    p = AdamParameters()
    uncorrected = p.learning_rate * (1 - p.beta_1) / math.sqrt(1 - p.beta_2)
    (moved,) = follow([[1.0]], p)
    assert uncorrected / abs(moved) == pytest.approx(math.sqrt(10), rel=1e-6)


def test_a_badly_scaled_bowl_is_descended_to_the_minimum_that_scipy_finds() -> None:
    scale, centre = np.array([1.0, 100.0, 1e4]), np.array([3.0, -2.0, 0.5])

    def bowl(weights: Array) -> float:
        return float(np.sum(scale * np.square(weights - centre)))

    weights, parameters = np.zeros(3), AdamParameters(learning_rate=0.05)
    state = adam_start(weights)
    for _ in range(3000):
        weights, state = adam_step(weights, 2 * scale * (weights - centre), state, parameters)
    assert state.steps == 3000
    # Without decay of its steps Adam stays within a fraction of one of them.
    assert weights == pytest.approx(minimize(bowl, np.zeros(3)).x, abs=1e-3)


def test_a_step_changes_none_of_its_arguments() -> None:
    weights, gradient = np.ones(2), np.ones(2)
    _, state = adam_step(weights, gradient, adam_start(weights), AdamParameters())
    kept = state.first_moment.copy(), state.second_moment.copy()
    adam_step(weights, gradient, state, AdamParameters())
    assert weights.tolist() == gradient.tolist() == [1, 1]
    assert (state.first_moment == kept[0]).all()
    assert (state.second_moment == kept[1]).all()


def test_every_parameter_outside_its_range_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        adam_step(np.zeros(1), np.zeros(1), adam_start(np.zeros(1)), AdamParameters(0, 1, math.nan, 0))
    fields = [violation.field for violation in caught.value.violations]
    assert fields == ["learning_rate", "beta_1", "beta_2", "epsilon"]
