"""The 18 features of fields as a transformer of scikit-learn; needs `pip install 'mfn-grpc[sklearn]'`.

from mfn_client.sklearn import FractalFeatures

model = make_pipeline(FractalFeatures(thresholds=(0.1, 0.2, 0.3)), SimpleImputer(keep_empty_features=True), Ridge())
model.fit(fields, targets)              # fields [n, rows, columns]
"""

import os
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mfn_client._client import Client
from mfn_client._embedded import shared_server
from mfn_client._environment import credentials_of_environment, tls_of_environment
from mfn_client._features import FEATURE_NAMES
from mfn_client._tls import Tls

try:
    from sklearn.base import BaseEstimator, TransformerMixin
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "sklearn":
        raise
    missing = "mfn_client.sklearn needs scikit-learn: install it with  pip install 'mfn-grpc[sklearn]'"
    raise ModuleNotFoundError(missing, name="sklearn") from error

__all__ = ["FractalFeatures"]

_AXES = (2, 3)


class FractalFeatures(TransformerMixin, BaseEstimator):
    """Turns fields into their 18 features: [n, rows, columns] into float64 [n, 18], in canonical order.

    A sample is a field [rows, columns] or a history [steps, rows, columns]; samples of several shapes come as a list.
    Values must be finite. Nothing is learnt: `fit` only checks its input, and `transform` may be called without it.

    Undefined features are NaN and stay so, which most estimators refuse. The four features of change (`dv_mean`,
    `dv_max`, `t_stable`, `e_trend`) are NaN for every single field, and `d_box`, `d_r2` and `v_skew` for some: put
    `SimpleImputer(keep_empty_features=True)` behind this (without that setting it drops columns that are NaN
    throughout, with a warning), or an estimator that takes NaN as it is.

    Objects hold no connection, so that they can be cloned, pickled and sent to other processes.

    Args:
        thresholds: Low, medium and high threshold, rising, in the fields' unit. Default: -60, -50, -40, which fit mV.
        server: HOST:PORT. Default: MFN_SERVER of the environment, else one server inside this process, started by the
            first `transform` and shared by all objects; it needs `mfn-grpc[server]`.
        api_key: Sent to a server that is named; to other machines only with `tls`. Default: MFN_API_KEY or MFN_TOKEN of
            the environment, which keep secrets out of pickles and of `repr`.
        tls: As of `Client`. Default: what MFN_TLS, MFN_CA_FILE, MFN_CLIENT_CERT and MFN_CLIENT_KEY say, as for the
            `mfn` command.
    """

    def __init__(
        self,
        thresholds: Sequence[float] | None = None,
        *,
        server: str | None = None,
        api_key: str | None = None,
        tls: Tls | bool | None = None,
    ) -> None:
        self.thresholds = thresholds
        self.server = server
        self.api_key = api_key
        self.tls = tls

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803  # scikit-learn's names
        """Check the fields.

        Raises:
            ValueError: they are no fields of finite numbers.
        """
        _samples(X)
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:  # noqa: N803  # scikit-learn's name
        """The features, float64 [n, 18]; NaN where undefined.

        Raises:
            ValueError: X are no fields of finite numbers.
            RpcError: the server refuses, or is not there.
            NoServer: none is named, and none can run inside this process.
        """
        samples = _samples(X)
        with self._client() as client:
            rows = [client.extract_features(sample, self.thresholds).features.as_array() for sample in samples]
        return np.stack(rows)

    def _client(self) -> Client:
        server = self.server or os.environ.get("MFN_SERVER")
        if server is not None:
            shown = {"api_key": self.api_key} if self.api_key else credentials_of_environment()
            return Client(server, tls=tls_of_environment() if self.tls is None else self.tls, **shown)
        embedded = shared_server("server='HOST:PORT'")
        return Client(embedded.target, api_key=embedded.api_key)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:  # scikit-learn's
        """The names of the 18 columns; those of the input play no part."""
        return np.array(FEATURE_NAMES, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        """Always: there is nothing to learn."""
        return True

    def __sklearn_tags__(self) -> Any:
        """Three axes in, NaN not allowed there, no fit required."""
        tags = super().__sklearn_tags__()  # type: ignore[no-untyped-call]  # scikit-learn ships no annotations
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _samples(X: Any) -> list[NDArray[Any]]:  # noqa: N803  # scikit-learn's name
    """The samples as arrays; ValueError names the first that is none, TypeError sparse matrices."""
    if hasattr(X, "toarray"):
        raise TypeError("X is a sparse matrix; fields must be dense arrays")
    samples = [np.asarray(each) for each in X]
    if not samples:
        raise ValueError("X holds no sample; at least one field [rows, columns] is needed")
    for index, sample in enumerate(samples):
        if fault := _fault(sample):
            raise ValueError(f"X[{index}] {fault}")
    return samples


def _fault(sample: NDArray[Any]) -> str | None:
    """What is wrong with a sample, in words."""
    if sample.ndim not in _AXES:
        return f"has {sample.ndim} axes; a sample is a field [rows, columns] or a history [steps, rows, columns]"
    if sample.dtype.kind not in "iuf":
        return f"is of dtype {sample.dtype}, must be real numbers"
    return None if np.isfinite(sample).all() else "holds NaN or infinity, must be finite"
