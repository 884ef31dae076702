"""AnalyzeFractal: known dimensions over the wire, the core's own numbers bit for bit, and every way to refuse it."""

import math
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.arrays import to_array
from mfn_grpc.core.fractals import (
    BoxBase,
    BoxCountOptions,
    Estimator,
    FractalOptions,
    NullModel,
    NullOptions,
    analyze,
)
from mfn_grpc.core.pieces import finish
from mfn_grpc.v1 import features_pb2 as pb
from mfn_grpc.v1 import types_pb2
from tests.server.calling import Refusal, Wire
from tests.server.fields import Array, field, uploaded

INVALID = grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"
NAN, INF = math.nan, math.inf
BOX, BOUNDARY = pb.FRACTAL_ESTIMATOR_BOX_COUNT, pb.FRACTAL_ESTIMATOR_BOUNDARY_COUNT


def carpet(order: int) -> Array:
    """The Sierpinski carpet by its definition: a cell is missing where any ternary digit of both places is 1."""
    places = np.arange(3**order)
    hole = np.zeros((3**order, 3**order), np.bool_)
    for digit in range(order):
        middle = places // 3**digit % 3 == 1
        hole |= middle[:, None] & middle[None, :]
    return ~hole


def triangle(order: int) -> Array:
    """The Sierpinski triangle by its definition: Pascal's triangle modulo 2."""
    places = np.arange(2**order)
    return np.equal(places[:, None] & places[None, :], 0)


def ask(wire: Wire, array: Array, **options: Any) -> pb.AnalyzeFractalResponse:
    request = pb.AnalyzeFractalRequest(array=to_array(array), **options)
    answer: pb.AnalyzeFractalResponse = wire.answer("AnalyzeFractal", request)
    return answer


def refusal(wire: Wire, array: Array | None = None, **options: Any) -> Refusal:
    given: dict[str, Any] = {} if array is None else {"array": to_array(array)}
    return wire.refusal("AnalyzeFractal", pb.AnalyzeFractalRequest(**given, **options))


@pytest.mark.parametrize(
    ("cells", "base", "expected"),
    [
        (carpet(5), pb.BOX_BASE_TRIADIC, math.log(8) / math.log(3)),
        (triangle(8), pb.BOX_BASE_DYADIC, math.log(3) / math.log(2)),
    ],
    ids=["carpet", "triangle"],
)
def test_known_dimensions_come_out_at_their_own_base(wire: Wire, cells: Array, base: Any, expected: float) -> None:
    null = pb.NullComparisonOptions(samples=19)
    (estimate,) = ask(wire, cells, box_count=pb.BoxCountOptions(base=base), null_comparison=null).dimensions
    assert estimate.estimator == BOX
    assert estimate.dimension == pytest.approx(expected, rel=1e-9)  # every used scale counts exactly
    assert estimate.dimension_low <= estimate.dimension <= estimate.dimension_high
    assert estimate.r_squared == pytest.approx(1.0, abs=1e-12)
    assert estimate.verdict == pb.FRACTAL_VERDICT_FRACTAL
    assert estimate.verdict_reason
    ratio = 3 if base == pb.BOX_BASE_TRIADIC else 2
    assert [count.box_edge_cells for count in estimate.counts] == [ratio**i for i in range(len(estimate.counts))]
    assert estimate.counts[0].boxes == np.count_nonzero(cells)


