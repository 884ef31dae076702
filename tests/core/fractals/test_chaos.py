import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.fractals import (
    BARNSLEY_FERN,
    KOCH,
    SIERPINSKI_CARPET,
    SIERPINSKI_TRIANGLE,
    VICSEK,
    BoxCountOptions,
    IteratedFunctionSystem,
    Verdict,
    chaos_game,
    chaos_points,
    random_contractive,
    rasterize,
)
from mfn_grpc.core.fractals.chaos import WALKERS, walk_reference
from mfn_grpc.core.fractals.kernels.chaos import walk
from mfn_grpc.core.limits import InvalidInput
from tests.core.fractals.cases import (
    DYADIC,
    ONE_PERCENT,
    TRIADIC,
    Array,
    carpet,
    estimate,
    judged_beside_chance,
    triangle,
    vicsek,
)

SYSTEMS = [SIERPINSKI_TRIANGLE, BARNSLEY_FERN, KOCH, random_contractive(1, 1), random_contractive(2, 9)]
UNIT: dict[str, Any] = {"low": (0.0, 0.0), "high": (1.0, 1.0)}


def sheared_koch() -> IteratedFunctionSystem:
    """The Koch curve in the frame of its triangles' lattice, where the triadic grid is natural."""
    to_lattice = np.array([[1, -1 / math.sqrt(3)], [0, 2 / math.sqrt(3)]])
    matrices = to_lattice @ KOCH.matrices @ np.linalg.inv(to_lattice)
    return IteratedFunctionSystem(matrices, KOCH.offsets @ to_lattice.T, KOCH.probabilities)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_kernel_and_plain_numpy_agree_bit_for_bit(system: IteratedFunctionSystem) -> None:
    rng = np.random.default_rng(0)
    maps = np.column_stack([system.matrices.reshape(-1, 4), system.offsets])
    thresholds = (np.cumsum(system.probabilities)[:-1] * 2**32).astype(np.uint32)
    draws = rng.integers(0, 2**32, (50, 30), np.uint32)
    draws[0, : thresholds.size] = thresholds  # on the border of two maps
    found = []
    for kernel in (walk, walk_reference):
        walkers, points = np.ones((30, 2)), np.empty((50, 30, 2))
        kernel(maps, thresholds, draws, walkers, points)
        found.append((walkers, points))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


@pytest.mark.parametrize("system", [SIERPINSKI_TRIANGLE, BARNSLEY_FERN, random_contractive(2, 9)])
def test_points_have_the_mean_of_the_invariant_measure(system: IteratedFunctionSystem) -> None:
    """mean = sum p (A mean + b), solved exactly; tolerance: five standard errors of as many independent points."""
    matrix = np.einsum("m,mij->ij", system.probabilities, system.matrices)
    expected = np.linalg.solve(np.eye(2) - matrix, system.probabilities @ system.offsets)
    points = chaos_game(system, 400_000, 5)
    # Points of one walker follow each other: their sum varies by up to (1 + c) / (1 - c) times more, c the contraction.
    correlated = (1 + math.exp(system.contraction)) / (1 - math.exp(system.contraction))
    error = points.std(axis=0) * math.sqrt(correlated / len(points))
    assert (np.abs(points.mean(axis=0) - expected) < 5 * error).all()


