"""Checks of the verdict on chance patterns."""

import math
from functools import partial

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.fractals import FractalOptions, NullOptions, Verdict, analyze
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.validation.checks import CheckSpec, Relation, Suite
from mfn_grpc.core.validation.expected import fractal as expected
from mfn_grpc.core.validation.fractal.dimensions import CARPET, TRIADIC, grown
from mfn_grpc.core.validation.measuring import random_numbers

DAVISON = "Monte Carlo test: Davison & Hinkley, Bootstrap Methods and their Application (1997), section 4.2"

NOISE_FIELDS, NOISE_EDGE, NOISE_SMOOTHING = 10, 128, 3.0

check = partial(CheckSpec, suite=Suite.FRACTAL)


def _smooth_noise(rng: np.random.Generator) -> Array:
    """White noise on a torus, smoothed by a Gaussian in Fourier space."""
    numbers = 2 * math.pi * np.fft.fftfreq(NOISE_EDGE)
    gain = np.exp(-0.5 * NOISE_SMOOTHING**2 * np.add.outer(numbers**2, numbers**2))
    modes = np.fft.fft2(rng.standard_normal((NOISE_EDGE, NOISE_EDGE)))
    return np.asarray(np.fft.ifft2(gain * modes).real)


def _noise_not_like_chance(seed: int, *, as_mask: bool) -> Pieces[float]:
    """How many of NOISE_FIELDS fields of smooth noise, cut at 0 here or there, are not judged to be like chance."""
    rng, found = random_numbers(seed), 0
    for _ in range(NOISE_FIELDS):
        field = _smooth_noise(rng)
        options = FractalOptions(None if as_mask else 0.0, null_comparison=NullOptions(samples=40, seed=seed))
        analysis = yield from analyze(field > 0 if as_mask else field, options)
        found += analysis.dimensions[0].verdict is not Verdict.LIKE_NULL
    return found


def _carpet_p_value(seed: int) -> Pieces[float]:
    """The p-value of a carpet's dimension beside those of chance patterns."""
    return (yield from _p_value(grown(CARPET, 5), seed))


def _p_value(mask: Array, seed: int) -> Pieces[float]:
    options = FractalOptions(
        box_count=TRIADIC, null_comparison=NullOptions(samples=expected.CHANCE_PATTERNS, seed=seed)
    )
    found = (yield from analyze(mask, options)).dimensions[0].null_comparison
    return math.nan if found is None else found.p_value


CHECKS = (
    check(
        name="noise_like_chance",
        description="How many of 10 fields of smooth noise, cut at 0, are not judged to be like chance.",
        measure=partial(_noise_not_like_chance, as_mask=False),
        expected=0.0,
        tolerance=5.0,
        unit="fields",
        why_this_tolerance="at a level of 5 % more than 5 of 10 are beyond it by chance for 3 seeds in a million",
        reference=DAVISON,
        relation=Relation.AT_MOST,
    ),
    check(
        name="noise_masks_like_chance",
        description="The same of the masks alone: 10 sets of cells where smooth noise is above 0.",
        measure=partial(_noise_not_like_chance, as_mask=True),
        expected=0.0,
        tolerance=5.0,
        unit="fields",
        why_this_tolerance="at a level of 5 % more than 5 of 10 are beyond it by chance for 3 seeds in a million",
        reference=DAVISON,
        relation=Relation.AT_MOST,
    ),
    check(
        name="carpet_unlike_chance",
        description="p-value of a carpet's dimension among 99 chance patterns: no pattern is as far out.",
        measure=_carpet_p_value,
        expected=expected.SMALLEST_P_VALUE,
        tolerance=1e-12,
        unit="1",
        why_this_tolerance="a count over 100; one pattern as far out would make it 0.02",
        reference=DAVISON,
    ),
)