def test_the_whole_answer_is_that_of_the_core(wire: Wire) -> None:
    array = field(shape=(300, 290)) + 100
    answer = ask(
        wire,
        array,
        threshold=65.0,
        estimators=[BOUNDARY, BOX],
        box_count=pb.BoxCountOptions(
            base=pb.BOX_BASE_TRIADIC,
            crop_to_bounding_box=False,
            minimize_over_offsets=True,
            min_box_edge_cells=1,
            max_box_edge_cells=81,
            confidence_level=0.8,
        ),
        null_comparison=pb.NullComparisonOptions(null_model=pb.NULL_MODEL_SHUFFLED, samples=12, seed=3),
        lacunarity_box_edges_cells=[1, 5, 20],
        generalized_orders=[-1.0, 0.0, 1.0, 2.0],
    )
    boxes = BoxCountOptions(BoxBase.TRIADIC, False, True, 1, 81, 0.8)
    null = NullOptions(NullModel.SHUFFLED, 12, 3)
    both = (Estimator.BOUNDARY_COUNT, Estimator.BOX_COUNT)
    options = FractalOptions(65.0, both, boxes, null, (1, 5, 20), (-1.0, 0.0, 1.0, 2.0))
    expected = finish(analyze(array, options))
    assert (answer.set_cells, answer.total_cells) == (int(np.count_nonzero(array > 65.0)), array.size)
    assert (answer.set_cells, answer.total_cells) == (expected.set_cells, expected.total_cells)
    assert [each.estimator for each in answer.dimensions] == [BOUNDARY, BOX]
    for one, other in zip(answer.dimensions, expected.dimensions, strict=True):
        for name in ("dimension", "dimension_low", "dimension_high", "r_squared", "verdict_reason"):
            np.testing.assert_equal(getattr(one, name), getattr(other, name))
        assert pb.FractalVerdict.Name(one.verdict) == f"FRACTAL_VERDICT_{other.verdict.name}"
        for count, its in zip(one.counts, other.counts, strict=True):
            assert (count.box_edge_cells, count.boxes, count.used) == (its.box_edge_cells, its.boxes, its.used)
            assert (count.local_dimension if count.HasField("local_dimension") else None) == its.local_dimension
        assert other.null_comparison is not None
        assert one.null_comparison.null_model == pb.NULL_MODEL_SHUFFLED
        for name in ("samples", "dimension_mean", "dimension_std", "p_value"):
            np.testing.assert_equal(getattr(one.null_comparison, name), getattr(other.null_comparison, name))
    for point, its_point in zip(answer.lacunarity, expected.lacunarity, strict=True):
        assert (point.box_edge_cells, point.lacunarity) == (its_point.box_edge_cells, its_point.lacunarity)
    for found, its_own in zip(answer.generalized_dimensions, expected.generalized_dimensions, strict=True):
        for name in ("q", "dimension", "standard_error", "r_squared"):
            np.testing.assert_equal(getattr(found, name), getattr(its_own, name))


def test_lacunarity_is_that_of_the_plain_sums_of_gliding_boxes(wire: Wire) -> None:
    cells = field(shape=(20, 17)) > -48
    (point,) = ask(wire, cells, lacunarity_box_edges_cells=[4]).lacunarity
    masses = np.lib.stride_tricks.sliding_window_view(cells, (4, 4)).sum(axis=(2, 3))
    assert point.lacunarity == pytest.approx(1 + masses.var() / masses.mean() ** 2, rel=1e-12)


@pytest.mark.parametrize("kind", [np.bool_, np.uint8, np.float64, np.float32])
def test_a_set_means_the_same_in_every_type(wire: Wire, kind: Any) -> None:
    cells = triangle(6)
    values = np.where(cells, 7, 0).astype(kind)
    options: dict[str, Any] = {} if values.dtype.kind in "bu" else {"threshold": 0.5}
    assert ask(wire, values, **options) == ask(wire, cells)


def test_a_field_larger_than_a_message_is_taken_by_reference(wire: Wire) -> None:
    cells = carpet(7)
    answer = wire.answer(
        "AnalyzeFractal",
        pb.AnalyzeFractalRequest(
            array_ref=uploaded(wire, cells), box_count=pb.BoxCountOptions(base=pb.BOX_BASE_TRIADIC)
        ),
    )
    assert answer.total_cells == 3**14
    assert answer.dimensions[0].dimension == pytest.approx(math.log(8) / math.log(3), rel=1e-9)


