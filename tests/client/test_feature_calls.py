"""Requests about fields: what travels how, and what is refused before it does."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from mfn_client import BoxCountOptions, EarlyWarningOptions, InvalidArgument, NullComparisonOptions, UploadedArray
from mfn_client._feature_calls import FieldCall, analyze_fractal, extract_features, stream_begin
from mfn_client._messages import MESSAGE_BYTES
from mfn_grpc.arrays import from_array
from mfn_grpc.v1 import features_pb2 as pb

FIELD = np.random.default_rng(3).uniform(-90, 10, (5, 7))
LEVELS = (-60.0, -50.0, -40.0)


def fractal(field: Any, threshold: float | None = None, **said: Any) -> FieldCall[Any]:
    arguments = {
        "estimators": (),
        "box_count": None,
        "null_comparison": None,
        "lacunarity_box_edges": (),
        "generalized_orders": (),
    }
    return analyze_fractal(field, threshold, **(arguments | said))


def request_of(call: FieldCall[Any]) -> Any:
    assert call.call.request.ByteSize() <= MESSAGE_BYTES
    return call.call.request


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (np.float64, np.float64),
        (np.float32, np.float32),
        (">f8", np.float64),
        (np.float16, np.float32),
        (np.uint8, np.float32),
        (np.int16, np.float32),
        (np.int64, np.float64),
        (np.uint32, np.float64),
    ],
)
def test_values_travel_as_the_smallest_float_that_holds_their_kind(kind: Any, sent: Any) -> None:
    field = np.array([[1, 100], [3, 7]]).astype(kind)
    found = from_array(request_of(extract_features(field, None)).array)
    assert found.dtype == sent
    np.testing.assert_array_equal(found, np.array([[1, 100], [3, 7]]))


def test_a_history_in_nested_lists_travels_with_its_thresholds() -> None:
    request = request_of(extract_features([[[1.0, 2.0]], [[3.0, 4.0]]], LEVELS))
    assert list(request.array.shape) == [2, 1, 2]
    assert list(request.options.thresholds) == list(LEVELS)
    assert not request_of(extract_features(FIELD, None)).HasField("options")
    array: Any = np.array(LEVELS)
    assert list(request_of(extract_features(FIELD, array)).options.thresholds) == list(LEVELS)


@pytest.mark.parametrize(
    ("field", "word"),
    [
        (FIELD > 0, "dtype bool"),
        (FIELD * 1j, "dtype complex128"),
        ([["a"]], "dtype <U1"),
        ([[1, 2], [3]], "ragged"),
        (None, "dtype object"),
    ],
)
def test_what_is_no_field_of_numbers_is_refused_beside_every_other_fault(field: Any, word: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        extract_features(field, "low")  # type: ignore[arg-type]  # wrong on purpose
    array, thresholds = caught.value.violations
    assert (array.field, thresholds.field) == ("array", "options.thresholds")
    assert word in array.description
    assert "three numbers" in thresholds.description


def test_an_uploaded_array_travels_as_its_reference() -> None:
    kept = UploadedArray("arrays/1", (5, 7), 60)
    assert request_of(extract_features(kept, None)).array_ref == "arrays/1"
    assert request_of(fractal(kept, -50.0)).array_ref == "arrays/1"


def test_what_does_not_fit_is_handed_back_to_be_uploaded_and_then_referred_to() -> None:
    large = np.zeros((1, 725, 725))
    call = extract_features(large, LEVELS)
    assert call.large is large
    request: Any = call.about(UploadedArray("arrays/2", large.shape, 60)).request
    assert (request.array_ref, list(request.options.thresholds)) == ("arrays/2", list(LEVELS))
    assert not request_of(call).WhichOneof("input")
    fits = extract_features(large[:, :700, :700], LEVELS)
    assert fits.large is None
    assert request_of(fits).HasField("array")


def test_a_set_of_cells_is_sent_as_one_bit_of_meaning_a_cell() -> None:
    for cells in (FIELD > 0, (FIELD > 0).astype(np.int64) * 3, (FIELD > 0).tolist()):
        found = from_array(request_of(fractal(cells)).array)
        assert found.dtype == np.bool_
        np.testing.assert_array_equal(found, FIELD > 0)


def test_whole_numbers_with_a_threshold_are_a_field() -> None:
    request = request_of(fractal(np.arange(6).reshape(2, 3), 2.0))
    assert from_array(request.array).dtype == np.float64
    assert request.threshold == 2.0


def test_a_fractal_analysis_says_what_it_was_told_and_no_more() -> None:
    bare = request_of(fractal(FIELD, 0.0))
    assert {field.name for field, _ in bare.ListFields()} == {"array", "threshold"}
    box_count = BoxCountOptions("triadic", False, True, 3, 81, 0.9)
    said = request_of(
        fractal(
            FIELD,
            0.0,
            estimators=["boundary_count", "box_count"],
            box_count=box_count,
            null_comparison=NullComparisonOptions("shuffled", 50, 7),
            lacunarity_box_edges=[1, 2],
            generalized_orders=np.array([-1.0, 0.5]),
        )
    )
    expected = pb.AnalyzeFractalRequest(threshold=0.0, array=said.array)
    expected.estimators.append(pb.FRACTAL_ESTIMATOR_BOUNDARY_COUNT)
    expected.estimators.append(pb.FRACTAL_ESTIMATOR_BOX_COUNT)
    expected.box_count.base, expected.box_count.crop_to_bounding_box = pb.BOX_BASE_TRIADIC, False
    expected.box_count.minimize_over_offsets, expected.box_count.confidence_level = True, 0.9
    expected.box_count.min_box_edge_cells, expected.box_count.max_box_edge_cells = 3, 81
    expected.null_comparison.null_model, expected.null_comparison.samples = pb.NULL_MODEL_SHUFFLED, 50
    expected.null_comparison.seed = 7
    expected.lacunarity_box_edges_cells.extend([1, 2])
    expected.generalized_orders.extend([-1.0, 0.5])
    assert said == expected


def test_a_null_comparison_with_every_default_is_still_asked_for() -> None:
    assert request_of(fractal(FIELD, 0.0, null_comparison=NullComparisonOptions())).HasField("null_comparison")
    assert list(request_of(fractal(FIELD, 0.0, estimators="box_count")).estimators) == [1]


def test_every_fault_of_a_fractal_analysis_is_named() -> None:
    wrong: Any = "many"
    with pytest.raises(InvalidArgument) as caught:
        fractal(
            FIELD * 1j,
            wrong,
            estimators=["box_count", "correlation", 3],
            box_count=BoxCountOptions(base="tetradic", min_box_edge_cells=wrong),
            null_comparison=NullComparisonOptions(null_model="brown", samples=wrong),
            lacunarity_box_edges=[1.5],
            generalized_orders=2.0,
        )
    assert {each.field for each in caught.value.violations} == {
        "array",
        "threshold",
        "estimators[1]",
        "estimators[2]",
        "box_count.base",
        "box_count.min_box_edge_cells",
        "null_comparison.null_model",
        "null_comparison.samples",
        "lacunarity_box_edges_cells",
        "generalized_orders",
    }


def test_faults_are_named_in_the_order_of_the_options_in_every_process() -> None:
    wrong: Any = "x"
    with pytest.raises(InvalidArgument) as caught:
        fractal(FIELD, 0.0, box_count=BoxCountOptions(*[wrong] * 6))
    names = [each.field.removeprefix("box_count.") for each in caught.value.violations]
    assert names == [each.name for each in dataclasses.fields(BoxCountOptions)]


def test_the_beginning_of_a_stream_says_what_it_was_told() -> None:
    options = EarlyWarningOptions(("v_std",), ("variance", "skewness"), 50, 2.5, 10, 9, 40)
    begin = stream_begin(LEVELS, 4, options)
    expected = pb.FeatureStreamBegin(report_stride=4)
    expected.options.thresholds.extend(LEVELS)
    expected.early_warning.features.append("v_std")
    expected.early_warning.indicators.append(pb.EARLY_WARNING_INDICATOR_VARIANCE)
    expected.early_warning.indicators.append(pb.EARLY_WARNING_INDICATOR_SKEWNESS)
    expected.early_warning.window_frames, expected.early_warning.surrogates = 50, 10
    expected.early_warning.detrend_bandwidth_frames, expected.early_warning.seed = 2.5, 9
    expected.early_warning.trend_frames = 40
    assert begin == expected
    assert stream_begin(None, None, None) == pb.FeatureStreamBegin()
    assert stream_begin(None, None, EarlyWarningOptions()).HasField("early_warning")


def test_every_fault_of_a_streams_beginning_is_named() -> None:
    wrong: Any = EarlyWarningOptions(5, 5, "x", "y", 1.5, "z", "w")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(InvalidArgument) as caught:
        stream_begin(5, "often", wrong)  # type: ignore[arg-type]  # wrong on purpose
    names = (
        "features",
        "indicators",
        "window_frames",
        "detrend_bandwidth_frames",
        "surrogates",
        "seed",
        "trend_frames",
    )
    expected = {f"begin.early_warning.{name}" for name in names} | {"begin.options.thresholds", "begin.report_stride"}
    assert {each.field for each in caught.value.violations} == expected
