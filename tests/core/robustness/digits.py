"""Samples to learn from: scikit-learn's handwritten digits, 1797 of 8 x 8 pixels."""

from functools import cache

import numpy as np
from sklearn.datasets import load_digits

from mfn_grpc.core.arrays import Array


@cache
def digits() -> tuple[Array, Array]:
    """Features [1797, 64], 0 to 16, and labels [1797], 0 to 9."""
    features, labels = load_digits(return_X_y=True)
    return np.asarray(features), np.asarray(labels)
