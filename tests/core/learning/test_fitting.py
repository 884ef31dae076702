import math
import warnings

import numpy as np
import pytest
from scipy import stats

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.learning.adam import AdamParameters
from mfn_grpc.core.learning.fitting import Fit, Recipe, fit, standardise, train
from mfn_grpc.core.learning.network import initial_weights, penalised_loss
from mfn_grpc.core.pieces import finish

SAMPLES, FEATURES = 150, 6
LEARNT = 0.2
"""The share of the mean's test loss that has to be saved before anything counts as learnt."""


def noise(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def task(seed: int) -> tuple[Array, Array, Array]:
    """Inputs, targets that follow from two of them but for noise, and every third sample for testing."""
    rng = noise(seed)
    inputs = rng.standard_normal((SAMPLES, FEATURES)) * [1, 1e3, 1e-3, 1, 1, 1] + [0, 5e3, 0, 1, 2, 3]
    targets = inputs[:, 0] + 1e-3 * inputs[:, 1] + 0.2 * rng.standard_normal(SAMPLES)
    return inputs, targets, np.arange(SAMPLES) % 3 == 0


def fitted(inputs: Array, targets: Array, test: Array, seed: int) -> Fit:
    return finish(fit(inputs, targets, test, noise(seed), Recipe()))


class TestStandardising:
    def test_columns_are_scaled_as_scipy_scales_them_by_the_training_rows(self) -> None:
        inputs, _, test = task(0)
        expected = stats.zmap(inputs, inputs[~test])
        assert np.allclose(standardise(inputs, ~test), expected, rtol=0, atol=1e-12)

    def test_the_test_rows_have_no_say(self) -> None:
        inputs, _, test = task(0)
        spoilt = np.where(test[:, None], 1e6, inputs)
        assert np.array_equal(standardise(spoilt, ~test)[~test], standardise(inputs, ~test)[~test])

    def test_what_is_undefined_becomes_the_training_mean(self) -> None:
        column = np.array([[1.0], [3.0], [math.nan], [7.0], [math.nan]])
        training = np.array([True, True, True, False, False])
        # Mean 2 and deviation 1 of the training rows that are defined.
        assert standardise(column, training).ravel().tolist() == [-1, 1, 0, 5, 0]

    def test_columns_without_spread_or_value_in_training_say_nothing(self) -> None:
        training = np.array([True, True, True, False])
        constant, undefined = [0.1, 0.1, 0.1, 9.0], [math.nan, math.nan, math.nan, 4.0]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert not standardise(np.array([constant, undefined]).T, training).any()


class TestTraining:
    def test_a_step_of_training_is_one_of_adam_along_the_whole_gradient(self) -> None:
        inputs, targets, _ = task(1)
        x, y = standardise(inputs, np.ones(SAMPLES, bool)), standardise(targets[:, None], np.ones(SAMPLES, bool))[:, 0]
        start = initial_weights(FEATURES, 4, noise(1))
        recipe = Recipe(units=4, steps=1, adam=AdamParameters(learning_rate=0.01))
        _, gradient = penalised_loss(start, x, y, recipe.decay)
        # The first step of Adam has the length of its rate against the sign of each entry.
        expected = start - 0.01 * np.sign(gradient)
        assert finish(train(start, x, y, recipe)) == pytest.approx(expected, abs=1e-6)

    def test_training_pauses_often_enough_to_be_interrupted(self) -> None:
        inputs, targets, test = task(1)
        assert sum(1 for _ in fit(inputs, targets, test, noise(1), Recipe(steps=400))) == 8

    def test_an_input_far_out_counts_as_one_three_deviations_out(self) -> None:
        inputs, targets, test = task(2)
        mean, deviation = inputs[~test, 3].mean(), inputs[~test, 3].std()
        assert test[0]

        def with_input(deviations: float) -> Fit:
            moved = inputs.copy()
            moved[0, 3] = mean + deviations * deviation
            return fitted(moved, targets, test, 2)

        assert with_input(1e9) == with_input(3 + 1e-9)
        assert with_input(-1e9) == with_input(-3 - 1e-9)
        assert with_input(2.999).test_loss != with_input(3.1).test_loss

    def test_the_penalty_of_a_recipe_wears_down_the_weights_and_leaves_the_biases(self) -> None:
        """Where everything is 0 there is no error, and the penalty alone has a gradient."""
        start = initial_weights(FEATURES, Recipe().units, noise(5))
        start[start == 0] = 0.0
        nothing = np.zeros((SAMPLES, FEATURES)), np.zeros(SAMPLES)
        worn = finish(train(start, *nothing, Recipe()))
        assert np.linalg.norm(worn) < 0.1 * np.linalg.norm(start)
        assert np.array_equal(worn == 0, start == 0)
        assert np.array_equal(finish(train(start, *nothing, Recipe(decay=0.0))), start)


class TestHonesty:
    @pytest.mark.parametrize("seed", range(5))
    def test_a_relation_is_learnt_and_a_shuffled_one_is_not(self, seed: int) -> None:
        inputs, targets, test = task(seed)
        assert fitted(inputs, targets, test, seed).gain > LEARNT
        assert fitted(inputs, noise(seed).permutation(targets), test, seed).gain < LEARNT

    @pytest.mark.parametrize("seed", range(5))
    def test_the_same_sample_on_both_sides_makes_shuffled_targets_learnable(self, seed: int) -> None:
        """The wrong recipe: rows are split instead of what they were measured on."""
        inputs, targets, _ = task(seed)
        shuffled = noise(seed).permutation(targets)
        twice, targets_twice = np.repeat(inputs, 2, axis=0), np.repeat(shuffled, 2)
        owner = np.repeat(np.arange(SAMPLES), 2)
        by_row, by_owner = np.arange(2 * SAMPLES) % 2 == 0, owner % 3 == 0
        assert set(owner[by_row]) & set(owner[~by_row])
        assert fitted(twice, targets_twice, by_row, seed).gain > LEARNT
        assert fitted(twice, targets_twice, by_owner, seed).gain < LEARNT

    def test_the_mean_is_that_of_the_training_targets(self) -> None:
        inputs, targets, test = task(3)
        moved = targets + 4.0 * test
        scale = moved[~test].std()
        found = fitted(inputs, moved, test, 3)
        # The test targets' own mean, which nobody knows before testing, would look far better.
        assert found.mean_loss == pytest.approx(np.mean((moved[test] - moved[~test].mean()) ** 2) / scale**2, rel=1e-12)
        assert found.mean_loss > 3 * np.var(moved[test]) / scale**2

    def test_the_test_targets_do_not_reach_the_weights(self) -> None:
        inputs, targets, test = task(4)
        other = np.where(test, -targets, targets)
        there, back = fitted(inputs, targets, test, 4), fitted(inputs, other, test, 4)
        assert (there.loss_start, there.loss_final) == (back.loss_start, back.loss_final)
        assert there.test_loss != back.test_loss

    def test_a_fit_no_better_than_the_mean_gains_nothing(self) -> None:
        assert Fit(1, 1, test_loss=0.8, mean_loss=0.8).gain == 0
        assert Fit(1, 1, test_loss=0.2, mean_loss=0.8).gain == pytest.approx(0.75, rel=1e-15)
        assert Fit(1, 1, test_loss=1.6, mean_loss=0.8).gain == -1
