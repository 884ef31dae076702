"""Checks of dimensions: of sets on their own grid, of drawn attractors, of an outline, and of nothing."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.fractals import (
    KOCH,
    SIERPINSKI_CARPET,
    SIERPINSKI_TRIANGLE,
    VICSEK,
    BoxBase,
    BoxCountOptions,
    Estimator,
    FractalAnalysis,
    FractalOptions,
    IteratedFunctionSystem,
    analyze,
    chaos_points,
    estimate_dimension,
    rasterize,
)
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Suite
from mfn_grpc.core.validation.expected import fractal as expected

FALCONER = "Falconer, Fractal Geometry, 2nd ed. (2003), theorem 9.3"
FALCONER_BOXES = "Falconer, Fractal Geometry, 2nd ed. (2003), section 3.1"

TRIADIC = BoxCountOptions(base=BoxBase.TRIADIC)
ANYWHERE = BoxCountOptions(
    base=BoxBase.TRIADIC, crop_to_bounding_box=False, minimize_over_offsets=True, max_box_edge_cells=81
)
DYADIC = BoxCountOptions()

TRIANGLE = ((1, 0), (1, 1))
CARPET = ((1, 1, 1), (1, 0, 1), (1, 1, 1))
CROSS = ((0, 1, 0), (1, 1, 1), (0, 1, 0))
DUST = ((1, 0, 1), (0, 0, 0), (1, 0, 1))

check = partial(CheckSpec, suite=Suite.FRACTAL)
own_grid = partial(
    check,
    unit="1",
    tolerance=1e-12,
    why_this_tolerance="counts at the set's own base are exact powers; a fit of their logarithms rounds by 1e-15",
    reference=FALCONER,
    in_quick=True,
)
drawn = partial(check, unit="1", reference=FALCONER)


def grown(motif: tuple[tuple[int, ...], ...], depth: int) -> Array:
    """Every cell replaced by the motif, `depth` times."""
    cells = np.ones((1, 1), np.int64)
    for _ in range(depth):
        cells = np.kron(cells, np.array(motif))
    return np.asarray(cells == 1)


def _dimension(
    make: Callable[[], Array], options: BoxCountOptions, estimator: Estimator = Estimator.BOX_COUNT
) -> Measure:
    def measure(_seed: int) -> Pieces[float]:
        return (yield from estimate_dimension(make(), estimator, options)).dimension

    return measure


def _drawn(
    system: IteratedFunctionSystem,
    points: int,
    shape: tuple[int, int],
    options: BoxCountOptions,
    *,
    on_rhombi: bool = False,
) -> Measure:
    """The dimension of an attractor drawn by the chaos game on a lattice from (0, 0) to (1, rows / cols)."""

    def measure(seed: int) -> Pieces[float]:
        found = yield from chaos_points(system, points, seed)
        if on_rhombi:
            found = _in_rhombi(found)
            yield
        rows, cols = shape
        cells = rasterize(found, shape, (0.0, 0.0), (1.0, rows / cols))
        yield
        return (yield from estimate_dimension(cells, Estimator.BOX_COUNT, options)).dimension

    return measure


def _in_rhombi(points: Array) -> Array:
    """Coordinates [n, 2] along 0 and 60 degrees: the Koch curve runs along the lines of a lattice of rhombi.

    A linear change of coordinates changes no dimension.
    """
    upwards = 2 / math.sqrt(3) * points[:, 1]
    return np.column_stack([points[:, 0] - 0.5 * upwards, upwards])


def _square() -> Array:
    cells = np.zeros((300, 300), np.bool_)
    cells[20:276, 30:286] = True
    return cells


def _moved_cross() -> Array:
    """A Vicsek cross that boxes from the field's corner do not meet."""
    cells = np.zeros((400, 400), np.bool_)
    cells[101:344, 57:300] = grown(CROSS, 5)
    return cells


def _outline_upper_end(_seed: int) -> Pieces[float]:
    """The upper end of the interval of the dimension of a square's outline."""
    inside = np.zeros((expected.OUTLINE_EDGE - 2,) * 2, np.bool_)
    outline = np.pad(inside, 1, constant_values=True)
    return (yield from estimate_dimension(outline)).dimension_high


def _point() -> Array:
    cells = np.zeros((64, 64), np.bool_)
    cells[17, 40] = True
    return cells


def _numbers_of_nothing(_seed: int) -> Pieces[float]:
    """How many of the numbers that an analysis gives for an empty set are not NaN."""
    options = FractalOptions(
        estimators=tuple(Estimator), lacunarity_box_edges_cells=(1, 4), generalized_orders=(-2.0, 0.0, 1.0, 2.0)
    )
    found: FractalAnalysis = yield from analyze(np.zeros((64, 64), np.bool_), options)
    numbers = [value for d in found.dimensions for value in (d.dimension, d.dimension_low, d.dimension_high)]
    numbers += [point.lacunarity for point in found.lacunarity]
    numbers += [value.dimension for value in found.generalized_dimensions]
    return sum(not math.isnan(number) for number in numbers)


