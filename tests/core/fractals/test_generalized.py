import math
from functools import reduce
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.fractals import BoxCountOptions, generalized_dimensions
from mfn_grpc.core.pieces import finish
from tests.core.fractals.cases import DYADIC, TRIADIC, Array, boxes_by_loop, carpet, cropped, faults, noise, triangle

WEIGHTS = np.array([[0.4, 0.1], [0.3, 0.2]])
ORDERS = (-50.0, -5.0, -1.0, 0.0, 0.5, 1.0, 2.0, 5.0, 50.0)
EXACT = 1e-10  # sums of powers of up to 65536 shares


def cascade(weights: Any, depth: int) -> Array:
    return reduce(np.kron, [np.asarray(weights)] * depth)


def by_closed_form(weights: Any, q: float) -> float:
    """-log2 sum p^q / (q - 1), at q = 1 its limit."""
    shares = np.ravel(weights)
    return float(-(shares * np.log2(shares)).sum() if q == 1 else -np.log2((shares**q).sum()) / (q - 1))


def dimensions(measure: Array, orders: tuple[float, ...], options: BoxCountOptions = DYADIC) -> list[float]:
    return [found.dimension for found in finish(generalized_dimensions(measure, orders, options))]


def test_a_multiplicative_cascade_has_the_dimensions_of_its_closed_form() -> None:
    found = finish(generalized_dimensions(cascade(WEIGHTS, 8), ORDERS))
    assert [each.q for each in found] == list(ORDERS)
    for each in found:
        assert each.dimension == pytest.approx(by_closed_form(WEIGHTS, each.q), rel=EXACT)
        assert each.r_squared == pytest.approx(1, abs=EXACT)
        assert each.standard_error < EXACT


def test_a_binomial_cascade_on_a_line_too() -> None:
    """On one row all boxes lie on a line, and the dimension is that of the binomial measure of the textbook."""
    found = dimensions(cascade([[0.7, 0.3]], 12), ORDERS)
    assert found == pytest.approx([by_closed_form([0.7, 0.3], q) for q in ORDERS], rel=EXACT)


def test_dimensions_fall_with_the_order() -> None:
    orders = tuple(np.linspace(-50, 50, 64).tolist())
    found = dimensions(cascade(WEIGHTS, 7), orders)
    assert (np.diff(found) < 0).all()


def test_the_information_dimension_is_the_limit_of_its_neighbours() -> None:
    below, at, above = dimensions(cascade(WEIGHTS, 6), (1 - 1e-6, 1.0, 1 + 1e-6))
    assert below > at > above
    assert below - above < 1e-5


def test_orders_of_50_neither_overflow_nor_vanish() -> None:
    """Shares of down to 1e-20 to the power of -50 and 50."""
    weights = np.array([[1 - 3e-4, 1e-4], [1e-4, 1e-4]])
    found = dimensions(cascade(weights, 5), (-50.0, 50.0))
    assert found == pytest.approx([by_closed_form(weights, -50), by_closed_form(weights, 50)], rel=EXACT)


def test_the_scale_of_a_measure_does_not_matter() -> None:
    measure = cascade(WEIGHTS, 5)
    assert dimensions(measure * 1e300, ORDERS) == pytest.approx(dimensions(measure, ORDERS), rel=EXACT)
    single = dimensions(measure.astype(np.float32), ORDERS)
    assert single == pytest.approx(dimensions(measure, ORDERS), rel=1e-4)  # shares rounded to float32, to the power 50


@pytest.mark.parametrize(("mask", "options", "dimension"), [
    (triangle(7), DYADIC, math.log2(3)),
    (carpet(4), TRIADIC, math.log(8) / math.log(3)),
    (np.ones((64, 64), np.bool_), DYADIC, 2.0),
])  # fmt: skip  # one set a line
def test_a_self_similar_set_whose_cells_weigh_the_same_has_one_dimension_at_all_orders(
    mask: Array, options: BoxCountOptions, dimension: float
) -> None:
    assert dimensions(mask, ORDERS, options) == pytest.approx([dimension] * len(ORDERS), rel=EXACT)


def sum_by_loop(window: Array, edge: int, q: float) -> float:
    """Of all boxes from the corner on, for q < 0 of whole ones."""
    boxes = [box for box in boxes_by_loop(window, edge) if q >= 0 or box.shape == (edge, edge)]
    shares = np.array([box.sum() for box in boxes]) / window.sum()
    shares = shares[shares > 0]
    return float((shares * np.log(shares)).sum() if q == 1 else np.log((shares**q).sum()) / (q - 1))


