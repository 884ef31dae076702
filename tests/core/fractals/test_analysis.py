import math
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pytest
import scipy.ndimage

from mfn_grpc.core.fractals import (
    BoxCountOptions,
    Estimator,
    FractalAnalysis,
    FractalOptions,
    NullModel,
    NullOptions,
    Verdict,
    analyze,
    generalized_dimensions,
    lacunarity,
)
from mfn_grpc.core.pieces import finish
from mfn_grpc.v1 import features_pb2 as pb
from tests.core.fractals.cases import Array, carpet, estimate, faults, noise, triangle

BOTH = (Estimator.BOUNDARY_COUNT, Estimator.BOX_COUNT)
SHUFFLED = NullOptions(NullModel.SHUFFLED, samples=40)
DIFFUSED = NullOptions(samples=40)


def found(field: Array, **options: Any) -> FractalAnalysis:
    return finish(analyze(field, FractalOptions(**options)))


def blobs(edge: int, seed: int) -> Array:
    white = np.random.default_rng(seed).standard_normal((edge, edge))
    return np.asarray(scipy.ndimage.gaussian_filter(white, 3, mode="wrap"))


def test_everything_asked_for_is_answered_in_the_order_of_the_request() -> None:
    options = FractalOptions(None, BOTH, BoxCountOptions(), None, (1, 3, 9), (-1.0, 2.0))
    mask = triangle(6)
    analysis = finish(analyze(mask, options))
    assert [each.estimator for each in analysis.dimensions] == list(BOTH)
    assert analysis.dimensions[1] == estimate(mask)
    assert analysis.lacunarity == finish(lacunarity(mask, (1, 3, 9)))
    assert analysis.generalized_dimensions == finish(generalized_dimensions(mask, (-1.0, 2.0)))
    assert (analysis.set_cells, analysis.total_cells) == (3**6, 64**2)


def test_by_default_it_is_the_box_count_alone() -> None:
    analysis = finish(analyze(triangle(5)))
    assert [each.estimator for each in analysis.dimensions] == [Estimator.BOX_COUNT]
    assert analysis.dimensions[0].null_comparison is None
    assert (analysis.lacunarity, analysis.generalized_dimensions) == ((), ())


@pytest.mark.parametrize(("message", "result"), [
    (pb.AnalyzeFractalResponse, finish(analyze(triangle(4)))),
    (pb.DimensionEstimate, finish(analyze(triangle(4))).dimensions[0]),
    (pb.BoxCount, finish(analyze(triangle(4))).dimensions[0].counts[0]),
    (pb.LacunarityPoint, found(triangle(4), lacunarity_box_edges_cells=(1,)).lacunarity[0]),
    (pb.GeneralizedDimension, found(triangle(4), generalized_orders=(1.0,)).generalized_dimensions[0]),
    (pb.NullComparison, found(triangle(5), null_comparison=NullOptions(samples=10)).dimensions[0].null_comparison),
    (pb.BoxCountOptions, BoxCountOptions()),
    (pb.NullComparisonOptions, NullOptions()),
])  # fmt: skip  # one message a line
def test_values_mirror_the_messages_of_the_contract(message: Any, result: Any) -> None:
    assert [field.name for field in fields(result)] == [field.name for field in message.DESCRIPTOR.fields]


def test_options_mirror_the_request() -> None:
    of_request = [field.name for field in pb.AnalyzeFractalRequest.DESCRIPTOR.fields]
    assert [field.name for field in fields(FractalOptions)] == [
        n for n in of_request if n not in {"array", "array_ref"}
    ]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_cells_above_the_threshold_form_the_set_of_a_float_field(dtype: Any) -> None:
    field = np.where(carpet(4), 2.0, 1.0).astype(dtype)
    assert found(field, threshold=1.5).dimensions[0] == estimate(carpet(4))
    assert found(field, threshold=2.0).set_cells == 0
    assert found(field, threshold=1.0).set_cells == 8**4


@pytest.mark.filterwarnings("error")
def test_cells_of_float32_are_compared_in_double_precision() -> None:
    """0.1 in float32 is more than 0.1, and 1e300 has no place there."""
    field = np.full((8, 8), 0.1, np.float32)
    assert found(field, threshold=0.1).set_cells == found(field.astype(np.float64), threshold=0.1).set_cells == 64
    assert found(field, threshold=1e300).set_cells == 0
    assert found(field, threshold=-1e300).set_cells == 64


