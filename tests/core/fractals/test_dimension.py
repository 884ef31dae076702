import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mfn_grpc.core.fractals import BoxBase, BoxCountOptions, Estimator, Verdict, estimate_dimension
from tests.core.fractals.cases import (
    DYADIC,
    ONE_PERCENT,
    TRIADIC,
    Array,
    boxes_by_loop,
    carpet,
    counts,
    cropped,
    disc,
    dust,
    estimate,
    faults,
    judged_beside_chance,
    koch,
    noise,
    slope,
    triangle,
    vicsek,
)

EXACT = 1e-12  # the counts are powers of one number: only logarithms are rounded
SETS = [
    ("Sierpinski triangle", triangle(8), DYADIC, math.log(3) / math.log(2), EXACT),
    ("Sierpinski carpet", carpet(6), TRIADIC, math.log(8) / math.log(3), EXACT),
    ("Vicsek", vicsek(6), TRIADIC, math.log(5) / math.log(3), EXACT),
    ("Cantor dust", dust(6), TRIADIC, math.log(4) / math.log(3), EXACT),
    ("Koch", koch(6), TRIADIC, math.log(4) / math.log(3), ONE_PERCENT),  # two triangles share a square
    ("filled square", np.ones((256, 256), np.bool_), DYADIC, 2.0, EXACT),
    ("line", np.ones((1, 256), np.bool_), DYADIC, 1.0, EXACT),
]
masks = arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12))
crops = st.booleans()
bases = st.sampled_from(BoxBase)


@pytest.mark.parametrize(("mask", "options", "dimension", "tolerance"), [s[1:] for s in SETS], ids=[s[0] for s in SETS])
def test_sets_have_the_dimension_of_the_textbook_at_their_natural_base(
    mask: Array, options: BoxCountOptions, dimension: float, tolerance: float
) -> None:
    found = estimate(mask, options)
    assert found.dimension == pytest.approx(dimension, rel=tolerance)
    assert found.verdict is (Verdict.NOT_FRACTAL if dimension in (1, 2) else Verdict.UNDEFINED)
    assert str(round(found.dimension, 3)) in found.verdict_reason
    assert found.r_squared == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("mask", "options"), [s[1:3] for s in SETS[:5]], ids=[s[0] for s in SETS[:5]])
def test_fractals_are_called_so_beside_chance_patterns_only(mask: Array, options: BoxCountOptions) -> None:
    alone, beside = estimate(mask, options), judged_beside_chance(mask, options)
    assert "ask for a null comparison" in alone.verdict_reason
    assert (alone.verdict, beside.verdict) == (Verdict.UNDEFINED, Verdict.FRACTAL)
    assert beside.null_comparison is not None
    assert beside.null_comparison.p_value == 1 / 20  # further out than all 19


@pytest.mark.parametrize("seed", range(60))
def test_smooth_noise_alone_is_never_called_a_fractal(seed: int) -> None:
    white = np.random.default_rng(seed).standard_normal((128, 128))
    mask = scipy.ndimage.gaussian_filter(white, (0.5, 1, 2, 3, 5, 8)[seed % 6], mode="wrap") > 0
    assert estimate(mask).verdict is not Verdict.FRACTAL


@pytest.mark.parametrize("half_width", [0.6, 1, 2, 4])
def test_thick_circles_and_lines_are_no_fractals_though_chance_patterns_differ(half_width: float) -> None:
    row, column = np.indices((256, 256))
    circle = np.abs(np.hypot(row - 128, column - 128) - 90) < half_width
    line = np.abs(row - 0.37 * column - 20) < half_width
    for mask in (circle, line):
        found = judged_beside_chance(mask)
        assert found.verdict in {Verdict.NO_SCALING, Verdict.NOT_FRACTAL}
        assert found.null_comparison is not None
        assert found.null_comparison.p_value == 1 / 20


def test_a_power_law_over_less_than_a_decade_is_not_enough() -> None:
    found = judged_beside_chance(triangle(7)[:16, :16])
    assert found.dimension == pytest.approx(math.log2(3), rel=EXACT)
    assert found.verdict is Verdict.UNDEFINED
    assert "short of 10" in found.verdict_reason


