"""ExtractFeatures: the 18 features of an array, as the core and plain numpy have them, and every way to refuse it."""

import math
import re
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.arrays import to_array
from mfn_grpc.core.features import FEATURE_NAMES, Thresholds
from mfn_grpc.v1 import features_pb2 as pb
from mfn_grpc.v1 import types_pb2
from tests.server.calling import Refusal, Wire
from tests.server.fields import Array, by_hand, equals, field, history, measured, uploaded, values

INVALID = grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"
NAN, INF = math.nan, math.inf
ROUNDOFF = 1e-10
"""Sums of a few hundred doubles in another order; moments lose a digit or two more."""


def extract(wire: Wire, array: Array, **options: Any) -> pb.ExtractFeaturesResponse:
    answer: pb.ExtractFeaturesResponse = wire.answer(
        "ExtractFeatures", pb.ExtractFeaturesRequest(array=to_array(array), **options)
    )
    return answer


def refusal(wire: Wire, **fields: Any) -> Refusal:
    return wire.refusal("ExtractFeatures", pb.ExtractFeaturesRequest(**fields))


def reasons(answer: pb.ExtractFeaturesResponse) -> dict[str, str]:
    return {each.name: each.reason for each in answer.undefined}


def test_the_message_has_the_18_features_in_canonical_order() -> None:
    assert tuple(each.name for each in types_pb2.Features.DESCRIPTOR.fields) == FEATURE_NAMES
    assert [each.number for each in types_pb2.Features.DESCRIPTOR.fields] == list(range(1, 19))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("array", [field(), history(), history(1), field(shape=(1, 40))], ids=str)
def test_features_are_those_of_the_core_bit_for_bit_and_of_numpy_up_to_roundoff(
    wire: Wire, array: Array, dtype: Any
) -> None:
    given = array.astype(dtype)
    answer = extract(wire, given)
    expected = measured(given)
    assert equals(answer.features, expected)
    assert reasons(answer) == {each.name: each.reason for each in expected.undefined}
    for name, value in by_hand(given).items():
        assert getattr(answer.features, name) == pytest.approx(value, rel=ROUNDOFF, abs=ROUNDOFF, nan_ok=True), name


def test_other_thresholds_give_other_sets(wire: Wire) -> None:
    levels = [-58.5, -47.25, -33.0]
    answer = extract(wire, field(), options=types_pb2.FeatureOptions(thresholds=levels))
    assert equals(answer.features, measured(field(), Thresholds(*levels)))
    assert answer.features.f_active == by_hand(field(), *levels)["f_active"] != by_hand(field())["f_active"]


@pytest.mark.parametrize("array", [field(), history(5, shape=(300, 200))], ids=["a field", "a history"])
def test_an_uploaded_array_gives_what_the_array_itself_gives(wire: Wire, array: Array) -> None:
    answer = wire.answer("ExtractFeatures", pb.ExtractFeaturesRequest(array_ref=uploaded(wire, array)))
    assert equals(answer.features, measured(array))


def test_a_history_larger_than_a_message_is_taken_by_reference(wire: Wire) -> None:
    array = history(20, shape=(256, 256))
    assert array.nbytes > 8 * 2**20
    answer = wire.answer("ExtractFeatures", pb.ExtractFeaturesRequest(array_ref=uploaded(wire, array)))
    assert equals(answer.features, measured(array))
    assert answer.features.dv_mean == pytest.approx(by_hand(array)["dv_mean"], rel=ROUNDOFF)