class TestUndefined:
    @pytest.mark.parametrize("shape", [(1, 1), (5, 9), (64, 64)])
    def test_an_empty_set_has_no_dimension(self, wire: Wire, shape: tuple[int, int]) -> None:
        answer = ask(wire, np.zeros(shape, np.bool_), lacunarity_box_edges_cells=[1], generalized_orders=[0.0])
        (estimate,) = answer.dimensions
        assert estimate.verdict == pb.FRACTAL_VERDICT_UNDEFINED
        assert estimate.verdict_reason
        assert math.isnan(estimate.dimension)
        assert math.isnan(answer.lacunarity[0].lacunarity)
        assert math.isnan(answer.generalized_dimensions[0].dimension)
        assert answer.set_cells == 0

    def test_one_cell_has_dimension_0_and_an_undefined_verdict(self, wire: Wire) -> None:
        cells = np.zeros((64, 64), np.bool_)
        cells[10, 20] = True
        (estimate,) = ask(wire, cells).dimensions
        assert (estimate.dimension, estimate.verdict) == (0.0, pb.FRACTAL_VERDICT_UNDEFINED)

    def test_thresholds_that_nothing_or_everything_passes(self, wire: Wire) -> None:
        assert ask(wire, field(), threshold=1e9).set_cells == 0
        assert ask(wire, field(), threshold=-1e9).set_cells == field().size

    def test_a_row_of_cells_is_a_field(self, wire: Wire) -> None:
        assert ask(wire, np.ones((1, 200), np.bool_)).set_cells == 200