def test_maps_are_drawn_with_their_probabilities() -> None:
    """Each map sends everything to one point, so that points tell which map was drawn."""
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    targets = np.array([(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (3.0, 0.0)])
    points = chaos_game(IteratedFunctionSystem(np.zeros((4, 2, 2)), targets, shares), 1_000_000, 0)
    drawn = np.bincount(points[:, 0].astype(int), minlength=4) / len(points)
    np.testing.assert_allclose(drawn, shares, atol=5 * 0.5 / math.sqrt(len(points)))  # five standard errors


@pytest.mark.parametrize(("system", "exact", "depth", "options"), [
    (SIERPINSKI_TRIANGLE, triangle(7), 7, DYADIC),
    (SIERPINSKI_CARPET, carpet(4), 4, TRIADIC),
    (VICSEK, vicsek(4), 4, TRIADIC),
])  # fmt: skip  # one system a line
def test_the_points_of_a_preset_fill_exactly_the_cells_of_its_set(
    system: IteratedFunctionSystem, exact: Array, depth: int, options: BoxCountOptions
) -> None:
    """200 points a cell on average: the chance that any of the cells is missed is below 1e-80."""
    edge = exact.shape[0]
    points = chaos_game(system, 200 * int(exact.sum()), 1)
    cells = rasterize(points, (edge, edge), **UNIT)
    np.testing.assert_array_equal(cells, exact)


@pytest.mark.parametrize(("system", "edge", "dimension", "options", "tolerance"), [
    (SIERPINSKI_TRIANGLE, 512, math.log(3) / math.log(2), DYADIC, 1e-3),
    (SIERPINSKI_CARPET, 243, math.log(8) / math.log(3), TRIADIC, 1e-3),
    (VICSEK, 243, math.log(5) / math.log(3), TRIADIC, 1e-3),
    (sheared_koch(), 729, math.log(4) / math.log(3), TRIADIC, ONE_PERCENT),
])  # fmt: skip  # one system a line
def test_points_of_the_chaos_game_have_the_dimension_of_the_set(
    system: IteratedFunctionSystem, edge: int, dimension: float, options: BoxCountOptions, tolerance: float
) -> None:
    """Few cells are missed by a million points; the Koch curve's triangles share cells, as in its exact picture."""
    cells = rasterize(chaos_game(system, 1_000_000, 0), (edge, edge), **UNIT)
    found = judged_beside_chance(cells, options)
    assert found.dimension == pytest.approx(dimension, rel=tolerance)
    assert found.verdict is Verdict.FRACTAL


def test_the_koch_curve_on_its_own_axes_is_within_3_percent_on_fine_scales() -> None:
    """The grid does not follow its triangles: that is what finer scales and the natural frame are for."""
    cells = rasterize(chaos_game(KOCH, 4_000_000, 0), (729, 729), **UNIT)
    found = estimate(cells, replace(TRIADIC, max_box_edge_cells=27))
    assert found.dimension == pytest.approx(math.log(4) / math.log(3), rel=0.03)


def test_points_are_those_of_their_seed() -> None:
    points = chaos_game(BARNSLEY_FERN, 5_000, 7)
    assert (points.shape, points.dtype) == ((5_000, 2), np.dtype(np.float64))
    np.testing.assert_array_equal(chaos_game(BARNSLEY_FERN, 5_000, 7), points)
    np.testing.assert_array_equal(chaos_game(BARNSLEY_FERN, 700_000, 7)[:5_000], points)
    assert not np.array_equal(chaos_game(BARNSLEY_FERN, 5_000, 8), points)


def test_settled_points_no_longer_know_their_start() -> None:
    """A slowly contracting system with one fixed point: every point is on it."""
    system = IteratedFunctionSystem(np.array([np.eye(2) * 0.99]), np.array([(0.01, 0.02)]), np.ones(1))
    np.testing.assert_allclose(chaos_game(system, 10, 0), [(1.0, 2.0)] * 10, rtol=1e-11)


def test_many_points_come_in_pieces() -> None:
    assert sum(1 for _ in chaos_points(VICSEK, WALKERS * 2000, 0)) >= 4


@pytest.mark.parametrize(("points", "seed", "fields"), [(0, 0, "points"), (10**10, 0, "points"), (1, -1, "seed")])
def test_the_chaos_game_has_limits(points: int, seed: int, fields: str) -> None:
    with pytest.raises(InvalidInput, match=fields):
        chaos_game(VICSEK, points, seed)


def test_points_mark_the_cells_they_fall_into() -> None:
    points = np.array([(0.0, 0.0), (0.99, 0.0), (0.3, 0.99), (1.0, 0.5), (0.5, 1.0), (-0.01, 0.5), (math.nan, 0.5)])
    expected = np.zeros((2, 4), np.bool_)
    expected[0, [0, 3]] = expected[1, 1] = True
    np.testing.assert_array_equal(rasterize(points, (2, 4), **UNIT), expected)


def test_marking_agrees_with_a_histogram() -> None:
    points = chaos_game(BARNSLEY_FERN, 20_000, 0)
    low, high = (-2.5, 0.0), (3.0, 10.5)
    histogram, _, _ = np.histogram2d(points[:, 1], points[:, 0], (30, 20), ((low[1], high[1]), (low[0], high[0])))
    np.testing.assert_array_equal(rasterize(points, (30, 20), low, high), histogram > 0)


def test_boxes_and_shapes_that_hold_nothing_are_refused_together() -> None:
    with pytest.raises(InvalidInput) as error:
        rasterize(np.zeros((1, 2)), (0, 9000), (0.0, math.nan), (0.0, 1.0))
    assert {v.field for v in error.value.violations} == {"shape[0]", "shape[1]", "high[0]", "high[1]"}
