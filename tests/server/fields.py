"""Fields and histories that tests send, what the core makes of them, and plain numpy to compare both with."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from scipy import ndimage, stats

from mfn_grpc.arrays import split_parts
from mfn_grpc.core.features import Measured, Thresholds, extract_features
from mfn_grpc.core.pieces import finish
from mfn_grpc.v1 import features_pb2 as pb
from mfn_grpc.v1 import simulation_pb2, types_pb2
from tests.server.calling import METHODS, Wire, path_of

Array = np.ndarray[Any, np.dtype[Any]]
NAMES = tuple(field.name for field in types_pb2.Features.DESCRIPTOR.fields)


def field(seed: int = 1, shape: tuple[int, ...] = (24, 30), dtype: Any = np.float64) -> Array:
    """Potentials in mV, smooth enough to have clusters at every threshold."""
    noise = np.random.default_rng(seed).normal(size=shape)
    smooth = ndimage.gaussian_filter(noise, 1.5, mode="wrap", axes=(-2, -1))
    return np.asarray(-50.0 + 12.0 * smooth / smooth.std(), dtype)


def history(steps: int = 12, **options: Any) -> Array:
    """Fields one step apart, [steps, rows, cols]."""
    return np.stack([field(seed, **options) for seed in range(steps)])


def measured(array: Array, thresholds: Thresholds | None = None) -> Measured:
    """What the core makes of a field or a history."""
    return finish(extract_features(array, thresholds or Thresholds()))


def values(features: types_pb2.Features) -> tuple[float, ...]:
    """The 18 numbers of a message, in canonical order."""
    return tuple(getattr(features, name) for name in NAMES)


def same(found: types_pb2.Features, expected: types_pb2.Features) -> bool:
    """Whether all 18 have the same bits."""
    return np.array(values(found)).tobytes() == np.array(values(expected)).tobytes()


def equals(found: types_pb2.Features, expected: Measured) -> bool:
    """Whether a message holds these features, bit for bit."""
    return np.array(values(found)).tobytes() == expected.features.as_array().tobytes()


def by_hand(array: Array, low: float = -60.0, medium: float = -50.0, high: float = -40.0) -> dict[str, float]:
    """All features but those of the fit and of stability, by numpy and scipy alone."""
    fields = np.asarray(array, np.float64).reshape(-1, *array.shape[-2:])
    last, changes = fields[-1], np.abs(np.diff(fields, axis=0))
    labels, count = ndimage.label(last > medium)
    sizes = np.bincount(labels.ravel())[1:]
    found = {
        "v_min": last.min(),
        "v_max": last.max(),
        "v_mean": last.mean(),
        "v_std": last.std(),
        "v_skew": stats.skew(last, axis=None),
        "v_kurt": stats.kurtosis(last, axis=None),
        "f_active": np.mean(last > medium),
        "n_clusters_low": ndimage.label(last > low)[1],
        "n_clusters_med": count,
        "n_clusters_high": ndimage.label(last > high)[1],
        "max_cluster_size": sizes.max(initial=0) if count else math.nan,
        "cluster_size_std": sizes.std() if count else math.nan,
    }
    if len(changes):
        energies = np.square(fields).mean(axis=(1, 2))
        found["dv_mean"], found["dv_max"] = changes.mean(), changes.max()
        found["e_trend"] = np.polyfit(np.arange(len(energies)), energies, 1)[0]
    return {name: float(value) for name, value in found.items()}


def frame_parts(array: Array) -> list[types_pb2.ArrayPart]:
    """One frame in its parts."""
    return list(split_parts("", array))


def stream_messages(
    frames: Iterable[Array], shape: Any = None, **begin: Any
) -> Iterator[pb.ExtractFeatureStreamRequest]:
    """A stream of these frames; its shape is that of the first unless another is given."""
    all_frames = list(frames)
    given = all_frames[0].shape if shape is None else shape
    yield pb.ExtractFeatureStreamRequest(begin=pb.FeatureStreamBegin(shape=given, **begin))
    for frame in all_frames:
        for part in frame_parts(frame):
            yield pb.ExtractFeatureStreamRequest(part=part)


def answers(wire: Wire, messages: Iterable[pb.ExtractFeatureStreamRequest]) -> list[pb.ExtractFeatureStreamResponse]:
    """What a server answers to a whole stream."""
    raw = [message.SerializeToString() for message in messages]
    path = path_of(METHODS["ExtractFeatureStream"])
    return [pb.ExtractFeatureStreamResponse.FromString(answer) for answer in wire.open(path, raw)]


def uploaded(wire: Wire, array: Array) -> str:
    """The reference to an array after uploading it."""
    parts = (simulation_pb2.UploadArrayRequest(part=part) for part in split_parts("", array))
    (raw,) = wire.open(path_of(METHODS["UploadArray"]), [part.SerializeToString() for part in parts])
    return simulation_pb2.UploadArrayResponse.FromString(raw).array_ref
