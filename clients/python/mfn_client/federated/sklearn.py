"""Estimators of scikit-learn in a federation; needs `pip install 'mfn-grpc[sklearn]'`.

    from mfn_client.federated import participate
    from mfn_client.federated.sklearn import Estimator

    mine = Estimator(SGDClassifier(loss="log_loss", random_state=0), x, y, classes=range(10))
    client.upload_model("digits", mine.first_arrays())          # once, by whoever creates the federation
    result = participate(server, "digits", mine.fit, mine.evaluate, name="alice", key="alice.pem")

Works with estimators that have `partial_fit` and keep what they learn in `coef_` and `intercept_` (SGDClassifier) or in
`coefs_` and `intercepts_` (MLPClassifier).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfn_client.federated._results import RoundConfig

try:
    from sklearn.base import clone
    from sklearn.metrics import accuracy_score, log_loss
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "sklearn":
        raise
    missing = "mfn_client.federated.sklearn needs scikit-learn: install it with  pip install 'mfn-grpc[sklearn]'"
    raise ModuleNotFoundError(missing, name="sklearn") from error

__all__ = ["Estimator"]

Arrays = Mapping[str, NDArray[Any]]
_NETWORK = ("coefs_", "intercepts_")
_LINEAR = ("coef_", "intercept_")


class Estimator:
    """A classifier and this participant's data, as `fit` and `evaluate` of `participate`.

    Every round trains a fresh clone, so that nothing but the arrays goes from one round to the next: with a
    `random_state`, the same model gives the same update.

    Args:
        model: The estimator with its settings; it is never trained itself.
        x: Samples to train on, [n, features].
        y: Their classes, [n].
        classes: All classes that any participant may have, in one order for all.
        x_test: Samples to evaluate on. Default: those to train on.
        y_test: Their classes.
        epochs: Passes over the samples in each round; the federation's config overrides it by an entry "epochs".
    """

    def __init__(
        self,
        model: Any,
        x: ArrayLike,
        y: ArrayLike,
        *,
        classes: Sequence[Any] | NDArray[Any],
        x_test: ArrayLike | None = None,
        y_test: ArrayLike | None = None,
        epochs: int = 1,
    ) -> None:
        self._model, self._classes, self._epochs = model, np.asarray(list(classes)), epochs
        self._x, self._y = np.asarray(x), np.asarray(y)
        if (x_test is None) != (y_test is None):
            raise ValueError("x_test and y_test must be given together")
        self._x_test = self._x if x_test is None else np.asarray(x_test)
        self._y_test = self._y if y_test is None else np.asarray(y_test)

    def first_arrays(self) -> dict[str, NDArray[Any]]:
        """A model to begin with: zeros for linear estimators, what the estimator's own seed gives for networks."""
        arrays = _arrays_of(self._begun())
        return arrays if _NETWORK[0] in next(iter(arrays)) else {n: np.zeros_like(a) for n, a in arrays.items()}

    def fit(self, arrays: Arrays, config: RoundConfig) -> tuple[Arrays, int, Mapping[str, float]]:
        """Train on this participant's samples, beginning with the arrays."""
        model = self.fitted(arrays)
        for _ in range(int(config.get("epochs", self._epochs))):
            model.partial_fit(self._x, self._y)
        return _arrays_of(model), len(self._x), self._metrics(model, self._x, self._y)

    def evaluate(self, arrays: Arrays, _config: RoundConfig) -> tuple[int, Mapping[str, float]]:
        """The "accuracy" of the arrays, and their log "loss" where the estimator has probabilities."""
        return len(self._x_test), self._metrics(self.fitted(arrays), self._x_test, self._y_test)

    def fitted(self, arrays: Arrays) -> Any:
        """A clone of the estimator that predicts with the arrays."""
        model = self._begun()
        _load(model, arrays)
        return model

    def _begun(self) -> Any:
        """A clone that knows its classes and shapes, as though it had never seen a sample."""
        model = clone(self._model)
        model.partial_fit(self._x[:1], self._y[:1], classes=self._classes)
        if hasattr(model, "_optimizer"):  # a network's: it is made anew, without the first sample's momentum
            del model._optimizer  # noqa: SLF001  # scikit-learn offers no other way
        return model

    def _metrics(self, model: Any, x: NDArray[Any], y: NDArray[Any]) -> dict[str, float]:
        metrics = {"accuracy": float(accuracy_score(y, model.predict(x)))}
        if hasattr(model, "predict_proba"):
            metrics["loss"] = float(log_loss(y, model.predict_proba(x), labels=self._classes))
        return metrics


def _arrays_of(model: Any) -> dict[str, NDArray[Any]]:
    if hasattr(model, _NETWORK[0]):
        layers = {name: getattr(model, name) for name in _NETWORK}
        return {f"{name}.{i}": np.array(layer) for name, found in layers.items() for i, layer in enumerate(found)}
    return {name: np.array(getattr(model, name)) for name in _LINEAR}


def _load(model: Any, arrays: Arrays) -> None:
    if hasattr(model, _NETWORK[0]):
        for name in _NETWORK:
            own = getattr(model, name)
            setattr(model, name, [np.array(arrays[f"{name}.{i}"], own[i].dtype) for i in range(len(own))])
        return
    for name in _LINEAR:
        setattr(model, name, np.array(arrays[name], getattr(model, name).dtype))