class TestUndefined:
    def test_a_single_field_has_no_features_of_change_and_says_why(self, wire: Wire) -> None:
        for array in (field(), history(1)):
            answer = extract(wire, array)
            assert set(reasons(answer)) == {"dv_mean", "dv_max", "t_stable", "e_trend"}
            assert all(reasons(answer).values())
            assert all(math.isnan(getattr(answer.features, name)) for name in reasons(answer))

    def test_a_constant_field_has_no_shape_of_its_distribution(self, wire: Wire) -> None:
        answer = extract(wire, np.full((9, 7), -45.0))
        assert {"v_skew", "v_kurt"} <= set(reasons(answer))
        assert (answer.features.v_std, answer.features.f_active) == (0.0, 1.0)
        assert (answer.features.v_min, answer.features.v_max, answer.features.v_mean) == (-45.0, -45.0, -45.0)
        assert (answer.features.n_clusters_low, answer.features.n_clusters_high) == (1, 0)
        assert answer.features.max_cluster_size == 63

    def test_a_field_that_no_cell_of_passes_the_thresholds_has_no_dimension(self, wire: Wire) -> None:
        answer = extract(wire, field() - 1000)
        assert {"d_box", "d_r2", "max_cluster_size", "cluster_size_std"} <= set(reasons(answer))
        assert (answer.features.f_active, answer.features.n_clusters_low) == (0.0, 0.0)

    def test_a_field_that_every_cell_of_passes_them_is_one_cluster(self, wire: Wire) -> None:
        answer = extract(wire, field() + 1000)
        assert answer.features.f_active == 1.0
        assert answer.features.n_clusters_high == 1
        assert answer.features.max_cluster_size == field().size

    @pytest.mark.parametrize("array", [np.array([[-20.0]]), np.array([[-80.0]]), np.array([[[-20.0]], [[-30.0]]])])
    def test_one_cell_is_a_field(self, wire: Wire, array: Array) -> None:
        answer = extract(wire, array)
        assert answer.features.v_mean == array[-1, ..., -1].item()
        assert equals(answer.features, measured(array))

    def test_whatever_is_nan_has_a_reason_and_nothing_else_has_one(self, wire: Wire) -> None:
        for array in (field(), history(2), np.zeros((1, 1)), np.full((3, 3), 1e300), history(3) * 0 - 70):
            answer = extract(wire, array)
            nan = {
                name for name, value in zip(FEATURE_NAMES, values(answer.features), strict=True) if math.isnan(value)
            }
            assert nan == set(reasons(answer))
            assert len(answer.undefined) == len(reasons(answer))


