"""Features of fields that come one by one."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from mfn_grpc.core.features import FeatureStream, Thresholds, extract_features
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import finish
from tests.core.features.oracles import CHANGES, Precision, all_but_dimensions, assert_features, assert_same_bits, walk

LOW = Thresholds(-65.0, -55.0, -45.0)


def faulty_fields(call: Callable[[], object]) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        call()
    return [violation.field for violation in caught.value.violations]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (12, 31)])
def test_after_every_frame_the_features_are_those_of_the_history_so_far(
    shape: tuple[int, int], dtype: Precision
) -> None:
    fields = walk(shape, 25, quiet_after=12).astype(dtype)
    stream = FeatureStream(shape, LOW)
    for count, field in enumerate(fields, start=1):
        stream.add(field)
        assert stream.frames == count
        found = finish(stream.measure())
        assert_same_bits(found, finish(extract_features(fields[:count], LOW)))
        assert_features(found, all_but_dimensions(fields[:count], LOW))


def test_measuring_in_between_leaves_no_trace() -> None:
    fields = walk((9, 9), 20)
    asked, silent = FeatureStream((9, 9), LOW), FeatureStream((9, 9), LOW)
    for field in fields:
        asked.add(field)
        finish(asked.measure())
        silent.add(field)
    assert_same_bits(finish(asked.measure()), finish(silent.measure()))


def test_the_caller_may_reuse_one_buffer_for_all_frames() -> None:
    fields = walk((6, 7), 10)
    stream, buffer = FeatureStream((6, 7), LOW), np.empty((6, 7))
    for field in fields:
        buffer[...] = field
        stream.add(buffer)
        buffer[...] = 0.0
    assert_same_bits(finish(stream.measure()), finish(extract_features(fields, LOW)))


def test_one_frame_has_no_change() -> None:
    stream = FeatureStream((3, 4), Thresholds())
    stream.add(np.full((3, 4), -70.0))
    undefined = {undefined.name: undefined.reason for undefined in finish(stream.measure()).undefined}
    assert {undefined[name] for name in CHANGES} == {"there is one field only, and so no change"}


def test_without_a_frame_there_is_nothing_to_measure() -> None:
    with pytest.raises(ValueError, match="no field was added"):
        FeatureStream((3, 4), Thresholds()).measure()


def peak_bytes(frames: int, edge: int) -> int:
    """The most memory that a stream of so many frames held at once, its caller's frame included."""
    frame = np.random.default_rng(0).normal(-52, 8, (edge, edge))
    tracemalloc.start()
    stream = FeatureStream((edge, edge), Thresholds())
    for i in range(frames):
        np.negative(frame, out=frame) if i % 2 else frame.sort(axis=0)
        stream.add(frame)
    finish(stream.measure())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_number_of_frames() -> None:
    edge = 256
    peak_bytes(2, edge)  # what is imported and cached at first use
    few, many = peak_bytes(4, edge), peak_bytes(80, edge)
    assert many < few + edge * edge  # an eighth of a field: what the interpreter itself keeps now and then
    assert many < 4 * edge * edge * 8


@pytest.mark.parametrize(
    ("shape", "thresholds", "faulty"),
    [
        ((0, 4097), Thresholds(), ["shape[0]", "shape[1]"]),
        ((4,), Thresholds(), ["shape"]),
        ((2, 4, 4), Thresholds(), ["shape"]),
        ((-1, 5), Thresholds(3, 2, 4), ["shape[0]", "options.thresholds[1]"]),
    ],
)
def test_a_stream_of_impossible_fields_is_refused(
    shape: tuple[int, ...], thresholds: Thresholds, faulty: list[str]
) -> None:
    assert faulty_fields(lambda: FeatureStream(shape, thresholds)) == faulty


def test_a_frame_that_does_not_fit_is_refused_and_leaves_no_trace() -> None:
    fields = walk((5, 6), 6)
    stream = FeatureStream((5, 6), LOW)
    broken = fields[3].copy()
    broken[2, 1] = np.nan
    other = np.zeros((6, 5), int)
    for field in fields:
        assert faulty_fields(lambda: stream.add(broken)) == ["part.data"]
        assert faulty_fields(lambda: stream.add(other)) == [
            "part.header.element_type",
            "part.header.shape",
        ]
        stream.add(field)
    assert_same_bits(finish(stream.measure()), finish(extract_features(fields, LOW)))