CHECKS = (
    own_grid(
        name="dimension_sierpinski_triangle",
        description="Box-counting dimension of the Sierpinski triangle of 2^9 cells, boxes of edge 2^n: ln 3 / ln 2.",
        measure=_dimension(lambda: grown(TRIANGLE, 9), DYADIC),
        expected=expected.SIERPINSKI_TRIANGLE,
    ),
    own_grid(
        name="dimension_sierpinski_carpet",
        description="Box-counting dimension of the Sierpinski carpet of 3^6 cells, boxes of edge 3^n: ln 8 / ln 3.",
        measure=_dimension(lambda: grown(CARPET, 6), TRIADIC),
        expected=expected.SIERPINSKI_CARPET,
    ),
    own_grid(
        name="dimension_vicsek",
        description="Box-counting dimension of the Vicsek cross of 3^6 cells, boxes of edge 3^n: ln 5 / ln 3.",
        measure=_dimension(lambda: grown(CROSS, 6), TRIADIC),
        expected=expected.VICSEK,
    ),
    own_grid(
        name="dimension_cantor_dust",
        description="Box-counting dimension of the Cantor dust of 3^6 cells, boxes of edge 3^n: ln 4 / ln 3.",
        measure=_dimension(lambda: grown(DUST, 6), TRIADIC),
        expected=expected.CANTOR_DUST,
    ),
    own_grid(
        name="dimension_moved_vicsek",
        description="Dimension of a Vicsek cross anywhere in a field, by the smallest count over box positions.",
        measure=_dimension(_moved_cross, ANYWHERE),
        expected=expected.VICSEK,
    ),
    own_grid(
        name="dimension_filled_square",
        description="Box-counting dimension of a filled square of 256 cells somewhere in a larger field: 2.",
        measure=_dimension(_square, DYADIC),
        expected=2.0,
    ),
    check(
        name="dimension_point",
        description="Box-counting dimension of one cell: 0.",
        measure=_dimension(_point, DYADIC),
        expected=0.0,
        tolerance=0.0,
        unit="1",
        why_this_tolerance="one box at every scale: the slope is exactly 0",
        reference=FALCONER_BOXES,
        in_quick=True,
    ),
    check(
        name="empty_set_is_nan",
        description="Numbers that an analysis of an empty set gives: none, all are NaN.",
        measure=_numbers_of_nothing,
        expected=0.0,
        tolerance=0.0,
        unit="numbers",
        why_this_tolerance="a count",
        reference="the logarithm of no boxes is undefined",
        in_quick=True,
    ),
    drawn(
        name="dimension_drawn_triangle",
        description="Dimension of the Sierpinski triangle drawn by the chaos game on 512 x 512 cells.",
        measure=_drawn(SIERPINSKI_TRIANGLE, 1_000_000, (512, 512), DYADIC),
        expected=expected.SIERPINSKI_TRIANGLE,
        tolerance=0.01 * expected.SIERPINSKI_TRIANGLE,
        why_this_tolerance="1 %: cells that no point has hit",
    ),
    drawn(
        name="dimension_drawn_carpet",
        description="Dimension of the Sierpinski carpet drawn by the chaos game on 243 x 243 cells.",
        measure=_drawn(SIERPINSKI_CARPET, 1_000_000, (243, 243), TRIADIC),
        expected=expected.SIERPINSKI_CARPET,
        tolerance=0.01 * expected.SIERPINSKI_CARPET,
        why_this_tolerance="1 %: cells that no point has hit",
    ),
    drawn(
        name="dimension_drawn_vicsek",
        description="Dimension of the Vicsek cross drawn by the chaos game on 729 x 729 cells.",
        measure=_drawn(VICSEK, 1_000_000, (729, 729), TRIADIC),
        expected=expected.VICSEK,
        tolerance=0.01 * expected.VICSEK,
        why_this_tolerance="1 %: cells that no point has hit",
    ),
    drawn(
        name="dimension_drawn_koch",
        description="Dimension of the Koch curve drawn by the chaos game on a lattice of rhombi, 2187 across.",
        measure=_drawn(KOCH, 500_000, (729, 2187), TRIADIC, on_rhombi=True),
        expected=expected.KOCH,
        tolerance=0.01 * expected.KOCH,
        why_this_tolerance="1 %: at the largest edge the curve's ends make one box in twelve",
    ),
    check(
        name="interval_of_outline",
        description="Upper end of the 95 % interval of the dimension of the outline of a square of 256 cells.",
        measure=_outline_upper_end,
        expected=expected.OUTLINE_UPPER_END,
        tolerance=1e-9,
        unit="1",
        why_this_tolerance="Student's quantile is given to ten digits",
        reference="least squares: Draper & Smith, Applied Regression Analysis, 3rd ed. (1998), section 1.4",
        in_quick=True,
    ),
    check(
        name="boundary_of_square",
        description="Boundary-counting dimension of the outline of a filled square: 1, where box counting gives 2.",
        measure=_dimension(_square, DYADIC, Estimator.BOUNDARY_COUNT),
        expected=1.0,
        tolerance=0.05,
        unit="1",
        why_this_tolerance="an outline of 4 n - 4 boxes is short of a power law by its corners",
        reference=FALCONER_BOXES,
        in_quick=True,
    ),
)