def test_a_set_that_is_a_fractal_on_its_small_scales_only_is_none() -> None:
    mask = np.kron(np.eye(16, dtype=np.bool_), triangle(4))
    found = judged_beside_chance(mask)
    assert found.verdict is Verdict.NO_SCALING
    assert "no one power law" in found.verdict_reason


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_is_students_about_the_slope_of_all_scales_used(level: float) -> None:
    outline = np.pad(np.zeros((254, 254), np.bool_), 1, constant_values=True)
    found = estimate(outline, BoxCountOptions(confidence_level=level))
    edges = np.array([scale.box_edge_cells for scale in found.counts if scale.used])
    assert [counts(found)[edge] for edge in edges] == [4 * (256 // edge) - 4 for edge in edges]
    line = scipy.stats.linregress(np.log(edges), np.log(4 * (256 // edges) - 4))
    low, high = scipy.stats.t.interval(level, edges.size - 2, loc=-line.slope, scale=line.stderr)
    assert (found.dimension_low, found.dimension_high) == pytest.approx((low, high), rel=1e-9)


def test_exact_power_laws_have_an_interval_of_no_width_and_equal_slopes_at_every_scale() -> None:
    found = estimate(triangle(8))
    assert found.dimension_high - found.dimension_low < EXACT
    assert found.r_squared == 1
    *slopes, last = [scale.local_dimension for scale in found.counts]
    assert slopes == pytest.approx([math.log2(3)] * 7, rel=EXACT)
    assert last is None


@pytest.mark.parametrize(("mask", "natural", "other"), [
    (triangle(8), DYADIC, TRIADIC),
    (carpet(6), TRIADIC, DYADIC),
    (vicsek(6), TRIADIC, DYADIC),
    (dust(6), TRIADIC, DYADIC),
])  # fmt: skip  # one set a line
def test_the_wrong_base_is_worse_and_shows_it(mask: Array, natural: BoxCountOptions, other: BoxCountOptions) -> None:
    right, wrong = estimate(mask, natural), estimate(mask, other)
    assert abs(wrong.dimension - right.dimension) > 1e-3
    assert wrong.dimension_high - wrong.dimension_low > 0.05
    assert wrong.r_squared < right.r_squared


def test_truncating_a_triadic_set_to_whole_dyadic_boxes_misses_its_dimension() -> None:
    """The common shortcut: boxes that do not fit are cut off, whatever lies in them."""
    mask, truth = vicsek(5), math.log(5) / math.log(3)
    edges = [2**k for k in range(7)]
    whole = [[box for box in boxes_by_loop(mask, edge) if box.shape == (edge, edge)] for edge in edges]
    truncated = -np.polyfit(np.log(edges), np.log([np.sum([box.any() for box in boxes]) for boxes in whole]), 1)[0]
    assert abs(truncated - truth) > 0.03 * truth
    assert estimate(mask, TRIADIC).dimension == pytest.approx(truth, rel=EXACT)


def test_an_empty_set_has_no_dimension() -> None:
    found = estimate(np.zeros((16, 16), np.bool_))
    numbers = found.dimension, found.dimension_low, found.dimension_high, found.r_squared
    assert all(math.isnan(number) for number in numbers)
    assert (found.verdict, found.counts) == (Verdict.UNDEFINED, ())
    assert "empty" in found.verdict_reason


@pytest.mark.parametrize("crop", [True, False])
def test_one_cell_has_dimension_0(crop: bool) -> None:
    mask = np.zeros((16, 16), np.bool_)
    mask[3, 5] = True
    found = estimate(mask, BoxCountOptions(crop_to_bounding_box=crop))
    assert (found.dimension, found.verdict) == (0, Verdict.UNDEFINED)
    assert "one cell" in found.verdict_reason
    assert math.isnan(found.dimension_low)


def test_a_few_points_far_apart_have_dimension_0() -> None:
    mask = np.zeros((64, 64), np.bool_)
    mask[[0, 0, 63, 63], [0, 63, 0, 63]] = True
    found = estimate(mask, BoxCountOptions(max_box_edge_cells=16))
    assert (found.dimension, found.verdict) == (0, Verdict.NOT_FRACTAL)
    assert math.isnan(found.r_squared)


@pytest.mark.parametrize(
    ("shape", "dimension"), [((101, 101), 2), ((1, 101), 1), ((101, 1), 1), ((1, 2), 1), ((3, 2), 2)]
)
def test_a_filled_window_has_the_dimension_of_a_rectangle_even_where_boxes_do_not_fit(
    shape: tuple[int, int], dimension: float
) -> None:
    found = estimate(np.ones(shape, np.bool_))
    assert found.dimension == pytest.approx(dimension, rel=EXACT)
    assert found.verdict in {Verdict.UNDEFINED, Verdict.NOT_FRACTAL}


def test_boxes_of_a_filled_square_that_do_not_fit_are_counted_but_not_used() -> None:
    found = estimate(np.ones((100, 100), np.bool_))
    assert {s.box_edge_cells for s in found.counts if s.used} == {1, 2, 4}
    assert counts(found)[8] == 13**2
    assert found.dimension == pytest.approx(2, rel=EXACT)


@pytest.mark.parametrize("edge", [64, 256])
def test_a_disc_is_not_taken_for_a_fractal(edge: int) -> None:
    found = estimate(disc(edge))
    assert found.dimension < 1.95  # what a fit alone would have called fractal
    assert found.verdict is Verdict.NO_SCALING
    assert "smooth" in found.verdict_reason


def test_a_slanted_line_is_not_taken_for_a_fractal() -> None:
    column = np.arange(512)
    mask = np.zeros((512, 512), np.bool_)
    mask[(0.37 * column).astype(int), column] = True
    found = estimate(mask)
    assert found.verdict is Verdict.NOT_FRACTAL
    assert found.dimension == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
def test_thresholded_noise_is_not_taken_for_a_fractal(share: float) -> None:
    found = estimate(noise(256, share))
    assert 0.2 < found.dimension < 1.5
    assert found.verdict is Verdict.NO_SCALING


def test_scales_whose_count_saturates_are_dropped_and_would_have_pulled_the_slope_to_2() -> None:
    found = estimate(noise(256, 0.3))
    full = {scale.box_edge_cells for scale in found.counts if scale.boxes == (256 // scale.box_edge_cells) ** 2}
    assert full
    assert {scale.box_edge_cells for scale in found.counts if not scale.used} == full
    assert slope(found, used_only=True) == pytest.approx(found.dimension)
    assert slope(found, used_only=False) > found.dimension + 0.3


def test_scales_below_the_distance_of_scattered_points_are_dropped() -> None:
    """Boxes of 1, 2 and 4 cells hold one point each of a set on a lattice of 4: they say nothing about the set."""
    mask = np.kron(triangle(6), [[True] + [False] * 3] + [[False] * 4] * 3)
    found = estimate(mask)
    assert {scale.box_edge_cells for scale in found.counts if not scale.used} == {1, 2}
    assert found.dimension == pytest.approx(math.log2(3), rel=EXACT)
    assert slope(found, used_only=False) < 1.3


def test_boxes_that_hold_everything_are_dropped() -> None:
    found = estimate(triangle(5), BoxCountOptions(max_box_edge_cells=128))
    assert {scale.box_edge_cells for scale in found.counts if not scale.used} == {32, 64, 128}
    assert found.dimension == pytest.approx(math.log2(3), rel=EXACT)


def test_a_wide_enough_confidence_level_takes_a_whole_number_in() -> None:
    mask = np.random.default_rng(5).random((64, 64)) < np.linspace(0, 0.5, 64)
    narrow, wide = (estimate(mask, BoxCountOptions(confidence_level=level)) for level in (0.5, 0.999))
    assert narrow.dimension == wide.dimension
    assert wide.dimension_low < narrow.dimension_low < narrow.dimension < narrow.dimension_high < wide.dimension_high


def test_two_scales_give_a_slope_and_no_verdict() -> None:
    found = estimate(triangle(4), BoxCountOptions(max_box_edge_cells=2))
    assert found.dimension == pytest.approx(math.log2(3), rel=EXACT)
    assert found.verdict is Verdict.UNDEFINED
    assert math.isnan(found.dimension_high)
    assert math.isnan(found.r_squared)


def test_one_scale_gives_nothing() -> None:
    found = estimate(triangle(4), BoxCountOptions(min_box_edge_cells=3, max_box_edge_cells=5))
    assert [scale.box_edge_cells for scale in found.counts] == [4]
    assert math.isnan(found.dimension)
    assert found.verdict is Verdict.UNDEFINED


def test_no_box_may_fit_between_the_edges_asked_for() -> None:
    found = estimate(triangle(4), BoxCountOptions(min_box_edge_cells=5, max_box_edge_cells=7))
    assert (found.counts, found.verdict) == ((), Verdict.UNDEFINED)
    assert math.isnan(found.dimension)


@given(masks, crops, bases)
def test_box_counts_are_those_of_a_plain_loop(mask: Array, crop: bool, base: BoxBase) -> None:
    found = estimate(mask, BoxCountOptions(base=base, crop_to_bounding_box=crop, max_box_edge_cells=16))
    window = cropped(mask) if crop and mask.any() else mask
    for edge, boxes in counts(found).items():
        assert boxes == sum(box.any() for box in boxes_by_loop(window, edge))


@given(masks, bases)
def test_boundary_counts_of_a_field_are_those_of_a_plain_loop(mask: Array, base: BoxBase) -> None:
    options = BoxCountOptions(base=base, crop_to_bounding_box=False, max_box_edge_cells=16)
    for edge, boxes in counts(estimate(mask, options, Estimator.BOUNDARY_COUNT)).items():
        assert boxes == sum(box.any() and not box.all() for box in boxes_by_loop(mask, edge))


@given(masks, bases, st.booleans())
def test_boundary_counts_of_a_cropped_set_take_all_around_it_for_outside(
    mask: Array, base: BoxBase, minimize: bool
) -> None:
    options = BoxCountOptions(base=base, max_box_edge_cells=9, minimize_over_offsets=minimize)
    around = 20  # more than the largest box
    for edge, boxes in counts(estimate(mask, options, Estimator.BOUNDARY_COUNT)).items():
        island = np.pad(cropped(mask), around)
        first = -(around - 1) % edge  # a grid that starts one cell before the set
        starts = [(i, j) for i in range(edge) for j in range(edge)] if minimize else [(first, first)]
        by_loop = [sum(b.any() and not b.all() for b in boxes_by_loop(island, edge, start)) for start in starts]
        assert boxes == min(by_loop)


@given(masks, crops, bases)
def test_the_smallest_count_over_offsets_is_that_of_brute_force(mask: Array, crop: bool, base: BoxBase) -> None:
    options = BoxCountOptions(base, crop, minimize_over_offsets=True, max_box_edge_cells=9)
    window = cropped(mask) if crop and mask.any() else mask
    for edge, boxes in counts(estimate(mask, options)).items():
        starts = ((i, j) for i in range(edge) for j in range(edge))
        assert boxes == min(sum(box.any() for box in boxes_by_loop(window, edge, start)) for start in starts)


def test_minimising_over_offsets_finds_the_natural_grid_of_a_set_that_was_moved() -> None:
    mask = np.zeros((400, 400), np.bool_)
    mask[101:344, 57:300] = vicsek(5)
    field = replace(TRIADIC, crop_to_bounding_box=False, max_box_edge_cells=81)
    at_corner, smallest = (estimate(mask, replace(field, minimize_over_offsets=minimize)) for minimize in (False, True))
    truth = math.log(5) / math.log(3)
    assert smallest.dimension == pytest.approx(truth, rel=EXACT)
    assert abs(at_corner.dimension - truth) > 0.01


@given(masks, bases, st.sampled_from(Estimator))
def test_turning_and_transposing_change_nothing_once_the_smallest_count_is_taken(
    mask: Array, base: BoxBase, estimator: Estimator
) -> None:
    options = BoxCountOptions(base=base, minimize_over_offsets=True)
    expected = estimate(mask, options, estimator)
    for turned in (np.rot90(mask), np.flipud(mask), mask.T):
        assert repr(estimate(turned, options, estimator)) == repr(expected)  # repr, since NaN is not NaN


@given(masks, bases)
def test_transposing_changes_nothing(mask: Array, base: BoxBase) -> None:
    options = BoxCountOptions(base=base)
    assert repr(estimate(mask.T, options)) == repr(estimate(mask, options))


@given(masks, bases, st.sampled_from(Estimator), st.tuples(*[st.integers(0, 5)] * 4))
def test_empty_margins_change_nothing_when_cropping(
    mask: Array, base: BoxBase, estimator: Estimator, margins: tuple[int, int, int, int]
) -> None:
    options = BoxCountOptions(base=base)
    padded = np.pad(mask, (margins[:2], margins[2:]))
    assert repr(estimate(padded, options, estimator)) == repr(estimate(mask, options, estimator))


@settings(max_examples=25)
@given(masks)
def test_counts_never_rise_with_the_edge_and_never_fall_faster_than_the_area(mask: Array) -> None:
    for finer, coarser in pairwise(counts(estimate(mask)).values()):
        assert coarser <= finer <= 4 * coarser


def test_the_boundary_of_a_disc_is_a_line() -> None:
    options = BoxCountOptions(min_box_edge_cells=8, max_box_edge_cells=128)
    found = estimate(disc(2048), options, Estimator.BOUNDARY_COUNT)
    assert found.dimension == pytest.approx(1, abs=0.05)
    assert found.verdict is Verdict.NOT_FRACTAL
    assert estimate(disc(2048), options).dimension > 1.9


def test_a_set_on_the_whole_field_has_no_boundary_inside_it() -> None:
    options = BoxCountOptions(crop_to_bounding_box=False)
    found = estimate(np.ones((32, 32), np.bool_), options, Estimator.BOUNDARY_COUNT)
    assert set(counts(found).values()) == {0}
    assert math.isnan(found.dimension)
    assert found.verdict is Verdict.UNDEFINED


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("writeable", [True, False])
def test_the_layout_of_a_mask_makes_no_difference(order: Any, writeable: bool) -> None:
    mask = np.array(carpet(4), order=order)
    mask.flags.writeable = writeable
    assert estimate(mask, TRIADIC) == estimate(carpet(4), TRIADIC)
    wide = np.zeros((162, 162), np.bool_)
    wide[::2, ::2] = mask
    assert estimate(wide[::2, ::2], TRIADIC) == estimate(carpet(4), TRIADIC)


def test_a_large_mask_is_worked_on_in_pieces() -> None:
    pieces = estimate_dimension(np.ones((8192, 2048), np.bool_))
    assert sum(1 for _ in pieces) >= 8


@pytest.mark.parametrize(("mask", "expected"), [
    (np.zeros((4, 4, 4), np.bool_), {"array.shape"}),
    (np.zeros(4, np.bool_), {"array.shape"}),
    (np.zeros((0, 4), np.bool_), {"array.shape[0]"}),
    (np.zeros((4, 8193), np.bool_), {"array.shape[1]"}),
    (np.zeros((4, 4)), {"array.element_type"}),
])  # fmt: skip  # one mask a line
def test_masks_that_are_none_are_refused(mask: Array, expected: set[str]) -> None:
    assert set(faults(estimate_dimension(mask))) == expected


def test_faults_of_mask_and_options_are_named_together() -> None:
    options = BoxCountOptions(min_box_edge_cells=0, confidence_level=math.nan, max_box_edge_cells=9000)
    found = faults(estimate_dimension(np.zeros((0, 9000)), options=options))
    assert set(found) == {
        "array.shape[0]",
        "array.shape[1]",
        "array.element_type",
        "min_box_edge_cells",
        "max_box_edge_cells",
        "confidence_level",
    }
