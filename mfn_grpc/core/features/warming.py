"""Compiling ahead of time, so that no caller waits for it."""

import numpy as np

from mfn_grpc.core.features.extract import extract_features
from mfn_grpc.core.features.thresholds import Thresholds
from mfn_grpc.core.pieces import finish


def warm_up() -> None:
    """Compile (or load from numba's cache) every kernel behind the features, in both precisions."""
    for dtype in (np.float64, np.float32):
        finish(extract_features(np.arange(-68.0, -4.0).astype(dtype).reshape(2, 4, 8), Thresholds()))
