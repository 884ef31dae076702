"""ExtractFeatureStream: frames in, features and early warnings out, with nothing kept but the last frame."""

import math
from collections.abc import Iterable
from typing import Any

import grpc
import numpy as np
import pytest
from scipy import stats

from mfn_grpc.arrays import PART_BYTES
from mfn_grpc.core.dynamics.early_warning import EarlyWarningMonitor, EarlyWarningOptions, Indicator
from mfn_grpc.core.pieces import finish
from mfn_grpc.v1 import features_pb2 as pb
from mfn_grpc.v1 import types_pb2
from tests.server.calling import Refusal, Wire
from tests.server.fields import Array, answers, equals, field, frame_parts, history, measured, same, stream_messages

INVALID = grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"
OFFSET = grpc.StatusCode.INVALID_ARGUMENT, "OFFSET_MISMATCH"
UNEXPECTED = grpc.StatusCode.INVALID_ARGUMENT, "UNEXPECTED_MESSAGE"
LARGE = history(3, shape=(300, 260))
"""Three parts a frame."""


def refusal(wire: Wire, messages: Iterable[pb.ExtractFeatureStreamRequest]) -> Refusal:
    return wire.refusal("ExtractFeatureStream", *messages)


def part(message: types_pb2.ArrayPart) -> pb.ExtractFeatureStreamRequest:
    return pb.ExtractFeatureStreamRequest(part=message)


class TestAnswers:
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_after_every_frame_the_features_are_those_of_the_history_so_far(self, wire: Wire, dtype: Any) -> None:
        frames = history(9).astype(dtype)
        found = answers(wire, stream_messages(frames))
        assert [answer.frame for answer in found] == list(range(9))
        for answer in found:
            expected = measured(frames[: answer.frame + 1])
            assert equals(answer.features, expected), answer.frame
            assert [each.name for each in answer.undefined] == [each.name for each in expected.undefined]
            assert all(each.reason for each in answer.undefined)

    @pytest.mark.parametrize(
        ("stride", "told"), [(1, [0, 1, 2, 3, 4, 5, 6]), (3, [2, 5, 6]), (7, [6]), (100, [6]), (1_000_000, [6])]
    )
    def test_with_a_stride_every_so_manieth_frame_is_answered_and_the_last(
        self, wire: Wire, stride: int, told: list[int]
    ) -> None:
        frames = history(7)
        found = answers(wire, stream_messages(frames, report_stride=stride))
        assert [answer.frame for answer in found] == told
        assert equals(found[-1].features, measured(frames))

    def test_frames_of_several_parts_and_of_both_precisions_make_one_history(self, wire: Wire) -> None:
        frames = [LARGE[0], LARGE[1].astype(np.float32), LARGE[2]]
        assert len(frame_parts(frames[0])) > 1
        found = answers(wire, stream_messages(frames))
        assert equals(found[-1].features, measured(np.stack([frame.astype(np.float64) for frame in frames])))

    def test_thresholds_are_those_of_the_first_message(self, wire: Wire) -> None:
        options = types_pb2.FeatureOptions(thresholds=[-52.0, -51.0, -30.0])
        (answer,) = answers(wire, stream_messages([field()], options=options))
        assert answer.features.f_active == np.mean(field() > -51.0)

    def test_a_stream_of_no_frames_is_answered_by_nothing(self, wire: Wire) -> None:
        assert answers(wire, stream_messages([], shape=(4, 4))) == []

    def test_a_stream_of_one_frame_has_no_features_of_change(self, wire: Wire) -> None:
        (answer,) = answers(wire, stream_messages([field()]))
        assert {each.name for each in answer.undefined} == {"dv_mean", "dv_max", "t_stable", "e_trend"}
        assert math.isnan(answer.features.dv_mean)

    def test_one_cell_is_a_frame(self, wire: Wire) -> None:
        found = answers(wire, stream_messages([np.array([[-50.0]]), np.array([[-30.0]])]))
        assert found[-1].features.dv_max == 20.0


