"""Nothing may compile after warm_up."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np

from mfn_grpc.core import features, fractals
from mfn_grpc.core.features import FeatureStream, Thresholds, extract_features, warm_up
from mfn_grpc.core.pieces import finish
from tests.core.features.oracles import walk


def compiled() -> Iterator[tuple[str, Any]]:
    """Every compiled signature of the kernels of features and fractals."""
    for package in (features, fractals):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, found in vars(importlib.import_module(module.name)).items():
                for signature in getattr(found, "signatures", ()):
                    yield f"{module.name}.{name}", signature


def test_after_warming_up_nothing_is_compiled_whatever_the_array() -> None:
    warm_up()
    before = set(compiled())
    assert {name.rpartition(".")[2] for name, _ in before} >= {"survey", "add_powers", "watch_rows", "watch_step"}
    for dtype in (np.float64, np.float32):
        history = walk((33, 20), 3).astype(dtype)
        history[-1, :, 3] = -30.0
        for array in (
            history,
            history[:, ::2, 1:],
            history.swapaxes(1, 2),
            history[0],
            history[:1],
            history[:, :1, :1],
        ):
            for constant in (array, np.full_like(array, -30.0), np.full_like(array, -70.0)):
                constant.flags.writeable = False
                finish(extract_features(constant, Thresholds()))
        stream = FeatureStream((33, 20), Thresholds())
        for field in (history[0], history[1].astype(np.float64), history[2]):
            stream.add(field)
        finish(stream.measure())
    assert set(compiled()) == before
