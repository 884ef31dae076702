"""What calls are admitted with covers what they hold, and what a stream holds does not grow with it."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.features import Thresholds, extract_features
from mfn_grpc.core.fractals import BoxBase, BoxCountOptions, Estimator, FractalOptions, NullOptions, analyze
from mfn_grpc.core.limits import Faults
from mfn_grpc.core.pieces import finish
from mfn_grpc.v1 import features_pb2 as pb
from mfn_server.features.early_warning import decode_early_warning
from mfn_server.features.frames import FrameStream
from mfn_server.features.memory import analysis_bytes, extraction_bytes
from mfn_server.features.online import OnlineFeatures
from tests.server.fields import Array

EDGE = 512
"""Large enough for what does not grow with the field to be small beside it."""
NOISE = -50.0 + 10.0 * np.random.default_rng(2).normal(size=(EDGE, EDGE))
FIELDS: dict[str, Array] = {
    "noise": NOISE,
    "single precision": NOISE.astype(np.float32),
    "as many clusters as can be": np.where(np.indices((EDGE, EDGE)).sum(axis=0) % 2, -30.0, -70.0),
    "one cluster": np.zeros((EDGE, EDGE)),
    "a row": NOISE.reshape(64, -1),
}


def peak(work: Callable[[], Any]) -> int:
    """Bytes held at most by what the work allocates."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("case", FIELDS)
@pytest.mark.parametrize("steps", [0, 3])
def test_features_fit_what_they_are_admitted_with(case: str, steps: int) -> None:
    field = FIELDS[case]
    array = np.stack([field + step for step in range(steps)]) if steps else field
    assert peak(lambda: finish(extract_features(array, Thresholds()))) <= extraction_bytes(array) - array.nbytes


ANALYSES: dict[str, FractalOptions] = {
    "plain": FractalOptions(),
    "exact": FractalOptions(
        estimators=tuple(Estimator), box_count=BoxCountOptions(BoxBase.TRIADIC, False, True, 1, EDGE)
    ),
    "beside chance": FractalOptions(null_comparison=NullOptions(samples=10)),
    "lacunarity": FractalOptions(lacunarity_box_edges_cells=(1, 7, EDGE // 2)),
    "generalised": FractalOptions(generalized_orders=(-3.0, 0.0, 1.0, 2.0)),
}


@pytest.mark.parametrize("case", ANALYSES)
def test_fractals_fit_what_they_are_admitted_with(case: str) -> None:
    cells, options = NOISE > -50, ANALYSES[case]
    assert peak(lambda: finish(analyze(cells, options))) <= analysis_bytes(cells) - cells.nbytes
    levels = FractalOptions(
        50.0,
        options.estimators,
        options.box_count,
        options.null_comparison,
        options.lacunarity_box_edges_cells,
        options.generalized_orders,
    )
    field = NOISE - NOISE.min()
    assert peak(lambda: finish(analyze(field, levels))) <= analysis_bytes(field) - field.nbytes


def streamed(stream: FrameStream, frames: int) -> int:
    """What a stream of so many frames of both precisions holds at most, the one that arrives included."""

    def run() -> None:
        online = OnlineFeatures(stream)
        for number in range(frames):
            finish(online.take((NOISE + number).astype(np.float32 if number % 2 else np.float64)))
        finish(online.end())

    return peak(run)


def test_a_stream_holds_no_more_the_longer_it_gets() -> None:
    message = pb.EarlyWarningOptions(window_frames=8, surrogates=20, trend_frames=10)
    stream = FrameStream((EDGE, EDGE), Thresholds(), 3, decode_early_warning(message, Faults()))
    short, long = streamed(stream, 12), streamed(stream, 48)
    assert max(short, long) <= stream.bytes_needed
    assert long - short < NOISE.nbytes // 10