WITH_NAN = np.where(np.arange(24 * 30).reshape(24, 30) == 31, NAN, field())
BAD_ARRAYS: dict[str, tuple[types_pb2.Array, set[str]]] = {
    "an empty field": (to_array(np.zeros((0, 5))), {"array.shape[0]"}),
    "a field without columns": (to_array(np.zeros((5, 0))), {"array.shape[1]"}),
    "no cell at all": (to_array(np.zeros((0, 0))), {"array.shape[0]", "array.shape[1]"}),
    "a history of no steps": (to_array(np.zeros((0, 5, 5))), {"array.shape[0]"}),
    "a scalar": (to_array(np.array(1.0)), {"array.shape"}),
    "a row": (to_array(np.zeros(9)), {"array.shape"}),
    "four axes": (to_array(np.zeros((2, 2, 2, 2))), {"array.shape"}),
    "a field that is too long": (to_array(np.zeros((4097, 1))), {"array.shape[0]"}),
    "a NaN": (to_array(WITH_NAN), {"array.data"}),
    "an infinity in a history": (to_array(np.stack([field(), field() * INF])), {"array.data"}),
    "integers": (to_array(np.zeros((4, 4), np.int32)), {"array.element_type"}),
    "half precision": (to_array(np.zeros((4, 4), np.float16)), {"array.element_type"}),
    "bfloat16": (to_array(np.zeros((4, 4)), types_pb2.ELEMENT_TYPE_BFLOAT16), {"array.element_type"}),
    "bfloat16 of a shape that is none": (
        types_pb2.Array(element_type=types_pb2.ELEMENT_TYPE_BFLOAT16, shape=[-1], data=bytes(2)),
        {"array.element_type", "array.shape[0]"},
    ),
    "a set": (to_array(np.zeros((4, 4), np.bool_)), {"array.element_type"}),
    "too few bytes": (
        types_pb2.Array(element_type=types_pb2.ELEMENT_TYPE_FLOAT64, shape=[4, 4], data=b"x"),
        {"array.data"},
    ),
    "no type": (types_pb2.Array(shape=[2, 2], data=bytes(32)), {"array.element_type"}),
    "an unknown type": (types_pb2.Array(element_type=77, shape=[2, 2], data=bytes(32)), {"array.element_type"}),  # type: ignore[arg-type]  # on purpose
    "a thousand axes": (
        types_pb2.Array(element_type=types_pb2.ELEMENT_TYPE_FLOAT64, shape=[1] * 1000, data=bytes(8)),
        {"array.shape"},
    ),
    "a negative length": (
        types_pb2.Array(element_type=types_pb2.ELEMENT_TYPE_FLOAT64, shape=[-1, -1], data=bytes(8)),
        {"array.shape[0]", "array.shape[1]"},
    ),
    "more than memory can address": (
        types_pb2.Array(element_type=types_pb2.ELEMENT_TYPE_FLOAT64, shape=[2**62, 2**62], data=bytes(8)),
        {"array.shape"},
    ),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_a_bad_array_is_refused_with_the_field_and_what_to_do(wire: Wire, case: str) -> None:
    array, fields = BAD_ARRAYS[case]
    found = refusal(wire, array=array)
    assert (found.code, found.reason) == INVALID
    assert set(found.violations) == fields
    assert all(re.search(r"\bmust\b|needs|at most|too large", text) for text in found.violations.values())


@pytest.mark.parametrize("number", [0, 3, 4, 77])
def test_a_type_that_is_not_taken_is_refused_with_those_that_are(wire: Wire, number: Any) -> None:
    cells = to_array(np.zeros((4, 4), np.float16))
    cells.element_type = number
    text = refusal(wire, array=cells).violations["array.element_type"]
    assert re.search(r"must be (ELEMENT_TYPE_FLOAT64 or ELEMENT_TYPE_FLOAT32|float64 or float32)$", text)


def test_where_the_first_value_is_that_is_not_finite_is_told(wire: Wire) -> None:
    assert "the first at [1, 1]" in refusal(wire, array=to_array(WITH_NAN)).violations["array.data"]


@pytest.mark.parametrize("thresholds", [[1.0], [1.0, 2.0], [1.0, 2.0, 3.0, 4.0], [0.0] * 100_000])
def test_thresholds_that_are_not_three_are_refused(wire: Wire, thresholds: list[float]) -> None:
    found = refusal(wire, array=to_array(field()), options=types_pb2.FeatureOptions(thresholds=thresholds))
    assert (found.code, found.reason) == INVALID
    assert set(found.violations) == {"options.thresholds"}


@pytest.mark.parametrize(
    ("thresholds", "places"),
    [([1, 1, 2], {1}), ([3, 2, 1], {1, 2}), ([NAN, 1, 2], {0}), ([-INF, 0, INF], {0, 2}), ([0, 2, 1], {2})],
)
def test_thresholds_that_do_not_rise_or_are_not_finite_are_refused_one_by_one(
    wire: Wire, thresholds: list[float], places: set[int]
) -> None:
    found = refusal(wire, array=to_array(field()), options=types_pb2.FeatureOptions(thresholds=thresholds))
    assert (found.code, found.reason) == INVALID
    assert set(found.violations) == {f"options.thresholds[{place}]" for place in places}


def test_all_faults_of_a_request_are_named_at_once(wire: Wire) -> None:
    options = types_pb2.FeatureOptions(species="u", thresholds=[3, 2, 4])
    found = refusal(wire, array=to_array(np.zeros((5000, 0), np.int8)), options=options)
    assert set(found.violations) == {
        "array.element_type",
        "array.shape[0]",
        "array.shape[1]",
        "options.species",
        "options.thresholds[1]",
    }
    assert set(refusal(wire, options=options).violations) == {"array", "options.species", "options.thresholds[1]"}


def test_a_request_without_an_array_is_refused(wire: Wire) -> None:
    found = refusal(wire)
    assert (found.code, found.reason) == INVALID
    assert "array_ref" in found.violations["array"]


@pytest.mark.parametrize("ref", ["", "arrays/" + "0" * 64, "arrays/../../etc/passwd", "x" * 1000])
def test_a_reference_that_names_no_array_is_not_found_under_its_own_name(wire: Wire, ref: str) -> None:
    found = refusal(wire, array_ref=ref)
    assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert found.message.startswith("array_ref ")
    assert "spec" not in found.message


def test_an_uploaded_set_is_no_field_of_potentials(wire: Wire) -> None:
    found = refusal(wire, array_ref=uploaded(wire, np.zeros((4, 4), np.bool_)))
    assert set(found.violations) == {"array.element_type"}


def test_a_message_above_4_mib_is_refused_with_a_reason(wire: Wire) -> None:
    found = refusal(wire, array=to_array(np.zeros((725, 725))))
    assert (found.code, found.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")
    assert "parts" in found.message