class TestEarlyWarnings:
    OPTIONS = pb.EarlyWarningOptions(
        features=["v_mean", "v_std"],
        indicators=[pb.EARLY_WARNING_INDICATOR_VARIANCE, pb.EARLY_WARNING_INDICATOR_LAG1_AUTOCORRELATION],
        window_frames=10,
        surrogates=20,
        seed=5,
        trend_frames=12,
    )

    def frames(self, count: int) -> Array:
        noise = np.random.default_rng(3).normal(size=count)
        return np.stack([field(0, shape=(6, 6)) + (1 + 0.2 * i) * noise[i] for i in range(count)])

    def test_they_come_once_the_window_is_full_and_are_those_of_the_core(self, wire: Wire) -> None:
        frames = self.frames(25)
        found = answers(wire, stream_messages(frames, early_warning=self.OPTIONS))
        monitor = EarlyWarningMonitor(
            EarlyWarningOptions(
                features=("v_mean", "v_std"),
                indicators=(Indicator.VARIANCE, Indicator.LAG1_AUTOCORRELATION),
                window_frames=10,
                surrogates=20,
                seed=5,
                trend_frames=12,
            )
        )
        for i, answer in enumerate(found):
            monitor.add(measured(frames[: i + 1]).features)
            expected = finish(monitor.report())
            assert len(answer.early_warnings) == len(expected) == (4 if i >= 9 else 0)
            for one, other in zip(answer.early_warnings, expected, strict=True):
                assert (one.feature, one.value) == (other.feature, other.value)
                assert pb.EarlyWarningIndicator.Name(one.indicator).endswith(other.indicator.name)
                assert (one.kendall_tau if one.HasField("kendall_tau") else None) == other.kendall_tau
                assert (one.p_value if one.HasField("p_value") else None) == other.p_value

    def test_a_growing_variance_is_told_by_the_trend_of_the_variance(self, wire: Wire) -> None:
        frames = self.frames(25)
        answer = answers(wire, stream_messages(frames, early_warning=self.OPTIONS, report_stride=100))[-1]
        means = frames.mean(axis=(1, 2))
        variances = [means[i - 9 : i + 1].var(ddof=1) for i in range(9, 25)]
        warning = answer.early_warnings[0]
        assert (warning.feature, warning.indicator) == ("v_mean", pb.EARLY_WARNING_INDICATOR_VARIANCE)
        assert warning.value == pytest.approx(variances[-1], rel=0.12)  # divided by 10 or by 9
        tau = stats.kendalltau(range(12), variances[-12:]).statistic
        assert warning.kendall_tau == pytest.approx(tau, abs=1e-12)
        assert 0 <= warning.p_value <= 1

    def test_the_stride_of_the_answers_does_not_change_them(self, wire: Wire) -> None:
        frames = self.frames(25)
        every = answers(wire, stream_messages(frames, early_warning=self.OPTIONS))
        some = answers(wire, stream_messages(frames, early_warning=self.OPTIONS, report_stride=8))
        assert [answer.frame for answer in some] == [7, 15, 23, 24]
        for answer in some:
            assert answer == every[answer.frame] or same(answer.features, every[answer.frame].features)
            assert list(answer.early_warnings) == list(every[answer.frame].early_warnings)

    def test_without_options_v_mean_is_watched_by_all_indicators(self, wire: Wire) -> None:
        options = pb.EarlyWarningOptions(window_frames=8, surrogates=0)
        answer = answers(wire, stream_messages(self.frames(20), early_warning=options, report_stride=100))[-1]
        assert [(each.feature, each.indicator) for each in answer.early_warnings] == [("v_mean", i) for i in (1, 2, 3)]
        assert not any(each.HasField("p_value") for each in answer.early_warnings)
        assert all(each.HasField("kendall_tau") for each in answer.early_warnings)

    def test_a_constant_stream_has_undefined_indicators_with_reasons(self, wire: Wire) -> None:
        options = pb.EarlyWarningOptions(window_frames=8)
        answer = answers(wire, stream_messages([field()] * 20, early_warning=options, report_stride=100))[-1]
        for warning in answer.early_warnings:
            assert math.isnan(warning.value) == bool(warning.undefined_reason)
        assert any(warning.undefined_reason for warning in answer.early_warnings)

    def test_not_asked_for_there_are_none(self, wire: Wire) -> None:
        assert not any(answer.early_warnings for answer in answers(wire, stream_messages(self.frames(20))))


