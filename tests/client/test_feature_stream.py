"""Features while a history comes into being, on both faces, against a made-up back end."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest

from mfn_client import (
    AsyncClient,
    Client,
    EarlyWarningOptions,
    FeatureReport,
    InvalidArgument,
    StreamCorrupted,
    Unavailable,
)
from mfn_client._feature_calls import stream_begin
from mfn_client._feature_stream import FeatureStream, FeatureStreamState
from mfn_grpc.v1 import features_pb2 as pb
from tests.client.backend import Seen
from tests.client.faces import Face
from tests.client.fakes import FakeCall, serving

HISTORY = np.random.default_rng(8).uniform(-90, 10, (7, 5, 6))


async def arriving(frames: Any) -> AsyncIterator[Any]:
    for frame in frames:
        await asyncio.sleep(0)
        yield frame


def test_every_frame_is_reported_with_the_features_of_the_history_so_far(call: Face) -> None:
    reports = call("feature_stream", HISTORY)
    assert [report.frame for report in reports] == list(range(7))
    for report in reports:
        assert report.features.v_max == HISTORY[report.frame].max()
    # The same mean over the same numbers, in another order of additions.
    assert reports[-1].features.dv_mean == pytest.approx(np.abs(np.diff(HISTORY, axis=0)).mean(), rel=1e-13)
    assert math.isnan(reports[0].features.dv_mean)
    assert [each.name for each in reports[0].undefined] == ["d_box", "dv_mean"]
    assert reports[0].early_warnings == ()


def test_reports_come_at_the_stride_and_after_the_last_frame(call: Face, seen: Seen) -> None:
    reports = call("feature_stream", (frame.astype(np.float32) for frame in HISTORY), (1, 2, 3), report_stride=3)
    assert [report.frame for report in reports] == [2, 5, 6]
    (begin,) = seen.begins
    assert (list(begin.shape), list(begin.options.thresholds)) == ([5, 6], [1, 2, 3])


def test_early_warnings_come_when_they_are_asked_for(call: Face) -> None:
    options = EarlyWarningOptions(features=("v_std",), window_frames=7)
    reports = call("feature_stream", HISTORY, early_warning=options)
    assert not any(report.early_warnings for report in reports[:-1])
    variance, skewness = reports[-1].early_warnings
    assert (variance.feature, variance.indicator, variance.value) == ("v_std", "variance", 0.5)
    assert (variance.kendall_tau, variance.p_value) == (None, None)
    assert (skewness.kendall_tau, skewness.p_value) == (0.25, 0.1)


async def test_frames_may_come_from_an_asynchronous_iterator(target: str) -> None:
    async with AsyncClient(target) as client:
        reports = [report async for report in client.feature_stream(arriving(HISTORY))]
    assert [report.frame for report in reports] == list(range(7))


def test_frames_larger_than_a_part_arrive_whole(call: Face) -> None:
    large = np.random.default_rng(4).standard_normal((2, 300, 300))
    reports = call("feature_stream", large)
    assert [report.features.v_min for report in reports] == [frame.min() for frame in large]


@pytest.mark.parametrize(
    ("frames", "path", "word"),
    [
        ([], "frames", "at least one frame"),
        ([HISTORY[0], HISTORY[1][:4]], "frames[1]", "of shape [4, 6], must be [5, 6]"),
        ([HISTORY[0], HISTORY[1], HISTORY], "frames[2]", "has 3 axes"),
        ([HISTORY[0] > 0], "frames[0]", "dtype bool"),
        ([np.array(3.0)], "frames[0]", "has 0 axes"),
    ],
)
def test_a_frame_that_does_not_fit_is_told_where_reports_are_read(
    call: Face, frames: Any, path: str, word: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call("feature_stream", frames)
    (violation,) = caught.value.violations
    assert violation.field == path
    assert word in violation.description


def test_an_error_in_the_callers_iterator_is_the_callers_own(call: Face) -> None:
    def breaking() -> Iterator[Any]:
        yield HISTORY[0]
        raise LookupError("the camera is gone")

    with pytest.raises(LookupError, match="the camera is gone"):
        call("feature_stream", breaking())


async def test_an_error_in_an_asynchronous_iterator_is_as_well(target: str) -> None:
    async def breaking() -> AsyncIterator[Any]:
        yield HISTORY[0]
        raise LookupError("the camera is gone")

    async with AsyncClient(target) as client:
        with pytest.raises(LookupError, match="the camera is gone"):
            async for _ in client.feature_stream(breaking()):
                pass


def test_faults_of_the_options_are_told_before_the_call_is_opened(call: Face, seen: Seen) -> None:
    with pytest.raises(InvalidArgument):
        call("feature_stream", HISTORY, "low")
    assert seen.metadata == []


def test_a_server_that_forgets_the_last_frame_is_not_trusted(call: Face, seen: Seen) -> None:
    seen.forgets_the_last = True
    with pytest.raises(StreamCorrupted, match="7 frames were sent, but the last report is of frame 5"):
        call("feature_stream", HISTORY, report_stride=2)


def test_reports_that_go_backwards_are_not_trusted() -> None:
    state = FeatureStreamState(stream_begin(None, None, None), HISTORY, None)
    reports = [pb.ExtractFeatureStreamResponse(frame=frame) for frame in (1, 1)]
    stream = FeatureStream(state, lambda requests, seconds: FakeCall(iter(reports)))
    assert next(stream).frame == 1
    with pytest.raises(StreamCorrupted, match="frame 1 came after one of 1"):
        next(stream)


def endless() -> Iterator[Any]:
    while True:
        yield HISTORY[0]


def test_leaving_the_loop_stops_the_server(target: str, seen: Seen) -> None:
    with Client(target) as client:
        for report in client.feature_stream(endless()):
            assert isinstance(report, FeatureReport)
            break
        assert seen.cancelled.wait(30)


async def test_leaving_the_asynchronous_loop_stops_the_server(target: str, seen: Seen) -> None:
    async with AsyncClient(target) as client:
        async for report in client.feature_stream(arriving(endless())):
            assert report.frame == 0
            break
        assert await asyncio.to_thread(seen.cancelled.wait, 30)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with serving() as target:
        pass
    with Client(target) as client, pytest.raises(Unavailable):
        list(client.feature_stream(HISTORY))