@pytest.mark.parametrize("options", [DYADIC, TRIADIC, BoxCountOptions(crop_to_bounding_box=False)])
@pytest.mark.parametrize("whole", [True, False])
def test_dimensions_are_those_of_a_plain_loop(options: BoxCountOptions, whole: bool) -> None:
    """The sums of the measure over those of the uniform one; a set and the same set as a float field give the same."""
    mask = np.zeros((70, 61), np.bool_)
    mask[3:55, 5:60] = noise(60, 0.1)[:52, :55]
    measure = mask if whole else mask * np.random.default_rng(0).random(mask.shape)
    window = cropped(measure) if options.crop_to_bounding_box else measure
    edges = [options.base.ratio**k for k in range(7) if options.base.ratio**k <= min(window.shape) // 2]
    for q, found in zip((-2.0, 0.5, 1.0, 3.0), dimensions(measure, (-2.0, 0.5, 1.0, 3.0), options), strict=True):
        log_edges = [sum_by_loop(np.ones(window.shape), edge, q) / 2 for edge in edges]
        sums = [sum_by_loop(window, edge, q) for edge in edges]
        assert found == pytest.approx(np.polyfit(log_edges, sums, 1)[0], rel=EXACT)


@pytest.mark.parametrize("shape", [(100, 100), (129, 129), (127, 127), (1000, 37), (200, 70), (5, 4)])
@pytest.mark.parametrize("options", [DYADIC, BoxCountOptions(max_box_edge_cells=8192)])
@pytest.mark.parametrize("dtype", [np.float64, np.bool_])
def test_the_uniform_measure_on_any_rectangle_has_dimension_2(
    shape: tuple[int, int], options: BoxCountOptions, dtype: Any
) -> None:
    assert dimensions(np.ones(shape, dtype), ORDERS, options) == pytest.approx([2.0] * len(ORDERS), rel=EXACT)


@pytest.mark.parametrize("shape", [(1, 101), (101, 1), (1, 129)])
def test_the_uniform_measure_on_a_line_of_any_length_has_dimension_1(shape: tuple[int, int]) -> None:
    assert dimensions(np.ones(shape), ORDERS) == pytest.approx([1.0] * len(ORDERS), rel=EXACT)


@pytest.mark.parametrize(("q", "tolerance"), [(-2.0, 0.15), (0.0, 1e-10), (1.0, 0.06), (2.0, 0.12)])
def test_windows_that_boxes_do_not_fit_bias_a_cascade_by_little(q: float, tolerance: float) -> None:
    """Parts of a cascade; tolerance: some 3 times the root mean square over windows, by which parts differ."""
    rng, whole = np.random.default_rng(0), cascade(WEIGHTS, 8)
    for rows, cols in rng.integers(70, 200, (20, 2)):
        top, left = rng.integers(0, 256 - rows), rng.integers(0, 256 - cols)
        window = whole[top : top + rows, left : left + cols]
        assert dimensions(window, (q,))[0] == pytest.approx(by_closed_form(WEIGHTS, q), abs=tolerance)


def test_boxes_without_mass_that_are_whole_leave_negative_orders_undefined() -> None:
    mask = np.zeros((5, 5), np.bool_)
    mask[4, 0] = mask[0, 4] = True
    below, above = dimensions(mask, (-1.0, 1.0))
    assert math.isnan(below) or below == pytest.approx(0, abs=EXACT)
    assert above == pytest.approx(0, abs=EXACT)


def test_only_the_edges_asked_for_are_used() -> None:
    options = BoxCountOptions(min_box_edge_cells=4, max_box_edge_cells=8)
    found = finish(generalized_dimensions(cascade(WEIGHTS, 6), (2.0,), options))[0]
    assert found.dimension == pytest.approx(by_closed_form(WEIGHTS, 2), rel=EXACT)
    assert math.isnan(found.standard_error)
    assert math.isnan(found.r_squared)
    assert math.isnan(dimensions(cascade(WEIGHTS, 6), (2.0,), BoxCountOptions(min_box_edge_cells=64))[0])


@pytest.mark.parametrize("measure", [np.zeros((8, 8)), np.zeros((8, 8), np.bool_), np.zeros((1, 1))])
def test_a_measure_that_is_0_everywhere_has_no_dimension(measure: Array) -> None:
    found = finish(generalized_dimensions(measure, (-1.0, 1.0)))
    assert all(math.isnan(each.dimension) and math.isnan(each.standard_error) for each in found)


def test_mass_on_one_cell_has_dimension_0() -> None:
    measure = np.zeros((16, 16))
    measure[3, 4] = 5e-324
    assert dimensions(measure, ORDERS) == [0] * len(ORDERS)


def test_large_measures_are_worked_on_in_pieces() -> None:
    assert sum(1 for _ in generalized_dimensions(np.ones((2048, 1024)), (2.0,))) > 16


@pytest.mark.parametrize(("measure", "orders", "expected"), [
    (np.ones((4, 4)), (-51.0, 50.5), {"generalized_orders[0]", "generalized_orders[1]"}),
    (np.ones((4, 4)), (math.nan,), {"generalized_orders[0]"}),
    (np.ones((4, 4)), (1.0, 1.0), {"generalized_orders[1]"}),
    (np.ones((4, 4)), tuple(np.linspace(-1, 1, 65)), {"generalized_orders"}),
    (np.array([[1.0, -1.0]]), (1.0,), {"array.data"}),
    (np.array([[1.0, math.inf]]), (1.0,), {"array.data"}),
    (np.ones(3), (1.0,), {"array.shape"}),
])  # fmt: skip  # one fault a line
def test_what_has_no_generalised_dimension_is_refused(
    measure: Array, orders: tuple[float, ...], expected: set[str]
) -> None:
    assert set(faults(generalized_dimensions(measure, orders))) == expected