def test_cells_that_are_not_0_form_the_set_of_an_integer_field_and_weigh_the_same() -> None:
    field = np.where(carpet(4), np.random.default_rng(0).integers(1, 256, (81, 81)), 0).astype(np.uint8)
    options = {"lacunarity_box_edges_cells": (2,), "generalized_orders": (2.0,)}
    assert found(field, **options) == found(carpet(4), **options)


def test_the_field_itself_is_the_measure_of_a_float_field() -> None:
    field = np.random.default_rng(0).random((32, 32))
    analysis = found(field, threshold=0.9, generalized_orders=(-2.0, 3.0))
    assert analysis.generalized_dimensions == finish(generalized_dimensions(field, (-2.0, 3.0)))


@pytest.mark.parametrize("threshold", [2.0, 0.0])
def test_a_threshold_that_nothing_or_everything_passes_gives_defined_results(threshold: float) -> None:
    options = {"null_comparison": DIFFUSED, "lacunarity_box_edges_cells": (1,), "generalized_orders": (0.0,)}
    field = np.random.default_rng(0).random((32, 32)) + 0.5
    analysis = found(field, threshold=threshold, **options)
    dimension, point = analysis.dimensions[0], analysis.lacunarity[0]
    if threshold == 2:
        assert (analysis.set_cells, dimension.null_comparison) == (0, None)
        assert math.isnan(dimension.dimension)
        assert math.isnan(point.lacunarity)
    else:
        assert analysis.set_cells == 32**2
        assert dimension.dimension == pytest.approx(2)
        assert point.lacunarity == 1
        assert dimension.verdict is Verdict.LIKE_NULL
    assert analysis.generalized_dimensions[0].dimension == pytest.approx(2)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (3, 50)])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_small_narrow_and_constant_fields_give_defined_results(shape: tuple[int, int], value: float) -> None:
    options = {"null_comparison": DIFFUSED, "lacunarity_box_edges_cells": (1,), "generalized_orders": (-1.0, 1.0)}
    analysis = found(np.full(shape, value), threshold=0.5, estimators=BOTH, **options)
    sides = sum(side > 1 for side in shape)
    for each in analysis.dimensions:
        assert each.verdict_reason
        if value and each.estimator is Estimator.BOX_COUNT:
            assert each.dimension == pytest.approx(sides)
    if not value:
        assert all(math.isnan(each.dimension) for each in analysis.dimensions)


def test_thresholded_noise_is_like_its_null() -> None:
    for field, null in ((np.random.default_rng(3).random((128, 128)), SHUFFLED), (blobs(128, 4), DIFFUSED)):
        estimator = found(field, threshold=float(np.quantile(field, 0.7)), null_comparison=null).dimensions[0]
        assert estimator.verdict is Verdict.LIKE_NULL
        assert estimator.null_comparison is not None
        assert estimator.null_comparison.p_value > 0.05


def test_a_good_fit_of_blobs_is_evidence_of_nothing() -> None:
    field = blobs(256, 4)
    alone = found(field, threshold=0.0).dimensions[0]
    compared = found(field, threshold=0.0, null_comparison=DIFFUSED).dimensions[0]
    assert alone.r_squared > 0.99
    assert alone.verdict is not Verdict.FRACTAL
    assert compared.verdict is Verdict.LIKE_NULL
    assert compared.dimension == alone.dimension


@pytest.mark.parametrize("threshold", [-0.3, 0.0, 0.3])
def test_a_field_and_its_own_mask_have_the_same_comparison(threshold: float) -> None:
    field = blobs(128, 2)
    field /= field.std()
    of_field = found(field, threshold=threshold, null_comparison=DIFFUSED).dimensions
    assert of_field == found(field > threshold, null_comparison=DIFFUSED).dimensions
    assert of_field == found((field > threshold).astype(np.uint8), null_comparison=DIFFUSED).dimensions


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_masks_of_smooth_noise_are_unlike_chance_as_rarely_as_the_level_says(share: float) -> None:
    """Of 120 at 20 % (9 patterns would do) 24 are expected; tolerance: four standard deviations of a binomial, 17.5."""
    p_values = []
    for seed in range(120):
        field = blobs(64, seed)
        null = NullOptions(samples=19, seed=seed)
        comparison = found(field > np.quantile(field, 1 - share), null_comparison=null).dimensions[0].null_comparison
        assert comparison is not None
        p_values.append(comparison.p_value)
    rejected = sum(p_value <= 0.2 for p_value in p_values)
    assert abs(rejected - 24) < 4 * math.sqrt(120 * 0.2 * 0.8)


