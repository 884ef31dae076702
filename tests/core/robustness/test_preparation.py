import numpy as np
import pytest

from mfn_grpc.core.robustness import Preparation, PreparationOptions

RNG = np.random.default_rng(4)
FEATURES = RNG.normal(size=(300, 6)) * [5.0, 3.0, 2.0, 1.0, 0.5, 0.1] + 7.0


def test_inputs_are_centred_of_mean_squared_length_1_and_uncorrelated() -> None:
    inputs = Preparation.of(FEATURES, PreparationOptions(products=3, axes=8)).apply(FEATURES)
    covariance = inputs.T @ inputs / len(inputs)
    # Roundoff of sums of 300 numbers below 1.
    assert inputs.mean(axis=0) == pytest.approx(np.zeros(8), abs=1e-12)
    assert np.trace(covariance) == pytest.approx(1.0, rel=1e-12)
    assert covariance - np.diag(np.diag(covariance)) == pytest.approx(np.zeros((8, 8)), abs=1e-12)


def test_without_products_an_axis_keeps_the_share_that_the_ridge_leaves_it() -> None:
    ridge = 0.05
    inputs = Preparation.of(FEATURES, PreparationOptions(products=0, axes=6, ridge=ridge)).apply(FEATURES)
    variances = np.linalg.eigvalsh(np.cov(FEATURES.T, bias=True))[::-1]
    expected = variances / (variances + ridge * variances[0])
    assert inputs.var(axis=0) == pytest.approx(expected / expected.sum(), rel=1e-10)


def test_inputs_are_those_of_a_plain_loop_over_components_and_their_products() -> None:
    gain, ridge = 1.5, 0.1
    found = Preparation.of(FEATURES, PreparationOptions(2, gain, 9, ridge)).apply(FEATURES)
    centred = FEATURES - FEATURES.mean(axis=0)
    centred /= np.sqrt(np.mean(np.sum(centred**2, axis=1)))
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    a, b = centred @ axes[0], centred @ axes[1]
    expanded = np.column_stack([centred, gain * a * a, gain * a * b, gain * b * b])
    expanded -= expanded.mean(axis=0)
    _, values, directions = np.linalg.svd(expanded, full_matrices=False)
    variances = values**2 / len(FEATURES)
    whitened = expanded @ directions.T / np.sqrt(variances + ridge * variances[0])
    whitened /= np.sqrt(np.mean(np.sum(whitened**2, axis=1)))
    # Axes are known up to their sign: inner products between samples are not.
    assert found @ found.T == pytest.approx(whitened @ whitened.T, abs=1e-11)


@pytest.mark.parametrize("products", [0, 3, 200])
def test_features_in_other_units_become_the_same_inputs(products: int) -> None:
    options = PreparationOptions(products=products)
    one = Preparation.of(FEATURES, options).apply(FEATURES)
    other = Preparation.of(1000 * FEATURES - 5, options).apply(1000 * FEATURES - 5)
    # Scaling rounds once; eigenvectors of nearly equal variances turn, inner products do not.
    assert one @ one.T == pytest.approx(other @ other.T, abs=1e-9)


def test_other_samples_are_prepared_by_the_constants_of_the_first() -> None:
    prepared = Preparation.of(FEATURES, PreparationOptions(products=3))
    # Products of matrices of another size may add in another order.
    assert prepared.apply(FEATURES[:7]) == pytest.approx(prepared.apply(FEATURES)[:7], abs=1e-13)


def test_no_more_axes_are_made_than_asked_for_or_there_are() -> None:
    assert Preparation.of(FEATURES, PreparationOptions(products=2, axes=4)).apply(FEATURES).shape == (300, 4)
    assert Preparation.of(FEATURES, PreparationOptions(products=2, axes=99)).apply(FEATURES).shape == (300, 6 + 3)
