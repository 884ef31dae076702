"""The dataclasses of features, fractals and validation against the messages that they stand for."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

import mfn_client
from mfn_client import FEATURE_NAMES, Check, ExtractedFeatures, Features, FractalAnalysis, ValidationReport
from mfn_client._decoding import as_plain, decoded
from mfn_grpc.v1 import features_pb2, types_pb2, validation_pb2
from tests.client.measuring import check, summary

# What the client calls differently than the contract: answers that are returned as they are.
RENAMED = {
    "ExtractedFeatures": "ExtractFeaturesResponse",
    "FeatureReport": "ExtractFeatureStreamResponse",
    "FractalAnalysis": "AnalyzeFractalResponse",
    "ValidationReport": "ValidateResponse",
}
RESULTS = (
    "BoxCount", "BoxCountOptions", "Check", "DimensionEstimate", "EarlyWarning", "EarlyWarningOptions",
    "ExtractedFeatures", "FeatureReport", "Features", "FractalAnalysis", "GeneralizedDimension", "LacunarityPoint",
    "NullComparison", "NullComparisonOptions", "TrainingMetrics", "UndefinedValue", "ValidationReport",
    "ValidationStarted", "ValidationSummary",
)  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_has_the_fields_of_its_message(name: str) -> None:
    message = next(
        found
        for module in (features_pb2, types_pb2, validation_pb2)
        if (found := getattr(module, RENAMED.get(name, name), None)) is not None
    )
    fields = {each.name for each in dataclasses.fields(getattr(mfn_client, name))}
    assert fields == set(message.DESCRIPTOR.fields_by_name)


def test_the_features_are_an_array_in_canonical_order() -> None:
    message = types_pb2.Features(**{name: position + 0.5 for position, name in enumerate(FEATURE_NAMES)})
    found = decoded(Features, message)
    np.testing.assert_array_equal(found.as_array(), np.arange(18) + 0.5)
    assert found.as_array().dtype == np.float64
    assert (found.d_box, found.cluster_size_std) == (0.5, 17.5)
    assert [field.number for field in message.DESCRIPTOR.fields] == list(range(1, 19))
    assert [field.name for field in message.DESCRIPTOR.fields] == list(FEATURE_NAMES)


def test_nested_messages_become_what_the_annotations_name() -> None:
    answer = features_pb2.ExtractFeaturesResponse(features=types_pb2.Features(d_box=math.nan))
    answer.undefined.add(name="d_box", reason="empty")
    found = decoded(ExtractedFeatures, answer)
    assert isinstance(found.features, Features)
    assert math.isnan(found.features.d_box)
    assert [(each.name, each.reason) for each in found.undefined] == [("d_box", "empty")]


def test_enums_become_words_and_absent_values_none() -> None:
    answer = features_pb2.AnalyzeFractalResponse(set_cells=3)
    answer.dimensions.add(estimator="FRACTAL_ESTIMATOR_BOUNDARY_COUNT", verdict="FRACTAL_VERDICT_NO_SCALING")
    answer.dimensions[0].counts.add(box_edge_cells=4)
    (found,) = decoded(FractalAnalysis, answer).dimensions
    assert (found.estimator, found.verdict, found.null_comparison) == ("boundary_count", "no_scaling", None)
    assert found.counts[0].local_dimension is None


def test_a_validation_is_plain_for_json_with_words_for_enums() -> None:
    request = validation_pb2.ValidateRequest(suite="VALIDATION_SUITE_LEARNING", seed=3)
    answer = validation_pb2.ValidateResponse(checks=[check(1, 0)], summary=summary(request))
    plain: Any = as_plain(decoded(ValidationReport, answer))
    assert plain["checks"][0]["relation"] == "at_least"
    assert plain["checks"][0]["suite"] == "physics"
    assert (plain["summary"]["suite"], plain["summary"]["training"]) == ("learning", None)


def test_results_are_frozen() -> None:
    found = decoded(Check, check(0, 0))
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.passed = False  # type: ignore[misc]  # wrong on purpose