@pytest.mark.parametrize("null", [SHUFFLED, DIFFUSED])
def test_a_fractal_is_not_like_chance(null: NullOptions) -> None:
    found_dimension = found(triangle(7), null_comparison=null).dimensions[0]
    assert found_dimension.verdict is Verdict.FRACTAL
    assert found_dimension.null_comparison is not None
    assert found_dimension.null_comparison.p_value == 1 / 41


def test_the_comparison_is_that_of_its_seed() -> None:
    field = blobs(64, 1)
    first, again, other = (
        found(field, threshold=0.0, null_comparison=replace(DIFFUSED, seed=seed)).dimensions[0].null_comparison
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first is not None
    assert other is not None
    assert first.dimension_mean != other.dimension_mean


def test_a_field_that_cannot_be_written_is_analysed_as_any_other() -> None:
    field = blobs(32, 0)
    options = FractalOptions(0.0, BOTH, BoxCountOptions(), DIFFUSED, (1, 2), ())
    expected = finish(analyze(field, options))
    field.flags.writeable = False
    assert asdict(finish(analyze(field, options))) == asdict(expected)


@pytest.mark.parametrize(("field", "options", "expected"), [
    (np.ones((2, 2, 2)), {"threshold": 0.0}, {"array.shape"}),
    (np.ones((0, 3)), {"threshold": 0.0}, {"array.shape[0]"}),
    (np.ones((8193, 1)), {"threshold": 0.0}, {"array.shape[0]"}),
    (np.ones((2, 2), np.int64), {}, {"array.element_type"}),
    (np.ones((2, 2)), {}, {"threshold"}),
    (np.ones((2, 2)), {"threshold": math.inf}, {"threshold"}),
    (np.ones((2, 2), np.bool_), {"threshold": 0.5}, {"threshold"}),
    (np.ones((2, 2), np.uint8), {"threshold": 0.5}, {"threshold"}),
    (np.array([[1.0, math.nan]]), {"threshold": 0.0}, {"array.data"}),
    (np.array([[1.0, -1.0]]), {"threshold": 0.0, "generalized_orders": (1.0,)}, {"array.data"}),
    (noise(8, 0.5), {"estimators": (*BOTH, Estimator.BOX_COUNT)}, {"estimators[2]"}),
    (noise(8, 0.5), {"lacunarity_box_edges_cells": (2, 9)}, {"lacunarity_box_edges_cells[1]"}),
    (noise(8, 0.5), {"generalized_orders": (0.0, 51.0)}, {"generalized_orders[1]"}),
    (noise(8, 0.5), {"box_count": BoxCountOptions(max_box_edge_cells=0)}, {"box_count.max_box_edge_cells"}),
    (noise(8, 0.5), {"null_comparison": NullOptions(seed=-1)}, {"null_comparison.seed"}),
])  # fmt: skip  # one fault a line
def test_what_cannot_be_analysed_is_refused(field: Array, options: dict[str, Any], expected: set[str]) -> None:
    assert set(faults(analyze(field, FractalOptions(**options)))) == expected


def test_every_fault_is_named_at_once() -> None:
    options = FractalOptions(
        threshold=math.nan,
        estimators=(Estimator.BOX_COUNT,) * 2,
        box_count=BoxCountOptions(confidence_level=1.0),
        null_comparison=NullOptions(samples=1),
        lacunarity_box_edges_cells=(0,),
        generalized_orders=(99.0,),
    )
    assert set(faults(analyze(np.array([[math.inf, -1.0]]), options))) == {
        "threshold",
        "estimators[1]",
        "box_count.confidence_level",
        "null_comparison.samples",
        "lacunarity_box_edges_cells[0]",
        "generalized_orders[0]",
        "array.data",
    }


def test_negative_cells_are_fine_without_generalised_dimensions() -> None:
    assert found(-np.eye(8), threshold=-0.5).set_cells == 56
