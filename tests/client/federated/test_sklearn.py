"""The adapter of scikit-learn: handwritten digits, trained through the arrays alone."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

from mfn_client.federated import RoundConfig
from mfn_client.federated.sklearn import Estimator

CONFIG = RoundConfig({}, 1, None, None)  # type: ignore[arg-type]  # the estimators read no model
ESTIMATORS = {
    "linear": SGDClassifier(loss="log_loss", random_state=0),
    "hinge": SGDClassifier(random_state=0),
    "network": MLPClassifier((16,), random_state=0, learning_rate_init=0.01),
}


@pytest.fixture(scope="module")
def digits() -> Any:
    x, y = load_digits(return_X_y=True)
    return x / 16, y


@pytest.fixture(params=list(ESTIMATORS))
def mine(request: pytest.FixtureRequest, digits: Any) -> Estimator:
    x, y = digits
    return Estimator(ESTIMATORS[request.param], x[:1000], y[:1000], classes=range(10), x_test=x[1000:], y_test=y[1000:])


def test_training_through_the_arrays_learns(mine: Estimator) -> None:
    arrays: Any = mine.first_arrays()
    before = mine.evaluate(arrays, CONFIG)[1]["accuracy"]
    for _ in range(8):
        arrays, examples, _ = mine.fit(arrays, CONFIG)
    tested, metrics = mine.evaluate(arrays, CONFIG)
    assert (examples, tested) == (1000, 797)
    assert before < 0.3  # one class in ten by chance
    assert metrics["accuracy"] > 0.7


def test_the_same_arrays_give_the_same_update_whatever_came_before(mine: Estimator) -> None:
    first: Any = mine.first_arrays()
    once, _, _ = mine.fit(first, CONFIG)
    mine.fit(once, CONFIG)
    again, _, _ = mine.fit(first, CONFIG)
    for name, values in once.items():
        np.testing.assert_array_equal(again[name], values)


def test_training_does_not_change_the_arrays_it_was_given(mine: Estimator) -> None:
    arrays: Any = mine.first_arrays()
    before = {name: values.copy() for name, values in arrays.items()}
    mine.fit(arrays, CONFIG)
    for name, values in before.items():
        np.testing.assert_array_equal(arrays[name], values)


def test_linear_estimators_begin_with_zeros_and_networks_with_their_seed(digits: Any) -> None:
    x, y = digits
    linear = Estimator(ESTIMATORS["linear"], x, y, classes=range(10)).first_arrays()
    assert {name: values.shape for name, values in linear.items()} == {"coef_": (10, 64), "intercept_": (10,)}
    assert not any(values.any() for values in linear.values())
    network = Estimator(ESTIMATORS["network"], x, y, classes=range(10)).first_arrays()
    shapes = {"coefs_.0": (64, 16), "coefs_.1": (16, 10), "intercepts_.0": (16,), "intercepts_.1": (10,)}
    assert {name: values.shape for name, values in network.items()} == shapes
    assert all(network[name].any() for name in ("coefs_.0", "coefs_.1"))


def test_loss_is_told_where_there_are_probabilities(mine: Estimator) -> None:
    metrics = mine.evaluate(mine.first_arrays(), CONFIG)[1]
    assert ("loss" in metrics) == hasattr(mine.fitted(mine.first_arrays()), "predict_proba")


def test_a_participant_may_lack_classes(digits: Any) -> None:
    x, y = digits
    some = Estimator(ESTIMATORS["linear"], x[y < 3], y[y < 3], classes=range(10))
    arrays, _, _ = some.fit(some.first_arrays(), CONFIG)
    assert arrays["coef_"].shape == (10, 64)


def test_the_config_may_set_the_epochs(digits: Any) -> None:
    x, y = digits
    once = Estimator(ESTIMATORS["linear"], x, y, classes=range(10))
    twice = Estimator(ESTIMATORS["linear"], x, y, classes=range(10), epochs=2)
    two = RoundConfig({"epochs": 2}, 1, None, None)  # type: ignore[arg-type]  # as above
    by_config, _, _ = once.fit(once.first_arrays(), two)
    by_default, _, _ = twice.fit(twice.first_arrays(), CONFIG)
    np.testing.assert_array_equal(by_config["coef_"], by_default["coef_"])


def test_half_of_a_test_set_is_refused(digits: Any) -> None:
    x, y = digits
    with pytest.raises(ValueError, match="given together"):
        Estimator(ESTIMATORS["linear"], x, y, classes=range(10), x_test=x)


def test_without_scikit_learn_the_remedy_is_told() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import mfn_client.federated.sklearn"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True)
    assert "pip install 'mfn-grpc[sklearn]'" in done.stderr