BAD_BEGINNINGS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no shape": ({"shape": []}, {"begin.shape"}),
    "one axis": ({"shape": [4]}, {"begin.shape"}),
    "three axes": ({"shape": [4, 4, 4]}, {"begin.shape"}),
    "a hundred thousand axes": ({"shape": [1] * 100_000}, {"begin.shape"}),
    "no cells": ({"shape": [0, -3]}, {"begin.shape[0]", "begin.shape[1]"}),
    "too large": ({"shape": [4097, 2**62]}, {"begin.shape[0]", "begin.shape[1]"}),
    "a stride of 0": ({"report_stride": 0}, {"begin.report_stride"}),
    "a stride beyond a million": ({"report_stride": 1_000_001}, {"begin.report_stride"}),
    "a species": ({"options": types_pb2.FeatureOptions(species="u")}, {"begin.options.species"}),
    "falling thresholds": (
        {"options": types_pb2.FeatureOptions(thresholds=[1, 0, 2])},
        {"begin.options.thresholds[1]"},
    ),
    "a feature that there is not": (
        {"early_warning": pb.EarlyWarningOptions(features=["v_mean", "v_median"])},
        {"begin.early_warning.features[1]"},
    ),
    "a feature twice": (
        {"early_warning": pb.EarlyWarningOptions(features=["v_mean", "v_mean"])},
        {"begin.early_warning.features"},
    ),
    "a million features": (
        {"early_warning": pb.EarlyWarningOptions(features=["x"] * 100_000)},
        {"begin.early_warning.features", *(f"begin.early_warning.features[{i}]" for i in range(18))},
    ),
    "an indicator that is not stated": (
        {"early_warning": pb.EarlyWarningOptions(indicators=[pb.EARLY_WARNING_INDICATOR_UNSPECIFIED])},
        {"begin.early_warning.indicators[0]"},
    ),
    "an unknown indicator": (
        {"early_warning": pb.EarlyWarningOptions(indicators=[9])},  # type: ignore[list-item]  # on purpose
        {"begin.early_warning.indicators[0]"},
    ),
    "a window of 7": (
        {"early_warning": pb.EarlyWarningOptions(window_frames=7)},
        {"begin.early_warning.window_frames"},
    ),
    "a NaN bandwidth and a negative seed": (
        {"early_warning": pb.EarlyWarningOptions(detrend_bandwidth_frames=math.nan, seed=-1)},
        {"begin.early_warning.detrend_bandwidth_frames", "begin.early_warning.seed"},
    ),
    "more work than a report may be": (
        {"early_warning": pb.EarlyWarningOptions(surrogates=10_000, trend_frames=10_000, window_frames=10_000)},
        {"begin.early_warning.surrogates"},
    ),
    "everything at once": (
        {
            "shape": [5000, 4],
            "report_stride": -1,
            "options": types_pb2.FeatureOptions(thresholds=[1]),
            "early_warning": pb.EarlyWarningOptions(trend_frames=9),
        },
        {
            "begin.shape[0]",
            "begin.report_stride",
            "begin.options.thresholds",
            "begin.early_warning.trend_frames",
        },
    ),
}


@pytest.mark.parametrize("case", BAD_BEGINNINGS)
def test_a_bad_beginning_is_refused_with_all_its_faults(wire: Wire, case: str) -> None:
    fields, expected = BAD_BEGINNINGS[case]
    found = refusal(wire, [pb.ExtractFeatureStreamRequest(begin=pb.FeatureStreamBegin(**{"shape": [4, 4]} | fields))])
    assert (found.code, found.reason) == INVALID
    assert set(found.violations) - {"..."} <= expected
    assert "..." in found.violations or set(found.violations) == expected


