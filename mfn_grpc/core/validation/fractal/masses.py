"""Checks of lacunarity and of generalised dimensions."""

from collections.abc import Callable
from functools import partial

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.fractals import generalized_dimensions, lacunarity
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Suite
from mfn_grpc.core.validation.expected import fractal as expected
from mfn_grpc.core.validation.measuring import random_numbers

HENTSCHEL = "Hentschel & Procaccia, Physica D 8:435 (1983); Falconer (2003), section 17.1"
ALLAIN = "Allain & Cloitre, Phys. Rev. A 44:3552 (1991)"

check = partial(CheckSpec, suite=Suite.FRACTAL)
cascade = partial(
    check,
    unit="1",
    tolerance=1e-10,
    why_this_tolerance="sums of p^q are exact powers at every scale; products of 12 rounded factors enter",
    reference=HENTSCHEL,
    in_quick=True,
)


def _cascade(weights: tuple[tuple[float, ...], ...], depth: int, q: float) -> Measure:
    """The dimension of order q of a mass that splits by `weights` at every halving of the edge."""

    def measure(_seed: int) -> Pieces[float]:
        mass = np.ones((1, 1))
        for _ in range(depth):
            mass = np.kron(mass, np.array(weights))
        yield
        return (yield from generalized_dimensions(mass, [q]))[0].dimension

    return measure


def _uniform(q: float) -> Measure:
    """The dimension of order q of a mass that is equal on all cells of a window that boxes of base 2 do not fit."""

    def measure(_seed: int) -> Pieces[float]:
        return (yield from generalized_dimensions(np.ones((100, 129)), [q]))[0].dimension

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


CHECKS = (
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
    check(
        name="generalized_uniform_minus_2",
        description="D_q at q = -2 of a mass that is equal on 100 x 129 cells, which boxes do not fit: 2.",
        measure=_uniform(-2.0),
        expected=2.0,
        tolerance=1e-10,
        unit="1",
        why_this_tolerance="sums of equal shares; some 10^4 of them round",
        reference=HENTSCHEL,
        in_quick=True,
    ),
    check(
        name="generalized_uniform_0",
        description="D_q at q = 0 of the same mass: 2.",
        measure=_uniform(0.0),
        expected=2.0,
        tolerance=1e-10,
        unit="1",
        why_this_tolerance="counts of boxes; their logarithms round",
        reference=HENTSCHEL,
        in_quick=True,
    ),
)
