"""Checks of dimensions, lacunarity, generalised dimensions, and of the verdict on chance patterns."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

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
    NullOptions,
    Verdict,
    analyze,
    chaos_points,
    estimate_dimension,
    generalized_dimensions,
    lacunarity,
    rasterize,
)
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Relation, Suite
from mfn_grpc.core.validation.expected import fractal as expected
from mfn_grpc.core.validation.measuring import Array, random_numbers

FALCONER = "Falconer, Fractal Geometry, 2nd ed. (2003), theorem 9.3"
FALCONER_BOXES = "Falconer, Fractal Geometry, 2nd ed. (2003), section 3.1"
HENTSCHEL = "Hentschel & Procaccia, Physica D 8:435 (1983); Falconer (2003), section 17.1"
ALLAIN = "Allain & Cloitre, Phys. Rev. A 44:3552 (1991)"

TRIADIC = BoxCountOptions(base=BoxBase.TRIADIC)
DYADIC = BoxCountOptions()

TRIANGLE = ((1, 0), (1, 1))
CARPET = ((1, 1, 1), (1, 0, 1), (1, 1, 1))
CROSS = ((0, 1, 0), (1, 1, 1), (0, 1, 0))
DUST = ((1, 0, 1), (0, 0, 0), (1, 0, 1))

NOISE_FIELDS, NOISE_EDGE, NOISE_SMOOTHING = 10, 128, 3.0

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
cascade = partial(
    check,
    unit="1",
    tolerance=1e-10,
    why_this_tolerance="sums of p^q are exact powers at every scale; products of 12 rounded factors enter",
    reference=HENTSCHEL,
    in_quick=True,
)


def _grown(motif: tuple[tuple[int, ...], ...], depth: int) -> Array:
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


def _cascade(weights: tuple[tuple[float, ...], ...], depth: int, q: float) -> Measure:
    """The dimension of order q of a mass that splits by `weights` at every halving of the edge."""

    def measure(_seed: int) -> Pieces[float]:
        mass = np.ones((1, 1))
        for _ in range(depth):
            mass = np.kron(mass, np.array(weights))
        yield
        return (yield from generalized_dimensions(mass, [q]))[0].dimension

    return measure


def _lacunarity(make: Callable[[np.random.Generator], Array], edge: int) -> Measure:
    def measure(seed: int) -> Pieces[float]:
        return (yield from lacunarity(make(random_numbers(seed)), [edge]))[0].lacunarity

    return measure


def _a_thousand_of_4096(rng: np.random.Generator) -> Array:
    cells = np.zeros(64 * 64, np.bool_)
    cells[rng.permutation(64 * 64)[:1000]] = True
    return cells.reshape(64, 64)


def _checkerboard(_rng: np.random.Generator) -> Array:
    return np.asarray(np.add.outer(np.arange(64), np.arange(64)) % 2 == 0)


def _independent(rng: np.random.Generator) -> Array:
    edge = expected.RANDOM_EDGE
    return np.asarray(rng.random((edge, edge)) < expected.RANDOM_DENSITY)


def _smooth_noise(rng: np.random.Generator) -> Array:
    """White noise on a torus, smoothed by a Gaussian in Fourier space."""
    numbers = 2 * math.pi * np.fft.fftfreq(NOISE_EDGE)
    gain = np.exp(-0.5 * NOISE_SMOOTHING**2 * np.add.outer(numbers**2, numbers**2))
    modes = np.fft.fft2(rng.standard_normal((NOISE_EDGE, NOISE_EDGE)))
    return np.asarray(np.fft.ifft2(gain * modes).real)


def _noise_not_like_chance(seed: int) -> Pieces[float]:
    """How many of NOISE_FIELDS fields of smooth noise, cut at 0, are not judged to be like chance."""
    rng, found = random_numbers(seed), 0
    for _ in range(NOISE_FIELDS):
        options = FractalOptions(threshold=0.0, null_comparison=NullOptions(samples=40, seed=seed))
        analysis = yield from analyze(_smooth_noise(rng), options)
        found += analysis.dimensions[0].verdict is not Verdict.LIKE_NULL
    return found


def _carpet_p_value(seed: int) -> Pieces[float]:
    """Share of chance patterns whose dimension is as far out as that of a carpet."""
    options = FractalOptions(box_count=TRIADIC, null_comparison=NullOptions(samples=40, seed=seed))
    found = (yield from analyze(_grown(CARPET, 5), options)).dimensions[0].null_comparison
    return math.nan if found is None else found.p_value


DIMENSIONS = (
    own_grid(
        name="dimension_sierpinski_triangle",
        description="Box-counting dimension of the Sierpinski triangle of 2^9 cells, boxes of edge 2^n: ln 3 / ln 2.",
        measure=_dimension(lambda: _grown(TRIANGLE, 9), DYADIC),
        expected=expected.SIERPINSKI_TRIANGLE,
    ),
    own_grid(
        name="dimension_sierpinski_carpet",
        description="Box-counting dimension of the Sierpinski carpet of 3^6 cells, boxes of edge 3^n: ln 8 / ln 3.",
        measure=_dimension(lambda: _grown(CARPET, 6), TRIADIC),
        expected=expected.SIERPINSKI_CARPET,
    ),
    own_grid(
        name="dimension_vicsek",
        description="Box-counting dimension of the Vicsek cross of 3^6 cells, boxes of edge 3^n: ln 5 / ln 3.",
        measure=_dimension(lambda: _grown(CROSS, 6), TRIADIC),
        expected=expected.VICSEK,
    ),
    own_grid(
        name="dimension_cantor_dust",
        description="Box-counting dimension of the Cantor dust of 3^6 cells, boxes of edge 3^n: ln 4 / ln 3.",
        measure=_dimension(lambda: _grown(DUST, 6), TRIADIC),
        expected=expected.CANTOR_DUST,
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
    check(
        name="noise_like_chance",
        description="How many of 10 fields of smooth noise, cut at 0, are not judged to be like chance.",
        measure=_noise_not_like_chance,
        expected=0.0,
        tolerance=5.0,
        unit="fields",
        why_this_tolerance="at a level of 5 % more than 5 of 10 are beyond it by chance for 3 seeds in a million",
        reference="Monte Carlo test: Davison & Hinkley, Bootstrap Methods and their Application (1997), section 4.2",
        relation=Relation.AT_MOST,
    ),
    check(
        name="carpet_unlike_chance",
        description="Share of chance patterns of as many cells whose dimension is as far out as a carpet's.",
        measure=_carpet_p_value,
        expected=0.05,
        tolerance=0.0,
        unit="1",
        why_this_tolerance="the level of the verdict",
        reference="Monte Carlo test: Davison & Hinkley, Bootstrap Methods and their Application (1997), section 4.2",
        relation=Relation.AT_MOST,
    ),
)

MASSES = (
    check(
        name="lacunarity_1",
        description="Lacunarity at boxes of one cell of 1000 random cells among 4096: 1 over the density.",
        measure=_lacunarity(_a_thousand_of_4096, 1),
        expected=expected.LACUNARITY_1,
        tolerance=1e-12,
        unit="1",
        why_this_tolerance="sums of whole numbers are exact; the quotient rounds by 1e-15",
        reference=ALLAIN,
        in_quick=True,
    ),
    check(
        name="lacunarity_checkerboard_2",
        description="Lacunarity at boxes of 2 x 2 cells of a checkerboard, all of which hold two cells: 1.",
        measure=_lacunarity(_checkerboard, 2),
        expected=1.0,
        tolerance=0.0,
        unit="1",
        why_this_tolerance="no box differs from another, so the variance is exactly 0",
        reference=ALLAIN,
        in_quick=True,
    ),
    check(
        name="lacunarity_random_8",
        description="Lacunarity at boxes of 8 x 8 cells, each set at random with a probability of 0.2: 1 + 0.8 / 12.8.",
        measure=_lacunarity(_independent, expected.RANDOM_BOX),
        expected=expected.LACUNARITY_RANDOM,
        tolerance=0.006,
        unit="1",
        why_this_tolerance="about 16000 boxes do not overlap: the variance is known to 1 % of 0.0625, six times over",
        reference=ALLAIN,
    ),
    cascade(
        name="generalized_binomial_minus_2",
        description="D_q at q = -2 of a mass that splits 0.7 : 0.3 at every halving of a line.",
        measure=_cascade((expected.BINOMIAL,), 12, -2.0),
        expected=expected.BINOMIAL_MINUS_2,
    ),
    cascade(
        name="generalized_binomial_0",
        description="D_q at q = 0 of the same mass: the line's own dimension, 1.",
        measure=_cascade((expected.BINOMIAL,), 12, 0.0),
        expected=expected.BINOMIAL_0,
    ),
    cascade(
        name="generalized_binomial_1",
        description="D_q at q = 1 of the same mass: its entropy in bits.",
        measure=_cascade((expected.BINOMIAL,), 12, 1.0),
        expected=expected.BINOMIAL_1,
    ),
    cascade(
        name="generalized_binomial_2",
        description="D_q at q = 2 of the same mass: its correlation dimension.",
        measure=_cascade((expected.BINOMIAL,), 12, 2.0),
        expected=expected.BINOMIAL_2,
    ),
    cascade(
        name="generalized_binomial_10",
        description="D_q at q = 10 of the same mass.",
        measure=_cascade((expected.BINOMIAL,), 12, 10.0),
        expected=expected.BINOMIAL_10,
    ),
    cascade(
        name="generalized_quarters_minus_2",
        description="D_q at q = -2 of a mass that splits 4 : 3 : 2 : 1 over the quarters of a square.",
        measure=_cascade((expected.QUARTERS[:2], expected.QUARTERS[2:]), 8, -2.0),
        expected=expected.QUARTERS_MINUS_2,
    ),
    cascade(
        name="generalized_quarters_2",
        description="D_q at q = 2 of the same mass over the square.",
        measure=_cascade((expected.QUARTERS[:2], expected.QUARTERS[2:]), 8, 2.0),
        expected=expected.QUARTERS_2,
    ),
)

CHECKS = (*DIMENSIONS, *MASSES)