class TestOrder:
    def test_a_stream_without_a_message_is_refused(self, wire: Wire) -> None:
        found = refusal(wire, [])
        assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MISSING_REQUEST")

    @pytest.mark.parametrize(
        "first", [pb.ExtractFeatureStreamRequest(), part(frame_parts(field())[0])], ids=["nothing", "a part"]
    )
    def test_a_stream_that_begins_with_anything_but_its_beginning_is_refused(
        self, wire: Wire, first: pb.ExtractFeatureStreamRequest
    ) -> None:
        found = refusal(wire, [first])
        assert (found.code, found.reason) == UNEXPECTED

    @pytest.mark.parametrize("after", [1, 2, 3, 5])
    def test_a_second_beginning_is_refused_wherever_it_comes(self, wire: Wire, after: int) -> None:
        messages = list(stream_messages(LARGE))
        found = refusal(wire, [*messages[:after], messages[0], *messages[after:]])
        assert (found.code, found.reason) == UNEXPECTED

    def test_a_message_without_content_is_refused(self, wire: Wire) -> None:
        found = refusal(wire, [*stream_messages([field()]), pb.ExtractFeatureStreamRequest()])
        assert (found.code, found.reason) == UNEXPECTED

    @pytest.mark.parametrize("count", [2, 3, 5, 6])
    def test_a_stream_that_ends_within_a_frame_is_refused(self, wire: Wire, count: int) -> None:
        found = refusal(wire, list(stream_messages(LARGE))[:count])
        assert (found.code, found.reason) == INVALID
        assert f"frame {(count - 2) // 3}" in found.violations["part"]

    def test_parts_in_another_order_are_refused(self, wire: Wire) -> None:
        begin, one, two, three, *_ = stream_messages(LARGE)
        found = refusal(wire, [begin, one, three, two])
        assert (found.code, found.reason) == OFFSET
        assert found.metadata == {"expected_offset": str(PART_BYTES)}
        assert set(found.violations) == {"part.offset"}
        assert "header" in str(refusal(wire, [begin, two]).violations)


def bent(name: str) -> types_pb2.ArrayPart:
    """The first part of a frame with a fault of this name."""
    message = frame_parts(LARGE[0])[0]
    if name == "damaged":
        message.data = b"\1" + message.data[1:]
    elif name == "no header":
        message.ClearField("header")
    elif name == "another total":
        message.total_bytes += 8
    elif name == "an enormous total":
        message.total_bytes = 2**60
    elif name == "another offset":
        message.offset = 8
    elif name == "a name of 3 MB":
        message.header.name = "x" * 3_000_000
    elif name == "empty":
        message.data = b""
        message.crc32c = 0
    return message


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ("damaged", "part.crc32c"),
        ("no header", "part.header"),
        ("another total", "part.total_bytes"),
        ("an enormous total", "part.total_bytes"),
        ("another offset", "part.offset"),
        ("empty", "part.data"),
        ("a name of 3 MB", "part.header.name"),
    ],
)
def test_a_damaged_part_is_refused_with_the_field_that_is_wrong(wire: Wire, fault: str, field: str) -> None:
    begin = next(iter(stream_messages(LARGE)))
    found = refusal(wire, [begin, part(bent(fault))])
    assert (found.code, found.reason) == (OFFSET if fault == "another offset" else INVALID)
    assert set(found.violations) == {field}


@pytest.mark.parametrize(
    ("frame", "fields"),
    [
        (np.zeros((4, 5)), {"part.header.shape"}),
        (np.zeros((2, 4, 4)), {"part.header.shape"}),
        (np.zeros(16), {"part.header.shape"}),
        (np.zeros((4, 4), np.float16), {"part.header.element_type"}),
        (np.zeros((4, 4), np.bool_), {"part.header.element_type"}),
        (np.zeros((3, 4), np.uint8), {"part.header.element_type", "part.header.shape"}),
        (np.full((4, 4), np.nan), {"part.data"}),
        (np.full((4, 4), -np.inf, np.float32), {"part.data"}),
    ],
    ids=["columns", "an axis more", "flat", "float16", "bool", "bytes of other rows", "not a number", "infinite"],
)
def test_a_frame_that_does_not_fit_is_refused_by_its_number(wire: Wire, frame: Array, fields: set[str]) -> None:
    found = refusal(wire, stream_messages([np.zeros((4, 4)), np.ones((4, 4)), frame]))
    assert (found.code, found.reason) == INVALID
    assert set(found.violations) == fields
    assert all("(frame 2)" in text for text in found.violations.values())


def test_a_quantised_frame_is_refused(wire: Wire) -> None:
    messages = list(stream_messages([np.zeros((4, 4))]))
    messages[1].part.header.scale = 0.5
    assert set(refusal(wire, messages).violations) == {"part.header.scale"}