SET = np.eye(16, dtype=np.bool_)
BAD: dict[str, tuple[Array | None, dict[str, Any], set[str]]] = {
    "nothing": (None, {}, {"array"}),
    "no threshold": (field(), {}, {"threshold"}),
    "a threshold that is not finite": (field(), {"threshold": NAN}, {"threshold"}),
    "a threshold of a set": (SET, {"threshold": 0.0}, {"threshold"}),
    "no cells": (np.zeros((0, 0), np.bool_), {}, {"array.shape[0]", "array.shape[1]"}),
    "a history": (np.zeros((2, 8, 8), np.bool_), {}, {"array.shape"}),
    "a row": (np.zeros(9, np.bool_), {}, {"array.shape"}),
    "too long": (np.zeros((8193, 1), np.bool_), {}, {"array.shape[0]"}),
    "integers": (SET.astype(np.int64), {}, {"array.element_type"}),
    "a NaN": (np.where(SET, NAN, 1.0), {"threshold": 0.5}, {"array.data"}),
    "an infinity": (np.where(SET, INF, 1.0), {"threshold": 0.5}, {"array.data"}),
    "a negative measure": (SET - 0.5, {"threshold": 0.0, "generalized_orders": [1.0]}, {"array.data"}),
    "an estimator twice": (SET, {"estimators": [BOX, BOX]}, {"estimators[1]"}),
    "an estimator that is not stated": (SET, {"estimators": [0]}, {"estimators[0]"}),
    "an unknown estimator": (SET, {"estimators": [BOX, 9]}, {"estimators[1]"}),
    "a million estimators": (SET, {"estimators": [BOX] * 1_000_000}, {"estimators", "estimators[1]"}),
    "an unknown base": (SET, {"box_count": pb.BoxCountOptions(base=9)}, {"box_count.base"}),  # type: ignore[arg-type]  # on purpose
    "boxes of no cells": (
        SET,
        {"box_count": pb.BoxCountOptions(min_box_edge_cells=0, max_box_edge_cells=0)},
        {"box_count.min_box_edge_cells", "box_count.max_box_edge_cells"},
    ),
    "largest below smallest": (
        SET,
        {"box_count": pb.BoxCountOptions(min_box_edge_cells=8, max_box_edge_cells=4)},
        {"box_count.max_box_edge_cells"},
    ),
    "a confidence of 1": (
        SET,
        {"box_count": pb.BoxCountOptions(confidence_level=1.0)},
        {"box_count.confidence_level"},
    ),
    "an unknown null model": (
        SET,
        {"null_comparison": pb.NullComparisonOptions(null_model=9)},  # type: ignore[arg-type]  # on purpose
        {"null_comparison.null_model"},
    ),
    "too few chance patterns and a negative seed": (
        SET,
        {"null_comparison": pb.NullComparisonOptions(samples=9, seed=-1)},
        {"null_comparison.samples", "null_comparison.seed"},
    ),
    "a gliding box wider than the field": (
        SET,
        {"lacunarity_box_edges_cells": [17]},
        {"lacunarity_box_edges_cells[0]"},
    ),
    "gliding boxes that do not rise": (
        SET,
        {"lacunarity_box_edges_cells": [4, 4, 2]},
        {"lacunarity_box_edges_cells[1]", "lacunarity_box_edges_cells[2]"},
    ),
    "a million gliding boxes": (
        np.ones((100, 100), np.bool_),
        {"lacunarity_box_edges_cells": range(1, 1_000_001)},
        {"lacunarity_box_edges_cells"},
    ),
    "orders beyond 50 and NaN": (
        SET,
        {"generalized_orders": [-51.0, NAN]},
        {"generalized_orders[0]", "generalized_orders[1]"},
    ),
    "65 orders": (SET, {"generalized_orders": [i / 2 for i in range(65)]}, {"generalized_orders"}),
    "faults of every part": (
        np.zeros((3, 8194), np.float16),
        {"threshold": INF, "estimators": [7], "generalized_orders": [2.0, 1.0]},
        {"array.shape[1]", "array.element_type", "threshold", "estimators[0]", "generalized_orders[1]"},
    ),
    "options of no array": (
        None,
        {"estimators": [7], "box_count": pb.BoxCountOptions(confidence_level=0.4), "generalized_orders": [99.0]},
        {"array", "estimators[0]", "box_count.confidence_level", "generalized_orders[0]"},
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_is_refused_with_all_its_faults(wire: Wire, case: str) -> None:
    array, options, fields = BAD[case]
    found = refusal(wire, array, **options)
    assert (found.code, found.reason) == INVALID
    assert set(found.violations) == fields


def test_a_reference_that_names_no_array_is_not_found_under_its_own_name(wire: Wire) -> None:
    found = refusal(wire, array_ref="arrays/" + "0" * 64)
    assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert found.message.startswith("array_ref ")


@pytest.mark.parametrize("number", [3, 4, 99])
def test_an_array_of_a_type_that_is_not_taken_is_refused(wire: Wire, number: Any) -> None:
    cells = to_array(np.zeros((4, 4), np.float16))
    cells.element_type = number
    found = wire.refusal("AnalyzeFractal", pb.AnalyzeFractalRequest(array=cells, threshold=0.5))
    assert (found.code, found.reason) == INVALID
    assert "array.element_type" in found.violations
    assert all(
        name in found.violations["array.element_type"].lower() for name in ("bool", "uint8", "float64", "float32")
    )


def test_an_array_that_does_not_fill_its_shape_is_refused(wire: Wire) -> None:
    broken = types_pb2.Array(element_type=types_pb2.ELEMENT_TYPE_BOOL, shape=[3, 3], data=bytes(8))
    found = wire.refusal("AnalyzeFractal", pb.AnalyzeFractalRequest(array=broken))
    assert set(found.violations) == {"array.data"}
    not_bool = types_pb2.Array(element_type=types_pb2.ELEMENT_TYPE_BOOL, shape=[3], data=b"\0\1\2")
    assert set(wire.refusal("AnalyzeFractal", pb.AnalyzeFractalRequest(array=not_bool)).violations) == {"array.data"}
